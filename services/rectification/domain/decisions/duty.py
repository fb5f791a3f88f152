"""The duty: a case opens, its items are corrected, its post changes hands, its unit notes how far it is."""

from __future__ import annotations

from services.rectification.domain.commands import CorrectItems, NoteProgress, OpenCase, RecordHandover
from services.rectification.domain.decisions.meaning import without_meaning
from services.rectification.domain.events import (
    Event,
    HandoverRecorded,
    ItemsCorrected,
    MinutesCorrectionNoted,
    ProgressNoted,
    RectificationFellDue,
)
from services.rectification.domain.facts import Facts
from services.rectification.domain.policies import duty as rule
from services.rectification.domain.situations import Case, Closed, FedBack, NotOpened, Open
from services.rectification.domain.terms import reminders
from shared.decider import FreeText, Given, refuse_if

Command = OpenCase | CorrectItems | RecordHandover | NoteProgress


def decide(case: Case, command: Command, given: Given[Facts]) -> list[Event]:
    """A case is opened once. What was heard and is no longer its business makes no event."""
    today = given.today
    match case, command:
        case NotOpened(), OpenCase():
            refuse_if(rule.nothing_is_asked(command.items))
            return [_fell_due(command, given)]

        case NotOpened(), CorrectItems():
            # The excerpt asked nothing of this unit when it was sent; a correction opens no case (domain.md 1.6).
            return []
        case Open(duty) | FedBack(duty) | Closed(duty), CorrectItems(items, number, reason, corrected_on):
            if items == duty.items:
                return []
            if isinstance(case, Closed) or not items:
                return [MinutesCorrectionNoted(number, FreeText(reason), corrected_on, on=today)]
            return [ItemsCorrected(items, number, FreeText(reason), corrected_on, on=today)]

        case Open(duty) | FedBack(duty), RecordHandover(title, to_person, effective_on):
            if to_person == duty.person:
                return []
            return [HandoverRecorded(title, duty.person, to_person, effective_on)]
        case _, RecordHandover():
            return []

        case Open(duty), NoteProgress(text, item):
            refuse_if(
                rule.not_own_unit(given.actor, duty),
                rule.text_of_a_classified_case(duty, text),
                rule.progress_empty(text),
                rule.not_an_item_of_the_case(item, duty),
            )
            return [ProgressNoted(FreeText(text), item, on=today)]

        case _:
            raise without_meaning(case, command)


def _fell_due(command: OpenCase, given: Given[Facts]) -> RectificationFellDue:
    return RectificationFellDue(
        session=command.session,
        plan_year=command.plan_year,
        unit=command.unit,
        unit_name=command.unit_name,
        post=command.post,
        title=command.title,
        person=command.person,
        items=command.items,
        minutes=command.minutes,
        minutes_sent_on=command.minutes_sent_on,
        due_on=command.due_on,
        due_before_rolling=command.due_before_rolling,
        due_provisional=command.due_provisional,
        category=command.category,
        official_order=command.official_order,
        houses_offices=command.houses_offices,
        classified=command.classified,
        reminders=reminders(command.due_on, given.today, given.policy, given.calendar),
    )
