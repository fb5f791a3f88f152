"""What review tells the others: who, whom, when and the task lines; of a text only its hash and where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from services.review.domain import draft, minutes, session
from services.review.domain import excerpts as parts
from services.review.domain import proceedings as room
from services.review.domain.proceedings import Proceedings
from shared.contracts import review as contracts
from shared.contracts.base import Contract
from shared.eventstore import Recorded, text_link


def of_draft(recorded: Recorded[draft.Event], state: draft.Draft) -> Iterator[Contract]:
    """Every step of a draft. That it is expected follows from SessionScheduled, which is public already."""
    assert not isinstance(state, draft.NotExpected)  # the state is the one after the event
    name, unit = state.asked.session, state.asked.unit
    match recorded.event:
        case draft.DraftExpected() | draft.DraftMoved() | draft.DraftWithdrawn():
            return  # what scheduling says is public already
        case draft.DraftHandedOver(voided=voided) as event:
            if voided is not None:
                yield contracts.DraftApprovalVoided(
                    session=name,
                    unit=unit,
                    approved_revision=voided,
                    revision=voided,
                    voided_on=event.handed_over_on,
                )
        case draft.DraftSubmitted() as event:
            yield contracts.DraftSubmitted(
                session=name,
                unit=unit,
                revision=event.revision,
                characters=event.characters,
                text=text_link(recorded.tenant, event.text),
                submitted_on=event.submitted_on,
                entered_by=event.entered_by,
                entered_for=event.entered_for,
            )
        case draft.DraftReturned() as event:
            yield contracts.DraftReturned(
                session=name,
                unit=unit,
                revision=event.revision,
                remarks=text_link(recorded.tenant, event.remarks),
                returned_on=event.returned_on,
            )
        case draft.DraftApproved() as event:
            yield contracts.DraftApproved(
                session=name, unit=unit, revision=event.revision, approved_on=event.approved_on
            )
        case draft.DraftApprovalVoided() as event:
            yield contracts.DraftApprovalVoided(
                session=name,
                unit=unit,
                approved_revision=event.approved_revision,
                revision=event.revision,
                voided_on=event.voided_on,
            )
        case _ as unreachable:
            assert_never(unreachable)


def of_session(recorded: Recorded[session.Event], state: session.Session) -> Iterator[Contract]:
    """A session as it ran. Comments are told when the minutes are signed, duties when they are sent."""
    if isinstance(state, session.NotScheduled | session.Rostered | session.Cancelled):
        return
    proceedings = state.proceedings
    roster = proceedings.roster
    match recorded.event:
        case room.SpeechRecorded() as event:
            yield contracts.ReportDelivered(
                session=roster.session,
                plan_year=roster.plan_year,
                unit=event.unit,
                unit_name=event.unit_name,
                post=event.post,
                title=event.title,
                person=event.person,
                held_on=event.held_on,
                planned_seconds=event.planned_seconds,
                spoken_seconds=event.spoken_seconds,
                lead=event.lead,
            )
        case room.AttendanceRecorded() as event:
            yield contracts.ObserverAttended(
                session=roster.session,
                unit=event.unit,
                unit_name=event.unit_name,
                person=event.person,
                attended=event.attended,
                reason=event.reason,
            )
        case room.GuestRecorded() as event:
            yield contracts.GuestAttended(
                session=roster.session,
                guest=event.guest,
                organisation=event.organisation,
                kind=event.kind,
                spoke=event.spoke,
            )
        case session.SessionClosed() as event:
            yield contracts.SessionHeld(
                session=roster.session,
                plan_year=roster.plan_year,
                number=roster.number,
                held_on=event.held_on,
                units=list(event.units_heard),
                bulletin="told" if event.bulletin_told else "not_applicable",
            )
        case minutes.MinutesSigned():
            yield from _comments(recorded.tenant, proceedings)
        case minutes.MinutesSent() as event:
            yield contracts.MinutesIssued(
                session=roster.session,
                plan_year=roster.plan_year,
                number=roster.number,
                held_on=roster.held_on,
                document_number=event.document_number,
                signed_by=event.signed_by,
                signed_on=event.signed_on,
                sent_on=event.sent_on,
                excerpts=[_excerpt(excerpt) for excerpt in event.excerpts],
                classified=event.classified,
            )
        case minutes.MinutesCorrected() as event:
            yield contracts.MinutesCorrected(
                session=roster.session,
                document_number=event.document_number,
                corrected_on=event.corrected_on,
                reason=event.reason,
                excerpts=[_excerpt(excerpt) for excerpt in event.excerpts],
            )
        case _:
            return  # everything else is a working note or a step inside the offices


def _comments(tenant: str, proceedings: Proceedings) -> Iterator[contracts.CommentIssued]:
    """Of classified minutes none: their task lines go out with the excerpts, the words stay on paper."""
    for comment in proceedings.comments:
        if proceedings.classified or comment.text is None:
            continue
        yield contracts.CommentIssued(
            session=proceedings.roster.session,
            comment=comment.comment,
            unit=comment.unit,
            by=comment.by,
            by_title=comment.by_title,
            made_on=comment.made_on,
            requirements=[
                contracts.Requirement(
                    requirement=one.requirement,
                    task_line=one.task_line,
                    focus_area=one.focus_area,
                    units=list(one.units),
                )
                for one in comment.requirements
            ],
            text=text_link(tenant, comment.text),
        )


def _excerpt(excerpt: parts.Excerpt) -> contracts.Excerpt:
    return contracts.Excerpt(
        unit=excerpt.unit,
        unit_name=excerpt.unit_name,
        category=excerpt.category,
        post=excerpt.post,
        title=excerpt.title,
        person=excerpt.person,
        items=[
            contracts.Item(
                item=item.item,
                task_line=item.task_line,
                focus_area=item.focus_area,
                comment=item.comment,
                by=item.by,
            )
            for item in excerpt.items
        ],
        due_on=excerpt.due_on,
        due_before_rolling=excerpt.due_before_rolling,
        due_provisional=excerpt.due_provisional,
        houses_offices=list(excerpt.houses_offices),
        general=excerpt.general,
        official_order=excerpt.official_order,
    )
