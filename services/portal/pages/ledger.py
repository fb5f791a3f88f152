"""Audit: a tenant's ledgers as they were written, as of any day, and whether they are what was written."""

import asyncio
import json
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.site import Site
from services.portal.web.event_words import EVENTS, FIELDS, SERVICES, STATES
from services.portal.web.owners import OwnerUnreachable
from services.portal.web.visit import Visit
from shared.contracts import PUBLISHERS
from shared.decider import Refused

A_PAGE = 50
BEFORE = 5
"""How many events are shown before the one that a citation leads to."""
FIRST_LOOK, GOING_ON = 1_000, 20_000
"""Events that are hashed before a page is shown; and where somebody asks to go on."""
ASKED = ("stream", "name", "actor", "from", "to", "at", "as_of", "order", "after")


def routes(site: Site) -> APIRouter:
    """``/t/{tenant}/ledger`` and ``/t/{tenant}/ledger/{service}``."""
    router = APIRouter(include_in_schema=False)
    Visiting = Annotated[Visit, Depends(site.visit)]

    @router.get("/t/{tenant}/ledger")
    async def services(visit: Visiting) -> Response:
        visit.require("scheduling", "ledger")
        verified = await asyncio.gather(*(_verified(visit, service) for service in PUBLISHERS))
        ledgers = list(zip(PUBLISHERS, verified, strict=True))
        return site.page(visit, "ledger/services.html", ledgers=ledgers, words=SERVICES)

    @router.get("/t/{tenant}/ledger/{service}")
    async def ledger(visit: Visiting, service: str) -> Response:
        if service not in PUBLISHERS:
            raise Refused("http.not-found", what=service)
        visit.require(service, "ledger")
        asked = _asked(visit)
        query = _query(asked)
        page, verified, state = await asyncio.gather(
            visit.get(service, "ledger", limit=A_PAGE, **query),
            _verified(visit, service),
            _state(visit, service, asked),
        )
        on = {name: value for name, value in asked.items() if name not in ("at", "after")}
        return site.page(
            visit,
            "ledger/events.html",
            service=service,
            words=SERVICES,
            events=[item | {"written": _written(item["data"])} for item in page["items"]],
            next=f"?{urlencode(on | {'order': query['order'], 'after': page['next']})}"
            if page["next"]
            else None,
            asked=asked,
            at=asked.get("at"),
            verified=verified,
            state=state,
            names=EVENTS[service],
            fields=FIELDS,
        )

    @router.get("/t/{tenant}/ledger/{service}/verification")
    async def verification(visit: Visiting, service: str) -> Response:
        """Go on where a long ledger was left off."""
        if service not in PUBLISHERS:
            raise Refused("http.not-found", what=service)
        visit.require(service, "ledger")
        after = visit.request.query_params.get("after", "0")
        verified = await _verified(visit, service, after, GOING_ON)
        return site.page(visit, "ledger/services.html", ledgers=[(service, verified)], words=SERVICES)

    return router


def _asked(visit: Visit) -> dict[str, str]:
    """What was asked for, without what was left empty. Raises http.invalid-filter for what is no day or no number."""
    given = visit.request.query_params
    asked = {name: value for name in ASKED if (value := given.get(name, "").strip())}
    for name in ("from", "to", "as_of"):
        try:
            date.fromisoformat(asked.get(name, "2000-01-01"))
        except ValueError:
            raise Refused("http.invalid-filter", filter=name, value=asked[name][:40]) from None
    for name in ("at", "after"):
        if not asked.get(name, "0").isdecimal():
            raise Refused("http.invalid-filter", filter=name, value=asked[name][:40])
    return asked


def _query(asked: dict[str, str]) -> dict[str, Any]:
    """The same as the owner takes it. A citation is shown among what came before and after it."""
    last = min(filter(None, (asked.get("to"), asked.get("as_of"))), default=None)
    query: dict[str, Any] = {
        "stream": asked.get("stream"),
        "name": asked.get("name"),
        "actor": asked.get("actor"),
        "first_day": asked.get("from"),
        "last_day": last,
        "order": "oldest" if asked.get("order") == "oldest" else "newest",
        "after": asked.get("after"),
    }
    if "at" in asked and "after" not in asked:
        query |= {"order": "oldest", "after": max(int(asked["at"]) - BEFORE - 1, 0)}
    return query


async def _verified(
    visit: Visit, service: str, after: str = "0", at_most: int = FIRST_LOOK
) -> dict[str, Any] | None:
    """What the owner says of the ledger's hashes; None where it does not answer now."""
    try:
        found: dict[str, Any] = await visit.get(service, "ledger/verification", after=after, at_most=at_most)
    except OwnerUnreachable:
        return None
    return found


async def _state(visit: Visit, service: str, asked: dict[str, str]) -> dict[str, Any] | None:
    """How the stream that was asked for stood on the day; ``row`` None: there was none yet, or it is not for the
    person, and ``withheld`` says which."""
    stream = asked.get("stream", "")
    views = STATES[service].get(stream.partition("-")[0], ())
    if not views:
        return None
    row, withheld = None, False
    try:
        row = await visit.row(service, f"{views[0]}/{quote(stream, safe='')}", as_of=asked.get("as_of"))
    except Refused as refused:
        if refused.code != "security.not-permitted":
            raise
        withheld = True
    shown = {name: value for name, value in (row or {}).items() if value not in (None, "", [], {})}
    return {"row": shown, "withheld": withheld, "on": asked.get("as_of")}


def _written(data: Any) -> str:
    """An event's data for people to read, as it stands in the ledger."""
    return json.dumps(data, ensure_ascii=False, indent=1)
