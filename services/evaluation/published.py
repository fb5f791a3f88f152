"""What evaluation tells the others: that a sheet is published, with its lines and no score."""

from __future__ import annotations

from collections.abc import Iterator

from services.evaluation.domain.sheet import Event, Sheet, SheetPublished
from shared.contracts.evaluation import EvaluationPublished, SheetLine
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
            SheetLine(kind=line.kind, state=line.state, subject=line.subject, events=list(line.citations))
            for line in event.lines
        ],
    )
