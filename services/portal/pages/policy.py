"""The policy values and the holidays that hold, each with where it comes from; and the forms to adopt one's own."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.site import Site
from services.portal.web.visit import Visit
from services.portal.web.words import role_name
from shared.tenancy import VALUES, About

STRICTER = {
    "less": "只能更小",
    "more": "只能更大",
    "true": "只能改为“是”",
    "false": "只能改为“否”",
    "superset": "只能增加",
    "free": "不限",
}
CATEGORIES = {"party_or_mass": "党委（群团）部门", "government": "政府工作部门", "town": "街镇"}


def _said(visit: Visit, value: Any) -> list[str]:
    """A value in words, each to be translated."""
    if isinstance(value, bool):
        return ["是" if value else "否"]
    if isinstance(value, list | tuple):
        return [_word(visit, one) for one in value]
    return [_word(visit, str(value))]


def _word(visit: Visit, value: str) -> str:
    return CATEGORIES.get(value) or role_name(value, visit.place.tier)


def _choices(visit: Visit, about: About) -> list[tuple[str, str]]:
    """What may be chosen: yes or no, one of some words; nothing for a number or a date."""
    if isinstance(about.default, bool):
        return [("true", "是"), ("false", "否")]
    return [(one, _word(visit, one)) for one in about.bounds.among]


def _given(own: Any, name: str) -> dict[str, str]:
    """What the tenant has adopted, as the form's fields."""
    if own is None:
        return {}
    if isinstance(own, bool):
        return {f"values[{name}]": "true" if own else "false"}
    if isinstance(own, list):
        return {f"values[{name}][{one}]": one for one in own}
    return {f"values[{name}]": str(own)}


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/plan/policy``."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/plan/policy")
    async def policy(visit: Visiting) -> Response:
        visit.require("scheduling", "policy", tier="inherited")
        answer = await visit.get("scheduling", "policy")
        own = await visit.row("scheduling", "adopted-policies/policy-self")
        calendars = []
        if visit.may_see("scheduling", "adopted-calendars", tier="inherited"):
            calendars = await visit.all("scheduling", "adopted-calendars")
        names = dict(visit.place.path)
        given: dict[str, str] = {}
        for one in answer["values"]:
            given |= _given(one["own"], one["name"])
        next_year = visit.today.year + 1
        newest = (
            await visit.row("scheduling", f"adopted-calendars/calendar-{next_year}") if calendars else None
        )
        return site.page(
            visit,
            "plan/policy.html",
            values=answer["values"],
            about=VALUES,
            said=lambda value: _said(visit, value),
            choices=lambda name: _choices(visit, VALUES[name]),
            stricter=STRICTER,
            names=names,
            given=given | {"holds_from": visit.today.isoformat()},
            version=own["version"] if own else 0,
            calendars=calendars[::-1],
            known=sorted((await visit.governing()).calendar.years, reverse=True)[:6],
            next_year=next_year,
            next_version=newest["version"] if newest else 0,
        )

    return router
