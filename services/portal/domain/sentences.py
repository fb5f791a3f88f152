"""What happened, as one sentence for each public event. A contract that has none is a failing test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.portal.domain.saying import Saying

Data = Mapping[str, Any]
Sentence = Callable[[Data, Saying], str]

STATES = {
    "not_due": "未到期",
    "fed_back_unverified": "已反馈待核查",
    "completed": "已完成",
    "overdue": "逾期",
}
"""The bulletin's words: never one for the other (domain.md 1, step 10)."""
OUTCOMES = {"passed": "完成", "partly": "部分完成"}
GUESTS = {"higher_office": "上级机关", "other_district": "其他区", "media": "媒体"}
DATES = {"sent_on": "报送日期", "due_on": "整改期限"}
LIGHTS = {"yellow": "黄灯", "orange": "橙灯"}


def sentence(event: str, data: Data, say: Saying) -> str:
    """What the event says. ``data`` is the contract's as JSON; an event that is not known is named."""
    known = SENTENCES.get(event)
    return known(data, say) if known else event


def _who(one: Data) -> str:
    return f"{one['unit_name']}{one['title']}{one['person']}"


# ---- scheduling ----


def _session_scheduled(e: Data, say: Saying) -> str:
    return say(
        "述法会定于%(held)s召开，述法对象：%(who)s。",
        held=say.day(e["held_on"]),
        who=say.several([_who(one) for one in e["reporters"]]),
    )


def _session_rescheduled(e: Data, say: Saying) -> str:
    return say(
        "述法会由%(before)s改到%(held)s：%(reason)s。",
        before=say.day(e["held_on_before"]),
        held=say.day(e["held_on"]),
        reason=e["reason"],
    )


def _substituted(e: Data, say: Saying) -> str:
    if e.get("moved_to"):
        return say(
            "述法对象调整：由%(who)s替补，原述法对象转到%(next)s；%(reason)s。",
            who=_who(e["reporter"]),
            next=say.round(e["moved_to"]),
            reason=e["reason"],
        )
    return say("述法对象调整：由%(who)s替补；%(reason)s。", who=_who(e["reporter"]), reason=e["reason"])


def _unit_registered(e: Data, say: Saying) -> str:
    return say("登记单位%(name)s。", name=e["name"])


def _handed_over(e: Data, say: Saying) -> str:
    return say(
        "%(title)s由%(before)s变更为%(after)s，自%(on)s起。",
        title=e["title"],
        before=e["from_person"],
        after=e["to_person"],
        on=say.day(e["effective_on"]),
    )


def _granted(e: Data, say: Saying) -> str:
    return say(
        "授予%(name)s“%(role)s”角色：%(reason)s。",
        name=e["name"],
        role=say.office(e["role"]),
        reason=e["reason"],
    )


def _revoked(e: Data, say: Saying) -> str:
    return say(
        "收回%(who)s的“%(role)s”角色：%(reason)s。",
        who=e["person"],
        role=say.office(e["role"]),
        reason=e["reason"],
    )


# ---- review ----


def _draft_submitted(e: Data, say: Saying) -> str:
    return say(
        "报送述法稿第%(revision)s稿（%(characters)s字），由%(by)s代%(whom)s录入。"
        if e["entered_by"] != e["entered_for"]
        else "报送述法稿第%(revision)s稿（%(characters)s字），由%(by)s录入。",
        revision=e["revision"],
        characters=e["characters"],
        by=e["entered_by"],
        whom=e["entered_for"],
    )


def _delivered(e: Data, say: Saying) -> str:
    minutes, seconds = divmod(e["spoken_seconds"], 60)
    over = e["spoken_seconds"] - e["planned_seconds"]
    told = say(
        "%(who)s现场述法，用时%(minutes)s分%(seconds)s秒", who=_who(e), minutes=minutes, seconds=seconds
    )
    if over > 0:
        told += say("，超出规定时长%(over)s秒", over=over)
    return told + say("。")


def _attended(e: Data, say: Saying) -> str:
    if e["attended"]:
        return say("%(unit)s%(person)s列席述法会。", unit=e["unit_name"], person=e["person"])
    if e.get("reason"):
        return say(
            "%(unit)s%(person)s未列席述法会：%(reason)s。",
            unit=e["unit_name"],
            person=e["person"],
            reason=e["reason"],
        )
    return say("%(unit)s%(person)s未列席述法会。", unit=e["unit_name"], person=e["person"])


