"""What other services are told of a case: the public contract of each event that has one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from services.rectification.domain import case as domain
from services.rectification.domain.situations import Case, Closed, Duty, FedBack, NotOpened
from shared.contracts import Contract
from shared.contracts import rectification as public
from shared.eventstore import Recorded, text_link


def publish(recorded: Recorded[domain.Event], case: Case) -> Iterable[Contract]:
    """Public events, given the situation after the event. A request, its refusal and a handover stay inside."""
    if isinstance(case, NotOpened):
        return
    duty = case.duty
    of: dict[str, Any] = {"case": recorded.id, "unit": duty.unit}
    match recorded.event:
        case domain.RectificationFellDue() as event:
            yield _due(event, of)
        case domain.FeedbackSubmitted() as event:
            yield public.FeedbackSubmitted(
                **of,
                sent_on=event.sent_on,
                on_time=event.on_time,
                signer=event.signer,
                document_number=event.document_number,
                offices=list(event.offices),
                text=text_link(recorded.tenant, event.text),
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
        case domain.RectificationFellOverdue() as event:
            yield public.RectificationOverdue(**of, due_on=event.due_on, overdue_since=event.overdue_since)
        case domain.RectificationVerified() as event:
            if isinstance(case, Closed):
                yield _verified(event, case, duty, of)
        case (
            domain.DueDateConfirmed()
            | domain.ExtensionRequested()
            | domain.ExtensionRefused()
            | domain.HandoverRecorded()
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
        items=[
            public.DutyItem(item=item.item, task_line=item.task_line, focus_area=item.focus_area)
            for item in event.items
        ],
        sent_on=event.minutes_sent_on,
        due_on=event.due_on,
        due_before_rolling=event.due_before_rolling,
        due_provisional=event.due_provisional,
    )


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
        on_time=case.on_time,
        # The year the duty first fell due, whatever was granted later: the sheet it was noted on (domain.md 1.11).
        counts_in=duty.original_due_on.year,
    )
