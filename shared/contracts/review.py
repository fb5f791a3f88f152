"""What review publishes: drafts, the session as it ran, comments and the minutes."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from shared.contracts.base import Contract, EventClass, TextLink, Token, Value
from shared.contracts.scheduling import Category


class _Review(Contract):
    service: ClassVar[str] = "review"


class _Progress(_Review):
    event_class: ClassVar[EventClass] = "progress"


class _Content(_Review):
    event_class: ClassVar[EventClass] = "content"


class DraftSubmitted(_Content):
    session: Token
    unit: Token
    revision: int
    characters: int
    text: TextLink
    submitted_on: date
    entered_by: str
    entered_for: str


class DraftReturned(_Content):
    session: Token
    unit: Token
    revision: int
    remarks: TextLink
    returned_on: date


class DraftApproved(_Progress):
    session: Token
    unit: Token
    revision: int
    approved_on: date


class DraftApprovalVoided(_Progress):
    session: Token
    unit: Token
    approved_revision: int
    revision: int
    voided_on: date


class ReportDelivered(_Progress):
    """``spoken_seconds`` is the real time; over ``planned_seconds`` is recorded, never cut."""

    session: Token
    plan_year: int
    unit: Token
    unit_name: str
    post: Token
    title: str
    person: str
    held_on: date
    planned_seconds: int
    spoken_seconds: int
    lead: bool = False


class ObserverAttended(_Progress):
    session: Token
    unit: Token
    unit_name: str
    person: str
    attended: bool
    reason: str | None = None


class SessionHeld(_Progress):
    session: Token
    plan_year: int
    number: int
    held_on: date
    units: list[Token]
    bulletin: Literal["told", "not_applicable"]


class Requirement(Value):
    """One requirement of a comment: the unclassified task line, and the units it makes duties for."""

    requirement: Token
    task_line: str
    focus_area: str | None = None
    units: list[Token]


class CommentIssued(_Content):
    """Published when the minutes are signed. No requirement means praise only: explicitly no items."""

    session: Token
    comment: Token
    unit: Token
    by: str
    by_title: str
    made_on: date
    requirements: list[Requirement]
    text: TextLink


class Item(Value):
    """One line of a unit's duty, with the comment it comes from."""

    item: Token
    task_line: str
    focus_area: str | None = None
    comment: Token
    by: str


class Excerpt(Value):
    """What the minutes say to one reporter: items and the due date, computed once. No items: no case, no date."""

    unit: Token
    unit_name: str
    category: Category
    post: Token
    title: str
    person: str
    items: list[Item]
    due_on: date | None
    due_before_rolling: date | None
    due_provisional: bool = False


class MinutesIssued(_Content):
    """Self-contained: rectification opens its cases from it alone."""

    session: Token
    plan_year: int
    number: int
    held_on: date
    document_number: str
    signed_by: str
    signed_on: date
    sent_on: date
    excerpts: list[Excerpt]


class MinutesCorrected(_Content):
    session: Token
    document_number: str
    corrected_on: date
    reason: str
    excerpts: list[Excerpt]
