"""HTTP of the registry beyond single commands: who held which post on a day, a table imported, a tenant opened."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, create_model

from services.scheduling.application import SERVICE
from services.scheduling.domain.holders import holders_on, name_on
from services.scheduling.domain.importing import Imported, Meaning, WrongCell, meanings
from services.scheduling.domain.plan import AdoptPlan, PlannedRound
from services.scheduling.domain.policy import AdoptPolicy
from services.scheduling.domain.tenant import RegisterTenant
from services.scheduling.domain.unit import RegisterUnit
from services.scheduling.in_bulk import FirstPlan, Opening, Standing, import_table, open_tenant
from services.scheduling.views.units import registered_unit, units
from shared.contracts.base import Token
from shared.decider import Actor, Refused, refuse_if
from shared.documents.sheet import CSV, LARGEST_FILE, TSV, XLSX, NotRead, Sheet, read_sheet
from shared.eventstore import Context, EventStore, Key
from shared.runtime import messages
from shared.runtime.gate import Gate
from shared.runtime.http import body_model, correlation_of, noted
from shared.runtime.messages import Message
from shared.runtime.problems import Problem
from shared.security.permissions import may, may_read

MOST_ROWS = 10_000
"""Rows of one import: it is one transaction, and the tenant's other commands wait for it."""
MOST_WRONG = 500
"""So many wrong cells are told one by one."""
MOST_UNITS = 3_000
"""Units of one opening: the largest county has 1,526 villages."""

_IdempotencyKey = Annotated[str, Header(min_length=1, max_length=200)]


class HolderAnswer(BaseModel):
    """Who held a post of a unit on the day, since when, and until which day (null: holds it still). ``unit_name`` is
    the name that the unit bore on that day."""

    unit: str
    unit_name: str
    official_order: int
    post: str
    title: str
    person: str
    since: date
    until: date | None


class HoldersAnswer(BaseModel):
    """The holders of every post on a day, in the official order of units."""

    on: date
    items: list[HolderAnswer]


class RowMeans(BaseModel):
    """What a row of the table means to the registry."""

    row: int
    unit: str
    post: str
    means: list[Meaning]


class WrongCellAnswer(BaseModel):
    """Why a row cannot be imported. ``column`` is the name of the column, ``value`` what stands there."""

    row: int
    column: str
    code: str
    detail: str
    detail_zh: str
    value: str


class PostLeftOut(BaseModel):
    """A post of a unit in the table that the table does not list."""

    unit: str
    post: str


class ImportAnswer(BaseModel):
    """What an import did, or would do (``preview``). Nothing is removed: what the table does not list is said in
    ``units_not_in_the_table`` and ``posts_not_in_the_table``. ``sequence`` is the ledger's, null for a preview."""

    service: str
    tenant: str
    preview: bool
    sequence: int | None
    rows: list[RowMeans]
    counts: dict[str, int]
    errors: list[WrongCellAnswer]
    errors_in_all: int
    units_not_in_the_table: list[str]
    posts_not_in_the_table: list[PostLeftOut]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


OpenedUnit: Any = create_model("OpenedUnit", __base__=body_model(RegisterUnit), unit=(Token, ...))
"""``register-unit`` and the id of the unit."""


class OpenedPlan(_Strict):
    """``adopt-plan`` and the year."""

    plan_year: Annotated[int, Field(ge=2000, le=2999)]
    rounds: tuple[PlannedRound, ...]


class OpeningBody(_Strict):
    """All that a tenant begins with. What is left out it has not, or inherits from the tiers above."""

    tenant: body_model(RegisterTenant)  # type: ignore[valid-type]  # a model made from the command
    units: Annotated[list[OpenedUnit], Field(max_length=MOST_UNITS)] = []
    policy: body_model(AdoptPolicy) | None = None  # type: ignore[valid-type]  # likewise
    plan: OpenedPlan | None = None

    def opening(self) -> Opening:
        """The commands that this asks for."""
        units: list[Any] = list(self.units)
        return Opening(
            _command(RegisterTenant, self.tenant),
            [(one.unit, _command(RegisterUnit, one)) for one in units],
            _command(AdoptPolicy, self.policy) if self.policy is not None else None,
            FirstPlan(self.plan.plan_year, AdoptPlan(self.plan.rounds)) if self.plan is not None else None,
        )


