"""What happened to a case, as an official would say it. Names and fields stay readable for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from services.rectification.domain.situations import (
    NO_REMINDERS,
    Item,
    Outcome,
    ReminderKind,
    Reminders,
    WhyDue,
)
from shared.decider import Decision, FreeText

# ---- the duty ----


@dataclass(frozen=True)
class RectificationFellDue:
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
    due_provisional: bool
    category: str = ""
    official_order: int = 0
    houses_offices: tuple[str, ...] = ()
    classified: bool = False
    reminders: Reminders = NO_REMINDERS


@dataclass(frozen=True)
class ItemsCorrected:
    """The minutes were corrected while the case was running."""

    items: tuple[Item, ...]
    document_number: str
    reason: FreeText
    corrected_on: date
    on: date


@dataclass(frozen=True)
class MinutesCorrectionNoted:
    """The minutes were corrected, and the case stays as it is: it is closed, or nothing would be left of it."""

    document_number: str
    reason: FreeText
    corrected_on: date
    on: date


@dataclass(frozen=True)
class HandoverRecorded:
    title: str
    from_person: str
    to_person: str
    effective_on: date


@dataclass(frozen=True)
class ProgressNoted:
    text: FreeText
    item: str | None
    on: date


# ---- its date ----


@dataclass(frozen=True)
class DueDateConfirmed:
    """The calendar of a provisional date's year is known now; ``due_on`` may have moved to a working day."""

    due_on_before: date
    due_on: date
    why: WhyDue
    on: date
    reminders: Reminders = NO_REMINDERS


@dataclass(frozen=True)
class ExtensionRequested:
    reason: FreeText
    due_on: date
    on: date


@dataclass(frozen=True)
class ExtensionGranted:
    requested_on: date
    due_on_before: date
    due_on: date
    due_provisional: bool
    on: date
    reminders: Reminders = NO_REMINDERS


@dataclass(frozen=True)
class ExtensionRefused:
    reason: FreeText
    on: date


@dataclass(frozen=True)
class RectificationSuspended:
    """The period stopped the date; ``days`` is how many days were added to it before rolling."""

    suspension: str
    suspended_from: date
    suspended_until: date
    days: int
    due_on_before: date
    due_on: date
    due_provisional: bool
    on: date
    reminders: Reminders = NO_REMINDERS


@dataclass(frozen=True)
class SuspensionNoted:
    """The period moved nothing: the case is fed back, or its date lies before the period. Kept, because a feedback
    may be withdrawn and a date may be moved into the period."""

    suspension: str
    suspended_from: date
    suspended_until: date
    on: date


@dataclass(frozen=True)
class ReminderSent:
    kind: ReminderKind
    due_on: date
    on: date


@dataclass(frozen=True)
class RectificationFellOverdue:
    due_on: date
    overdue_since: date
    on: date


# ---- feedback and its verification ----


@dataclass(frozen=True)
class FeedbackSubmitted:
    """``entered_for`` is set where a town entered a village's short form."""

    text: FreeText
    signer: str
    document_number: str | None
    sent_on: date
    due_on: date
    on_time: bool
    offices: tuple[str, ...]
    on: date
    entered_for: str | None = None


@dataclass(frozen=True)
class FeedbackWithdrawn:
    reason: FreeText
    sent_on: date
    on: date


@dataclass(frozen=True)
class FeedbackReceipted:
    office: str
    on: date


@dataclass(frozen=True)
class RectificationVerified:
    """``unfinished`` are the items not done, in the order of the minutes: none where it passed. None where version 1,
    which did not name them, recorded that it passed in part."""

    __version__: ClassVar[int] = 2

    outcome: Outcome
    by_office: str
    unfinished: tuple[str, ...] | None
    on: date


@dataclass(frozen=True)
class RectificationReturned:
    remarks: FreeText
    by_office: str
    due_on_before: date
    due_on: date
    due_provisional: bool
    on: date
    reminders: Reminders = NO_REMINDERS


# ---- supervision ----


@dataclass(frozen=True)
class SupervisionOpened:
    notice_number: str
    matter: FreeText
    reply_by: date
    by_office: str
    on: date


@dataclass(frozen=True)
class SupervisionClosed:
    """``reason`` is None where the case was verified and the notice closed with it."""

    notice_number: str
    reason: FreeText | None
    on: date


@dataclass(frozen=True)
class InspectionRecorded:
    plan_line: str
    finding: FreeText
    by_office: str
    inspected_on: date
    on: date


# ---- correction ----


@dataclass(frozen=True)
class RecordCorrected:
    """``feedback`` is which of them (1 is the first) where ``what`` is the day a feedback was sent."""

    what: Literal["sent_on", "due_on"]
    feedback: int | None
    value_before: date
    value: date
    due_provisional: bool
    on_time: bool | None
    reason: FreeText
    decision: Decision
    on: date
    reminders: Reminders = NO_REMINDERS


Event = (
    RectificationFellDue
    | ItemsCorrected
    | MinutesCorrectionNoted
    | HandoverRecorded
    | ProgressNoted
    | DueDateConfirmed
    | ExtensionRequested
    | ExtensionGranted
    | ExtensionRefused
    | RectificationSuspended
    | SuspensionNoted
    | ReminderSent
    | RectificationFellOverdue
    | FeedbackSubmitted
    | FeedbackWithdrawn
    | FeedbackReceipted
    | RectificationVerified
    | RectificationReturned
    | SupervisionOpened
    | SupervisionClosed
    | InspectionRecorded
    | RecordCorrected
)
