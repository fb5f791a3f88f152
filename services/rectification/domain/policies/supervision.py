"""Rules of supervision: one numbered notice at a time and only after the date is missed; inspections by plan."""

from __future__ import annotations

from datetime import date

from services.rectification.domain.situations import Duty
from shared.decider import Refused


def supervised_village(duty: Duty) -> Refused | None:
    """Villages get no supervision notice (1, full coverage)."""
    if not duty.in_village:
        return None
    return Refused("rectification.village-not-supervised", unit=duty.unit, unit_name=duty.unit_name)


def date_not_missed(duty: Duty, today: date) -> Refused | None:
    """A notice only after the date is missed (1, supervise)."""
    if today > duty.due_on:
        return None
    return Refused("rectification.date-not-missed", due_on=duty.due_on.isoformat(), today=today.isoformat())


def notice_open_already(duty: Duty) -> Refused | None:
    """One notice a case at a time: it is about one matter (1, supervise; 6)."""
    if duty.notice is None:
        return None
    return Refused("rectification.notice-already-open", notice_number=duty.notice.notice_number)


def notice_number_missing(notice_number: str) -> Refused | None:
    """A notice has a number (1, supervise)."""
    return None if notice_number.strip() else Refused("rectification.notice-number-missing")


def notice_number_taken(notice_number: str, taken_by: str | None) -> Refused | None:
    """A number stands for one notice of the tenant (1, supervise)."""
    if taken_by is None:
        return None
    return Refused("rectification.notice-number-taken", notice_number=notice_number, case=taken_by)


def matter_missing(matter: str) -> Refused | None:
    """A notice says its one matter (6)."""
    return None if matter.strip() else Refused("rectification.matter-missing")


def reply_not_ahead(reply_by: date, today: date) -> Refused | None:
    """A notice leaves time to reply (6)."""
    if reply_by > today:
        return None
    return Refused("rectification.reply-not-ahead", reply_by=reply_by.isoformat(), today=today.isoformat())


def plan_line_missing(plan_line: str) -> Refused | None:
    """An inspection names its line in the year's inspection plan (1, supervise)."""
    return None if plan_line.strip() else Refused("rectification.plan-line-missing")


def finding_missing(finding: str) -> Refused | None:
    """An inspection that is recorded has found something, if only that all is well (1, supervise)."""
    return None if finding.strip() else Refused("rectification.finding-missing")


def inspected_in_the_future(inspected_on: date, today: date) -> Refused | None:
    """An inspection that is recorded was held (1, supervise)."""
    if inspected_on <= today:
        return None
    return Refused(
        "rectification.inspected-in-future", inspected_on=inspected_on.isoformat(), today=today.isoformat()
    )


def inspected_before_it_was_asked(inspected_on: date, duty: Duty) -> Refused | None:
    """An inspection looks at what the minutes asked for (1, supervise)."""
    if inspected_on >= duty.minutes_sent_on:
        return None
    return Refused(
        "rectification.inspected-before-asked",
        inspected_on=inspected_on.isoformat(),
        asked_on=duty.minutes_sent_on.isoformat(),
    )
