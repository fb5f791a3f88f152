"""Rules of the bulletin on the round before."""

from __future__ import annotations

from collections.abc import Sized

from shared.decider import Refused


def no_round_before(about_session: str, cases: Sized) -> Refused | None:
    """First round, or the round before not in the system: no bulletin, not applicable (2)."""
    return None if cases else Refused("rectification.no-round-before", about_session=about_session)


def not_about_an_earlier_round(session: str, about_session: str) -> Refused | None:
    """A bulletin is told at a round about a round before it (1.5a, 1.10)."""
    if _place(about_session) < _place(session):
        return None
    return Refused("rectification.not-an-earlier-round", session=session, about_session=about_session)


def _place(session: str) -> tuple[int, int, str]:
    """``2021-2`` comes before ``2021-10``; what has no such form is compared as it is written."""
    year, _, number = session.partition("-")
    if year.isdecimal() and number.isdecimal():
        return int(year), int(number), ""
    return 0, 0, session
