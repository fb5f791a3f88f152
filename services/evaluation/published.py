"""What evaluation tells the others: that a sheet is published, with its lines and no score, and outcomes."""

from __future__ import annotations

from collections.abc import Iterator

from services.evaluation.domain import outcome
from services.evaluation.domain.sheet import Event, Sheet, SheetPublished
from shared.contracts.evaluation import (
    EvaluationPublished,
    HonourRecorded,
    OutcomeRecorded,
    SheetHandover,
    SheetLine,
)
from shared.eventstore import Recorded


def of_sheet(recorded: Recorded[Event], state: Sheet) -> Iterator[EvaluationPublished]:
    event = recorded.event
    if not isinstance(event, SheetPublished):
        return
    year, _, unit = recorded.id.partition("-")
    yield EvaluationPublished(
        year=int(year),
        unit=unit,
        published_on=event.on,
        lines=[
            SheetLine(
                kind=line.kind,
                state=line.state,
                subject=line.subject,
                events=list(line.citations),
                post=line.post,
                person=line.person,
                lead=line.lead,
                corrected=line.corrected,
            )
            for line in event.lines
        ],
        handovers=[
            SheetHandover(
                post=one.post,
                title=one.title,
                from_person=one.from_person,
                to_person=one.to_person,
                effective_on=one.effective_on,
                event=one.citation,
            )
            for one in event.handovers
        ],
    )


def of_outcome(
    recorded: Recorded[outcome.Event], state: outcome.Outcome
) -> Iterator[OutcomeRecorded | HonourRecorded]:
    event = recorded.event
    if event.unit is None:
        yield HonourRecorded(
            outcome=recorded.id, what=event.what, period=event.period, confirmed=event.confirmed
        )
    else:
        yield OutcomeRecorded(
            outcome=recorded.id,
            unit=event.unit,
            what=event.what,
            number=event.number,
            measured_in=event.measured_in,
            period=event.period,
            confirmed=event.confirmed,
        )
