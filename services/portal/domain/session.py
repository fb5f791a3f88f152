"""A session in words: what its public facts tell of it, and what the forms of the room say as commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.decider import Refused

STATES = {
    "rostered": "待确认议程",
    "agenda_confirmed": "议程已确认",
    "running": "会议进行中",
    "held": "已召开，待起草纪要",
    "drafted": "纪要已起草，待核对工作要求",
    "checked": "工作要求已核对，待领导确认、签发",
    "signed": "纪要已签发，待编号",
    "numbered": "纪要已编号，待印发",
    "sent": "纪要已印发",
    "cancelled": "已取消",
    # what progress tells
    "scheduled": "已排定",
    "convened": "已召开",
}
"""The states of review's proceedings, and those that public facts know."""

WAY = (
    ("rostered", "排定"),
    ("agenda_confirmed", "议程"),
    ("running", "会议"),
    ("held", "散会"),
    ("drafted", "起草"),
    ("checked", "核对"),
    ("signed", "签发"),
    ("numbered", "编号"),
    ("sent", "印发"),
)
"""The whole way of a session, by the state in which each step has been taken."""

DRAFT_STATES = {
    "expected": "待报送",
    "submitted": "已报送，待审核",
    "returned": "已退回",
    "approved": "审核通过",
    "withdrawn": "不再需要",
}
MATTERS = {"speech": "述法", "supplement": "补充汇报", "comment": "点评"}
GUEST_KINDS = {"higher_office": "上级机关", "other_district": "兄弟区县", "media": "媒体"}
CATEGORIES = {
    "party_or_mass": "党委（群团）部门",
    "government": "政府工作部门",
    "town": "街镇",
    "leadership": "领导班子",
    "section": "内设机构",
    "village": "村居",
}
FOCUS_AREAS = ("乡村振兴", "产业结构调整升级", "优化营商环境", "“五违四必”整治", "基层社会治理")
"""What the field names; another may be typed."""

BULLETIN_STATES = {
    "not_due": "未到期",
    "fed_back_unverified": "已反馈待核查",
    "completed": "已完成",
    "overdue": "逾期",
}
EVENTS = {
    "SessionOpened": "述法会排定",
    "ObserverExpected": "确定列席人员",
    "BulletinReceived": "收到上一轮整改情况通报",
    "AgendaConfirmed": "确认议程",
    "AgendaReopened": "重新开放议程",
    "SessionRescheduled": "改期",
    "ReporterSubstituted": "替换述法对象",
    "ReporterChanged": "述法对象变更",
    "SessionCancelled": "取消",
    "BulletinNoted": "登记通报情况",
    "SpeechRecorded": "登记述法用时",
    "SupplementRecorded": "登记补充汇报",
    "CommentRecorded": "登记点评",
    "AttendanceRecorded": "登记列席情况",
    "GuestRecorded": "登记观摩人员",
    "MarkedNotHeld": "标记未进行",
    "SessionClosed": "会议结束",
    "MinutesDrafted": "起草纪要",
    "RequirementsChecked": "核对工作要求",
    "WordsConfirmed": "确认本人讲话",
    "MinutesSigned": "签发",
    "MinutesNumbered": "编号",
    "MinutesSent": "印发",
    "MinutesCorrected": "更正纪要",
}
"""The events of a session's ledger, in words."""

FACTS = (
    "SessionScheduled",
    "SessionRescheduled",
    "SessionCancelled",
    "ReporterSubstituted",
    "ObserverNamed",
    "ReportDelivered",
    "ObserverAttended",
    "GuestAttended",
    "SessionHeld",
)
"""The public facts of a session that anybody with a role in the tenant may know."""

Told = dict[str, Any]
"""``{session, plan_year, number, held_on, state, roster, observers, speeches, guests, reason, bulletin}``."""


def called(one: Mapping[str, Any]) -> str:
    """A head as papers name them: unit, title and name; the unit once, where the title begins with it."""
    unit, title = one["unit_name"], one["title"]
    return f"{title if title.startswith(unit) else unit + title}{one['person']}"


def told(facts: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Told]:
    """What public facts (event, data), in their order, tell of each session that was scheduled."""
    sessions: dict[str, Told] = {}
    for event, data in facts:
        one = sessions.setdefault(
            data["session"],
            {
                "session": data["session"],
                "state": None,
                "reason": None,
                "bulletin": None,
                "roster": [],
                "observers": {},
                "speeches": {},
                "guests": {},
            },
        )
        _tell(one, event, data)
    return {name: one for name, one in sessions.items() if one["state"] is not None}


