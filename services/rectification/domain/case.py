"""A rectification case: what a unit was told to put right, by when, and who says that it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never

from services.rectification.domain import policies as rule
from services.rectification.domain.situations import (
    Case,
    Closed,
    DueDate,
    Duty,
    ExtensionAsked,
    FedBack,
    Item,
    NotOpened,
    Open,
    Outcome,
    Receipt,
    WhyDue,
)
from shared.calendar import Calendar
from shared.decider import FreeText, Given, NotAllowedNow, Refused, refuse_if

ONE_DAY = timedelta(days=1)
initial: Case = NotOpened()

# ---- commands ----


@dataclass(frozen=True)
class OpenCase:
    """The minutes were sent: their excerpt is the instrument, and it prints the date."""

    session: str
    plan_year: int
    unit: str
    unit_name: str
    post: str
    title: str
    person: str
    items: tuple[Item, ...]
    minutes: str
    minutes_sent_on: date
    due_on: date
    due_before_rolling: date
    due_provisional: bool = False


@dataclass(frozen=True)
class SubmitFeedback:
    """The unit sent its report to every office, on ``sent_on`` (today when left out)."""

    text: str
    signer: str
    document_number: str | None = None
    sent_on: date | None = None


@dataclass(frozen=True)
class ReceiptFeedback:
    office: str


@dataclass(frozen=True)
class VerifyRectification:
    outcome: Outcome


@dataclass(frozen=True)
class ReturnRectification:
    remarks: str
    due_on: date


@dataclass(frozen=True)
class RequestExtension:
    reason: str
    due_on: date


@dataclass(frozen=True)
class GrantExtension:
    pass


@dataclass(frozen=True)
class RefuseExtension:
    reason: str


@dataclass(frozen=True)
class RecordHandover:
    """The post has another holder; the duty stays with unit and post (domain.md section 2)."""

    title: str
    to_person: str
    effective_on: date


@dataclass(frozen=True)
class NoteOverdue:
    """The first day after the due date has come."""


Command = (
    OpenCase
    | SubmitFeedback
    | ReceiptFeedback
    | VerifyRectification
    | ReturnRectification
    | RequestExtension
    | GrantExtension
    | RefuseExtension
    | RecordHandover
    | NoteOverdue
)

# ---- events ----


@dataclass(frozen=True)
class RectificationFellDue:
    session: str
    plan_year: int
    unit: str
    unit_name: str
    post: str
    title: str
    person: str
    items: tuple[Item, ...]
    minutes: str
    minutes_sent_on: date
    due_on: date
    due_before_rolling: date
    due_provisional: bool


@dataclass(frozen=True)
class DueDateConfirmed:
    """The calendar of a provisional date's year is known now; ``due_on`` may have moved to a working day."""

    due_on_before: date
    due_on: date
    why: WhyDue
    on: date


@dataclass(frozen=True)
class FeedbackSubmitted:
    text: FreeText
    signer: str
    document_number: str | None
    sent_on: date
    due_on: date
    on_time: bool
    offices: tuple[str, ...]
    on: date


@dataclass(frozen=True)
class FeedbackReceipted:
    office: str
    on: date


@dataclass(frozen=True)
class RectificationVerified:
    outcome: Outcome
    by_office: str
    on: date


@dataclass(frozen=True)
class RectificationReturned:
    remarks: FreeText
    by_office: str
    due_on_before: date
    due_on: date
    due_provisional: bool
    on: date


@dataclass(frozen=True)
class ExtensionRequested:
    reason: FreeText
    due_on: date
    on: date


@dataclass(frozen=True)
class ExtensionGranted:
    requested_on: date
    due_on_before: date
    due_on: date
    due_provisional: bool
    on: date


@dataclass(frozen=True)
class ExtensionRefused:
    reason: FreeText
    on: date


@dataclass(frozen=True)
class HandoverRecorded:
    title: str
    from_person: str
    to_person: str
    effective_on: date


@dataclass(frozen=True)
class RectificationFellOverdue:
    due_on: date
    overdue_since: date
    on: date


Event = (
    RectificationFellDue
    | DueDateConfirmed
    | FeedbackSubmitted
    | FeedbackReceipted
    | RectificationVerified
    | RectificationReturned
    | ExtensionRequested
    | ExtensionGranted
    | ExtensionRefused
    | HandoverRecorded
    | RectificationFellOverdue
)

# ---- decide ----


