"""The register 整改台账: what is asked of it, its pages, the progress of the tiers below."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from starlette.datastructures import QueryParams

from services.portal.domain.saying import place
from services.portal.site import Site
from services.portal.views.case_choices import case_sessions, case_units
from services.portal.web import case_words
from services.portal.web.visit import Visit
from shared.eventstore import tables

FILTERS = ("session", "plan_year", "unit", "category", "state", "light")
PAGE = 50
SORTS = ("official_order", "due_on", "state", "fed_back_on")


@dataclass(frozen=True)
class Asked:
    """What the address asks of the register: the same for the page and for what is taken out of it."""

    filters: dict[str, str]
    search: str
    sort: str
    after: str | None
    below: bool

    @classmethod
    def of(cls, query: QueryParams) -> Self:
        """From the address; what is empty is not asked."""
        below = query.get("within") == "subtree"
        filters = {name: query[name] for name in FILTERS if query.get(name)}
        if below:
            filters.pop("light", None)
        sort = query.get("sort", "")
        return cls(
            filters,
            query.get("q", "").strip()[:100],
            sort if sort.removeprefix("-") in SORTS and not below else "",
            query.get("after") or None,
            below,
        )

    @property
    def query(self) -> dict[str, Any]:
        """As the owner is asked, without the place in the list."""
        asked: dict[str, Any] = dict(self.filters)
        if self.search:
            asked["search"] = self.search
        if self.sort:
            asked["sort"] = self.sort
        if self.below:
            asked["within"] = "subtree"
        return asked

    def address(self, **changed: str | None) -> str:
        """The same selection with something changed, as the query of an address."""
        search = {"q": self.search} if self.search else {}
        asked = {name: value for name, value in self.query.items() if name != "search"}
        new = {name: value for name, value in {**asked, **search, **changed}.items() if value}
        return f"?{urlencode(new)}" if new else "?"

    def sorting(self, column: str) -> tuple[str, str]:
        """Where the head of a column leads, and how it stands for ``aria-sort``."""
        if self.sort == column:
            return self.address(sort=f"-{column}"), "ascending"
        if self.sort == f"-{column}":
            return self.address(sort=None), "descending"
        return self.address(sort=column), "none"


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/cases``."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/cases")
    async def cases(visit: Visiting) -> HTMLResponse:
        visit.require("rectification", "case-register", tier="progress")
        asked = Asked.of(visit.request.query_params)
        page, below, suspensions, options = await asyncio.gather(
            visit.get("rectification", "case-register", limit=PAGE, after=asked.after, **asked.query),
            _progress(visit) if asked.below else _nothing(),
            _nothing() if asked.below else visit.all("rectification", "suspensions"),
            _options(visit),
        )
        suspensions = suspensions or []
        suspend = f"suspension/{visit.today.year}-{len(suspensions) + 1}/suspend-cases"
        await site.unsent(visit, suspend.replace("/", "."))
        return site.page(
            visit,
            "cases/list.html",
            asked=asked,
            rows=page["items"],
            next=page["next"],
            options=options,
            below=below,
            names=await _names(visit, page["items"]) if asked.below else {},
            suspensions=suspensions,
            suspend=suspend,
            words=case_words,
            say=case_words.saying(visit),
        )

    return router


async def _options(visit: Visit) -> dict[str, list[tuple[Any, str]]]:
    """What each filter may be set to: (value, words)."""
    sessions, units = await choices(visit)
    say = case_words.saying(visit)
    years = dict.fromkeys(one.plan_year for one in sessions)
    return {
        "session": [(one.session, say.round(one.session)) for one in sessions],
        "plan_year": [(year, str(year)) for year in years],
        "unit": [(one.unit, one.unit_name) for one in units],
        "category": [(code, say(text)) for code, text in case_words.CATEGORIES.items()],
        "state": [(code, say(text)) for code, text in case_words.STATES.items()],
        "light": [(code, say(text)) for code, text in case_words.LIGHTS.items()],
    }


async def choices(visit: Visit) -> tuple[Sequence[Any], Sequence[Any]]:
    """The sessions, newest first, and the units in official order, that have a case."""
    sessions, units = case_sessions, case_units
    async with visit.reading() as connection:
        held = await connection.execute(sa.select(sessions).where(sessions.c.tenant == visit.tenant))
        told = await connection.execute(
            sa.select(units)
            .where(units.c.tenant == visit.tenant)
            .order_by(units.c.official_order, units.c.unit)
        )
        return sorted(held, key=lambda one: place(one.session), reverse=True), told.all()


async def _nothing() -> None:
    return None


async def _progress(visit: Visit) -> dict[str, Any]:
    answer: dict[str, Any] = await visit.get("rectification", "progress", limit=200)
    return answer


async def _names(visit: Visit, rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What the tenants of these rows are called."""
    of = tables.tenants
    query = sa.select(of.c.tenant, of.c.name).where(of.c.tenant.in_({row["tenant"] for row in rows}))
    async with visit.reading() as connection:
        return {row.tenant: row.name for row in await connection.execute(query)}
