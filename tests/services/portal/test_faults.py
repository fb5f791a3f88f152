"""A fault has a page of its own, even where what broke stands around every page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI, Request

from services.portal.web import errors
from services.portal.web.around import Around


async def asked(visit: Any) -> httpx.Response:
    """The answer of a page that breaks, to somebody who is seen so."""
    app = FastAPI()
    app.add_middleware(Around, headers={"X-Ours": "1"}, fault=errors.install(app))

    @app.get("/page")
    async def page(request: Request) -> None:
        request.state.visit = visit
        raise RuntimeError("broken")

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal.test") as client:
        return await client.get("/page?a=1", headers={"Accept": "text/html"})


async def test_a_page_that_breaks_is_answered_with_a_page() -> None:
    for visit in (None, SimpleNamespace()):  # the second has nothing of what stands around a page
        answer = await asked(visit)
        assert (answer.status_code, answer.headers["x-ours"]) == (500, "1")
        assert "<h1>系统出错</h1>" in answer.text
        assert 'href="/page?a=1"' in answer.text
        assert "portal.fault" in answer.text
        assert "broken" not in answer.text
