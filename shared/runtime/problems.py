"""Refusals as RFC 9457 problem details: a stable code, English and Chinese, the data of the rule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from structlog import get_logger
from structlog.contextvars import get_contextvars

from shared.decider import Refused
from shared.eventstore.failures import is_race, is_unavailable
from shared.observability.metrics import REFUSALS, SECURITY_EVENTS
from shared.runtime.messages import Message

log = get_logger(__name__)


class Problem(BaseModel):
    """The body of every refusal (application/problem+json)."""

    type: str
    title: str
    status: int
    detail: str
    detail_zh: str
    code: str
    data: dict[str, Any]
    instance: str


def problem(catalogue: Mapping[str, Message], refused: Refused, instance: str) -> Response:
    """One refusal as a response. ``title`` is the code in words, the same for every occurrence."""
    message = catalogue[refused.code]
    REFUSALS.labels(refused.code).inc()
    en, zh = message.render(refused.data)
    body = Problem(
        type=f"urn:shufa:problem:{refused.code}",
        title=refused.code.partition(".")[2].replace("-", " "),
        status=message.status,
        detail=en,
        detail_zh=zh,
        code=refused.code,
        data=json.loads(json.dumps(refused.data, default=_plain)),
        instance=instance,
    )
    headers = {"Retry-After": "1"} if message.status == 503 else {}
    if message.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        body.model_dump_json(),
        status_code=message.status,
        media_type="application/problem+json",
        headers=headers,
    )


def install(app: FastAPI, catalogue: Mapping[str, Message]) -> None:
    """Answer everything that is refused or goes wrong with problem details."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        if catalogue[error.code].security:
            _security_event(request, error)
        else:
            log.info("refused", path=request.url.path, code=error.code)
        return problem(catalogue, error, request.url.path)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if any("idempotency-key" in one["loc"] for one in error.errors()):
            return problem(catalogue, Refused("http.idempotency-key-missing"), request.url.path)
        problems = [f"{'.'.join(str(step) for step in one['loc'])}: {one['msg']}" for one in error.errors()]
        return problem(catalogue, Refused("http.invalid-body", problems=problems), request.url.path)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            answer = Refused("http.method-not-allowed", method=request.method)
        else:
            answer = Refused("http.not-found", what=request.url.path)
        return problem(catalogue, answer, request.url.path)

    async def fault(request: Request, error: Exception) -> Response:
        if is_unavailable(error):
            log.warning("http.unavailable", path=request.url.path, error=type(error).__name__)
            return problem(catalogue, Refused("runtime.unavailable"), request.url.path)
        if is_race(error):
            return problem(catalogue, Refused("runtime.busy"), request.url.path)
        log.exception("http.fault", path=request.url.path)
        correlation = get_contextvars().get("correlation", "-")
        return problem(catalogue, Refused("runtime.fault", correlation=correlation), request.url.path)

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.middleware("http")(answer_faults(fault))


_SHOWN_OF_A_TENANT = 80


def _security_event(request: Request, refused: Refused) -> None:
    """One line for each, with what was asked where and never with what was shown: no header, no query, no body. Who
    asked is in the context when the token was good."""
    SECURITY_EVENTS.labels(refused.code).inc()
    log.warning(
        "security",
        code=refused.code,
        reason=refused.data.get("reason"),
        tenant=_escaped(request.path_params.get("tenant", "")),
        method=request.method,
        route=getattr(request.scope.get("route"), "path", None),
    )


def _escaped(text: str) -> str:
    """What stands in the place of a tenant, so that it can neither forge a line nor fill the log. A token that was
    put there by mistake (its header begins so) is not repeated."""
    return "(withheld)" if "eyJ" in text else text[:_SHOWN_OF_A_TENANT].encode("unicode_escape").decode()


def answer_faults(fault: Any) -> Any:
    # A handler for Exception would answer and raise again, and the server would log every outage twice.
    async def dispatch(request: Request, call_next: Any) -> Response:
        try:
            response: Response = await call_next(request)
        except Exception as error:
            response = await fault(request, error)
        return response

    return dispatch


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset | tuple):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    return str(value)
