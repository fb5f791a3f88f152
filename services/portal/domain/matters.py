"""What is open in a tenant on a day, as the portal knows it: sessions, cases in hand, sheets to publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

DraftState = Literal["expected", "submitted", "returned", "approved"]
CaseState = Literal["open", "returned", "awaiting_receipt", "awaiting_verification"]
SessionState = Literal["called", "held", "signed", "sent"]


@dataclass(frozen=True)
class Reporter:
    """Who is called to report, and how far the draft is."""

    unit: str
    unit_name: str
    category: str
    lead: bool = False
    houses: frozenset[str] = frozenset()
    draft: DraftState = "expected"


@dataclass(frozen=True)
class Words:
    """One leader's comment that is not confirmed yet."""

    comment: str
    by: str


@dataclass(frozen=True)
class Room:
    """How far a session is as its owner tells those who may read it: the steps inside the offices.

    ``state``: rostered, agenda_confirmed, running, held, drafted, checked, signed, numbered, sent. ``speeches``,
    ``supplements`` and ``comments`` are the units that lack one; ``checked_by`` the offices that have checked.
    """

    state: str
    bulletin_noted: bool = False
    speeches: tuple[str, ...] = ()
    supplements: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    words: tuple[Words, ...] = ()
    checked_by: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Session:
    """A session that is called and whose minutes are not sent. ``room`` None: nobody told, or may tell, of it.
    ``bulletin_about`` is the round before, while its bulletin is not issued."""

    session: str
    held_on: date
    state: SessionState = "called"
    reporters: tuple[Reporter, ...] = ()
    observers: frozenset[str] = frozenset()
    bulletin_about: str | None = None
    room: Room | None = None
    to_check: frozenset[str] = frozenset()
    """The offices for which requirements wait that another office may not check."""


@dataclass(frozen=True)
class Case:
    """A case that is not verified. ``extension_asked`` only where its owner told of the request."""

    case: str
    session: str
    unit: str
    unit_name: str
    due_on: date
    state: CaseState = "open"
    category: str = ""
    houses: frozenset[str] = frozenset()
    sent_on: date | None = None
    offices_missing: tuple[str, ...] = ()
    suspended_until: date | None = None
    notice_number: str | None = None
    reply_by: date | None = None
    extension_asked: bool = False


@dataclass(frozen=True)
class Sheets:
    """A year's annual sheets of which ``units`` are not published."""

    year: int
    units: int


@dataclass(frozen=True)
class Round:
    """A round of the adopted plan to which nobody is called yet."""

    session: str
    planned_on: date


@dataclass(frozen=True)
class Matters:
    """Everything open in one tenant, as far as it is known to who asks. ``plan_missing``: a year without a plan."""

    sessions: tuple[Session, ...] = ()
    cases: tuple[Case, ...] = ()
    sheets: tuple[Sheets, ...] = ()
    rounds: tuple[Round, ...] = ()
    plan_missing: int | None = None
