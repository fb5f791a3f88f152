"""The system, for who looks after it: what is ready, what is on its way, what is stuck, which day it is."""

import asyncio
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.portal.site import Fields, Site, with_note
from services.portal.web.event_words import SERVICES
from services.portal.web.owners import Owners, OwnerUnreachable
from services.portal.web.signin import local
from services.portal.web.visit import Visit
from shared.contracts import CONTRACTS, PUBLISHERS
from shared.contracts.schema import SCHEMAS, file_name
from shared.decider import Refused
from shared.messaging.asyncapi import document
from shared.messaging.topology import LISTENS_TO
from shared.security.permissions import OPERATIONS, NotPermitted
from shared.tenancy import is_within

EVERY = (*PUBLISHERS, "portal")
CHECKS = {"database": "数据库", "broker": "消息服务", "ledger": "台账"}
"""What a service needs in order to work."""
BEHIND_SHOWN = 20


@dataclass
class Seen:
    """One service, as it answered. ``clock`` is None where it did not."""

    service: str
    ready: dict[str, Any] | None
    clock: dict[str, Any] | None
    parked: list[dict[str, Any]]
    behind: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(source, tenant, what it has said, what was applied here) of each that is not the same."""

    @property
    def checks(self) -> list[tuple[str, bool]]:
        """What it needs, and whether it has it."""
        return [(words, bool((self.ready or {}).get(name))) for name, words in CHECKS.items()]


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/system`` and below."""
    router = APIRouter(include_in_schema=False)

    async def operating(request: Request, tenant: str) -> Visit:
        visit = await site.visit(request, tenant)
        if "operator" not in visit.actor.roles:
            raise NotPermitted("runtime", "operations", OPERATIONS)
        return visit

    Visiting = Annotated[Visit, Depends(operating)]

    @router.get("/t/{tenant}/system")
    async def system(visit: Visiting) -> Response:
        seen = await asyncio.gather(*(_seen(site, visit, service) for service in EVERY))
        _compare(seen, visit.tenant)
        schemas = [file_name(name, version) for name, version in sorted(CONTRACTS)]
        return site.page(
            visit,
            "system/overview.html",
            services=seen,
            words=SERVICES,
            schemas=schemas,
            shown=BEHIND_SHOWN,
            simulated=any(one.clock and one.clock["simulated"] for one in seen),
        )

    @router.post("/t/{tenant}/system/{service}/parked/{what}")
    async def parked(request: Request, tenant: str, service: str, what: str) -> Response:
        """Let a parked event be tried again, or leave it out with a reason."""
        visit, fields = await site.received(request, tenant)
        await operating(request, tenant)
        if service not in EVERY or what not in ("retry", "drop"):
            raise Refused("http.not-found", what=f"{service}/{what}")
        given = {name: value for name, value in fields if not name.startswith("_")}
        try:
            await _of(site, visit, service).operate(visit.person.token, service, f"/parked/{what}", **given)
        except Refused as refused:
            return await site.sent_back(visit, fields, refused)
        return await _done(site, visit, fields, what)

    @router.get("/t/{tenant}/system/api/{service}.json")
    async def api(visit: Visiting, service: str) -> Response:
        """What a service answers over HTTP, as OpenAPI."""
        if service not in PUBLISHERS:
            raise Refused("http.not-found", what=service)
        return _json(await site.owners.operate(visit.person.token, service, "/openapi.json"))

    @router.get("/t/{tenant}/system/events/{service}.json")
    async def events(visit: Visiting, service: str) -> Response:
        """What a service says and hears, as AsyncAPI."""
        if service not in LISTENS_TO:
            raise Refused("http.not-found", what=service)
        return _json(await asyncio.to_thread(_asyncapi, service))

    @router.get("/t/{tenant}/system/schemas/{name}.v{version}.json")
    async def schema(visit: Visiting, name: str, version: int) -> Response:
        """One event and version, as the committed JSON Schema."""
        if (name, version) not in CONTRACTS:
            raise Refused("http.not-found", what=f"{name} {version}")
        return _json(json.loads((SCHEMAS / file_name(name, version)).read_bytes()))

    return router


def _of(site: Site, visit: Visit, service: str) -> Owners:
    """By whom a service is asked; the portal asks itself without a way through the network."""
    if service != "portal":
        return site.owners
    itself = httpx.ASGITransport(visit.request.app)
    return Owners({"portal": "http://portal"}, httpx.AsyncClient(transport=itself))


async def _seen(site: Site, visit: Visit, service: str) -> Seen:
    to, token = _of(site, visit, service), visit.person.token
    ready = await to.ready(service)
    try:
        clock = await to.operate(token, service, "/clock")
        parked = await to.operate(token, service, "/parked")
    except OwnerUnreachable:
        return Seen(service, ready, None, [])
    return Seen(service, ready, clock, parked)


def _compare(seen: list[Seen], tenant: str) -> None:
    """What each has applied of what the others have said, in this tenant and below it."""
    said = {one.service: one.clock["published"] for one in seen if one.clock}
    for one in seen:
        if one.clock is None:
            continue
        for source in LISTENS_TO[one.service]:
            applied = one.clock["applied"].get(source, {})
            one.behind += [
                (source, of, last, applied.get(of, "1/0"))
                for of, last in sorted(said.get(source, {}).items())
                if is_within(of, tenant) and applied.get(of, "1/0") != last
            ]


async def _done(site: Site, visit: Visit, fields: Fields, what: str) -> Response:
    note = await site.desk.note(visit.person.id, {"kind": "done", "form": "", "command": what})
    return with_note(local(dict(fields).get("_back", "/")), note, "")


@cache
def _asyncapi(service: str) -> Any:
    return json.loads(document(service))


def _json(value: Any) -> Response:
    return Response(
        json.dumps(value, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
