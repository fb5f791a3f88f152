"""What an office prints of a session: agenda, script, lists, the minutes and each unit's excerpt, on A4."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.domain import session as words
from services.portal.pages.sessions import Row, excerpts_of, own_excerpt, proceedings, whole
from services.portal.site import Site
from services.portal.web.visit import Visit
from services.portal.web.words import role_name
from shared.decider import Refused

PAPERS = {
    "agenda": "会议议程",
    "script": "主持词",
    "signin": "签到表",
    "signing": "会议纪要签批单",
    "distribution": "会议纪要分发单",
    "receipts": "会议纪要签收登记",
    "minutes": "会议纪要",
}


def routes(site: Site) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/sessions/{session}/print/{paper}")
    async def paper(visit: Visiting, session: str, paper: str) -> Response:
        if paper not in PAPERS:
            raise Refused("http.not-found", what=paper)
        visit.require("review", "proceedings")
        found = await whole(visit, await proceedings(visit, session))
        row, office = found["row"], found["office"]
        return site.page(
            visit,
            f"sessions/print/{paper}.html",
            **found,
            words=words,
            heading=f"{row['plan_year']}年度第{row['number']}次专题述法会{PAPERS[paper]}",
            offices="和".join(office(one) for one in found["policy"].receipt_offices),
            recipients=recipients(row, found["comments"], found["minutes"], found["names"], office),
            **called(row),
        )

    @router.get("/t/{tenant}/sessions/{session}/print/excerpt/{unit}")
    async def excerpt(visit: Visiting, session: str, unit: str) -> Response:
        """For the offices, and for who enters or answers for that unit."""
        if visit.may_see("review", "proceedings"):
            minutes = await excerpts_of(visit, session)
        else:
            visit.require("review", "drafts", unit=unit)
            minutes = await excerpts_of(visit, session) if await own_excerpt(visit, session) else None
        one = next((one for one in (minutes or {}).get("excerpts", []) if one["unit"] == unit), None)
        if minutes is None or one is None:
            raise Refused("http.not-found", what=f"{session}/{unit}")
        policy, tier = (await visit.governing()).policy, visit.place.tier
        return site.page(
            visit,
            "sessions/print/excerpt.html",
            row={"session": session},
            words=words,
            minutes=minutes,
            one=one,
            heading=f"{minutes['plan_year']}年度第{minutes['number']}次专题述法会会议纪要（摘录）",
            office=lambda role: role_name(role, tier),
            offices="和".join(role_name(one, tier) for one in policy.receipt_offices),
        )

    return router


def called(row: Row) -> dict[str, Any]:
    """The people of a session as papers name them: leads and reporters as the agenda calls them, who was there."""
    place = {unit: n for n, unit in enumerate(row["agenda"])}
    roster = sorted(row["roster"], key=lambda one: place.get(one["unit"], 0))
    heard = {one["unit"] for one in row["speeches"]}
    leaders = {one["by"]: f"{one['by_title']}{one['by']}" for one in row["words"]}
    spoke = [words.called(one) for one in roster if one["unit"] in heard and one["person"] not in leaders]
    return {
        "leads": [one for one in roster if one["lead"]],
        "reporters": [one for one in roster if not one["lead"]],
        "present": [*leaders.values(), *spoke],
        "away": [words.called(one) for one in row["observers"] if one["attended"] is False],
        "observing": [words.called(one) for one in row["observers"] if one["attended"]],
    }


def recipients(
    row: Row, comments: list[Row], minutes: Row | None, names: dict[str, str], office: Callable[[str], str]
) -> list[dict[str, str]]:
    """Who gets what: the offices of the chain the minutes, each unit its excerpt. Until they are sent the units are
    those that report and those that a requirement names."""
    offices = [
        {"name": office(one), "paper": "会议纪要", "remark": ""}
        for one in ("party_office", "law_office", "organization_department", "supervision_office")
    ]
    if minutes is not None:
        units = [one["unit"] for one in minutes["excerpts"]]
    else:
        asked = [unit for one in comments for line in one["requirements"] for unit in line["units"]]
        units = [*(row["agenda"] or [one["unit"] for one in row["roster"]]), *asked]
    general = {one["unit"] for one in (minutes or {}).get("excerpts", []) if one["general"]}
    return offices + [
        {"name": names.get(unit, unit), "paper": "摘录", "remark": "共性要求点名" if unit in general else ""}
        for unit in dict.fromkeys(units)
    ]
