"""全覆盖: the tree from this tenant down, who has reported and who has not, the cases by tier, the years."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.portal.site import Site
from services.portal.web import charts, tables
from services.portal.web.visit import Visit
from services.portal.web.words import translations
from shared.contracts.scheduling import Tier
from shared.decider import Refused
from shared.eventstore.tables import tenants as known_tenants
from shared.tenancy import parent

TIERS: dict[str, str] = {
    "nation": "国家",
    "province": "省级",
    "city": "市级",
    "district": "区县",
    "bureau": "部门",
    "town": "街镇",
    "village": "村居",
}
CASES = {
    "cases": "整改事项",
    "open": "整改中",
    "overdue": "其中逾期",
    "awaiting_receipt": "待签收",
    "awaiting_verification": "待检查评估",
    "completed": "已办结",
}
"""Of the counts that rectification tells, those that a tier above asks for."""
GAPS_A_PAGE = 50

Of = Literal["tenants", "heads"]
Year = Annotated[int | None, Query(ge=2000, le=2999)]
At = Annotated[str | None, Query(max_length=200)]


@dataclass
class Node:
    """A tenant of the tree with those directly below it."""

    row: dict[str, Any]
    below: list["Node"] = field(default_factory=list)

    def of_tier(self, tier: str) -> dict[str, Any] | None:
        """What is counted of a tier in the subtree; None where it has none of it."""
        return next((one for one in self.row["sum"] if one["tier"] == tier), None)


def nested(rows: Sequence[dict[str, Any]]) -> Node:
    """The tree of rows that come in order, a tier before those below it. One whose parent is not among them hangs
    where its nearest tier above does."""
    nodes: dict[str, Node] = {}
    top: Node | None = None
    for row in rows:
        node = nodes[row["tenant"]] = Node(row)
        if top is None:
            top = node
            continue
        above = parent(row["tenant"])
        while above is not None and above not in nodes:
            above = parent(above)
        (nodes[above] if above is not None else top).below.append(node)
    if top is None:
        raise Refused("http.not-found", what="coverage")
    return top


def routes(site: Site) -> APIRouter:
    """The page, the list of who is missing, the same as a file, the charts."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/coverage")
    async def coverage(
        visit: Visiting, year: Year = None, at: At = None, open: str = "", chart: Of = "heads"
    ) -> Response:
        visit.require("evaluation", "coverage", tier="progress")
        asked = year or visit.today.year
        tree, years, progress = await asyncio.gather(
            visit.get("evaluation", "coverage/tree", year=asked, at=at),
            visit.get("evaluation", "coverage/years"),
            _progress(visit),
        )
        here = nested(tree["items"])
        return site.page(
            visit,
            "coverage/tree.html",
            year=asked,
            years=_years(years["years"], asked, visit),
            told=years["years"],
            top=here,
            whole=tree["at"] == visit.tenant,
            above=await _names(visit, [tree["at"]]),
            opened=open == "all",
            progress=progress,
            chart=chart,
            tiers=TIERS,
            cases=CASES,
        )

    @router.get("/t/{tenant}/coverage/gaps")
    async def gaps(
        visit: Visiting,
        year: Year = None,
        of: Of = "tenants",
        tier: Tier | Literal[""] = "",
        at: At = None,
        after: str | None = None,
    ) -> Response:
        visit.require("evaluation", "coverage", tier="progress")
        asked = year or visit.today.year
        query = {"year": asked, "of": of, "tier": tier or None, "at": at}
        page, tree = await asyncio.gather(
            visit.get("evaluation", "coverage/gaps", **query, limit=GAPS_A_PAGE, after=after),
            visit.get("evaluation", "coverage/tree", year=asked, at=at, levels=1),
        )
        here = tree["items"][0]
        missing = [
            one["tenants"] - one["covered"] if of == "tenants" else one["heads"] - one["heard"]
            for one in here["sum"]
            if tier in ("", one["tier"])
        ]
        return site.page(
            visit,
            "coverage/gaps.html",
            year=asked,
            of=of,
            tier=tier,
            at=at,
            here=here,
            missing=sum(missing),
            after=after,
            items=page["items"],
            next=page["next"],
            above=await _names(visit, [parent(row["tenant"]) for row in page["items"]]),
            parent=parent,
            tiers=TIERS,
            choices=[one["tier"] for one in here["sum"]],
        )

    @router.get("/t/{tenant}/coverage/gaps.{form}")
    async def gaps_taken(
        visit: Visiting,
        form: Literal["xlsx", "csv"],
        year: Year = None,
        of: Of = "tenants",
        tier: Tier | Literal[""] = "",
        at: At = None,
    ) -> Response:
        visit.require("evaluation", "coverage", tier="progress")
        asked = year or visit.today.year
        rows = await visit.all("evaluation", "coverage/gaps", year=asked, of=of, tier=tier or None, at=at)
        above = await _names(visit, [parent(row["tenant"]) for row in rows])
        table = gaps_table(rows, above, of, asked, visit)
        content = tables.workbook([table]) if form == "xlsx" else tables.csv(table)
        return tables.download(content, f"{table.above[0]}.{form}")

    @router.get("/t/{tenant}/coverage/{of}-{tier}.svg")
    async def chart(visit: Visiting, of: Of, tier: Tier) -> Response:
        visit.require("evaluation", "coverage", tier="progress")
        years = (await visit.get("evaluation", "coverage/years"))["years"]
        return charts.answer(_drawn(years, of, tier, visit.language))

    return router


