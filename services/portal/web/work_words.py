"""How the work queue says what is to be done, and which rule asks for it."""

from __future__ import annotations

import re

TASKS: dict[str, tuple[str, str]] = {
    "adopt-plan": ("制定年度述法计划", "每年初确定本年度述法会的轮次和时间"),
    "call-session": ("召集述法会", "名单确定后召集，述法稿方能按期报送"),
    "submit-draft": ("报送述法稿", "述法稿须在会前规定工作日报送审核"),
    "revise-draft": ("修改并重新报送述法稿", "稿件已退回，须在审核期限前通过"),
    "approve-draft": ("审核述法稿", "述法稿须在会前规定工作日审核通过"),
    "report": ("参加述法会并述法", "主要负责人本人述法，不得由他人代读"),
    "observe": ("列席述法会", "下一轮述法对象须列席本轮述法会"),
    "confirm-agenda": ("确认议程", "稿件审核通过后，会前确认述法顺序"),
    "issue-bulletin": ("印发上一轮整改情况通报", "开会时首先通报上一轮整改情况"),
    "tell-bulletin": ("登记整改情况通报", "开会时首先通报上一轮整改情况"),
    "record-speech": ("记录述法", "会场如实记录述法及用时"),
    "record-supplement": ("记录补充汇报", "每名述法对象均须有补充汇报，或注明未进行"),
    "record-comment": ("记录点评", "每名述法对象均须有点评，或注明未进行"),
    "close-session": ("登记会议结束", "会议结束后登记，转入会议纪要"),
    "draft-minutes": ("拟制会议纪要", "会后由办公室拟制会议纪要"),
    "check-requirements": ("核对工作要求", "点评中的工作要求须核对后写入纪要"),
    "confirm-words": ("请点评领导确认本人点评", "点评须经领导本人确认后签发"),
    "confirm-own-words": ("确认本人点评", "点评须经领导本人确认后写入纪要"),
    "sign-minutes": ("送签会议纪要", "点评全部确认后签发"),
    "number-minutes": ("编会议纪要文号", "签发后编号，方可印发"),
    "send-minutes": ("印发会议纪要", "印发之日起计算整改期限"),
    "finish-minutes": ("办理会议纪要", "会议已结束，纪要尚未印发"),
    "submit-feedback": ("反馈整改情况", "会议纪要载明的整改期限"),
    "submit-feedback-again": ("重新反馈整改情况", "反馈已退回，须在新的期限前重新反馈"),
    "submit-short-form": ("代填村居整改情况简表", "村居整改情况由上级代为填报"),
    "await-receipt": ("整改反馈等待签收", "反馈已报送，由办事机构签收，无需办理"),
    "receipt-feedback": ("签收整改反馈", "办事机构应在规定工作日内各自签收"),
    "verify-rectification": ("核查整改情况", "反馈已全部签收，等待检查评估"),
    "answer-extension": ("答复延期申请", "延期申请须在到期前答复"),
    "open-supervision": ("发督办通知单", "逾期已满规定工作日，应予督办"),
    "follow-notice": ("跟踪督办回复", "督办通知单要求的回复期限"),
    "reply-to-notice": ("回复督办通知单", "督办通知单要求的回复期限"),
    "publish-evaluation": ("公布年度考评表", "考评截止日已过，仍有单位的考评表未公布"),
}
"""Of each kind of task: what is to be done, and why."""

KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "drafts": ("述法稿", ("submit-draft", "revise-draft", "approve-draft")),
    "sessions": (
        "述法会与会议纪要",
        (
            *("report", "observe", "confirm-agenda", "issue-bulletin", "tell-bulletin", "record-speech"),
            *("record-supplement", "record-comment", "close-session", "draft-minutes", "check-requirements"),
            *("confirm-words", "confirm-own-words", "sign-minutes", "number-minutes", "send-minutes"),
            "finish-minutes",
        ),
    ),
    "cases": (
        "整改",
        (
            *("submit-feedback", "submit-feedback-again", "submit-short-form", "receipt-feedback"),
            *("await-receipt", "verify-rectification", "answer-extension", "open-supervision"),
            *("follow-notice", "reply-to-notice"),
        ),
    ),
    "year": ("年度计划与考评", ("adopt-plan", "call-session", "publish-evaluation")),
}
"""Kinds of tasks, as a person may switch reminders of them off: name, and the tasks."""

GROUP_NAMES = {"overdue": "逾期", "soon": "近期", "later": "以后", "undated": "无期限"}

EVENTS: dict[str, str] = {
    "SessionScheduled": "述法会已召集",
    "SessionRescheduled": "述法会改期",
    "SessionCancelled": "述法会取消",
    "ReporterSubstituted": "述法对象调整",
    "DraftSubmitted": "述法稿已报送",
    "DraftReturned": "述法稿已退回",
    "DraftApproved": "述法稿审核通过",
    "DraftApprovalVoided": "述法稿审核结果作废",
    "SessionHeld": "述法会已召开",
    "MinutesIssued": "会议纪要已印发",
    "MinutesCorrected": "会议纪要已更正",
    "RectificationDue": "整改事项已交办",
    "ReminderSent": "已催办",
    "FeedbackSubmitted": "整改情况已反馈",
    "FeedbackWithdrawn": "整改反馈已撤回",
    "FeedbackReceipted": "整改反馈已签收",
    "RectificationReturned": "整改已退回",
    "RectificationExtended": "整改已延期",
    "RectificationSuspended": "整改暂停办理",
    "RectificationOverdue": "整改逾期",
    "RectificationVerified": "整改已核查",
    "SupervisionOpened": "已发督办通知单",
    "SupervisionClosed": "督办已办结",
    "BulletinIssued": "整改情况通报已印发",
    "EvaluationPublished": "年度考评表已公布",
}
"""What happened, in a few words; an event that is not here is not told."""

_SESSION = re.compile(r"([0-9]{4})-([0-9]+)")


def session_parts(session: str | None) -> tuple[str, str] | None:
    """``2021-1`` → (``2021``, ``1``): the plan year and the round; None where the id says neither."""
    found = _SESSION.fullmatch(session or "")
    return (found[1], found[2]) if found else None