def decide(case: Case, command: Command, given: Given[None]) -> list[Event]:
    """What follows from the command. A provisional date whose calendar is known by now is confirmed first, so that
    no rule ever judges by a date that would have rolled."""
    confirmed = _due_date_confirmed(case, given)
    for event in confirmed:
        case = evolve(case, event)
    return [*confirmed, *_decide(case, command, given)]


def _decide(case: Case, command: Command, given: Given[None]) -> list[Event]:
    actor, policy, today = given.actor, given.policy, given.today
    match case, command:
        case NotOpened(), OpenCase():
            refuse_if(rule.nothing_is_asked(command.items))
            return [_fell_due(command)]

        case Open(duty), SubmitFeedback():
            sent_on = command.sent_on or today
            refuse_if(
                rule.not_own_unit(actor, duty),
                rule.feedback_empty(command.text),
                rule.signer_missing(command.signer),
                rule.sent_in_the_future(sent_on, today),
                rule.sent_before_it_was_asked(sent_on, case),
            )
            return [
                FeedbackSubmitted(
                    text=FreeText(command.text),
                    signer=command.signer,
                    document_number=command.document_number,
                    sent_on=sent_on,
                    due_on=duty.due_on,
                    on_time=sent_on <= duty.due_on,
                    offices=policy.receipt_offices,
                    on=today,
                )
            ]

        case FedBack(), ReceiptFeedback(office):
            refuse_if(
                rule.not_an_office_of_the_feedback(office, case),
                rule.not_own_office(office, actor),
                rule.already_receipted(office, case),
            )
            return [FeedbackReceipted(office, on=today)]

        case FedBack(duty), VerifyRectification(outcome):
            refuse_if(
                rule.not_the_verifying_office(actor, policy),
                rule.decided_by_the_unit_itself(actor, duty),
                rule.feedback_not_receipted_by_every_office(case),
            )
            return [RectificationVerified(outcome, by_office=policy.verifying_office, on=today)]

        case FedBack(duty), ReturnRectification(remarks, due_on):
            refuse_if(
                rule.not_the_verifying_office(actor, policy),
                rule.decided_by_the_unit_itself(actor, duty),
                rule.feedback_not_receipted_by_every_office(case),
                rule.remarks_missing(remarks),
                rule.return_date_not_ahead(due_on, today),
                rule.return_takes_time_away(due_on, duty),
                rule.not_a_working_day(due_on, given.calendar),
            )
            return [
                RectificationReturned(
                    remarks=FreeText(remarks),
                    by_office=policy.verifying_office,
                    due_on_before=duty.due_on,
                    due_on=due_on,
                    due_provisional=_provisional(due_on, given.calendar),
                    on=today,
                )
            ]

        case Open(duty), RequestExtension(reason, due_on):
            refuse_if(
                rule.not_own_unit(actor, duty),
                rule.reason_missing(reason),
                rule.extension_asked_too_late(today, duty),
                rule.extension_already_asked(case),
                rule.extended_often_enough(duty, policy),
                rule.extension_not_later(due_on, duty),
                rule.extension_too_long(due_on, duty, policy),
                rule.not_a_working_day(due_on, given.calendar),
            )
            return [ExtensionRequested(FreeText(reason), due_on, on=today)]

        case Open(asked=None), GrantExtension() | RefuseExtension():
            raise Refused("rectification.no-extension-asked")

        case Open(duty, asked=ExtensionAsked(asked_on, due_on)), GrantExtension():
            refuse_if(
                rule.decided_by_the_unit_itself(actor, duty),
                rule.extended_often_enough(duty, policy),
                rule.extension_too_long(due_on, duty, policy),
            )
            return [
                ExtensionGranted(
                    requested_on=asked_on,
                    due_on_before=duty.due_on,
                    due_on=due_on,
                    due_provisional=_provisional(due_on, given.calendar),
                    on=today,
                )
            ]

        case Open(duty), RefuseExtension(reason):
            refuse_if(rule.decided_by_the_unit_itself(actor, duty), rule.reason_missing(reason))
            return [ExtensionRefused(FreeText(reason), on=today)]

        case Open(duty) | FedBack(duty), RecordHandover(title, to_person, effective_on):
            if to_person == duty.person:
                return []
            return [HandoverRecorded(title, duty.person, to_person, effective_on)]

        case Open(duty, overdue_since=None), NoteOverdue() if today > duty.due_on:
            return [RectificationFellOverdue(duty.due_on, overdue_since=duty.due_on + ONE_DAY, on=today)]

        # What fires by itself may come after the fact it was meant for: then there is nothing to say.
        case _, NoteOverdue() | RecordHandover():
            return []

        case Closed(), _:
            raise Refused("rectification.case-closed", verified_on=case.verified_on.isoformat())
        case _:
            raise NotAllowedNow(case, command)


