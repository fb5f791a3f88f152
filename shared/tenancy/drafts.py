"""Who owes a draft for a session, and by when it is handed in and approved (domain.md 1, step 3 and 4)."""

from __future__ import annotations

from datetime import date

from shared.calendar import Calendar
from shared.tenancy.policy import Policy


def draft_owed(category: str, lead: bool, policy: Policy) -> bool:
    """Does a reporter hand in a draft here? A lead reporter is reviewed by nobody below (domain.md 1, lead
    reporters); a village fills one short form, and a draft only where policy asks for it (full coverage)."""
    return not lead and (category != "village" or policy.village_drafts)


def draft_dates(held_on: date, policy: Policy, calendar: Calendar) -> tuple[date, date]:
    """By when the draft of a session is handed in, and by when it is approved. Raises YearNotPublished."""
    return (
        calendar.working_days_before(held_on, policy.draft_due_working_days),
        calendar.working_days_before(held_on, policy.approval_due_working_days),
    )
