"""Rules of correcting a wrong record: which date, to what, and that there was something wrong."""

from __future__ import annotations

from datetime import date

from services.rectification.domain.situations import Duty
from shared.decider import Refused


def no_such_feedback(feedback: int | None, duty: Duty) -> Refused | None:
    """What is corrected was recorded: there is a feedback, and it is one of those sent (2, finished late)."""
    count = len(duty.sent)
    if count and 1 <= (count if feedback is None else feedback) <= count:
        return None
    return Refused("rectification.no-such-feedback", feedback=feedback, sent=count)


def feedback_of_a_due_date(feedback: int | None) -> Refused | None:
    """The date that governs is the case's, not one feedback's (2, finished late)."""
    return None if feedback is None else Refused("rectification.feedback-not-meant", feedback=feedback)


def nothing_to_correct(value: date, recorded: date) -> Refused | None:
    """A correction changes something (2, finished late)."""
    if value != recorded:
        return None
    return Refused("rectification.nothing-to-correct", value=value.isoformat())


def due_before_it_was_asked(value: date, duty: Duty) -> Refused | None:
    """Sending the minutes starts the clock (1.6): the first day is not counted."""
    if value > duty.minutes_sent_on:
        return None
    return Refused(
        "rectification.due-before-asked", value=value.isoformat(), asked_on=duty.minutes_sent_on.isoformat()
    )
