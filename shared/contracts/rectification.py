"""What rectification publishes: the duty, its dates, what was fed back, receipted and verified."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from shared.contracts.base import Contract, EventClass, TextLink, Token, Value


class _Rectification(Contract):
    """Every event of a case says which case, of which unit."""

    service: ClassVar[str] = "rectification"
    event_class: ClassVar[EventClass] = "progress"
    case: Token
    unit: Token


class DutyItem(Value):
    item: Token
    task_line: str
    focus_area: str | None = None


class RectificationDue(_Rectification):
    """The duty, its items and the date by which."""

    session: Token
    plan_year: int
    unit_name: str
    post: Token
    title: str
    person: str
    items: list[DutyItem]
    sent_on: date
    due_on: date
    due_before_rolling: date
    due_provisional: bool = False


class FeedbackSubmitted(_Rectification):
    """``on_time`` is judged by the day the unit sent it to every office."""

    event_class: ClassVar[EventClass] = "content"
    sent_on: date
    on_time: bool
    signer: str
    document_number: str | None = None
    offices: list[str]
    text: TextLink


class FeedbackReceipted(_Rectification):
    office: str
    receipted_on: date
    offices_missing: list[str]


class RectificationReturned(_Rectification):
    returned_on: date
    by_office: str
    due_on_before: date
    due_on: date


class RectificationExtended(_Rectification):
    requested_on: date
    granted_on: date
    due_on_before: date
    due_on: date


class RectificationSuspended(_Rectification):
    suspended_from: date
    suspended_until: date
    days: int
    due_on_before: date
    due_on: date


class RectificationOverdue(_Rectification):
    """The date was missed: ``due_on`` passed without feedback sent to every office."""

    due_on: date
    overdue_since: date


class RectificationVerified(_Rectification):
    """``counts_in`` is the year of the evaluation: the year the rectification was due."""

    session: Token
    plan_year: int
    original_due_on: date
    due_on: date
    fed_back_on: date
    verified_on: date
    by_office: str
    outcome: Literal["passed", "partly"]
    on_time: bool
    counts_in: int


class SupervisionOpened(_Rectification):
    notice_number: str
    opened_on: date
    due_on: date


class SupervisionClosed(_Rectification):
    notice_number: str
    closed_on: date


class BulletinLine(Value):
    case: Token
    unit: Token
    state: Literal["not_due", "fed_back_unverified", "completed", "overdue"]


class BulletinIssued(Contract):
    """What each of the round before's reporters did about what they were told."""

    service: ClassVar[str] = "rectification"
    event_class: ClassVar[EventClass] = "progress"
    bulletin: Token
    session: Token
    about_session: Token
    issued_on: date
    lines: list[BulletinLine]
