"""The routes every service has: a POST for each command, a GET for each view, and texts."""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from datetime import date
from typing import Annotated, Any, Literal, get_type_hints

from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, create_model
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog import get_logger
from structlog.contextvars import bind_contextvars

from shared.decider import Actor, Refused, refuse_if, replace, words
from shared.eventstore import Aggregate, Context, EventStore, Key, View, asking, reading
from shared.eventstore.reference import in_force
from shared.observability.metrics import COMMAND_SECONDS
from shared.runtime.gate import Gate
from shared.runtime.problems import Problem
from shared.security.permissions import may, may_read, only_unit, unit_of

log = get_logger(__name__)

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        400: "The request is not well-formed.",
        401: "Who asks is not known.",
        403: "The role may not.",
        404: "There is no such thing.",
        409: "A rule of the domain refuses.",
        412: "It changed since you looked.",
        422: "The Idempotency-Key was used for something else.",
        503: "Not now: a part that is needed cannot be reached.",
    }.items()
}
ALSO_WHEN_CLOSED = frozenset({"close-tenant", "correct-record"})
"""What may be commanded in a closed tenant: to close it again, which is nothing new, to put a wrong record right."""
_ABOUT_THE_PAGE = frozenset({"limit", "after", "within", "sort", "search"})
"""What a list is asked that is no filter by a column."""
_JSON_TYPES = {int: "integer", bool: "boolean"}
BEARER = Depends(HTTPBearer(auto_error=False, description="A token of the configured issuer."))
_IF_MATCH = re.compile(r'(?:W/)?"(\d{1,9})"')


@dataclass(frozen=True)
class Withheld:
    """What the table of permissions cannot say, because it depends on the thing that is read."""

    row: Callable[[Actor, str, dict[str, Any]], dict[str, Any] | None]
    """The actor, a view's name and its row: the row as it is shown, None where it is not."""
    text: Callable[[AsyncConnection, Actor, str, str, str], Awaitable[bool]]
    """The actor, the tenant, a text's reference and its stream: is it withheld?"""


class CommandAnswer(BaseModel):
    """What a command did. ``sequence`` is the ledger's; ``published`` that of the last event others are told of, so
    that a reader elsewhere can wait for it: null where none is."""

    service: str
    tenant: str
    sequence: int
    stream: str
    version: int
    events: list[str]
    published: int | None = None


class ListAnswer(BaseModel):
    """A page. ``next`` goes into ``after`` for the one that follows; null at the end."""

    items: list[dict[str, Any]]
    next: str | None


class TextAnswer(BaseModel):
    """A text. ``body`` is null where it was blanked; ``sha256`` is what the ledger keeps."""

    ref: str
    stream: str
    body: str | None
    sha256: str


def in_own_tenant(actor: Actor) -> Actor:
    """The actor with the roles that are held in the tenant itself: a tier is shown what lies below it, and a role
    that reaches down from above is at home there."""
    return replace(actor, roles=actor.roles - actor.roles_from_above, roles_from_above=frozenset())


def command_routes(
    store: EventStore, gate: Gate, commands: Iterable[tuple[Aggregate[Any, Any, Any, Any], type[Any]]]
) -> APIRouter:
    """``POST /tenants/{tenant}/{kind}/{id}/{command}`` for each command that is open to people."""
    router = APIRouter(tags=["commands"], dependencies=[BEARER])
    for aggregate, command in commands:
        router.add_api_route(
            f"/tenants/{{tenant}}/{aggregate.kind}/{{id}}/{words(command.__name__)}",
            _command_route(store, gate, aggregate, command),
            methods=["POST"],
            response_model=CommandAnswer,
            responses=REFUSALS,
            summary=words(command.__name__).replace("-", " ").capitalize(),
            description=command.__doc__,
            operation_id=f"{aggregate.kind}-{words(command.__name__)}",
        )
    return router


def body_model(command: type[Any]) -> type[BaseModel]:
    """A command's fields as a request body. A field that is not the command's is refused, not ignored."""
    hints = get_type_hints(command)
    definitions: dict[str, Any] = {}
    for field in fields(command):
        default = ... if field.default is MISSING else field.default
        if field.default_factory is not MISSING:
            default = Field(default_factory=field.default_factory)
        definitions[field.name] = (hints[field.name], default)
    return create_model(
        command.__name__,
        __config__=ConfigDict(extra="forbid", str_strip_whitespace=True),
        __doc__=command.__doc__,
        **definitions,
    )