class OpeningAnswer(BaseModel):
    """``new`` was written, ``kept`` was there already and stays as it is."""

    service: str
    tenant: str
    sequence: int
    registration: Standing
    units_new: list[str]
    units_kept: list[str]
    policy: Standing | None
    plan: Standing | None


_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        400: "The request is not well-formed.",
        401: "Who asks is not known.",
        403: "The role may not.",
        404: "No such tenant is registered.",
        409: "A rule of the domain refuses; of a table, every row that cannot be imported.",
        413: "The table is too large.",
        415: "The table is of no type that is read here.",
        422: "The table cannot be read, or the Idempotency-Key was used for something else.",
    }.items()
}
_A_TABLE = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (CSV, TSV, XLSX)},
    }
}


def registry_routes(store: EventStore, gate: Gate) -> APIRouter:
    """``GET /tenants/{tenant}/holders``, ``POST …/registry/import`` and ``POST …/opening``."""
    bearer = HTTPBearer(auto_error=False, description="A token of the configured issuer.")
    router = APIRouter(tags=["registry"], dependencies=[Depends(bearer)])
    catalogue = messages.load([f"services.{SERVICE}"])

    def permitted(command: str) -> Any:
        async def actor(request: Request, tenant: str) -> Actor:
            acting = await gate.actor(request, tenant)
            refuse_if(may(SERVICE, command, acting))
            return acting

        return Depends(actor)

    @router.get("/tenants/{tenant}/holders", response_model=HoldersAnswer, responses=_REFUSALS)
    async def holders(
        request: Request,
        tenant: str,
        on: Annotated[date | None, Query(description="The day; today when left out.")] = None,
        person: Annotated[str | None, Query(description="Only posts that this person held.")] = None,
    ) -> HoldersAnswer:
        """Who held which post on a day: the day of a handover is the new holder's first."""
        refuse_if(may_read(SERVICE, "holders", await gate.actor(request, tenant), tier="inherited"))
        day = on or await store.today()
        async with store.reading(tenant) as connection:
            rows = await connection.execute(
                sa.select(units)
                .where(units.c.tenant == tenant, units.c.valid_from <= day)
                .order_by(units.c.official_order, units.c.stream)
            )
            return HoldersAnswer(on=day, items=[one for row in rows for one in _held(row, day, person)])

    @router.post(
        "/tenants/{tenant}/registry/import",
        response_model=ImportAnswer,
        responses=_REFUSALS,
        openapi_extra=_A_TABLE,
    )
    async def import_registry(
        request: Request,
        response: Response,
        tenant: str,
        actor: Annotated[Actor, permitted("import-registry")],
        idempotency_key: _IdempotencyKey,
        preview: Annotated[bool, Query(description="Say what it would do, and do nothing.")] = False,
    ) -> ImportAnswer:
        """Import a table of units, posts and holders: all of it, or nothing and every reason by row and column."""
        correlation = correlation_of(request)
        response.headers["X-Correlation-Id"] = correlation
        with noted("import-registry", "tenant-self", correlation):
            content = await _body(request)
            sheet = await _table(content, request.headers.get("content-type", ""))
            digest = hashlib.sha256(content)
            imported, answer = await import_table(
                store,
                Context(tenant, actor, correlation),
                sheet,
                digest.hexdigest(),
                None if preview else Key(idempotency_key, digest.digest()),
            )
            wrong = [_told(one, catalogue) for one in imported.wrong[:MOST_WRONG]]
            if wrong and not preview:
                raise Refused(
                    "scheduling.import-refused",
                    count=len(imported.wrong),
                    rows=len({one.row for one in imported.wrong}),
                    errors=[one.model_dump() for one in wrong],
                )
        return _import_answer(tenant, imported, wrong, answer.sequence if answer else None, preview)

    @router.post("/tenants/{tenant}/opening", response_model=OpeningAnswer, responses=_REFUSALS)
    async def opening(
        request: Request,
        response: Response,
        tenant: str,
        actor: Annotated[Actor, permitted("open-tenant")],
        body: OpeningBody,
        idempotency_key: _IdempotencyKey,
    ) -> OpeningAnswer:
        """Open a tenant: its registration, its units, its first policy and its first plan, all of it or nothing.
        Opened again nothing changes."""
        correlation = correlation_of(request)
        response.headers["X-Correlation-Id"] = correlation
        asked = hashlib.sha256(b"opening" + body.model_dump_json().encode()).digest()
        with noted("open-tenant", "tenant-self", correlation):
            opened = await open_tenant(
                store, Context(tenant, actor, correlation), body.opening(), Key(idempotency_key, asked)
            )
        return OpeningAnswer(
            service=SERVICE,
            tenant=tenant,
            sequence=opened.answer.sequence,
            registration=opened.tenant,
            units_new=opened.units_new,
            units_kept=opened.units_kept,
            policy=opened.policy,
            plan=opened.plan,
        )

    return router


