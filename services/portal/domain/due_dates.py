"""How a case came to its date: every step of the arithmetic in words, by the calendar that governs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from services.portal.domain.saying import Saying
from shared.calendar import Calendar, YearNotPublished, months_after

COUNTED = ("一", "两", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
LONGEST_TERM = len(COUNTED)
SATURDAY = 5

Holiday = Callable[[date], str | None]
"""What the public holiday of a day is called, None where it has no name (a weekend)."""


@dataclass(frozen=True)
class Told:
    """What was said of the dates beyond the register: ``before_rolling`` is the last day of the term that the minutes
    print; periods of suspensions (from, until) and dates that a calendar confirmed, by the date they set."""

    before_rolling: date | None = None
    suspended: Mapping[date, tuple[date, date]] = field(default_factory=dict)
    confirmed: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Step:
    """One date that governed: since when, and how it came about."""

    on: date
    due_on: date
    words: str


def steps(
    row: Mapping[str, Any], told: Told, calendar: Calendar, holiday: Holiday, say: Saying
) -> list[Step]:
    """A step for each date of the register's ``due_history``, oldest first."""
    history = [
        (one["why"], date.fromisoformat(one["due_on"]), date.fromisoformat(one["on"]), one.get("days", 0))
        for one in row["due_history"]
    ]
    found = []
    for place, (why, due_on, on, days) in enumerate(history):
        before = history[place - 1][1] if place else due_on
        if place == 0:
            words = _printed(on, told.before_rolling, due_on, calendar, holiday, say)
        elif why == "suspension" and days:
            words = _suspended(history[: place + 1], told.suspended.get(due_on), calendar, holiday, say)
        elif why == "minutes" or due_on in told.confirmed:
            words = say(
                "%(year)s年节假日安排已发布，期限确认为%(due)s。", year=due_on.year, due=say.day(due_on)
            )
        else:
            words = say(_SET[why], on=say.day(on), before=say.day(before), due=say.day(due_on))
        found.append(Step(on, due_on, words))
    if row["due_provisional"]:
        year, last = found[-1].due_on.year, found[-1]
        words = last.words + say("%(year)s年节假日安排尚未发布，此期限为暂定。", year=year)
        found[-1] = Step(last.on, last.due_on, words)
    return found


_SET = {
    "extension": "%(on)s同意延期，期限由%(before)s延至%(due)s。",
    "return": "%(on)s退回整改，新期限为%(due)s，原期限%(before)s仍保留在案。",
    "correction": "%(on)s更正记录，期限由%(before)s更正为%(due)s。",
    "suspension": "%(on)s起期限由%(before)s改为%(due)s。",
}


def _printed(
    sent_on: date, term_ends: date | None, due_on: date, calendar: Calendar, holiday: Holiday, say: Saying
) -> str:
    months = term_ends and next(
        (n for n in range(1, LONGEST_TERM + 1) if months_after(sent_on, n) == term_ends), None
    )
    if term_ends is None or not months:
        return say("纪要%(sent)s发出，写明期限为%(due)s。", sent=say.day(sent_on), due=say.day(due_on))
    words = say(
        "纪要%(sent)s发出，%(months)s个月至%(ends)s",
        sent=say.day(sent_on),
        months=say(COUNTED[months - 1]),
        ends=say.day(term_ends),
    )
    if term_ends.day != sent_on.day:
        words += say("（%(month)s月没有%(day)s日，取月末）", month=term_ends.month, day=sent_on.day)
    return words + _rolled(term_ends, due_on, calendar, holiday, say)


def _suspended(
    history: Sequence[tuple[str, date, date, int]],
    period: tuple[date, date] | None,
    calendar: Calendar,
    holiday: Holiday,
    say: Saying,
) -> str:
    """Suspended days are added to the last date that something else has set, and their sum is rolled."""
    base = max(place for place, one in enumerate(history) if not (one[0] == "suspension" and one[3]))
    days, added = history[-1][3], sum(one[3] for one in history[base + 1 :])
    moved, due_on = history[base][1] + timedelta(days=added), history[-1][1]
    if period is None:
        words = say("暂停办理，期限内计%(days)s天", days=days)
    else:
        words = say(
            "%(start)s至%(end)s暂停办理，期限内计%(days)s天",
            start=say.day(period[0]),
            end=say.day(period[1]),
            days=days,
        )
    if added != days:
        words += say("，连同此前共%(added)s天", added=added)
    words += say(
        "，由%(base)s加%(added)s天至%(moved)s",
        base=say.day(history[base][1]),
        added=added,
        moved=say.day(moved),
    )
    return words + _rolled(moved, due_on, calendar, holiday, say)


def _rolled(last_day: date, due_on: date, calendar: Calendar, holiday: Holiday, say: Saying) -> str:
    if last_day == due_on:
        return say("。")
    try:
        why = _why_no_work(last_day, calendar, holiday, say) if calendar.roll(last_day) == due_on else None
    except YearNotPublished:
        why = None
    if why is None:
        return say("，期限定为%(due)s。", due=say.day(due_on))
    return say("，适逢%(why)s，顺延至%(due)s。", why=why, due=say.day(due_on))


def _why_no_work(day: date, calendar: Calendar, holiday: Holiday, say: Saying) -> str | None:
    """Why nobody works on that day, None where the calendar says they do."""
    if calendar.is_working_day(day):
        return None
    name = holiday(day)
    if name is not None:
        return say("%(name)s假期", name=say(name))
    return say("周末") if day.weekday() >= SATURDAY else say("节假日")
