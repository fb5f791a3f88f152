"""The light of a date that runs against somebody: never by colour alone, but with the days left, words and an icon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.calendar import Calendar, YearNotPublished
from shared.tenancy.policy import Policy

Colour = Literal["green", "yellow", "orange", "red", "supervision", "none"]


@dataclass(frozen=True)
class Light:
    """``days_left`` is negative when the date has passed, and None where no date runs against the unit.

    ``icon`` is a name: colour, text and icon say the same, each by itself.
    """

    colour: Colour
    icon: str
    days_left: int | None
    en: str
    zh: str


def running(
    due_on: date, today: date, policy: Policy, calendar: Calendar, *, supervised: bool = True
) -> Light:
    """Green; yellow in the last days; orange in the last working days; red when overdue; supervision some working days
    after that, of what is ``supervised`` (domain.md section 2, lights).

    Where a year's calendar is not known, its working days are not guessed: the colour that calendar days alone
    decide stands.
    """
    left = (due_on - today).days
    if left < 0:
        en, zh = f"overdue by {_days(-left)}", f"逾期{-left}天"
        after = working_days(due_on, today, calendar) if supervised else None
        if after is not None and after >= policy.supervision_working_days:
            return Light("supervision", "gavel", left, f"{en}, to be supervised", f"{zh}，应予督办")
        return Light("red", "alert", left, en, zh)
    en, zh = (f"{_days(left)} left", f"剩余{left}天") if left else ("due today", "今日到期")
    ahead = working_days(today, due_on, calendar)
    if ahead is not None and ahead <= policy.orange_working_days:
        return Light("orange", "bell", left, en, zh)
    if left <= policy.yellow_days:
        return Light("yellow", "hourglass", left, en, zh)
    return Light("green", "clock", left, en, zh)


def suspended(until: date) -> Light:
    """Of what stands still until a day: no date runs against it."""
    zh = f"暂停办理至{until.year}年{until.month}月{until.day}日"
    return Light("none", "pause", None, f"suspended until {until.isoformat()}", zh)


def working_days(start: date, end: date, calendar: Calendar) -> int | None:
    """How many lie after ``start`` up to ``end``; None where they are not known."""
    try:
        return calendar.working_days_between(start, end)
    except YearNotPublished:
        return None


def receipt_due_on(sent_on: date, policy: Policy, calendar: Calendar) -> date | None:
    """By when the offices should have receipted (domain.md 1.8): their own duty, never the unit's lateness. None
    where the working days are not known."""
    try:
        return calendar.working_days_after(sent_on, policy.receipt_working_days)
    except YearNotPublished:
        return None


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
