"""What a head has to put right 整改任务清单, on one page for the desk."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from services.portal.domain.offers import THE_UNIT
from services.portal.pages.cases import choices
from services.portal.site import Site
from services.portal.web import case_words
from services.portal.web.visit import Visit


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/duties``: of the own unit for who reports, of any (``?unit=``) for the others."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/duties")
    async def duties(visit: Visiting) -> HTMLResponse:
        visit.require("rectification", "case-register", tier="progress")
        own = visit.actor.unit if {*visit.actor.roles} <= THE_UNIT else None
        _, units = await choices(visit)
        unit = own or visit.request.query_params.get("unit") or ""
        cases = await visit.all("rectification", "case-register", unit=unit) if unit else []
        items = await visit.all("rectification", "items", unit=unit) if unit else []
        named = next((one.unit_name for one in units if one.unit == unit), unit)
        return site.page(
            visit,
            "cases/duties.html",
            unit=unit,
            unit_name=cases[-1]["unit_name"] if cases else named,
            units=[] if own else [(one.unit, one.unit_name) for one in units],
            open=_with_items([one for one in cases if one["state"] != "completed"], items),
            done=_with_items([one for one in cases if one["state"] == "completed"], items),
            words=case_words,
            say=case_words.saying(visit),
        )

    return router


def _with_items(
    cases: list[dict[str, Any]], items: list[dict[str, Any]]
) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each case with its task lines, the nearest date first."""
    return [
        (case, [item for item in items if item["stream"] == case["stream"]])
        for case in sorted(cases, key=lambda case: (case["due_on"], case["stream"]))
    ]
