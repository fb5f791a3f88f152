"""The situations a rectification case can be in, and the values they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Outcome = Literal["passed", "partly"]

WhyDue = Literal["minutes", "extension", "return"]
"""What set a due date: the minutes printed it, an extension was granted, a return set a new one."""


@dataclass(frozen=True)
class Item:
    """One task line of the duty, with the comment it comes from and the leader who made it."""

    item: str
    task_line: str
    comment: str
    by: str
    focus_area: str | None = None


@dataclass(frozen=True)
class DueDate:
    """A date by which, what set it, and the day it was set ``on``. Provisional: see domain.md section 4."""

    due_on: date
    why: WhyDue
    on: date
    provisional: bool = False


@dataclass(frozen=True)
class Duty:
    """What stays the same in every situation: whose duty it is, and every date it ever had.

    ``dates`` only grows; the last one governs. ``late_since`` is the first day it was late, and is never taken
    back once a feedback came late: late stays late (domain.md section 2).
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
    extensions_granted: int = 0
    late_since: date | None = None

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
    def extensible_from(self) -> date:
        """The date an extension is counted from: the last one that was not itself an extension."""
        return [due.due_on for due in self.dates if due.why != "extension"][-1]


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


@dataclass(frozen=True)
class FedBack:
    """The unit sent its feedback to ``offices``; what happens now is the offices' own duty, so never overdue."""

    duty: Duty
    sent_on: date
    offices: tuple[str, ...]
    receipts: tuple[Receipt, ...] = ()

    @property
    def offices_missing(self) -> list[str]:
        """The offices that have not receipted, in the order of the policy."""
        receipted = {receipt.office for receipt in self.receipts}
        return [office for office in self.offices if office not in receipted]


@dataclass(frozen=True)
class Closed:
    """Verified: nothing more happens to it."""

    duty: Duty
    fed_back_on: date
    receipts: tuple[Receipt, ...]
    verified_on: date
    by_office: str
    outcome: Outcome

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
