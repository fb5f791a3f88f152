"""The light of a case on a day, never by colour alone: with the days left, words and an icon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.rectification.domain.situations import Standing
from shared.calendar import Calendar, YearNotPublished
from shared.tenancy import Policy

Colour = Literal["green", "yellow", "orange", "red", "supervision", "none"]
BulletinWord = Literal["not_due", "fed_back_unverified", "completed", "overdue"]


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


def light(
    standing: Standing,
    due_on: date,
    today: date,
    policy: Policy,
    calendar: Calendar,
    *,
    sent_on: date | None = None,
    suspended_until: date | None = None,
) -> Light:
    """Green; yellow in the last days; orange in the last working days; red when overdue; supervision some working
    days after that (domain.md section 2). Once fed back no date runs against the unit, so there is no colour; the
    words say how long the offices have had it since ``sent_on``. Neither does one in a suspension.

    Where a year's calendar is not known, its working days are not guessed: the colour that calendar days alone
    decide stands.
    """
    match standing:
        case "completed":
            return Light("none", "check", None, "completed", "已完成")
        case "awaiting_receipt":
            return _awaiting_receipt(sent_on, today, policy, calendar)
        case "awaiting_verification":
            return Light("none", "magnifier", None, "receipted, awaiting verification", "已签收，待核查")
        case "open" | "returned" if suspended_until is not None:
            until = suspended_until.isoformat()
            return Light("none", "pause", None, f"suspended until {until}", f"暂停办理至{until}")
        case "open" | "returned":
            return _running(due_on, today, policy, calendar)


def receipt_due_on(sent_on: date, policy: Policy, calendar: Calendar) -> date | None:
    """By when the offices should have receipted (domain.md 1.8): their own duty, never the unit's lateness. None
    where the working days are not known."""
    try:
        return calendar.working_days_after(sent_on, policy.receipt_working_days)
    except YearNotPublished:
        return None


def bulletin_word(standing: Standing, due_on: date, today: date) -> BulletinWord:
    """未到期, 已反馈待核查, 已完成 and 逾期 are different words (domain.md 1, step 10)."""
    match standing:
        case "completed":
            return "completed"
        case "awaiting_receipt" | "awaiting_verification":
            return "fed_back_unverified"
        case "open" | "returned":
            return "overdue" if today > due_on else "not_due"


def _awaiting_receipt(sent_on: date | None, today: date, policy: Policy, calendar: Calendar) -> Light:
    en, zh = "fed back, awaiting receipt", "已反馈，待签收"
    waited = None if sent_on is None else _working_days(sent_on, today, calendar)
    if waited is not None:
        en += f" for {waited} of {policy.receipt_working_days} working days"
        zh += f"，已{waited}个工作日（签收时限{policy.receipt_working_days}个工作日）"
    return Light("none", "inbox", None, en, zh)


def _running(due_on: date, today: date, policy: Policy, calendar: Calendar) -> Light:
    left = (due_on - today).days
    if left < 0:
        en, zh = f"overdue by {_days(-left)}", f"逾期{-left}天"
        after = _working_days(due_on, today, calendar)
        if after is not None and after >= policy.supervision_working_days:
            return Light("supervision", "gavel", left, f"{en}, to be supervised", f"{zh}，应予督办")
        return Light("red", "alert", left, en, zh)
    en, zh = (f"{_days(left)} left", f"剩余{left}天") if left else ("due today", "今日到期")
    ahead = _working_days(today, due_on, calendar)
    if ahead is not None and ahead <= policy.orange_working_days:
        return Light("orange", "bell", left, en, zh)
    if left <= policy.yellow_days:
        return Light("yellow", "hourglass", left, en, zh)
    return Light("green", "clock", left, en, zh)


def _working_days(start: date, end: date, calendar: Calendar) -> int | None:
    try:
        return calendar.working_days_between(start, end)
    except YearNotPublished:
        return None


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
