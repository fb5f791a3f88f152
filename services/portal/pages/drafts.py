"""Drafts: the list by session, and each with its editor, its review and its revisions side by side."""

import asyncio
import secrets
from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from services.portal.site import Site
from services.portal.web import uploads
from services.portal.web.differences import side_by_side
from services.portal.web.signin import NotSignedIn, local
from services.portal.web.visit import Visit
from services.portal.web.words import role_name
from shared.decider import Refused
from shared.tenancy import is_tenant

STATES = {
    "expected": ("○", "待报送"),
    "submitted": ("◔", "待审核"),
    "returned": ("↩", "已退回，待修改"),
    "approved": ("✓", "审核通过"),
    "withdrawn": ("✕", "不再报送"),
}
LENGTHS = {
    "fits": ("✓", "时长合适"),
    "long": ("⚠", "偏长"),
    "too_long": ("⚠", "过长"),
}
PARTS = (
    ("本人法治意识和法治思维", "学法用法、依法决策、带头守法，写本人怎样想、怎样做。"),
    ("结合具体工作的思考、做法和成效", "亲自部署、亲自过问、亲自协调、亲自督办；有数据、有案例、有经验。"),
    ("存在不足", "写具体问题和本人责任，不写空话。"),
    ("下步打算", "写做什么、何时做成。"),
)
"""The four parts of a draft (domain.md 1, step 3), and what belongs into each."""


async def draft_of(visit: Visit, id: str) -> dict[str, Any]:
    """The draft ``<session>-<unit>`` as far as the person may see it; ``text`` of the newest revision with it. Who
    stands in for another office sees what it is to judge. Raises http.not-found and refusals."""
    unit = id.split("-", 2)[-1]
    if visit.may_see("review", "drafts", unit=unit):
        row = await visit.row("review", f"drafts/draft-{id}")
        if row is not None:
            return row | {"text": await visit.text("review", row["text_ref"]), "entrusted": False}
    elif visit.may_see("review", "entrusted"):
        for one in (await _entrusted(visit))[1]:
            if one["stream"] == f"draft-{id}":
                return one
    else:
        visit.require("review", "drafts", unit=unit)
    raise Refused("http.not-found", what=id)


async def _entrusted(visit: Visit) -> tuple[str | None, list[dict[str, Any]]]:
    """The office that stands in and what it is to judge, in the columns of a draft; nothing for any other office."""
    try:
        answer = await visit.get("review", "entrusted")
    except Refused as refused:
        if refused.code != "security.not-permitted":
            raise
        return None, []
    empty = dict.fromkeys(
        (
            "due_on",
            "entered_by",
            "entered_for",
            "submitted_on",
            "remarks_ref",
            "returned_on",
            "approved_on",
            "version",
        )
    )
    also = {"revisions": [], "late": False, "entrusted": True, "reviewed_by": answer["office"], "title": ""}
    return answer["office"], [empty | also | one for one in answer["drafts"]]


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/drafts`` and what lies below."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/drafts")
    async def listed(visit: Visiting, year: int | None = None) -> Response:
        rows: list[dict[str, Any]] = []
        if visit.may_see("review", "drafts"):
            rows = await visit.all("review", "drafts")
        elif visit.may_see("review", "entrusted"):
            rows = (await _entrusted(visit))[1]
        else:
            visit.require("review", "drafts")
        years = sorted({int(row["session"].partition("-")[0]) for row in rows})
        chosen = year or (years[-1] if years else visit.today.year)
        order = await _official_order(visit)
        shown = sorted(
            (row for row in rows if row["session"].startswith(f"{chosen}-")),
            key=lambda row: (row["held_on"], row["session"], order.get(row["unit"], 0), row["unit"]),
        )
        sessions = [(session, list(some)) for session, some in groupby(shown, lambda row: row["session"])]
        return site.page(
            visit,
            "drafts/list.html",
            year=chosen,
            years=years,
            sessions=sessions[::-1],
            states=STATES,
            lengths=LENGTHS,
        )

    @router.get("/t/{tenant}/drafts/{id}")
    async def one(visit: Visiting, id: str, before: int | None = None, after: int | None = None) -> Response:
        row = await draft_of(visit, id)
        for command in ("submit-draft", "return-draft"):
            await site.unsent(visit, f"draft.{id}.{command}")
        replaced = await site.unsent(visit, f"draft.{id}.before-upload")
        policy = (await visit.governing()).policy
        reviews = row["reviewed_by"] in visit.actor.roles - visit.actor.roles_from_above
        return site.page(
            visit,
            "drafts/draft.html",
            id=id,
            row=row,
            remarks=await visit.text("review", row["remarks_ref"]) if not row["entrusted"] else None,
            own=visit.may("review", "submit-draft") and visit.actor.unit == row["unit"],
            reviews=reviews and visit.actor.unit != row["unit"],
            reviewer=role_name(row["reviewed_by"], visit.place.tier),
            replaced=next((one for one in replaced if one.person == visit.person.id), None),
            compared=await _compared(visit, row, before, after),
            minutes=policy.speech_seconds / 60,
            states=STATES,
            lengths=LENGTHS,
            parts=PARTS,
        )

    @router.post("/t/{tenant}/drafts/{id}/upload")
    async def upload(request: Request, tenant: str, id: str) -> Response:
        """The text of a file into the editor; what was typed there lies beside it. Nothing is handed in by this."""
        form, came = f"draft.{id}.submit-draft", uploads.Upload()
        try:
            visit = await site.visit(request, tenant)
        except NotSignedIn as nobody:
            if nobody.ended is not None and is_tenant(tenant):
                with suppress(Refused):
                    await _read(request, came, nobody.ended.csrf)
                await _keep(site, nobody.ended.person, nobody.ended.name, tenant, form, came.fields)
            raise
        await draft_of(visit, id)
        me = (visit.person.id, visit.person.name, visit.tenant)
        back = visit.url("drafts", id)
        try:
            await _read(request, came, visit.person.csrf)
            text = await asyncio.to_thread(uploads.text_of, came)
        except Refused as refused:
            if refused.code == "portal.form-not-ours":
                raise
            typed = {**await _kept(site, visit, form), **dict(came.fields), "_form": form, "_back": back}
            return await site.sent_back(visit, list(typed.items()), refused)
        before = {name: value.replace("\r\n", "\n") for name, value in came.fields}
        if before.get("text", "").strip() not in ("", text):
            await _keep(site, *me, f"draft.{id}.before-upload", before.items())
        await _keep(site, *me, form, [*before.items(), ("text", text)])
        return RedirectResponse(f"{back}#{form}", 303)

    @router.post("/t/{tenant}/drafts/{id}/as-before")
    async def as_before(request: Request, tenant: str, id: str) -> Response:
        """What was typed before a file came, back into the editor; the file's text takes its place beside it."""
        visit, fields = await site.received(request, tenant)
        form, beside = f"draft.{id}.submit-draft", f"draft.{id}.before-upload"
        me = (visit.person.id, visit.person.name, visit.tenant)
        kept, now = await _kept(site, visit, beside), await _kept(site, visit, form)
        if kept:
            await _keep(site, *me, form, kept.items())
            await _keep(site, *me, beside, now.items())
        return RedirectResponse(local(dict(fields).get("_back", visit.url("drafts", id))), 303)

    return router


