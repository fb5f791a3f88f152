"""述法会: the sessions of a tenant by year, and one session on its whole way from the roster to the minutes."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.domain import session as words
from services.portal.site import Site
from services.portal.views.timeline import timeline
from services.portal.web.visit import Visit
from services.portal.web.words import role_name
from shared.decider import Refused
from shared.tenancy import Policy

Row = dict[str, Any]


def routes(site: Site) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/sessions")
    async def every(visit: Visiting) -> Response:
        rows: Iterable[Row]
        if visit.may_see("review", "proceedings"):
            rows = await visit.all("review", "proceedings")
        else:
            rows = (await told(visit)).values()
        years = defaultdict(list)
        for row in rows:
            years[row["plan_year"]].append(row)
        by_year = [
            (year, sorted(years[year], key=lambda row: -row["number"]))
            for year in sorted(years, reverse=True)
        ]
        return site.page(visit, "sessions/list.html", years=by_year, words=words)

    @router.get("/t/{tenant}/sessions/{session}")
    async def one(visit: Visiting, session: str) -> Response:
        if not visit.may_see("review", "proceedings"):
            row = (await told(visit, session)).get(session)
            if row is None:
                raise Refused("http.not-found", what=session)
            checks = await requirements_to_check(visit, session)
            own = await own_excerpt(visit, session)
            return site.page(visit, "sessions/told.html", row=row, checks=checks, own=own, words=words)
        row = await proceedings(visit, session, site)
        return site.page(visit, "sessions/one.html", **await whole(visit, row), words=words)

    @router.get("/t/{tenant}/sessions/{session}/supplement/{unit}")
    async def supplement(visit: Visiting, session: str, unit: str) -> Response:
        visit.require("review", "proceedings")
        row = await proceedings(visit, session, site)
        reporter = by_unit(row["roster"], unit)
        before = next((one for one in row["supplements"] if one["unit"] == unit), None)
        form = f"session.{session}.record-supplement.{unit}"
        await site.unsent(visit, form)
        given = {"text": await visit.text("review", before["text_ref"]) or ""} if before else {}
        return site.page(
            visit,
            "sessions/supplement.html",
            row=row,
            reporter=reporter,
            form=form,
            given=given,
            replaces=before is not None,
            words=words,
        )

    @router.get("/t/{tenant}/sessions/{session}/comment/{comment}")
    async def comment(visit: Visiting, session: str, comment: str, unit: str | None = None) -> Response:
        """``comment`` is ``new``, on the ``unit`` that is named, or the comment that is put right."""
        visit.require("review", "proceedings")
        row = await proceedings(visit, session, site)
        note: Row | None = None
        if comment != "new":
            note = by_comment(await comments_of(visit, session), comment)
            unit = note["unit"]
        reporter = by_unit(row["roster"], unit or "")
        form = f"session.{session}.record-comment.{note['comment'] if note else 'new.' + reporter['unit']}"
        await site.unsent(visit, form)
        return site.page(
            visit,
            "sessions/comment.html",
            row=row,
            reporter=reporter,
            form=form,
            note=note,
            given=await as_typed(visit, note)
            if note
            else {"comment": f"{reporter['unit']}-{visit.key()[:8]}"},
            units=await visit.all("review", "registered-units"),
            office=lambda role: role_name(role, visit.place.tier),
            words=words,
        )

    return router


async def proceedings(visit: Visit, session: str, site: Site | None = None) -> Row:
    """The session's row. Of one that is classified nothing stays that people typed here. Raises http.not-found."""
    row = await visit.row("review", f"proceedings/session-{session}")
    if row is None:
        raise Refused("http.not-found", what=session)
    if row["classified"] and site is not None:
        await site.desk.forget_typed(visit.tenant, f"session.{session}.")
    return row


async def whole(visit: Visit, row: Row) -> Row:
    """What the page of a session is made of, asked of its owners at once."""
    session = row["session"]
    drafts, comments, bulletins, ledger, excerpts, governing = await asyncio.gather(
        visit.all("review", "drafts", session=session),
        comments_of(visit, session),
        visit.all("rectification", "bulletins", session=session),
        ledger_of(visit, session),
        excerpts_of(visit, session),
        visit.governing(),
    )
    refs = [one["text_ref"] for one in (*comments, *row["supplements"])]
    refs += [one["reason_ref"] for one in row["not_held"]]
    refs += [reason["ref"] for one in ledger if (reason := bulletin_reason(one))]
    tier = visit.place.tier
    return {
        "row": row,
        "office": lambda role: role_name(role, tier),
        "unapproved": [one["unit"] for one in drafts if one["state"] not in ("approved", "withdrawn")],
        "drafts": {one["unit"]: one for one in drafts},
        "comments": comments,
        "bulletin": next(iter(bulletins), None),
        "ledger": ledger,
        "minutes": excerpts,
        "policy": governing.policy,
        "texts": dict(
            zip(refs, await asyncio.gather(*(visit.text("review", ref) for ref in refs)), strict=True)
        ),
        "bulletin_reason": next((r["ref"] for one in reversed(ledger) if (r := bulletin_reason(one))), None),
        "names": names(row, excerpts),
        "checks": await may_check(visit, row, governing.policy),
    }


