"""The dates of a case that fire by themselves, as a function of its situation."""

from __future__ import annotations

from datetime import date

from services.rectification.domain.situations import ONE_DAY, Case, Open, ReminderKind

REMINDERS: tuple[ReminderKind, ...] = ("yellow", "orange")


def deadlines(case: Case) -> dict[str, date]:
    """While nothing is fed back: the reminders of the date that governs, each until it was sent, and the first day
    after that date, until it is noted. A date that moves brings its own."""
    if not isinstance(case, Open):
        return {}
    duty = case.duty
    found = {
        f"remind-{kind}": day
        for kind in REMINDERS
        if (day := duty.due.reminders.on(kind)) is not None and not duty.was_reminded(kind)
    }
    if case.overdue_since is None:
        found["overdue"] = duty.due_on + ONE_DAY
    return found