def _tell(one: Told, event: str, data: Mapping[str, Any]) -> None:
    match event:
        case "SessionScheduled":
            one |= {name: data[name] for name in ("plan_year", "number", "held_on")}
            one |= {"state": "scheduled", "roster": list(data["reporters"])}
        case "SessionRescheduled":
            one["held_on"] = data["held_on"]
        case "SessionCancelled":
            one |= {"state": "cancelled", "reason": data["reason"]}
        case "ReporterSubstituted":
            one["roster"] = [
                data["reporter"] if reporter["unit"] == data["unit_out"] else reporter
                for reporter in one["roster"]
            ]
            one["observers"].pop(data["reporter"]["unit"], None)
        case "ObserverNamed":
            observer = data["observer"]
            one["observers"][observer["unit"]] = {**observer, "attended": None, "reason": None}
        case "ReportDelivered":
            one["speeches"][data["unit"]] = dict(data)
        case "ObserverAttended":
            before = one["observers"].get(data["unit"], {"title": ""})
            one["observers"][data["unit"]] = {**before, **data}
        case "GuestAttended":
            one["guests"][data["guest"]] = dict(data)
        case "SessionHeld":
            one |= {"state": "convened", "bulletin": data["bulletin"]}
        case _:
            raise ValueError(event)


# What a form says, as the body of a command. ``form`` is what it sent, nested; what was left empty is not in it.


def speech(form: Mapping[str, Any]) -> dict[str, Any]:
    """Minutes and seconds as seconds; what is no number stays as it was typed, and the owner says so."""
    body = {name: value for name, value in form.items() if name not in ("minutes", "seconds")}
    minutes, seconds = form.get("minutes", "0"), form.get("seconds", "0")
    if "minutes" not in form and "seconds" not in form:
        return body
    if minutes.isdecimal() and seconds.isdecimal():
        return body | {"spoken_seconds": int(minutes) * 60 + int(seconds)}
    return body | {"spoken_seconds": f"{minutes}:{seconds}"}


def supplement(form: Mapping[str, Any]) -> dict[str, Any]:
    """A text that is left empty is said to be empty: in a classified session it has to be."""
    return {"text": "", **form}


def comment(form: Mapping[str, Any]) -> dict[str, Any]:
    """Lines that say nothing fall away; each that stays has an id of its own within the comment."""
    lines = _lines(form)
    taken = {line["requirement"] for line in lines if "requirement" in line}
    fresh = (name for name in (f"r{n}" for n in range(1, 1000)) if name not in taken)
    asked = [
        {"task_line": "", **line, "requirement": line.get("requirement") or next(fresh)} for line in lines
    ]
    body = {name: value for name, value in form.items() if name not in ("requirements", "asks", "lines")}
    return {"text": "", **body, "requirements": asked}


def unclear(form: Mapping[str, Any]) -> Refused | None:
    """Does a comment's form say whether something is asked, and does it then say what?

    To the owner no requirement means praise: what a clerk forgot to type must not be taken for it (domain.md 2,
    comment with praise only).
    """
    if form.get("asks") == "nothing":
        return Refused("portal.praise-with-items") if _lines(form) else None
    return None if _lines(form) else Refused("portal.nothing-asked-yet")


def _lines(form: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [line for line in form.get("requirements", []) if any(name != "requirement" for name in line)]


def correction(form: Mapping[str, Any]) -> dict[str, Any]:
    """Only the lines that were written anew are corrected."""
    lines = [line for line in form.get("corrections", []) if "task_line" in line]
    return {**form, "corrections": lines}


LINES_AT_MOST = 50


def lines_shown(values: Mapping[str, Any]) -> int:
    """How many lines a comment's form shows: two, as many as were asked for, and every one that is filled in."""
    filled = [
        int(number) + 1
        for name, value in values.items()
        if value
        and name.startswith("requirements[")
        and (number := name.split("[")[1].rstrip("]")).isdecimal()
    ]
    wanted = str(values.get("lines", ""))
    return min(max(2, int(wanted) if wanted.isdecimal() else 0, *filled), LINES_AT_MOST)


def units_chosen(values: Mapping[str, Any], line: int) -> list[str]:
    """The units that a line of a comment's form names. They are found by their names: where a unit stands in the list
    changes when the registry does."""
    return [unit for name, unit in values.items() if name.startswith(f"requirements[{line}][units]") and unit]
