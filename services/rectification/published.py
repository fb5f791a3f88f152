"""What other services are told of cases and bulletins: the public contract of each event that has one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from services.rectification.domain import bulletin
from services.rectification.domain import events as domain
from services.rectification.domain.situations import (
    Case,
    Closed,
    Duty,
    FedBack,
    Item,
    NotOpened,
    Open,
    on_time,
)
from shared.contracts import Contract
from shared.contracts import rectification as public
from shared.eventstore import Recorded, text_link


def of_a_case(recorded: Recorded[domain.Event], case: Case) -> Iterable[Contract]:
    """Public events, given the situation after the event. A request, its refusal, a handover, a note of progress, an
    inspection and what changed nothing stay inside."""
    if isinstance(case, NotOpened):
        return
    duty = case.duty
    of: dict[str, Any] = {"case": recorded.id, "unit": duty.unit}
    match recorded.event:
        case domain.RectificationFellDue() as event:
            yield _due(event, of | {"category": event.category})
        case domain.FeedbackSubmitted() as event:
            yield public.FeedbackSubmitted(
                **of,
                sent_on=event.sent_on,
                on_time=event.on_time,
                signer=event.signer,
                document_number=event.document_number,
                offices=list(event.offices),
                text=text_link(recorded.tenant, event.text),
                short_form=event.entered_for is not None,
            )
        case domain.FeedbackWithdrawn() as event:
            yield public.FeedbackWithdrawn(
                **of, sent_on=event.sent_on, withdrawn_on=event.on, due_on=duty.due_on
            )
        case domain.FeedbackReceipted() as event:
            missing = case.offices_missing if isinstance(case, FedBack) else []
            yield public.FeedbackReceipted(
                **of, office=event.office, receipted_on=event.on, offices_missing=missing
            )
        case domain.RectificationReturned() as event:
            yield public.RectificationReturned(
                **of,
                returned_on=event.on,
                by_office=event.by_office,
                due_on_before=event.due_on_before,
                due_on=event.due_on,
            )
        case domain.ExtensionGranted() as event:
            yield public.RectificationExtended(
                **of,
                requested_on=event.requested_on,
                granted_on=event.on,
                due_on_before=event.due_on_before,
                due_on=event.due_on,
            )
        case domain.DueDateConfirmed() as event:
            yield public.RectificationDateConfirmed(
                **of, due_on_before=event.due_on_before, due_on=event.due_on, confirmed_on=event.on
            )
        case domain.RectificationSuspended() as event:
            yield public.RectificationSuspended(
                **of,
                suspended_from=event.suspended_from,
                suspended_until=event.suspended_until,
                days=event.days,
                due_on_before=event.due_on_before,
                due_on=event.due_on,
            )
        case domain.ItemsCorrected() as event:
            yield public.RectificationItemsCorrected(
                **of, corrected_on=event.corrected_on, items=_items(event.items)
            )
        case domain.ReminderSent() as event:
            yield public.ReminderSent(**of, kind=event.kind, reminded_on=event.on, due_on=event.due_on)
        case domain.SupervisionOpened() as event:
            yield public.SupervisionOpened(
                **of, notice_number=event.notice_number, opened_on=event.on, due_on=event.reply_by
            )
        case domain.SupervisionClosed() as event:
            yield public.SupervisionClosed(**of, notice_number=event.notice_number, closed_on=event.on)
        case domain.RecordCorrected() as event:
            yield _corrected(event, case, duty, of)
        case domain.RectificationFellOverdue() as event:
            yield public.RectificationOverdue(**of, due_on=event.due_on, overdue_since=event.overdue_since)
        case domain.RectificationVerified() as event:
            if isinstance(case, Closed):
                yield _verified(event, case, duty, of)
        case (
            domain.ExtensionRequested()
            | domain.ExtensionRefused()
            | domain.SuspensionNoted()
            | domain.HandoverRecorded()
            | domain.ProgressNoted()
            | domain.InspectionRecorded()
            | domain.MinutesCorrectionNoted()
        ):
            return
        case _ as unreachable:
            assert_never(unreachable)


def _due(event: domain.RectificationFellDue, of: dict[str, Any]) -> Contract:
    return public.RectificationDue(
        **of,
        session=event.session,
        plan_year=event.plan_year,
        unit_name=event.unit_name,
        post=event.post,
        title=event.title,
        person=event.person,
        items=_items(event.items),
        sent_on=event.minutes_sent_on,
        due_on=event.due_on,
        due_before_rolling=event.due_before_rolling,
        due_provisional=event.due_provisional,
        official_order=event.official_order,
    )


def _items(items: tuple[Item, ...]) -> list[public.DutyItem]:
    return [
        public.DutyItem(item=item.item, task_line=item.task_line, focus_area=item.focus_area)
        for item in items
    ]


def _verified(event: domain.RectificationVerified, case: Closed, duty: Duty, of: dict[str, Any]) -> Contract:
    return public.RectificationVerified(
        **of,
        session=duty.session,
        plan_year=duty.plan_year,
        original_due_on=duty.original_due_on,
        due_on=duty.due_on,
        fed_back_on=case.fed_back_on,
        verified_on=event.on,
        by_office=event.by_office,
        outcome=event.outcome,
        unfinished=None if event.unfinished is None else list(event.unfinished),
        on_time=case.on_time,
        counts_in=_counts_in(duty),
    )


def _corrected(
    event: domain.RecordCorrected, case: Open | FedBack | Closed, duty: Duty, of: dict[str, Any]
) -> Contract:
    fed_back_on = None
    match case:
        case FedBack():
            fed_back_on = case.sent_on
        case Closed():
            fed_back_on = case.fed_back_on
    return public.RecordCorrected(
        **of,
        session=duty.session,
        plan_year=duty.plan_year,
        corrected_on=event.on,
        what=event.what,
        value_before=event.value_before,
        value=event.value,
        due_on=duty.due_on,
        fed_back_on=fed_back_on,
        on_time=on_time(case),
        counts_in=_counts_in(duty),
        by=event.decision.by,
        by_title=event.decision.title,
        reason=event.decision.reason,
    )


def _counts_in(duty: Duty) -> int:
    """The year the duty first fell due, whatever was granted or corrected later: the sheet it was noted on
    (domain.md 1.11)."""
    return duty.original_due_on.year


def of_a_bulletin(recorded: Recorded[bulletin.Event], after: bulletin.Bulletin) -> Iterable[Contract]:
    """The bulletin as it is told at its session."""
    event = recorded.event
    yield public.BulletinIssued(
        bulletin=recorded.id,
        session=recorded.id,
        about_session=event.about_session,
        issued_on=event.on,
        lines=[
            public.BulletinLine(
                case=line.case,
                unit=line.unit,
                state=line.state,
                unit_name=line.unit_name,
                due_on=line.due_on,
                carried_on=line.carried_on,
            )
            for line in event.lines
        ],
    )
