"""The year's plan: its rounds, who is rostered for them, whose turn it is; and the forms by which it is made."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.portal.site import Site
from services.portal.web.planning import body_of, stream_of
from services.portal.web.visit import Visit
from shared.decider import Refused

CATEGORIES = {
    "leadership": "党委、政府领导",
    "party_or_mass": "党委（群团）部门",
    "government": "政府工作部门",
    "town": "街镇",
    "section": "内设机构",
    "village": "村居",
}
STATUSES = {
    "planned": ("○", "待拟名单"),
    "provisional": ("◔", "拟参加名单"),
    "drafted": ("◑", "名单已确定"),
    "scheduled": ("◕", "已定会期"),
    "held": ("●", "已召开"),
    "minutes_sent": ("✓", "纪要已印发"),
    "cancelled": ("✕", "已取消"),
    "past": ("✓", "历史补录"),
}
COMPOSED = frozenset(
    {
        ("plan", "adopt-plan"),
        ("plan", "amend-plan"),
        ("session", "draft-roster"),
        ("session", "name-observers"),
        ("session", "schedule-session"),
        ("session", "substitute-reporter"),
        ("session", "record-past-session"),
        ("policy", "adopt-policy"),
        ("calendar", "adopt-calendar"),
    }
)
"""Commands whose bodies are made of what a form says (web/planning.py)."""


def status_of(session: dict[str, Any] | None) -> str:
    """How far a round is; a key of STATUSES."""
    if session is None:
        return "planned"
    return "provisional" if session["status"] == "drafted" and session["provisional"] else session["status"]


def by_category(people: Iterable[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """People of one list by the category of their unit, in the order they came."""
    people = list(people)
    found = [
        (name, [one for one in people if one["category"] == category])
        for category, name in CATEGORIES.items()
    ]
    return [(name, of_it) for name, of_it in found if of_it]


def heads(turns: Iterable[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Heads as options of a select, in the order given: (category, ``<unit>/<post>``, who they are and when they
    last reported)."""
    return [(turn["category"], f"{turn['unit']}/{turn['posts'][0]['post']}", _who(turn)) for turn in turns]


def _who(turn: dict[str, Any]) -> str:
    titles = "、".join(one["title"] for one in turn["posts"])
    last = turn["last_reported_on"]
    said = f"{last[:4]}年述法" if last else "尚未述法"
    coming = f"，已列入{turn['called_for']}" if turn["called_for"] else ""
    return f"{turn['unit_name']} {titles} {turn['posts'][0]['person']}（{said}{coming}）"


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/plan`` and what its forms are sent to."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/plan")
    async def plan(visit: Visiting, year: int | None = None) -> Response:
        visit.require("scheduling", "plans", tier="progress")
        plans = {row["plan_year"]: row for row in await visit.all("scheduling", "plans")}
        sessions = await visit.all("scheduling", "sessions")
        this_year = visit.today.year
        chosen = year or max((one for one in plans if one <= this_year), default=this_year)
        row = await visit.row("scheduling", f"plans/plan-{chosen}") if chosen in plans else None
        turns = (await visit.get("scheduling", "rotation"))["items"]
        rounds = _rounds(row, [one for one in sessions if one["plan_year"] == chosen])
        last = (chosen, max((number for number, _, _ in rounds), default=0))
        coming = [one for one in sessions if (one["plan_year"], one["number"]) > last]
        years = {one["plan_year"] for one in sessions} | set(plans) | {chosen, this_year, this_year + 1}
        return site.page(
            visit,
            "plan/year.html",
            year=chosen,
            years=sorted(years),
            plan=row,
            rounds=rounds,
            next_rosters=[one for one in coming if one["status"] == "drafted"],
            turns=by_category(turns),
            past_heads=[(value, who) for _, value, who in heads(turns)],
            policy=(await visit.governing()).policy,
            statuses=STATUSES,
            status_of=status_of,
        )

    @router.post("/t/{tenant}/plan/do/{kind}/{id}/{command}")
    async def do(request: Request, tenant: str, kind: str, id: str, command: str) -> Response:
        """A form whose fields are made into a command of scheduling."""
        visit, fields = await site.received(request, tenant)
        if (kind, command) not in COMPOSED:
            raise Refused("http.not-found", what=command)
        stream = stream_of(command, kind, id, dict(fields))
        return await site.carried_out(
            visit, fields, "scheduling", f"{stream}/{command}", body_of(command, fields)
        )

    return router


def _rounds(
    plan: dict[str, Any] | None, sessions: list[dict[str, Any]]
) -> list[tuple[int, str | None, dict[str, Any] | None]]:
    """The rounds of a year: (number, planned day, session), those too that no plan names."""
    planned = {one["number"]: one["planned_on"] for one in plan["rounds"]} if plan else {}
    held = {one["number"]: one for one in sessions}
    return [
        (number, planned.get(number), held.get(number)) for number in sorted(planned.keys() | held.keys())
    ]
