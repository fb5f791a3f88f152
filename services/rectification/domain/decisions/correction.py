"""A wrong record is put right: late stays late, unless the record that says so was wrong (domain.md 2)."""

from __future__ import annotations

from datetime import date

from services.rectification.domain.commands import CorrectRecord
from services.rectification.domain.decisions.meaning import without_meaning
from services.rectification.domain.events import Event, RecordCorrected
from services.rectification.domain.evolve import evolve
from services.rectification.domain.facts import Facts
from services.rectification.domain.policies import records as rule
from services.rectification.domain.policies.dates import not_a_working_day, reason_missing
from services.rectification.domain.policies.feedback import sent_before_it_was_asked, sent_in_the_future
from services.rectification.domain.policies.people import (
    decided_by_the_unit_itself,
    decision_without_name_or_reason,
)
from services.rectification.domain.situations import Case, NotOpened, on_time
from services.rectification.domain.terms import reminders
from shared.decider import FreeText, Given, refuse_if, replace


def decide(case: Case, command: CorrectRecord, given: Given[Facts]) -> list[Event]:
    """By a named person with a reason, in every situation. The wrong record stays in the ledger and is judged by no
    longer; whether it was on time is decided again."""
    if isinstance(case, NotOpened):
        raise without_meaning(case, command)
    duty, value = case.duty, command.value
    refuse_if(
        decided_by_the_unit_itself(given.actor, duty),
        reason_missing(command.reason),
        decision_without_name_or_reason(command.decision),
    )
    if command.what == "sent_on":
        refuse_if(rule.no_such_feedback(command.feedback, duty))
        feedback = command.feedback or len(duty.sent)
        sent = duty.sent[feedback - 1]
        refuse_if(
            rule.nothing_to_correct(value, sent.sent_on),
            sent_in_the_future(value, given.today),
            sent_before_it_was_asked(value, sent.asked_on),
        )
        corrected = _corrected(command, given, value_before=sent.sent_on, feedback=feedback)
    else:
        refuse_if(
            rule.feedback_of_a_due_date(command.feedback),
            rule.nothing_to_correct(value, duty.due_on),
            rule.due_before_it_was_asked(value, duty),
            not_a_working_day(value, given.calendar),
        )
        corrected = replace(
            _corrected(command, given, value_before=duty.due_on, feedback=None),
            due_provisional=given.calendar.due(value).provisional,
            reminders=reminders(value, given.today, given.policy, given.calendar, duty.suspended),
        )
    return [replace(corrected, on_time=on_time(evolve(case, corrected)))]


def _corrected(
    command: CorrectRecord, given: Given[Facts], *, value_before: date, feedback: int | None
) -> RecordCorrected:
    return RecordCorrected(
        what=command.what,
        feedback=feedback,
        value_before=value_before,
        value=command.value,
        due_provisional=False,
        on_time=None,
        reason=FreeText(command.reason),
        decision=command.decision,
        on=given.today,
    )
