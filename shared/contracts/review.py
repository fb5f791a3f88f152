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


class GuestAttended(_Progress):
    """A guest 观摩: from which organisation, of which kind, and whether it spoke. Guests are no observers.

    ``guest`` tells the entries of a session apart: told again, an entry replaces the one before.
    """

    session: Token
    guest: Token
    organisation: str
    kind: Literal["higher_office", "other_district", "media"]
    spoke: bool = False


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
    """What the minutes say to one unit: items and the due date, computed once. No items: no case, no date.

    ``general``: the unit did not report at this session, a general requirement 共性要求 names it. ``houses_offices``
    are those offices of the chain that the unit houses: their steps in its case pass to another office.
    """

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
    houses_offices: list[str] = []
    general: bool = False
    official_order: int = 0


class MinutesIssued(_Content):
    """Self-contained: rectification opens its cases from it alone. ``classified`` 涉密: of these minutes only the task
    lines and the receipts are recorded, the paper governs."""

    session: Token
    plan_year: int
    number: int
    held_on: date
    document_number: str
    signed_by: str
    signed_on: date
    sent_on: date
    excerpts: list[Excerpt]
    classified: bool = False


class MinutesCorrected(_Content):
    """A wrong line of minutes that were sent: every excerpt as it now reads. What was sent stays in the ledger.

    ``document_number`` is that of the correction, where it has one of its own, else that of the minutes.
    """

    session: Token
    document_number: str
    corrected_on: date
    reason: str
    excerpts: list[Excerpt]
