"""What rectification publishes: the duty, its dates, what was fed back, receipted and verified."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from shared.contracts.base import Contract, EventClass, TextLink, Token, Value
from shared.contracts.scheduling import Category


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
    """The duty, its items and the date by which. ``category`` is the unit's, empty where the minutes did not say."""

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
    category: Category | Literal[""] = ""
    official_order: int = 0


class RectificationDateConfirmed(_Rectification):
    """A provisional date's calendar is known: the date stands, or moved to a working day."""

    due_on_before: date
    due_on: date
    confirmed_on: date


class RectificationItemsCorrected(_Rectification):
    """The minutes were corrected: these are the duty's items from now on."""

    corrected_on: date
    items: list[DutyItem]


class ReminderSent(_Rectification):
    """The date comes near, once for each kind and date; ``kind`` is the light that comes on that day."""

    kind: Literal["yellow", "orange"]
    reminded_on: date
    due_on: date


class FeedbackSubmitted(_Rectification):
    """``on_time`` is judged by the day the unit sent it to every office."""

    event_class: ClassVar[EventClass] = "content"
    sent_on: date
    on_time: bool
    signer: str
    document_number: str | None = None
    offices: list[str]
    text: TextLink
    short_form: bool = False


class FeedbackWithdrawn(_Rectification):
    """Sent in error and taken back before any office receipted: the date runs again."""

    sent_on: date
    withdrawn_on: date
    due_on: date


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
    """``days`` of the period count for this case; ``due_on`` is the later date, rolled to a working day."""

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
    """``unfinished`` are the items not done: none where it passed, None where that is not on record. ``counts_in`` is
    the year of the evaluation: the year the rectification was due."""

    version: ClassVar[int] = 2
    session: Token
    plan_year: int
    original_due_on: date
    due_on: date
    fed_back_on: date
    verified_on: date
    by_office: str
    outcome: Literal["passed", "partly"]
    unfinished: list[Token] | None
    on_time: bool
    counts_in: int


class SupervisionOpened(_Rectification):
    """A numbered notice, only after the date is missed. ``due_on`` is the day by which it asks for a reply."""

    notice_number: str
    opened_on: date
    due_on: date


class SupervisionClosed(_Rectification):
    notice_number: str
    closed_on: date


class RecordCorrected(_Rectification):
    """A wrong record was put right, by a named person and with a reason, also after the case was closed.

    ``what`` is the date that was wrong. ``due_on``, ``fed_back_on`` and ``on_time`` are the case's from now on
    (``on_time`` None while no feedback stands); ``counts_in`` is the year of the sheet that its duty is on.
    """

    session: Token
    plan_year: int
    corrected_on: date
    what: Literal["sent_on", "due_on"]
    value_before: date
    value: date
    due_on: date
    fed_back_on: date | None = None
    on_time: bool | None = None
    counts_in: int
    by: str
    by_title: str
    reason: str


class BulletinLine(Value):
    """``carried_on``: a case of a session before the one the bulletin is about."""

    case: Token
    unit: Token
    state: Literal["not_due", "fed_back_unverified", "completed", "overdue"]
    unit_name: str = ""
    due_on: date | None = None
    carried_on: bool = False


class BulletinIssued(Contract):
    """What each of the round before's reporters did about what they were told."""

    service: ClassVar[str] = "rectification"
    event_class: ClassVar[EventClass] = "progress"
    bulletin: Token
    session: Token
    about_session: Token
    issued_on: date
    lines: list[BulletinLine]