def _comment(e: Data, say: Saying) -> str:
    lines = [one["task_line"] for one in e["requirements"]]
    if not lines:
        return say("%(title)s%(by)s点评，未提出工作要求。", title=e["by_title"], by=e["by"])
    return say(
        "%(title)s%(by)s点评，提出工作要求%(count)s项：%(lines)s。",
        title=e["by_title"],
        by=e["by"],
        count=len(lines),
        lines="；".join(lines),
    )


def _minutes(e: Data, say: Saying) -> str:
    return say(
        "会议纪要%(number)s由%(by)s于%(signed)s签发，%(sent)s印发。",
        number=e["document_number"],
        by=e["signed_by"],
        signed=say.day(e["signed_on"]),
        sent=say.day(e["sent_on"]),
    )


# ---- rectification ----


def _due(e: Data, say: Saying) -> str:
    told = say(
        "%(unit)s整改立项，共%(count)s项，期限%(due)s",
        unit=e["unit_name"],
        count=len(e["items"]),
        due=say.day(e["due_on"]),
    )
    return told + (say("（暂定，待当年节假日安排发布后确认）。") if e["due_provisional"] else say("。"))


def _feedback(e: Data, say: Saying) -> str:
    values = {
        "on": say.day(e["sent_on"]),
        "to": say.offices(e["offices"]),
        "signer": e["signer"],
        "number": e.get("document_number") or "",
    }
    if e["short_form"]:
        told = say("简表反馈整改情况，%(on)s送%(to)s，由%(signer)s提供", **values)
    elif values["number"]:
        told = say("%(on)s以%(number)s报送整改反馈，签发人%(signer)s，送%(to)s", **values)
    else:
        told = say("%(on)s报送整改反馈，签发人%(signer)s，送%(to)s", **values)
    return told + (say("，按期。") if e["on_time"] else say("，逾期报送。"))


def _receipted(e: Data, say: Saying) -> str:
    told = say("%(office)s签收整改反馈", office=say.office(e["office"]))
    if e["offices_missing"]:
        return told + say("，尚待%(missing)s签收。", missing=say.offices(e["offices_missing"]))
    return told + say("，各办公室均已签收。")


def _moved(text: str) -> Sentence:
    return lambda e, say: say(
        text,
        before=say.day(e["due_on_before"]),
        due=say.day(e["due_on"]),
        office=say.office(e.get("by_office", "")),
    )


def _confirmed(e: Data, say: Saying) -> str:
    if e["due_on"] == e["due_on_before"]:
        return say("节假日安排发布，期限确认为%(due)s。", due=say.day(e["due_on"]))
    return say(
        "节假日安排发布，期限由%(before)s顺延至%(due)s。",
        before=say.day(e["due_on_before"]),
        due=say.day(e["due_on"]),
    )


def _suspended(e: Data, say: Saying) -> str:
    return say(
        "%(start)s至%(end)s暂停办理，期限顺延%(days)s天，由%(before)s改为%(due)s。",
        start=say.day(e["suspended_from"]),
        end=say.day(e["suspended_until"]),
        days=e["days"],
        before=say.day(e["due_on_before"]),
        due=say.day(e["due_on"]),
    )


def _verified(e: Data, say: Saying) -> str:
    told = say(
        "%(office)s检查评估：%(outcome)s",
        office=say.office(e["by_office"]),
        outcome=say(OUTCOMES[e["outcome"]]),
    )
    if e.get("unfinished"):
        told += say("，未完成%(count)s项", count=len(e["unfinished"]))
    told += say("，按期反馈") if e["on_time"] else say("，逾期反馈")
    return told + say("，计入%(year)s年度考评。", year=e["counts_in"])


def _corrected(e: Data, say: Saying) -> str:
    return say(
        "%(title)s%(by)s更正记录：%(what)s由%(before)s更正为%(value)s；%(reason)s。",
        title=e["by_title"],
        by=e["by"],
        what=say(DATES[e["what"]]),
        before=say.day(e["value_before"]),
        value=say.day(e["value"]),
        reason=e["reason"],
    )


def _bulletin(e: Data, say: Saying) -> str:
    told = say.several(
        [f"{one['unit_name'] or one['unit']}{say(STATES[one['state']])}" for one in e["lines"]]
    )
    return say(
        "%(session)s述法会上通报%(about)s整改情况：%(lines)s。",
        session=say.round(e["session"]),
        about=say.round(e["about_session"]),
        lines=told,
    )


# ---- evaluation ----


