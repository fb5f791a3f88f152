"""A round before it is held: its roster, its observers, its day, who is replaced; the slip and the notices to print."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.pages.plan import CATEGORIES, STATUSES, by_category, heads, status_of
from services.portal.site import Site
from services.portal.web.visit import Visit
from services.portal.web.words import role_name
from shared.decider import Refused

_SESSION = re.compile(r"([0-9]{4})-([1-9][0-9]?)")
LEADS = 2
"""So many lead reports 带头述法 a form asks for: the Party secretary's and the head of government's."""


async def session_row(visit: Visit, session: str) -> tuple[int, int, dict[str, Any] | None]:
    """The plan year, the number and, where a roster was drafted, the session. Raises http.not-found."""
    form = _SESSION.fullmatch(session)
    if form is None:
        raise Refused("http.not-found", what=session)
    visit.require("scheduling", "sessions", tier="progress")
    return int(form[1]), int(form[2]), await visit.row("scheduling", f"sessions/session-{session}")


def places(
    categories: list[str], quota: int, candidates: list[tuple[str, str, str]], rostered: list[dict[str, Any]]
) -> list[tuple[str | None, list[tuple[str, str]], str]]:
    """The places of a roster to fill: (category, or None for any, options, who stands there now).

    One of each category that policy asks for, then whoever makes up the number.
    """
    left = [(one["category"], f"{one['unit']}/{one['post']}") for one in rostered if not one["lead"]]
    found: list[tuple[str | None, list[tuple[str, str]], str]] = []
    for category in [*categories, *[None] * (max(quota, len(left)) - len(categories))]:
        taken = next((one for one in left if category in (None, one[0])), None)
        if taken:
            left.remove(taken)
        options = [(head, who) for of, head, who in candidates if category in (None, of)]
        found.append((category, options, taken[1] if taken else ""))
    return found


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/plan/{session}`` and what is printed of it."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/plan/{session}")
    async def roster(visit: Visiting, session: str) -> Response:
        year, number, row = await session_row(visit, session)
        others = await visit.all("scheduling", "sessions")
        turns = (await visit.get("scheduling", "rotation"))["items"]
        plan = await visit.row("scheduling", f"plans/plan-{year}")
        policy = (await visit.governing()).policy
        candidates = heads(turns)
        reporters = row["reporters"] if row else []
        names = {one["unit"]: one["unit_name"] for one in turns} | {
            one["unit"]: one["unit_name"] for other in others for one in other["reporters"]
        }
        return site.page(
            visit,
            "plan/session.html",
            session=session,
            year=year,
            number=number,
            row=row,
            reporters=by_category(one for one in reporters if not one["lead"]),
            leads=by_category(one for one in reporters if one["lead"]),
            rostered=[
                (one["unit"], f"{one['unit_name']} {one['person']}") for one in reporters if not one["lead"]
            ],
            observers=await visit.all("scheduling", "observers", session=session),
            later=[
                one
                for one in others
                if (one["plan_year"], one["number"]) > (year, number) and one["status"] == "drafted"
            ],
            planned_on=_planned(plan, number),
            places=places(
                list(policy.roster_categories) if visit.place.tier == "district" else [],
                policy.reporters_per_session,
                candidates,
                reporters,
            ),
            anybody=[(head, who) for _, head, who in candidates],
            lead_places=range(LEADS),
            led=[f"{one['unit']}/{one['post']}" for one in reporters if one["lead"]],
            before=_before(row, turns),
            names=names,
            category_names=CATEGORIES,
            progress=STATUSES[status_of(row)],
            drafts=visit.may_see("review", "drafts"),
        )

    @router.get("/t/{tenant}/sessions/{session}/print/roster")
    async def slip(visit: Visiting, session: str) -> Response:
        year, number, row = await session_row(visit, session)
        if row is None:
            raise Refused("http.not-found", what=session)
        turns = (await visit.get("scheduling", "rotation"))["items"]
        return site.page(
            visit,
            "plan/slip.html",
            session=session,
            year=year,
            number=number,
            row=row,
            reporters=by_category(one for one in row["reporters"] if not one["lead"]),
            leads=by_category(one for one in row["reporters"] if one["lead"]),
            observers=by_category(row["observers"]),
            before=_before(row, turns),
            planned_on=_planned(await visit.row("scheduling", f"plans/plan-{year}"), number),
            offices=[role_name(office, visit.place.tier) for office in ("law_office", "party_office")],
        )

    @router.get("/t/{tenant}/sessions/{session}/print/notices")
    async def notices(visit: Visiting, session: str) -> Response:
        year, number, row = await session_row(visit, session)
        if (
            row is None
            or row["held_on"] is None
            or row["status"] not in ("scheduled", "held", "minutes_sent")
        ):
            raise Refused("portal.session-not-called", session=session)
        drafts = (
            await visit.all("review", "drafts", session=session) if visit.may_see("review", "drafts") else []
        )
        return site.page(
            visit,
            "plan/notices.html",
            session=session,
            year=year,
            number=number,
            row=row,
            due={one["unit"]: one for one in drafts},
            policy=(await visit.governing()).policy,
            office=role_name("law_office", visit.place.tier),
        )

    return router


def _before(row: dict[str, Any] | None, turns: list[dict[str, Any]]) -> dict[str, Any] | None:
    """When each unit last reported; None once the session was held, which is then the last itself."""
    if row is not None and row["status"] not in ("drafted", "scheduled"):
        return None
    return {one["unit"]: one["last_reported_on"] for one in turns}


def _planned(plan: dict[str, Any] | None, number: int) -> str | None:
    rounds = plan["rounds"] if plan else []
    return next((one["planned_on"] for one in rounds if one["number"] == number), None)
