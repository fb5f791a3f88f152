"""Bulletins 情况通报: what became of the round before, told at the next; the list, each on paper, and issuing one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from services.portal.domain.saying import place
from services.portal.domain.sentences import STATES
from services.portal.pages.cases import choices
from services.portal.site import Site
from services.portal.web import case_words
from services.portal.web.visit import Visit
from shared.decider import Refused

AHEAD = frozenset({"drafted", "scheduled", "held"})
"""Sessions at which something may still be told."""


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/bulletins`` and ``/t/{tenant}/bulletins/{session}``."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/bulletins")
    async def bulletins(visit: Visiting) -> HTMLResponse:
        visit.require("rectification", "bulletins", tier="progress")
        told = await visit.all("rectification", "bulletins")
        may = visit.may("rectification", "issue-bulletin")
        return site.page(
            visit,
            "cases/bulletins.html",
            told=list(reversed(told)),
            may=may,
            ahead=await _ahead(visit, told) if may else [],
            words=case_words,
            say=case_words.saying(visit),
        )

    @router.get("/t/{tenant}/bulletins/{session}")
    async def bulletin(visit: Visiting, session: str) -> HTMLResponse:
        visit.require("rectification", "bulletins", tier="progress")
        row = await visit.row("rectification", f"bulletins/bulletin-{session}")
        if row is None:
            raise Refused("http.not-found", what=session)
        return site.page(
            visit,
            "cases/bulletin.html",
            bulletin=row,
            states=STATES,
            words=case_words,
            say=case_words.saying(visit),
        )

    return router


async def _ahead(visit: Visit, told: list[dict[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Sessions at which nothing was told yet, and the earlier rounds a bulletin there may be about, newest first."""
    say = case_words.saying(visit)
    known = {one["session"] for one in told}
    with_cases, _ = await choices(visit)
    return [
        (
            one["session"],
            [
                (earlier.session, say.round(earlier.session))
                for earlier in with_cases
                if place(earlier.session) < place(one["session"])
            ],
        )
        for one in await visit.all("scheduling", "sessions")
        if one["status"] in AHEAD and one["session"] not in known
    ]
