"""What evaluation publishes: outcomes, and that a sheet is published; no score in it."""

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


class SheetLine(Value):
    """One line of an annual sheet and the ledger events it rests on."""

    kind: Literal["report", "rectification"]
    state: Literal["done", "late", "open", "not_applicable"]
    subject: Token | None = None
    events: list[Citation]


class EvaluationPublished(Contract):
    service: ClassVar[str] = "evaluation"
    event_class: ClassVar[EventClass] = "content"
    year: int
    unit: Token
    published_on: date
    lines: list[SheetLine]
