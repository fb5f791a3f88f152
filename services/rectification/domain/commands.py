"""What a case can be told: by its unit, by the offices, by another service's event, by a date that has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.rectification.domain.situations import Item, Outcome, ReminderKind
from shared.decider import Decision

# ---- by what was heard ----


@dataclass(frozen=True)
class OpenCase:
    """The minutes were sent: their excerpt is the instrument, and it prints the date."""

    session: str
    plan_year: int
    unit: str
    unit_name: str
    post: str
    title: str
    person: str
    items: tuple[Item, ...]
    minutes: str
    minutes_sent_on: date
    due_on: date
    due_before_rolling: date
    due_provisional: bool = False
    category: str = ""
    official_order: int = 0
    houses_offices: tuple[str, ...] = ()
    classified: bool = False


@dataclass(frozen=True)
class CorrectItems:
    """The minutes were corrected: these are the task lines as they now read."""

    items: tuple[Item, ...]
    document_number: str
    reason: str
    corrected_on: date


@dataclass(frozen=True)
class RecordHandover:
    """The post has another holder; the duty stays with unit and post (domain.md section 2)."""

    title: str
    to_person: str
    effective_on: date


@dataclass(frozen=True)
class ConfirmDueDate:
    """A calendar was adopted: a provisional date may be known now."""


@dataclass(frozen=True)
class SuspendCase:
    """All cases of the tenant are suspended for a period, both days included."""

    suspension: str
    suspended_from: date
    suspended_until: date


# ---- by a date that has come ----


@dataclass(frozen=True)
class SendReminder:
    """The day of a reminder has come."""

    kind: ReminderKind


@dataclass(frozen=True)
class NoteOverdue:
    """The first day after the due date has come."""


# ---- by the unit ----


@dataclass(frozen=True)
class NoteProgress:
    """How far it is, as the unit likes to note it; of one item (``item``) or of the whole. Nobody asks for it."""

    text: str
    item: str | None = None


@dataclass(frozen=True)
class SubmitFeedback:
    """The unit sent its report to every office, on ``sent_on`` (today when left out). Of a classified case the
    paper governs: ``text`` stays empty and ``document_number`` names it."""

    text: str
    signer: str
    document_number: str | None = None
    sent_on: date | None = None


@dataclass(frozen=True)
class SubmitShortForm:
    """What a village did, in one short form that the town enters for ``entered_for``, who told it on ``sent_on``
    (today when left out)."""

    text: str
    entered_for: str
    sent_on: date | None = None


@dataclass(frozen=True)
class WithdrawFeedback:
    """The feedback was sent in error."""

    reason: str


@dataclass(frozen=True)
class RequestExtension:
    reason: str
    due_on: date


# ---- by the offices ----


@dataclass(frozen=True)
class ReceiptFeedback:
    office: str


@dataclass(frozen=True)
class VerifyRectification:
    """``unfinished`` are the items that are not done, where the case passes in part."""

    outcome: Outcome
    unfinished: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReturnRectification:
    remarks: str
    due_on: date


@dataclass(frozen=True)
class GrantExtension:
    pass


@dataclass(frozen=True)
class RefuseExtension:
    reason: str


@dataclass(frozen=True)
class OpenSupervision:
    """One supervision notice 督办通知单 about one ``matter``. It asks for a reply by ``reply_by``: when left out, so
    many working days ahead as policy says."""

    notice_number: str
    matter: str
    reply_by: date | None = None


@dataclass(frozen=True)
class CloseSupervision:
    """The notice has done its work before the case is verified."""

    reason: str


@dataclass(frozen=True)
class RecordInspection:
    """An inspection found something on ``on`` (today when left out). ``plan_line`` is its line in the year's
    inspection plan."""

    plan_line: str
    finding: str
    on: date | None = None


@dataclass(frozen=True)
class CorrectRecord:
    """A date was recorded wrongly; the right one is ``value``. ``sent_on`` is the day a feedback was sent: the last
    one, or the ``feedback``-th. ``due_on`` is the date that governs."""

    what: Literal["sent_on", "due_on"]
    value: date
    reason: str
    decision: Decision
    feedback: int | None = None


Command = (
    OpenCase
    | CorrectItems
    | RecordHandover
    | ConfirmDueDate
    | SuspendCase
    | SendReminder
    | NoteOverdue
    | NoteProgress
    | SubmitFeedback
    | SubmitShortForm
    | WithdrawFeedback
    | RequestExtension
    | ReceiptFeedback
    | VerifyRectification
    | ReturnRectification
    | GrantExtension
    | RefuseExtension
    | OpenSupervision
    | CloseSupervision
    | RecordInspection
    | CorrectRecord
)
