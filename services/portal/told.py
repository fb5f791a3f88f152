"""What the owners of the steps inside the offices tell a person of open matters: nothing of it is said publicly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from services.portal.domain.matters import Case, Matters, Room, Round, Session, Words
from services.portal.domain.work import Asking
from services.portal.open_matters import with_extensions
from services.portal.web.owners import OwnerUnreachable
from services.portal.web.visit import Visit
from shared.security.permissions import OFFICES
from shared.tenancy import Policy

T = TypeVar("T")

CALLED = frozenset({"scheduled", "held", "minutes_sent", "cancelled", "past"})


@dataclass
class Told:
    """What owners told besides how far each session is; ``silent`` are the services that did not answer."""

    to_check: frozenset[str] = frozenset()
    extensions: tuple[Case, ...] = ()
    rounds: tuple[Round, ...] = ()
    plan_missing: int | None = None
    silent: set[str] = field(default_factory=set)

    async def by(self, service: str, asked: Awaitable[T], otherwise: T) -> T:
        """The answer of a service, or something else where it is silent."""
        try:
            return await asked
        except OwnerUnreachable:
            self.silent.add(service)
            return otherwise


async def told_of(visit: Visit, who: Asking) -> Told:
    """What can be asked before it is known what is open."""
    told = Told()
    told.to_check, told.extensions, (told.rounds, told.plan_missing) = await asyncio.gather(
        told.by("review", _to_check(visit, who), frozenset[str]()),
        told.by("rectification", _extensions(visit, who), ()),
        told.by("scheduling", _plan(visit, who), ((), None)),
    )
    return told


async def with_what_owners_tell(visit: Visit, matters: Matters, who: Asking, told: Told) -> Matters:
    """The matters with the steps that the person may see."""
    rooms = await told.by("review", _rooms(visit, matters.sessions, who.policy), {})
    stands_in = frozenset({who.policy.standing_in_office})
    sessions = tuple(
        replace(
            one,
            room=rooms.get(one.session),
            to_check=stands_in if one.session in told.to_check else frozenset(),
        )
        for one in matters.sessions
    )
    found = replace(matters, sessions=sessions, rounds=told.rounds, plan_missing=told.plan_missing)
    return with_extensions(found, told.extensions)


async def _rooms(visit: Visit, sessions: Iterable[Session], policy: Policy) -> dict[str, Room]:
    if not visit.may_see("review", "proceedings"):
        return {}
    names = [one.session for one in sessions]
    rows = await asyncio.gather(*(visit.row("review", f"proceedings/session-{name}") for name in names))
    return {name: room(row, policy) for name, row in zip(names, rows, strict=True) if row is not None}


def room(row: Mapping[str, Any], policy: Policy) -> Room:
    """How far a session is, from its row of proceedings."""
    answered = {one["unit"] for one in row["roster"] if policy.leads_answered_below or not one["lead"]}
    excused = {(one["unit"], one["what"]) for one in row["not_held"]}

    def missing(what: str, units: set[str], there: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
        taken = {one["unit"] for one in there}
        return tuple(
            unit
            for unit in row["agenda"]
            if unit in units and unit not in taken and (unit, what) not in excused
        )

    return Room(
        state=row["state"],
        bulletin_noted=row["bulletin"] is not None,
        speeches=missing("speech", set(row["agenda"]), row["speeches"]),
        supplements=missing("supplement", answered, row["supplements"]) if policy.supplement_expected else (),
        comments=missing("comment", answered, row["words"]) if policy.comment_expected else (),
        words=tuple(Words(one["comment"], one["by"]) for one in row["words"] if one["confirmed_on"] is None),
        checked_by=frozenset(row["checked_by"]),
    )


async def _to_check(visit: Visit, who: Asking) -> frozenset[str]:
    """Sessions with requirements that only the office that stands in may check."""
    if who.policy.standing_in_office not in who.roles:
        return frozenset()
    entrusted = await visit.get("review", "entrusted")
    return frozenset(
        one["session"]
        for one in entrusted["requirements"]
        if who.unit is None or who.unit not in one["units"]
    )


async def _extensions(visit: Visit, who: Asking) -> tuple[Case, ...]:
    if not who.roles & {*OFFICES}:
        return ()
    answer = await visit.get("rectification", "extension-requests")
    return tuple(
        Case(
            case=one["case"],
            session=one["session"],
            unit=one["unit"],
            unit_name=one["unit_name"],
            due_on=date.fromisoformat(one["due_on"]),
            category=one["category"],
            houses=frozenset(one["houses_offices"]),
        )
        for one in answer["items"]
    )


async def _plan(visit: Visit, who: Asking) -> tuple[tuple[Round, ...], int | None]:
    """Rounds of this year's plan, and of last year's, to which nobody is called yet; the year, if it has no plan."""
    if "law_office" not in who.roles or (visit.place.tier == "village" and not who.policy.village_sessions):
        return (), None
    years = (who.today.year - 1, who.today.year)
    plans, sessions = await asyncio.gather(
        visit.all("scheduling", "plans"), visit.all("scheduling", "sessions")
    )
    called = {(one["plan_year"], one["number"]) for one in sessions if one["status"] in CALLED}
    rounds = tuple(
        Round(f"{plan['plan_year']}-{one['number']}", date.fromisoformat(one["planned_on"]))
        for plan in plans
        if plan["plan_year"] in years
        for one in plan["rounds"]
        if (plan["plan_year"], one["number"]) not in called
    )
    return rounds, None if any(plan["plan_year"] == years[1] for plan in plans) else years[1]
