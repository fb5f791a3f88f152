"""The light of a case on a day, never by colour alone: with the days left, words and an icon."""

from __future__ import annotations

from datetime import date
from typing import Literal

from services.rectification.domain.situations import Standing
from shared.calendar import Calendar
from shared.tenancy import Light, Policy, running, suspended, working_days

BulletinWord = Literal["not_due", "fed_back_unverified", "completed", "overdue"]


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
            return suspended(suspended_until)
        case "open" | "returned":
            return running(due_on, today, policy, calendar)


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
    waited = None if sent_on is None else working_days(sent_on, today, calendar)
    if waited is not None:
        en += f" for {waited} of {policy.receipt_working_days} working days"
        zh += f"，已{waited}个工作日（签收时限{policy.receipt_working_days}个工作日）"
    return Light("none", "inbox", None, en, zh)