def _outcome(e: Data, say: Saying) -> str:
    number = "" if e.get("number") is None else f"{e['number']:g}{e.get('measured_in') or ''}"
    told = say("登记成效：%(what)s%(number)s", what=e["what"], number=f"，{number}" if number else "")
    return told + (say("，已核实。") if e["confirmed"] else say("，单位自报，未核实。"))


def _plain(text: str, *days: str) -> Sentence:
    """A sentence whose values are the event's own; those of ``days`` are dates."""

    def told(e: Data, say: Saying) -> str:
        values = {name: say.day(e[name]) if name in days else e[name] for name in e if f"%({name})" in text}
        return say(text, **values)

    return told


SENTENCES: Mapping[str, Sentence] = {
    "TenantRegistered": _plain("%(name)s纳入述法工作。"),
    "TenantRenamed": _plain("%(name_before)s更名为%(name)s。"),
    "TenantClosed": _plain("%(name)s撤销：%(reason)s。"),
    "UnitRegistered": _unit_registered,
    "UnitRenamed": _plain("%(name_before)s更名为%(name)s，自%(valid_from)s起。", "valid_from"),
    "UnitClosed": _plain("单位撤销，截至%(valid_until)s：%(reason)s。", "valid_until"),
    "PostHandedOver": _handed_over,
    "PostAdded": _plain("增设%(title)s，由%(person)s担任，自%(since)s起。", "since"),
    "PolicyAdopted": _plain("采用第%(policy_version)s版制度参数，自%(holds_from)s起施行。", "holds_from"),
    "CalendarAdopted": _plain("采用%(year)s年节假日安排（%(document)s）。"),
    "RoleGranted": _granted,
    "RoleRevoked": _revoked,
    "SessionScheduled": _session_scheduled,
    "SessionRescheduled": _session_rescheduled,
    "SessionCancelled": _plain("述法会取消：%(reason)s。"),
    "ReporterSubstituted": _substituted,
    "ObserverNamed": lambda e, say: say("确定列席人员：%(who)s。", who=_who(e["observer"])),
    "DraftSubmitted": _draft_submitted,
    "DraftReturned": _plain("述法稿第%(revision)s稿退回修改。"),
    "DraftApproved": _plain("述法稿第%(revision)s稿审核通过。"),
    "DraftApprovalVoided": _plain("述法稿审核通过后又有修改（第%(revision)s稿），原审核失效。"),
    "ReportDelivered": _delivered,
    "ObserverAttended": _attended,
    "GuestAttended": lambda e, say: say(
        "%(kind)s%(organisation)s观摩述法会。", kind=say(GUESTS[e["kind"]]), organisation=e["organisation"]
    ),
    "SessionHeld": _plain("述法会于%(held_on)s召开。", "held_on"),
    "CommentIssued": _comment,
    "MinutesIssued": _minutes,
    "MinutesCorrected": _plain("会议纪要更正（%(document_number)s）：%(reason)s。"),
    "RectificationDue": _due,
    "RectificationDateConfirmed": _confirmed,
    "RectificationItemsCorrected": lambda e, say: say(
        "整改事项随纪要更正为：%(lines)s。", lines="；".join(one["task_line"] for one in e["items"])
    ),
    "ReminderSent": lambda e, say: say(
        "催办（%(light)s）：期限%(due)s。", light=say(LIGHTS[e["kind"]]), due=say.day(e["due_on"])
    ),
    "FeedbackSubmitted": _feedback,
    "FeedbackWithdrawn": _plain("%(sent_on)s报送的反馈已撤回，期限仍为%(due_on)s。", "sent_on", "due_on"),
    "FeedbackReceipted": _receipted,
    "RectificationReturned": _moved("%(office)s退回整改，期限由%(before)s改为%(due)s。"),
    "RectificationExtended": _moved("同意延期，期限由%(before)s延至%(due)s。"),
    "RectificationSuspended": _suspended,
    "RectificationOverdue": _plain(
        "期限%(due_on)s已过，未报送反馈，自%(overdue_since)s起逾期。", "due_on", "overdue_since"
    ),
    "RectificationVerified": _verified,
    "SupervisionOpened": _plain("发出督办通知单%(notice_number)s，要求于%(due_on)s前回复。", "due_on"),
    "SupervisionClosed": _plain("督办通知单%(notice_number)s办结。"),
    "RecordCorrected": _corrected,
    "BulletinIssued": _bulletin,
    "OutcomeRecorded": _outcome,
    "HonourRecorded": _outcome,
    "EvaluationPublished": _plain("%(year)s年度考评表公布。"),
    "LedgerRestored": _plain("台账自备份恢复后续记：%(reason)s。"),
}