def _command_route(
    store: EventStore, gate: Gate, aggregate: Aggregate[Any, Any, Any, Any], command: type[Any]
) -> Callable[..., Any]:
    model = body_model(command)
    name = words(command.__name__)
    # Only the tenant's registration may name a tenant that is not registered yet.
    founding = name == "register-tenant"

    async def permitted(request: Request, tenant: str) -> Actor:
        # A dependency, so that who may not is told so before what they sent is looked at.
        actor = await gate.actor(request, tenant)
        refuse_if(may(store.service, name, actor))
        return actor

    async def handle(
        request: Request,
        response: Response,
        tenant: str,
        id: str,
        actor: Annotated[Actor, Depends(permitted)],
        body: Annotated[Any, Body()],
        idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
        if_match: Annotated[str | None, Header()] = None,
    ) -> CommandAnswer:
        correlation = correlation_of(request)
        with noted(name, aggregate.stream(id), correlation):
            answer = await store.execute(
                aggregate,
                id,
                command(**{field: getattr(body, field) for field in model.model_fields}),
                Context(tenant, actor, correlation),
                key=Key(idempotency_key, _request_hash(aggregate.stream(id), name, body, if_match)),
                seen_version=_seen(if_match),
                tenant_must_exist=not founding,
                tenant_may_be_closed=name in ALSO_WHEN_CLOSED,
            )
        response.headers["ETag"] = f'"{answer.version}"'
        response.headers["X-Correlation-Id"] = correlation
        return CommandAnswer(
            service=answer.service,
            tenant=answer.tenant,
            sequence=answer.sequence,
            stream=answer.stream,
            version=answer.version,
            events=list(answer.events),
            published=answer.published,
        )

    handle.__annotations__["body"] = model
    return handle


def correlation_of(request: Request) -> str:
    """The caller's correlation, or a new one."""
    return request.headers.get("x-correlation-id", "")[:80] or uuid.uuid4().hex


@contextmanager
def noted(command: str, stream: str, correlation: str) -> Iterator[None]:
    """Measure a command and log one line of it, whatever comes of it."""
    started = time.perf_counter()
    outcome = kind = "fault"
    bind_contextvars(correlation=correlation, command=command)
    try:
        yield
        outcome = kind = "done"
    except Refused as refused:
        outcome, kind = refused.code, "refused"
        raise
    finally:
        seconds = time.perf_counter() - started
        COMMAND_SECONDS.labels(command, kind).observe(seconds)
        log.info("command", stream=stream, outcome=outcome, seconds=round(seconds, 4))


def _request_hash(stream: str, command: str, body: BaseModel, if_match: str | None) -> bytes:
    asked = [stream, command, body.model_dump(mode="json"), if_match]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


def _seen(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    version = _IF_MATCH.fullmatch(if_match.strip())
    if version is None:
        raise Refused("http.malformed-if-match")
    return int(version[1])


def read_routes(
    store: EventStore,
    gate: Gate,
    views: Sequence[View],
    aggregates: Iterable[Aggregate[Any, Any, Any, Any]],
    withheld: Withheld | None = None,
) -> APIRouter:
    """``GET /tenants/{tenant}/{view}`` and ``…/{view}/{id}`` for each view, and texts."""
    router = APIRouter(tags=["reads"], dependencies=[BEARER])
    of = {view.name: aggregate for aggregate in aggregates for view in aggregate.views}
    for view in views:
        name = view.name.replace("_", "-")
        router.add_api_route(
            f"/tenants/{{tenant}}/{name}",
            _list_route(store, gate, view, name, withheld),
            methods=["GET"],
            response_model=ListAnswer,
            responses=REFUSALS,
            summary=f"List {name}",
            openapi_extra={"parameters": _filter_parameters(view)},
            operation_id=f"list-{name}",
        )
        router.add_api_route(
            f"/tenants/{{tenant}}/{name}/{{stream}}",
            _row_route(store, gate, of[view.name], view, name, withheld),
            methods=["GET"],
            response_model=dict[str, Any],
            responses=REFUSALS,
            summary=f"One row of {name}, by its stream",
            operation_id=f"get-{name}",
        )

    @router.get("/tenants/{tenant}/texts/{ref}", response_model=TextAnswer, responses=REFUSALS)
    async def text(request: Request, tenant: str, ref: str) -> TextAnswer:
        """A draft's, comment's, feedback's or remark's text, for those who may read it."""
        actor = await gate.actor(request, tenant)
        refuse_if(may_read(store.service, "texts", actor))
        async with store.reading(tenant) as connection:
            found = await reading.text(connection, tenant, ref)
            if found is not None and withheld is not None:
                hidden = await withheld.text(connection, actor, tenant, ref, found["stream"])
                found = None if hidden else found
        if found is None:
            raise Refused("http.not-found", what=ref)
        # A text of a stream that is about no unit (a session's comment) is not one unit's own.
        refuse_if(may_read(store.service, "texts", actor, unit=unit_of(found["stream"]) or ""))
        return TextAnswer(**found)

    return router


def _filter_parameters(view: View) -> list[dict[str, Any]]:
    judged = [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": {"type": "string"},
            "description": f"Only rows whose {name} is this today. Of one tenant's rows.",
        }
        for name in view.judged
    ]
    return [_filter_parameter(view, name) for name in view.filters] + judged


def _filter_parameter(view: View, name: str) -> dict[str, Any]:
    column = view.table.c[name]
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": {"type": _JSON_TYPES.get(column.type.python_type, "string")},
        "description": column.comment or f"Only rows whose {name} is this.",
    }


