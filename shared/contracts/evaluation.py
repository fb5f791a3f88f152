"""What evaluation publishes: outcomes, honours, and that a sheet is published; no score in it."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from shared.contracts.base import Citation, Contract, EventClass, Token, Value


class OutcomeRecorded(Contract):
    """A measurable result. Without period or evidence it is as reported, unconfirmed."""

    service: ClassVar[str] = "evaluation"
    event_class: ClassVar[EventClass] = "progress"
    outcome: Token
    unit: Token
    what: str
    number: float | None = None
    measured_in: str | None = None
    period: str | None = None
    confirmed: bool


class HonourRecorded(Contract):
    """An honour of the tenant: it belongs to no unit. Without period or evidence it is as reported, unconfirmed."""

    service: ClassVar[str] = "evaluation"
    event_class: ClassVar[EventClass] = "progress"
    outcome: Token
    what: str
    period: str | None = None
    confirmed: bool


class SheetLine(Value):
    """One line of an annual sheet and the ledger events it rests on. ``person`` is whose the state is: what lies
    before a head took the post is not the successor's. ``lead``: a lead report; ``corrected``: its record was wrong."""

    kind: Literal["report", "rectification"]
    state: Literal["done", "late", "open", "not_applicable"]
    subject: Token | None = None
    events: list[Citation]
    post: Token | None = None
    person: str | None = None
    lead: bool = False
    corrected: bool = False


class SheetHandover(Value):
    """A post of the unit went to somebody else, and since when."""

    post: Token
    title: str
    from_person: str
    to_person: str
    effective_on: date
    event: Citation


class EvaluationPublished(Contract):
    service: ClassVar[str] = "evaluation"
    event_class: ClassVar[EventClass] = "content"
    year: int
    unit: Token
    published_on: date
    lines: list[SheetLine]
    handovers: list[SheetHandover] = []