def _fell_due(command: OpenCase) -> RectificationFellDue:
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
    )


def _due_date_confirmed(case: Case, given: Given[None]) -> list[Event]:
    """domain.md section 4: a provisional date is confirmed or moved by an event, once its year's calendar is known."""
    if not isinstance(case, Open) or not case.duty.due.provisional:
        return []
    governing = case.duty.due
    due = given.calendar.due(governing.due_on)
    if due.provisional:
        return []
    return [DueDateConfirmed(governing.due_on, due.on, governing.why, on=given.today)]


def _provisional(due_on: date, calendar: Calendar) -> bool:
    return calendar.due(due_on).provisional


# ---- evolve ----


def evolve(case: Case, event: Event) -> Case:
    """The situation after the event."""
    match event:
        case RectificationFellDue():
            return Open(_duty(event))
        case DueDateConfirmed():
            was = _open(case)
            moved = event.due_on != event.due_on_before
            return replace(
                was,
                duty=_due_again(was.duty, event.due_on, event.why, event.on, provisional=False),
                overdue_since=None if moved else was.overdue_since,
            )
        case FeedbackSubmitted():
            duty = _open(case).duty
            if not event.on_time:
                duty = replace(duty, late_since=duty.late_since or event.due_on + ONE_DAY)
            return FedBack(duty, event.sent_on, event.offices)
        case FeedbackReceipted():
            fed_back = _fed_back(case)
            return replace(fed_back, receipts=(*fed_back.receipts, Receipt(event.office, event.on)))
        case RectificationVerified():
            fed_back = _fed_back(case)
            return Closed(
                duty=fed_back.duty,
                fed_back_on=fed_back.sent_on,
                receipts=fed_back.receipts,
                verified_on=event.on,
                by_office=event.by_office,
                outcome=event.outcome,
            )
        case RectificationReturned():
            duty = _fed_back(case).duty
            return Open(
                _due_again(duty, event.due_on, "return", event.on, provisional=event.due_provisional),
                returned_on=event.on,
            )
        case ExtensionRequested():
            return replace(_open(case), asked=ExtensionAsked(event.on, event.due_on))
        case ExtensionGranted():
            was = _open(case)
            duty = _due_again(
                was.duty, event.due_on, "extension", event.on, provisional=event.due_provisional
            )
            return Open(
                replace(duty, extensions_granted=duty.extensions_granted + 1), returned_on=was.returned_on
            )
        case ExtensionRefused():
            return replace(_open(case), asked=None)
        case HandoverRecorded():
            standing = _open(case) if isinstance(case, Open) else _fed_back(case)
            duty = replace(standing.duty, title=event.title, person=event.to_person)
            return replace(standing, duty=duty)
        case RectificationFellOverdue():
            return replace(_open(case), overdue_since=event.overdue_since)
        case _ as unreachable:
            assert_never(unreachable)


def _duty(event: RectificationFellDue) -> Duty:
    printed = DueDate(event.due_on, "minutes", event.minutes_sent_on, event.due_provisional)
    return Duty(
        session=event.session,
        plan_year=event.plan_year,
        unit=event.unit,
        unit_name=event.unit_name,
        post=event.post,
        title=event.title,
        person=event.person,
        items=event.items,
        minutes_sent_on=event.minutes_sent_on,
        dates=(printed,),
    )


def _due_again(duty: Duty, due_on: date, why: WhyDue, on: date, *, provisional: bool) -> Duty:
    """Dates are added, never replaced: the register shows every date a unit was ever given."""
    return replace(duty, dates=(*duty.dates, DueDate(due_on, why, on, provisional)))


def _open(case: Case) -> Open:
    if not isinstance(case, Open):
        raise ImpossibleHistory(f"{type(case).__name__} where only an open case can be")
    return case


def _fed_back(case: Case) -> FedBack:
    if not isinstance(case, FedBack):
        raise ImpossibleHistory(f"{type(case).__name__} where only a case fed back can be")
    return case


class ImpossibleHistory(Exception):
    """The stream holds an event that ``decide`` cannot have made there: the ledger was not written by this code."""


# ---- deadlines ----


def deadlines(case: Case) -> dict[str, date]:
    """While nothing is fed back: the first day after the governing date, until it is noted once."""
    match case:
        case Open(duty, overdue_since=None):
            return {"overdue": duty.due_on + ONE_DAY}
        case _:
            return {}
