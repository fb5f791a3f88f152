"""The situations a rectification case can be in, and the values they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

ONE_DAY = timedelta(days=1)

Outcome = Literal["passed", "partly"]

WhyDue = Literal["minutes", "extension", "return", "suspension", "correction"]
"""What set a due date: the minutes printed it, an extension was granted, a return set a new one, the committee
suspended all cases, or a wrong record of it was corrected."""

ReminderKind = Literal["yellow", "orange"]
"""A reminder 催办 is named for the light that comes on that day."""

VILLAGE = "village"
"""The category of a unit with the short form, without supervision notice and without score (domain.md 1)."""


@dataclass(frozen=True)
class Item:
    """One task line of the duty, with the comment it comes from and the leader who made it."""

    item: str
    task_line: str
    comment: str
    by: str
    focus_area: str | None = None


@dataclass(frozen=True)
class Reminders:
    """The days on which a unit is reminded of one due date; None where that reminder would say nothing new."""

    yellow_on: date | None = None
    orange_on: date | None = None

    def on(self, kind: ReminderKind) -> date | None:
        return self.yellow_on if kind == "yellow" else self.orange_on


NO_REMINDERS = Reminders()


@dataclass(frozen=True)
class DueDate:
    """A date by which, what set it, and the day it was set ``on``. Provisional: see domain.md section 4.
    ``days_added`` are the suspended days by which it moved the date before it, before rolling."""

    due_on: date
    why: WhyDue
    on: date
    provisional: bool = False
    reminders: Reminders = NO_REMINDERS
    days_added: int = 0


@dataclass(frozen=True)
class Reminded:
    """A reminder that was sent, of which date and when: once for each kind and date."""

    kind: ReminderKind
    due_on: date
    on: date


@dataclass(frozen=True)
class Suspension:
    """A period, both days included, in which the committee let all work stop; ``suspension`` is its id."""

    suspension: str
    suspended_from: date
    suspended_until: date


@dataclass(frozen=True)
class Sent:
    """One feedback: when it was sent, the date that governed it, and since when it was asked for.

    One that was withdrawn stays here: a date that was missed is not made good by taking the late paper back.
    """

    sent_on: date
    due_on: date
    asked_on: date
    withdrawn: bool = False

    @property
    def late(self) -> bool:
        return self.sent_on > self.due_on


@dataclass(frozen=True)
class Notice:
    """The supervision notice 督办通知单 that is open, and the day by which it asks for a reply."""

    notice_number: str
    opened_on: date
    reply_by: date


@dataclass(frozen=True)
class Duty:
    """What stays the same in every situation: whose duty it is, and every date it ever had.

    ``dates`` only grows; the last one governs. ``sent`` only grows, and only a correction changes an entry in it:
    late stays late (domain.md section 2). Of ``suspended``, the first ``suspensions_known`` were decided before
    the date was last set by a person, who knew of them: they are not added again.
    """

    session: str
    plan_year: int
    unit: str
    unit_name: str
    post: str
    title: str
    person: str
    items: tuple[Item, ...]
    minutes_sent_on: date
    dates: tuple[DueDate, ...]
    category: str = ""
    official_order: int = 0
    houses_offices: tuple[str, ...] = ()
    classified: bool = False
    extensions_granted: int = 0
    sent: tuple[Sent, ...] = ()
    suspended: tuple[Suspension, ...] = ()
    suspensions_known: int = 0
    reminded: tuple[Reminded, ...] = ()
    notice: Notice | None = None

    @property
    def due(self) -> DueDate:
        """The date that governs."""
        return self.dates[-1]

    @property
    def due_on(self) -> date:
        return self.due.due_on

    @property
    def original_due_on(self) -> date:
        """The date the minutes printed, which no extension and no return rewrites."""
        return self.dates[0].due_on

    @property
    def due_before_suspension(self) -> DueDate:
        """The last date that was set by something else than a suspension: what suspended days are added to."""
        return [due for due in self.dates if due.why != "suspension"][-1]

    @property
    def days_added(self) -> int:
        """Suspended days that are in the date that governs already."""
        return sum(due.days_added for due in self.dates[self.dates.index(self.due_before_suspension) :])

    @property
    def extensible_from(self) -> date:
        """The date an extension is counted from: the last one that was not itself an extension, moved by what
        was suspended since."""
        counted, extended = self.original_due_on, False
        for before, due in pairwise(self.dates):
            match due.why:
                case "extension":
                    extended = True
                case "suspension":
                    counted += due.due_on - before.due_on
                case "correction" if extended:
                    pass
                case "minutes" | "return" | "correction":
                    counted, extended = due.due_on, False
        return counted

    @property
    def late_since(self) -> date | None:
        """The first day it was late, by the first feedback that came after the date that governed it then."""
        return next((sent.due_on + ONE_DAY for sent in self.sent if sent.late), None)

    @property
    def in_village(self) -> bool:
        return self.category == VILLAGE

    def was_reminded(self, kind: ReminderKind) -> bool:
        """Was this reminder of the date that governs sent already?"""
        return any(one.kind == kind and one.due_on == self.due_on for one in self.reminded)


@dataclass(frozen=True)
class ExtensionAsked:
    """A request for more time that nobody has answered yet."""

    asked_on: date
    due_on: date


@dataclass(frozen=True)
class Receipt:
    """One office's receipt of the feedback."""

    office: str
    on: date


