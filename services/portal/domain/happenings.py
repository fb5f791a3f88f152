"""What happened to a thing since somebody looked, as a few words: for who is told that it changed meanwhile."""

from __future__ import annotations

HAPPENINGS = {
    "RectificationFellDue": "立项",
    "ItemsCorrected": "事项更正",
    "MinutesCorrectionNoted": "纪要更正",
    "HandoverRecorded": "人员变动",
    "ProgressNoted": "记录进展",
    "DueDateConfirmed": "期限确认",
    "ExtensionRequested": "申请延期",
    "ExtensionGranted": "同意延期",
    "ExtensionRefused": "不同意延期",
    "RectificationSuspended": "暂停办理",
    "SuspensionNoted": "暂停办理",
    "ReminderSent": "催办",
    "RectificationFellOverdue": "逾期",
    "FeedbackSubmitted": "报送反馈",
    "FeedbackWithdrawn": "撤回反馈",
    "FeedbackReceipted": "签收反馈",
    "RectificationReturned": "退回整改",
    "RectificationVerified": "检查评估",
    "SupervisionOpened": "发督办通知单",
    "SupervisionClosed": "督办办结",
    "InspectionRecorded": "登记检查情况",
    "RecordCorrected": "更正记录",
}
"""By the event's name, as an owner says it with 412."""


def happened(event: str) -> str:
    """The words, or the name where there are none."""
    return HAPPENINGS.get(event, event)
