"""What is said when something is refused or goes wrong: a page that helps, or problem details for who is no browser."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from structlog import get_logger

from services.portal.web import pages
from services.portal.web.around import Fault
from services.portal.web.owners import OwnerRefused
from services.portal.web.signin import NotSignedIn, local
from shared.decider import Refused
from shared.eventstore.failures import is_race, is_unavailable
from shared.observability.metrics import SECURITY_EVENTS
from shared.runtime import messages, problems

log = get_logger(__name__)


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON object of texts. Raises http.invalid-body."""
    try:
        read = json.loads(body)
        said = {name: str(value) for name, value in read.items()} if isinstance(read, dict) else None
        if said is None or b"\x00" in "".join([*said, *said.values()]).encode():
            raise ValueError
    except (ValueError, RecursionError):
        raise Refused("http.invalid-body", problems=["body: an object of texts"]) from None
    return said


def _asked(request: Request) -> str:
    """The address that was asked for, without the host."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def install(app: FastAPI) -> Fault:
    """Answer what is refused, send who is not signed in to sign in; the answer to everything else that goes wrong."""
    catalogue = messages.load(["services.portal"])

    def answer(request: Request, refused: Refused) -> Response:
        if isinstance(refused, OwnerRefused):
            status, detail, en = refused.status, refused.detail_zh, refused.detail
        else:
            message = catalogue[refused.code]
            status = message.status
            en, detail = message.render(refused.data)
            if message.security:
                SECURITY_EVENTS.labels(refused.code).inc()
                log.warning("security", code=refused.code, method=request.method)
            if "text/html" not in request.headers.get("accept", ""):
                return problems.problem(catalogue, refused, request.url.path)
        language = request.cookies.get("language", "zh")
        return pages.drawn(
            language if language in ("zh", "en") else "zh",
            "error.html",
            status,
            visit=getattr(request.state, "visit", None),
            person=getattr(request.state, "person", None),
            code=refused.code,
            number=status,
            detail=en if language == "en" else detail,
            data=refused.data,
            again=_asked(request) if request.method == "GET" else None,
            typed=getattr(request.state, "typed", ()),
            to=request.url.path,
        )

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        log.info("refused", path=request.url.path, code=error.code)
        return answer(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        said = [f"{'.'.join(str(step) for step in one['loc'])}: {one['msg']}" for one in error.errors()]
        return answer(request, Refused("http.invalid-body", problems=said))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            return answer(request, Refused("http.method-not-allowed", method=request.method))
        return answer(request, Refused("http.not-found", what=request.url.path))

    async def not_signed_in(request: Request, error: Exception) -> Response:
        if request.headers.get("x-csrf") or "text/event-stream" in request.headers.get("accept", ""):
            return Response(status_code=401)
        back = getattr(request.state, "back", _asked(request) if request.method == "GET" else "/")
        return RedirectResponse(f"/signin?back={quote(local(back), safe='')}", 303)

    async def fault(request: Request, error: Exception) -> Response:
        if is_unavailable(error):
            return answer(request, Refused("runtime.unavailable"))
        if is_race(error):
            return answer(request, Refused("runtime.busy"))
        correlation = uuid.uuid4().hex
        log.exception("http.fault", path=request.url.path, correlation=correlation)
        broken = Refused("portal.fault", correlation=correlation)
        try:
            return answer(request, broken)
        except Exception:  # what broke stands around every page: then without the person and the place
            request.state.visit = request.state.person = None
            return answer(request, broken)

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(NotSignedIn, not_signed_in)
    return fault