def _held(row: Any, day: date, person: str | None) -> list[HolderAnswer]:
    unit = registered_unit(row._mapping)
    name = name_on(unit, day)
    if name is None:
        return []
    return [
        HolderAnswer(
            unit=row.unit,
            unit_name=name,
            official_order=row.official_order,
            post=one.post,
            title=one.title,
            person=one.person,
            since=one.since,
            until=one.until,
        )
        for one in holders_on(unit, day)
        if person in (None, one.person)
    ]


async def _body(request: Request) -> bytes:
    """The whole body, and never more of it than a table may have."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_FILE:
            raise Refused("scheduling.table-too-large", limit=LARGEST_FILE // 1024 // 1024, rows=MOST_ROWS)
    return bytes(content)


async def _table(content: bytes, content_type: str) -> Sheet:
    kind = content_type.partition(";")[0].strip().lower()
    try:
        # In a thread: a workbook takes a second, in which others are answered.
        sheet = await asyncio.to_thread(read_sheet, content, kind)
    except NotRead as error:
        if error.reason == "unknown-type":
            raise Refused("scheduling.table-of-unknown-type", given=kind, known=[CSV, TSV, XLSX]) from error
        raise Refused("scheduling.table-not-read", reason=error.reason, where=error.where or "–") from error
    if len(sheet.lines) > MOST_ROWS:
        raise Refused("scheduling.table-too-large", limit=LARGEST_FILE // 1024 // 1024, rows=MOST_ROWS)
    return sheet


def _told(one: WrongCell, catalogue: Mapping[str, Message]) -> WrongCellAnswer:
    detail, detail_zh = catalogue[one.refused.code].render(one.refused.data)
    return WrongCellAnswer(
        row=one.row,
        column=one.column,
        code=one.refused.code,
        detail=detail,
        detail_zh=detail_zh,
        value=one.value,
    )


def _import_answer(
    tenant: str, imported: Imported, wrong: list[WrongCellAnswer], sequence: int | None, preview: bool
) -> ImportAnswer:
    rows = [
        RowMeans(row=row, unit=unit, post=post, means=means) for row, unit, post, means in meanings(imported)
    ]
    return ImportAnswer(
        service=SERVICE,
        tenant=tenant,
        preview=preview,
        sequence=sequence,
        rows=rows,
        counts=dict(Counter(means for row in rows for means in row.means)),
        errors=wrong,
        errors_in_all=len(imported.wrong),
        units_not_in_the_table=imported.units_left_out,
        posts_not_in_the_table=[PostLeftOut(unit=unit, post=post) for unit, post in imported.posts_left_out],
    )


def _command(command: type[Any], body: Any) -> Any:
    return command(**{field.name: getattr(body, field.name) for field in fields(command)})
