"""What is entered beside the sheets: the written annual reports 年终述职, and outcomes 成效 with honours."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.portal.site import Site
from services.portal.web.visit import Visit

AskedYear = Annotated[int | None, Query(ge=2000, le=2999)]


def heads_of(unit: Mapping[str, Any], filed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Who is to file for a unit: each head once, with the document where it is registered; then those who held a
    post before and filed."""
    documents = {one["person"]: one for one in filed if one["unit"] == unit["unit"]}
    titles: dict[str, list[str]] = {}
    for post in unit["posts"]:
        titles.setdefault(post["person"], []).append(post["title"])
    for person in documents:
        titles.setdefault(person, [])
    return [
        {"person": person, "titles": held, "filed": documents.get(person)} for person, held in titles.items()
    ]


def outcome_form(visit: Visit, kind: str) -> str:
    """The id of the outcome that a form would record: a new one, or, where the form was refused, that form's."""
    form = str(visit.note.get("form") or "")
    stem, _, rest = form.partition(".")
    if stem == "outcome" and rest.startswith(f"{kind}-") and rest.endswith(".record-outcome"):
        return rest.partition(".")[0]
    return f"{kind}-{visit.today.year}-{visit.key()[:12]}"


def routes(site: Site) -> APIRouter:
    """The two registers."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/evaluation/reports")
    async def reports(visit: Visiting, year: AskedYear = None, unit: str = "") -> Response:
        visit.require("evaluation", "annual-reports")
        only = visit.only_unit("evaluation", "annual-reports")
        since = (await visit.governing()).policy.annual_reports_since
        # A year's reports are filed when it is over: in January people look for the year before.
        asked = year or max(since, visit.today.year - 1)
        units, filed = await asyncio.gather(
            visit.all("evaluation", "registered-units"),
            visit.all("evaluation", "annual-reports", year=asked),
        )
        rows = [
            {
                **one,
                "heads": heads_of(one, filed),
                "choices": [(who, who) for who in dict.fromkeys(_persons(one))],
            }
            for one in units
            if only in (None, one["unit"]) and (one["posts"] or one["former_heads"])
        ]
        chosen = next((row for row in rows if row["unit"] == (only or unit)), None)
        return site.page(
            visit,
            "evaluation/reports.html",
            year=asked,
            years=sorted({*range(since, visit.today.year + 1), asked}),
            rows=rows,
            chosen=chosen,
            everybody=only is None,
        )

    @router.get("/t/{tenant}/evaluation/outcomes")
    async def outcomes(visit: Visiting) -> Response:
        visit.require("evaluation", "outcomes", tier="progress")
        units, all_outcomes = await asyncio.gather(
            visit.all("evaluation", "registered-units"), visit.all("evaluation", "outcomes")
        )
        for one in all_outcomes:
            one["given"] = {name: value for name, value in one.items() if value is not None}
        return site.page(
            visit,
            "evaluation/outcomes.html",
            choices=[(unit["unit"], unit["name"]) for unit in units],
            groups=_by_unit(units, all_outcomes),
            honours=[one for one in all_outcomes if one["honour"]],
            outcome_form=outcome_form,
        )

    return router


def _persons(unit: Mapping[str, Any]) -> list[str]:
    """Who holds a post of the unit, then who held one before."""
    return [*(post["person"] for post in unit["posts"]), *unit["former_heads"]]


def _by_unit(
    units: Sequence[Mapping[str, Any]], outcomes: Sequence[dict[str, Any]]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """The outcomes of each unit that has some, in the official order of units; those of a unit that is gone last."""
    names = {unit["unit"]: unit["name"] for unit in units}
    asked = dict.fromkeys([*names, *(one["unit"] for one in outcomes if one["unit"])])
    groups = [(names.get(unit, unit), [one for one in outcomes if one["unit"] == unit]) for unit in asked]
    return [(name, some) for name, some in groups if some]