def _list_route(
    store: EventStore, gate: Gate, view: View, name: str, withheld: Withheld | None
) -> Callable[..., Any]:
    async def handle(
        request: Request,
        tenant: str,
        limit: Annotated[int, Query(ge=1, le=reading.LARGEST_PAGE)] = 50,
        after: str | None = None,
        within: Annotated[
            Literal["tenant", "subtree"],
            Query(
                description="With `subtree` also the rows of every tier below, in official order: progress only."
            ),
        ] = "tenant",
        sort: Annotated[
            str | None,
            Query(description="A column to sort by, `-` before it: downwards. Of one tenant's rows."),
        ] = None,
        search: Annotated[
            str | None, Query(max_length=100, description="Only rows in whose names this text is.")
        ] = None,
    ) -> ListAnswer:
        actor = await gate.actor(request, tenant)
        below = within == "subtree"
        if below:
            actor = in_own_tenant(actor)
        refuse_if(may_read(store.service, name, actor, tier=view.tier))
        if below and view.tier != "progress":
            raise Refused("http.not-shown-from-above", what=name)
        filters = {k: v for k, v in request.query_params.items() if k not in _ABOUT_THE_PAGE}
        judged = {k: filters.pop(k) for k in view.judged if k in filters}
        known = [*view.filters, *view.judged, *(["search"] if view.searched else [])]
        unknown = sorted(set(filters) - set(view.filters)) + (
            ["search"] if search and not view.searched else []
        )
        if unknown:
            raise Refused("http.unknown-filter", filters=unknown, known=known)
        if below and (sort or judged):
            # Each tenant's rows stand together in official order, and each has a policy of its own.
            raise Refused("http.of-one-tenant-only", asked=sorted(judged) or ["sort"])
        unit = only_unit(store.service, name, actor, tier=view.tier)
        if unit is not None:
            if below or "unit" not in view.table.c:
                raise Refused("security.not-permitted", service=store.service, what=name, roles=[])
            filters["unit"] = unit
        also = [asking.searching(view, search)] if search else []
        async with store.reading(tenant) as connection:
            if below:
                page = await reading.subtree_page(connection, view, tenant, filters, limit, after, also=also)
            else:
                also += await _judged(store, connection, view, tenant, judged)
                page = await reading.view_page(
                    connection, view, tenant, filters, limit, after, sort=sort or None, also=also
                )
            items = await _presented(store, connection, view, page.items)
        return ListAnswer(items=_shown_to(actor, view, items, withheld), next=page.next)

    return handle


def _row_route(
    store: EventStore,
    gate: Gate,
    aggregate: Aggregate[Any, Any, Any, Any],
    view: View,
    name: str,
    withheld: Withheld | None,
) -> Callable[..., Any]:
    async def handle(
        request: Request,
        response: Response,
        tenant: str,
        stream: str,
        as_of: Annotated[date | None, Query(description="As it stood at the end of this day.")] = None,
    ) -> dict[str, Any]:
        actor = await gate.actor(request, tenant)
        # What is about no unit (a session) is not one unit's own, hence "".
        refuse_if(may_read(store.service, name, actor, tier=view.tier, unit=unit_of(stream) or ""))
        async with store.reading(tenant) as connection:
            if as_of is None:
                row = await reading.view_row(connection, view, tenant, stream)
            else:
                row = await reading.view_row_as_of(connection, aggregate, view, tenant, stream, as_of)
            if row is None:
                raise Refused("http.not-found", what=stream)
            version = await reading.stream_version(connection, tenant, stream)
            shown = _shown_to(actor, view, await _presented(store, connection, view, [row], as_of), withheld)
        if not shown:
            raise Refused("http.not-found", what=stream)
        response.headers["ETag"] = f'"{version}"'
        return shown[0] | {"version": version}

    return handle


def _shown_to(
    actor: Actor, view: View, items: list[dict[str, Any]], withheld: Withheld | None
) -> list[dict[str, Any]]:
    """Who has a role in the tenant only from above sees no more of it than a page of the subtree shows."""
    if withheld is not None:
        seen = (withheld.row(actor, view.name, item) for item in items)
        items = [item for item in seen if item is not None]
    if not view.own_only or in_own_tenant(actor).roles:
        return items
    return [{name: value for name, value in item.items() if name not in view.own_only} for item in items]


async def _judged(
    store: EventStore, connection: Any, view: View, tenant: str, asked: Mapping[str, str]
) -> list[Any]:
    """The conditions of filters by what depends on today."""
    if not asked:
        return []
    today = await store.today()
    here = (await in_force(connection, today, {tenant})).of(tenant)
    return [
        await asking.judged_as(connection, view, tenant, name, word, today, here)
        for name, word in asked.items()
    ]


async def _presented(
    store: EventStore,
    connection: Any,
    view: View,
    rows: list[dict[str, Any]],
    as_of: date | None = None,
) -> list[dict[str, Any]]:
    """The rows as they are read on a day, each by the policy and the calendar of its own tenant."""
    if view.present is None or not rows:
        return rows
    today = as_of or await store.today()
    governing = await in_force(connection, today, {row["tenant"] for row in rows})
    shown = []
    for row in rows:
        here = governing.of(row["tenant"])
        shown.append(view.present(row, today, here.policy, here.calendar))
    return shown