async def _progress(visit: Visit) -> dict[str, Any] | None:
    """The counts of cases, for who holds a role in the tenant itself."""
    if not visit.may_see("rectification", "progress", tier="progress"):
        return None
    found: dict[str, Any] = await visit.get("rectification", "progress", limit=200)
    return found


def _years(told: Sequence[dict[str, Any]], asked: int, visit: Visit) -> list[int]:
    return sorted({*(one["year"] for one in told), asked, visit.today.year})


async def _names(visit: Visit, asked: Sequence[str | None]) -> dict[str, str]:
    """What tenants of the subtree are called."""
    query = sa.select(known_tenants.c.tenant, known_tenants.c.name)
    query = query.where(known_tenants.c.tenant.in_({one for one in asked if one is not None}))
    async with visit.reading() as connection:
        return {row.tenant: row.name for row in await connection.execute(query)}


def gaps_table(
    rows: Sequence[dict[str, Any]], above: dict[str, str], of: Of, year: int, visit: Visit
) -> tables.Table:
    """Who is missing, as a table to take along."""
    _ = translations(visit.language).gettext
    place = visit.place.name
    if of == "tenants":
        columns = [(_("序号"), 6), (_("层级"), 8), (_("上级"), 22), (_("单位"), 28), (_("已排定日期"), 14)]
        cells: list[Sequence[tables.Cell]] = [
            (
                n,
                _(TIERS[row["tier"]]),
                above.get(parent(row["tenant"]) or ""),
                row["name"],
                row["scheduled_on"],
            )
            for n, row in enumerate(rows, start=1)
        ]
        title = _("%(place)s%(year)s年度尚未举行述法会的单位")
    else:
        columns = [
            (_("序号"), 6),
            (_("层级"), 8),
            (_("向谁述法"), 22),
            (_("单位"), 28),
            (_("姓名"), 14),
            (_("职务"), 28),
        ]
        cells = [
            (
                n,
                _(TIERS[row["tier"]]),
                row["tenant_name"],
                row["unit_name"],
                row["person"],
                "、".join(row["titles"]),
            )
            for n, row in enumerate(rows, start=1)
        ]
        title = _("%(place)s%(year)s年度尚未述法的负责人")
    return tables.Table(
        _("名单"), columns, cells, [title % {"place": place, "year": year}, _("按机构序列排列，不作排名。")]
    )


def _drawn(years: Sequence[dict[str, Any]], of: Of, tier: Tier, language: str) -> bytes:
    """The counts of one tier, year after year."""
    _ = translations(language).gettext
    of_tier: list[dict[str, int]] = [
        next((one for one in year["tiers"] if one["tier"] == tier), {}) for year in years
    ]
    told = (
        (("heads", _("负责人")), ("heard", _("其中已述法")))
        if of == "heads"
        else (("tenants", _("单位")), ("covered", _("其中已覆盖")))
    )
    return charts.bars(
        _(TIERS[tier]),
        [str(year["year"]) for year in years],
        [charts.Series(name, [one.get(count) for one in of_tier]) for count, name in told],
    )