@dataclass(frozen=True)
class NotOpened:
    """Nothing was asked of the unit."""


@dataclass(frozen=True)
class Open:
    """The unit works on it: no feedback has been sent, or the last one was returned (``returned_on``)."""

    duty: Duty
    asked: ExtensionAsked | None = None
    overdue_since: date | None = None
    returned_on: date | None = None

    @property
    def asked_on(self) -> date:
        """Since when the feedback that is missing is asked for: the day of the minutes, or of the last return."""
        return self.returned_on or self.duty.minutes_sent_on


@dataclass(frozen=True)
class FedBack:
    """The unit sent its feedback to ``offices``; what happens now is the offices' own duty, so never overdue.

    ``asked``, ``overdue_since`` and ``returned_on`` are kept from before, for a feedback that is withdrawn.
    """

    duty: Duty
    sent_on: date
    offices: tuple[str, ...]
    receipts: tuple[Receipt, ...] = ()
    asked: ExtensionAsked | None = None
    overdue_since: date | None = None
    returned_on: date | None = None

    @property
    def offices_missing(self) -> list[str]:
        """The offices that have not receipted, in the order of the policy."""
        receipted = {receipt.office for receipt in self.receipts}
        return [office for office in self.offices if office not in receipted]


@dataclass(frozen=True)
class Closed:
    """Verified: nothing more happens to it, except that a wrong record of it may be corrected. ``unfinished`` as in
    RectificationVerified: None where it is not on record."""

    duty: Duty
    fed_back_on: date
    receipts: tuple[Receipt, ...]
    verified_on: date
    by_office: str
    outcome: Outcome
    unfinished: tuple[str, ...] | None

    @property
    def on_time(self) -> bool:
        """No feedback of this case ever came after the date that governed it."""
        return self.duty.late_since is None


Case = NotOpened | Open | FedBack | Closed

Standing = Literal["open", "returned", "awaiting_receipt", "awaiting_verification", "completed"]
"""The word for a situation: 整改中, 已退回, 待签收, 待核查, 已完成."""


def standing(case: Open | FedBack | Closed) -> Standing:
    """The word a register uses. Being overdue is no situation: it depends on the day (``lights``)."""
    match case:
        case Open(returned_on=None):
            return "open"
        case Open():
            return "returned"
        case FedBack():
            return "awaiting_receipt" if case.offices_missing else "awaiting_verification"
        case Closed():
            return "completed"


def on_time(case: Case) -> bool | None:
    """Did every feedback come in time? None while none stands that could be judged."""
    match case:
        case NotOpened():
            return None
        case Open(duty):
            return None if duty.late_since is None else False
        case FedBack(duty) | Closed(duty):
            return duty.late_since is None
