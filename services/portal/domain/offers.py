"""What a person is offered to do in a case, by who they are and where it stands; whether it may be, its owner says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

THE_UNIT = frozenset({"reporter", "liaison"})
RUNS = frozenset({"open", "returned"})
FED_BACK = frozenset({"awaiting_receipt", "awaiting_verification"})


@dataclass(frozen=True)
class Asker:
    """Who looks at a case: roles, the unit they work in, and which commands their roles allow."""

    roles: Collection[str]
    unit: str | None
    may: Callable[[str], bool]

    def of_the_unit(self, row: Mapping[str, Any]) -> bool:
        """Is it their own unit's case, which they work on?"""
        return self.unit == row["unit"] and bool(THE_UNIT & {*self.roles})


def offered(row: Mapping[str, Any], asker: Asker, *, short_form: bool) -> list[str]:
    """The commands whose forms are shown, in the order of the work. ``short_form``: villages answer by it."""
    state = row["state"]
    runs, fed_back = state in RUNS, state in FED_BACK
    village = row["category"] == "village"
    own = asker.of_the_unit(row)
    overdue = row["bulletin"] == "overdue"
    shown = {
        "submit-feedback": runs and own and not (village and short_form),
        "submit-short-form": runs and village and short_form,
        "note-progress": state != "completed" and own and not row["classified"],
        "request-extension": runs and own and not row["extension_asked_on"] and not overdue,
        "withdraw-feedback": fed_back and not row["receipts"] and (own or village),
        "receipt-feedback": bool(offices_to_receipt(row, asker)),
        "verify-rectification": state == "awaiting_verification",
        "return-rectification": state == "awaiting_verification",
        "grant-extension": runs and bool(row["extension_asked_on"]),
        "refuse-extension": runs and bool(row["extension_asked_on"]),
        "open-supervision": runs and overdue and not row["notice_number"] and not village,
        "close-supervision": bool(row["notice_number"]),
        "record-inspection": state != "completed",
        "correct-record": True,
    }
    return [command for command, fits in shown.items() if fits and asker.may(command)]


def offices_to_receipt(row: Mapping[str, Any], asker: Asker) -> list[str]:
    """The offices that have not receipted and for which this person acts."""
    return [office for office in row["offices_missing"] if office in asker.roles]
