"""How a sentence is said: in which language, with which name of an office, with a date as documents write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any


def as_written(text: str) -> str:
    """The words as they stand in the code: Chinese."""
    return text


def place(session: str) -> tuple[int, int, str]:
    """``2021-2`` comes before ``2021-10``; an id of another form stands before all, by its letters."""
    year, _, number = session.partition("-")
    if year.isdecimal() and number.isdecimal():
        return int(year), int(number), ""
    return 0, 0, session


@dataclass(frozen=True)
class Saying:
    """``translated`` turns our Chinese words into the reader's language, ``office`` names an office in a tenant of the
    tier at hand, ``day`` writes a date (2022年1月12日)."""

    office: Callable[[str], str]
    day: Callable[[date | str | None], str]
    translated: Callable[[str], str] = as_written

    def __call__(self, text: str, **values: Any) -> str:
        """A sentence with its values. One that is a sentence itself, such as a reason, gives up its full stop."""
        said = {k: value.rstrip("。 ") if isinstance(value, str) else value for k, value in values.items()}
        return self.translated(text) % said

    def round(self, session: str) -> str:
        """``2021-1`` as the round of a year: 2021年第1轮; other ids stand as they are."""
        year, _, number = session.partition("-")
        if not (year.isdecimal() and number.isdecimal()):
            return session
        return self("%(year)s年第%(number)s轮", year=year, number=number)

    def several(self, names: list[str]) -> str:
        """Several, as one: 甲、乙."""
        return "、".join(names)

    def offices(self, roles: list[str]) -> str:
        """Several offices by name."""
        return self.several([self.office(role) for role in roles])
