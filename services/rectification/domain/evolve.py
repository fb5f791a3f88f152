"""The situation of a case after each event."""

from __future__ import annotations

from datetime import date
from typing import assert_never

from services.rectification.domain.events import (
    DueDateConfirmed,
    Event,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    FeedbackReceipted,
    FeedbackSubmitted,
    FeedbackWithdrawn,
    HandoverRecorded,
    InspectionRecorded,
    ItemsCorrected,
    MinutesCorrectionNoted,
    ProgressNoted,
    RecordCorrected,
    RectificationFellDue,
    RectificationFellOverdue,
    RectificationReturned,
    RectificationSuspended,
    RectificationVerified,
    ReminderSent,
    SupervisionClosed,
    SupervisionOpened,
    SuspensionNoted,
)
from services.rectification.domain.situations import (
    ONE_DAY,
    Case,
    Closed,
    DueDate,
    Duty,
    ExtensionAsked,
    FedBack,
    Notice,
    NotOpened,
    Open,
    Receipt,
    Reminded,
    Sent,
    Suspension,
    WhyDue,
)
from shared.decider import replace

initial: Case = NotOpened()


def evolve(case: Case, event: Event) -> Case:
    """The situation after the event. Raises ImpossibleHistory where ``decide`` cannot have made it there."""
    match event:
        case RectificationFellDue():
            return Open(_duty(event))

        # These first, because they happen most: an event is compared with one pattern after the other.
        case ProgressNoted() | MinutesCorrectionNoted() | InspectionRecorded():
            return case
        case FeedbackSubmitted():
            was = _open(case)
            sent = Sent(event.sent_on, event.due_on, was.asked_on)
            return FedBack(
                replace(was.duty, sent=(*was.duty.sent, sent)),
                event.sent_on,
                event.offices,
                asked=was.asked,
                overdue_since=was.overdue_since,
                returned_on=was.returned_on,
            )
        case FeedbackWithdrawn():
            back = _fed_back(case)
            *earlier, last = back.duty.sent
            duty = replace(back.duty, sent=(*earlier, replace(last, withdrawn=True)))
            return Open(duty, back.asked, back.overdue_since, back.returned_on)
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
                unfinished=event.unfinished,
            )
        case RectificationReturned():
            duty = _fed_back(case).duty
            return Open(
                _due_again(
                    duty, event.due_on, "return", event, provisional=event.due_provisional, by_person=True
                ),
                returned_on=event.on,
            )

        case ItemsCorrected() | HandoverRecorded() | SuspensionNoted() | ReminderSent():
            return _with_duty(case, _duty_after(_running(case).duty, event))
        case SupervisionOpened() | SupervisionClosed():
            return _with_duty(case, _duty_after(_opened(case).duty, event))

        case DueDateConfirmed():
            was = _open(case)
            moved = event.due_on != event.due_on_before
            return replace(
                was,
                duty=_due_again(was.duty, event.due_on, event.why, event, provisional=False),
                overdue_since=None if moved else was.overdue_since,
            )
        case ExtensionRequested():
            return replace(_open(case), asked=ExtensionAsked(event.on, event.due_on))
        case ExtensionGranted():
            was = _open(case)
            duty = _due_again(
                was.duty, event.due_on, "extension", event, provisional=event.due_provisional, by_person=True
            )
            return Open(
                replace(duty, extensions_granted=duty.extensions_granted + 1), returned_on=was.returned_on
            )
        case ExtensionRefused():
            return replace(_open(case), asked=None)
        case RectificationSuspended():
            was = _open(case)
            duty = _due_again(
                was.duty,
                event.due_on,
                "suspension",
                event,
                provisional=event.due_provisional,
                days=event.days,
            )
            return replace(was, duty=_duty_after(duty, event), overdue_since=None)
        case RectificationFellOverdue():
            return replace(_open(case), overdue_since=event.overdue_since)

        case RecordCorrected(what="due_on"):
            return _due_date_corrected(_opened(case), event)
        case RecordCorrected():
            return _sent_date_corrected(_opened(case), event)
        case _ as unreachable:
            assert_never(unreachable)