async def _read(request: Request, upload: uploads.Upload, csrf: str) -> None:
    """A form of ours with a file in it. Raises portal.form-not-ours and what uploads.received raises."""

    def ours(fields: dict[str, str]) -> None:
        if not secrets.compare_digest(fields.get("_csrf", ""), csrf):
            raise Refused("portal.form-not-ours")

    said = request.headers.get
    try:
        await uploads.received(
            request.stream(), said("content-type", ""), said("content-length", ""), upload, ours
        )
    finally:
        ours(dict(upload.fields))


async def _keep(
    site: Site, person: str, name: str, tenant: str, form: str, fields: Iterable[tuple[str, str]]
) -> None:
    """What was typed, without what is about the form itself; nothing where that is nothing."""
    kept = {key: value for key, value in fields if not key.startswith("_")}
    if kept.get("text", "").strip():
        await site.desk.keep_unsent(person, name, tenant, form, kept)
    else:
        await site.desk.drop_unsent(person, tenant, form)


async def _kept(site: Site, visit: Visit, form: str) -> dict[str, str]:
    """What the person has kept in a form."""
    kept = await site.desk.unsent_of(visit.tenant, form, visit.person.id)
    return next((one.fields for one in kept if one.person == visit.person.id), {})


async def _compared(
    visit: Visit, row: dict[str, Any], before: int | None, after: int | None
) -> dict[str, Any] | None:
    """Two revisions side by side: those asked for, else the last two; None where there are not two."""
    revisions = {one["revision"]: one for one in row["revisions"]}
    if len(revisions) < 2:
        return None
    numbers = sorted(revisions)
    first = before if before in revisions else numbers[-2]
    second = after if after in revisions else numbers[-1]
    texts = [await visit.text("review", revisions[one]["text_ref"]) for one in (first, second)]
    readable = all(text is not None for text in texts)
    rows = await asyncio.to_thread(side_by_side, *(text or "" for text in texts)) if readable else []
    return {"before": first, "after": second, "rows": rows, "readable": readable, "asked": before is not None}


async def _official_order(visit: Visit) -> dict[str, int]:
    """The place of each unit in lists."""
    if not visit.may_see("scheduling", "units", tier="inherited"):
        return {}
    return {one["unit"]: one["official_order"] for one in await visit.all("scheduling", "units")}