async def may_check(visit: Visit, row: Row, policy: Policy) -> bool:
    """Do requirements of the minutes wait for an office of the person?"""
    if row["state"] != "drafted":
        return False
    offices = visit.actor.roles & {"law_office"}
    if policy.standing_in_office in visit.actor.roles and await requirements_to_check(visit, row["session"]):
        offices |= {policy.standing_in_office}
    return not offices <= {*row["checked_by"]}


async def comments_of(visit: Visit, session: str) -> list[Row]:
    """The comments in the order in which they were taken down, as the proceedings list them."""
    return await visit.all("review", "comments", session=session)


async def ledger_of(visit: Visit, session: str) -> list[Row]:
    """Every event of the session, for who may read the ledger."""
    if not visit.may_see("review", "ledger"):
        return []
    return await visit.all("review", "ledger", stream=f"session-{session}")


def bulletin_reason(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Why no bulletin was told, where the event says so."""
    if event["name"] != "BulletinNoted":
        return None
    reason: Mapping[str, Any] | None = event["data"].get("reason")
    return reason


def by_unit(roster: Iterable[Row], unit: str) -> Row:
    """The reporter of a unit. Raises http.not-found."""
    for one in roster:
        if one["unit"] == unit:
            return one
    raise Refused("http.not-found", what=unit)


def by_comment(comments: Iterable[Row], comment: str) -> Row:
    """A comment by its id. Raises http.not-found."""
    for one in comments:
        if one["comment"] == comment:
            return one
    raise Refused("http.not-found", what=comment)


async def as_typed(visit: Visit, note: Row) -> dict[str, str]:
    """A comment as the fields of its form."""
    fields = {name: note[name] for name in ("comment", "by", "by_title")}
    fields |= {"text": await visit.text("review", note["text_ref"]) or ""}
    fields |= {"asks": "items" if note["requirements"] else "nothing"}
    for n, line in enumerate(note["requirements"]):
        fields |= {
            f"requirements[{n}][{name}]": line[name] or ""
            for name in ("requirement", "task_line", "focus_area")
        }
        fields |= {f"requirements[{n}][units][{unit}]": unit for unit in line["units"]}
    return fields


def names(row: Row, minutes: Row | None) -> dict[str, str]:
    """Units by their names, as far as the session knows them."""
    known = {one["unit"]: one["unit_name"] for one in (*row["roster"], *row["observers"])}
    return {one["unit"]: one["unit_name"] for one in (minutes or {}).get("excerpts", [])} | known


async def told(visit: Visit, session: str | None = None) -> dict[str, words.Told]:
    """What progress tells of the tenant's sessions, or of one."""
    query = (
        sa.select(timeline.c.event, timeline.c.data)
        .where(timeline.c.tenant == visit.tenant, timeline.c.event.in_(words.FACTS))
        .order_by(timeline.c.recorded_at, timeline.c.source, timeline.c.ledger_sequence)
    )
    if session is not None:
        query = query.where(timeline.c.session == session)
    async with visit.reading() as connection:
        return words.told((fact.event, fact.data) for fact in await connection.execute(query))


async def excerpts_of(visit: Visit, session: str) -> Row | None:
    """The minutes as they were sent, with their excerpts as they now read; None until the portal has heard of it."""
    query = (
        sa.select(timeline.c.event, timeline.c.data)
        .where(
            timeline.c.tenant == visit.tenant,
            timeline.c.session == session,
            timeline.c.event.in_(("MinutesIssued", "MinutesCorrected")),
        )
        .order_by(timeline.c.ledger_sequence)
    )
    minutes: Row | None = None
    async with visit.reading() as connection:
        for event, data in await connection.execute(query):
            if event == "MinutesIssued":
                minutes = dict(data) | {"corrections": []}
            elif minutes is not None:
                minutes |= {"excerpts": data["excerpts"]}
                minutes["corrections"].append(data)
    return minutes


async def own_excerpt(visit: Visit, session: str) -> Row | None:
    """What the minutes say to the unit of somebody who enters or answers for it; None where they say nothing."""
    unit = visit.only_unit("review", "drafts")
    if unit is None or not visit.may_see("review", "drafts", unit=unit):
        return None
    minutes = await excerpts_of(visit, session)
    return next((one for one in (minutes or {}).get("excerpts", []) if one["unit"] == unit), None)


async def requirements_to_check(visit: Visit, session: str) -> list[Row]:
    """The requirements that wait for the office that stands in for the law office, if the person is of it."""
    if not visit.may_see("review", "entrusted"):
        return []
    try:
        entrusted = await visit.get("review", "entrusted")
    except Refused as refused:
        if refused.code == "security.not-permitted":
            return []
        raise
    return [one for one in entrusted["requirements"] if one["session"] == session]