def _duty(event: RectificationFellDue) -> Duty:
    printed = DueDate(event.due_on, "minutes", event.minutes_sent_on, event.due_provisional, event.reminders)
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
        category=event.category,
        official_order=event.official_order,
        houses_offices=event.houses_offices,
        classified=event.classified,
    )


def _duty_after(
    duty: Duty,
    event: ItemsCorrected
    | HandoverRecorded
    | RectificationSuspended
    | SuspensionNoted
    | ReminderSent
    | SupervisionOpened
    | SupervisionClosed,
) -> Duty:
    match event:
        case ItemsCorrected():
            return replace(duty, items=event.items)
        case HandoverRecorded():
            return replace(duty, title=event.title, person=event.to_person)
        case RectificationSuspended() | SuspensionNoted():
            period = Suspension(event.suspension, event.suspended_from, event.suspended_until)
            # A period that was noted first and moves the date later (a feedback withdrawn) is one period.
            return duty if period in duty.suspended else replace(duty, suspended=(*duty.suspended, period))
        case ReminderSent():
            return replace(duty, reminded=(*duty.reminded, Reminded(event.kind, event.due_on, event.on)))
        case SupervisionOpened():
            return replace(duty, notice=Notice(event.notice_number, event.on, event.reply_by))
        case SupervisionClosed():
            return replace(duty, notice=None)


def _due_again(
    duty: Duty,
    due_on: date,
    why: WhyDue,
    event: DueDateConfirmed
    | ExtensionGranted
    | RectificationReturned
    | RectificationSuspended
    | RecordCorrected,
    *,
    provisional: bool,
    by_person: bool = False,
    days: int = 0,
) -> Duty:
    """Dates are added, never replaced: the register shows every date a unit was ever given. Who sets one
    (``by_person``) knows of the suspensions until then."""
    return replace(
        duty,
        dates=(*duty.dates, DueDate(due_on, why, event.on, provisional, event.reminders, days)),
        suspensions_known=len(duty.suspended) if by_person else duty.suspensions_known,
    )


def _due_date_corrected(case: Open | FedBack | Closed, event: RecordCorrected) -> Case:
    """What was judged by the wrong date is judged by the right one."""
    judged = tuple(
        replace(sent, due_on=event.value) if sent.due_on == event.value_before else sent
        for sent in case.duty.sent
    )
    duty = _due_again(
        replace(case.duty, sent=judged),
        event.value,
        "correction",
        event,
        provisional=event.due_provisional,
        by_person=True,
    )
    if isinstance(case, Closed):
        return replace(case, duty=duty)
    missed = case.overdue_since is not None and event.value < event.on
    return replace(case, duty=duty, overdue_since=event.value + ONE_DAY if missed else None)


def _sent_date_corrected(case: Open | FedBack | Closed, event: RecordCorrected) -> Case:
    count = event.feedback or len(case.duty.sent)
    sent = list(case.duty.sent)
    sent[count - 1] = replace(sent[count - 1], sent_on=event.value)
    duty = replace(case.duty, sent=tuple(sent))
    match case:
        case FedBack() if count == len(sent):
            return replace(case, duty=duty, sent_on=event.value)
        case Closed() if count == len(sent):
            return replace(case, duty=duty, fed_back_on=event.value)
        case _:
            return replace(case, duty=duty)


def _with_duty(case: Case, duty: Duty) -> Case:
    return replace(_opened(case), duty=duty)


def _opened(case: Case) -> Open | FedBack | Closed:
    if isinstance(case, NotOpened):
        raise ImpossibleHistory("something happened to a case before it was opened")
    return case


def _running(case: Case) -> Open | FedBack:
    if not isinstance(case, Open | FedBack):
        raise ImpossibleHistory(f"{type(case).__name__} where only a running case can be")
    return case


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
