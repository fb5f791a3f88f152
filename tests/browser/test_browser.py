"""The browser that other tests look through: it draws Chinese, notices what goes wrong, asks no other host."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.browser import pages
from tests.browser.pages import axe, screenshot, watched

ContextOf = Callable[..., Awaitable[BrowserContext]]

PAGE = """\
<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>整改台账</title>
<link rel="icon" href="data:,"><style>body {{ font-family: {family} }}</style></head>
<body><main><h1>述法整改任务</h1><p id="text">逾期未改的，挂牌督办。</p>{body}</main></body></html>
"""
BODIES = {
    "clean": "",
    "error": "<script>console.error('整改失败')</script>",
    "exception": "<script>throw new Error('没有这一项')</script>",
    "missing": '<img src="/nothing-here.png" alt="印章">',
    "script": "<script>document.getElementById('text').textContent = 'changed'</script>",
    "unlabelled": '<input type="text"><img src="data:,">',
}


async def page_of(request: Request) -> HTMLResponse:
    """A page by name, in ``?family=``; with ``?body=`` that instead of a body known here."""
    query = request.query_params
    body = query.get("body") or BODIES[request.path_params["name"]]
    return HTMLResponse(PAGE.format(family=query.get("family", "sans-serif"), body=body))


async def refuse(request: Request) -> Response:
    return HTMLResponse(PAGE.format(family="serif", body=""), int(request.path_params["status"]))


async def hang_up(request: Request) -> Response:
    """An answer that is shorter than it says: the connection ends in the middle."""
    return Response("", headers={"Content-Length": "9"})


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[str]:
    """The address of a real server with the pages."""
    app = Starlette(
        routes=[
            Route("/pages/{name}", page_of),
            Route("/refused/{status:int}", refuse),
            Route("/hang-up", hang_up),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    with socket.create_server((pages.HERE, 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://{pages.HERE}:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


async def fonts_of(page: Page, selector: str) -> dict[str, int]:
    """The fonts that an element's text is really drawn in, each with its number of glyphs."""
    session = await page.context.new_cdp_session(page)
    await session.send("DOM.enable")
    await session.send("CSS.enable")
    document = await session.send("DOM.getDocument")
    node = await session.send(
        "DOM.querySelector", {"nodeId": document["root"]["nodeId"], "selector": selector}
    )
    used = await session.send("CSS.getPlatformFontsForNode", {"nodeId": node["nodeId"]})
    return {font["familyName"]: int(font["glyphCount"]) for font in used["fonts"]}


async def visit(browser: Browser, url: str, expected: tuple[int, ...] = ()) -> None:
    """Look at one page under watch until it asks for nothing more."""
    async with watched(browser, expected=expected) as context:
        page = await context.new_page()
        await page.goto(url)
        await page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(
    ("family", "font"), [("sans-serif", "Noto Sans CJK SC"), ("serif", "Noto Serif CJK SC")]
)
async def test_chinese_is_drawn_in_a_chinese_font(
    context_of: ContextOf, site: str, family: str, font: str
) -> None:
    page = await (await context_of()).new_page()
    await page.goto(f"{site}/pages/clean?family={family}")
    assert await fonts_of(page, "#text") == {font: len("逾期未改的，挂牌督办。")}


async def test_a_sign_is_drawn_too(context_of: ContextOf, site: str) -> None:
    page = await (await context_of()).new_page()
    await page.goto(f"{site}/pages/clean?body=<p id=signs>✓⚠✗●▲</p>")
    assert sum((await fonts_of(page, "#signs")).values()) == 5
    assert ".notdef" not in await fonts_of(page, "#signs")


async def test_a_visitor_is_in_shanghai(context_of: ContextOf, site: str) -> None:
    page = await (await context_of(viewport=(360, 640))).new_page()
    await page.goto(f"{site}/pages/clean")
    assert await page.evaluate(
        "[navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone, innerWidth, innerHeight]"
    ) == ["zh-CN", "Asia/Shanghai", 360, 640]


async def test_scripts_run_unless_they_are_turned_off(context_of: ContextOf, site: str) -> None:
    for javascript, text in ((True, "changed"), (False, "逾期未改的，挂牌督办。")):
        page = await (await context_of(javascript=javascript)).new_page()
        await page.goto(f"{site}/pages/script")
        assert await page.inner_text("#text") == text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("pages/error", "console: 整改失败"),
        ("pages/exception", "exception: Error: 没有这一项|exception: 没有这一项"),
        ("pages/missing", "console: .* a status of 404"),
        ("refused/409", "console: .* a status of 409"),
        ("pages/clean?body=<img src=/hang-up alt=印章>", "no answer: .*/hang-up net::ERR"),
    ],
)
async def test_what_goes_wrong_in_a_page_fails_the_test(
    browser: Browser, site: str, path: str, said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        await visit(browser, f"{site}/{path}")


@pytest.mark.parametrize("status", [404, 409, 412])
async def test_a_refusal_that_is_asked_for_is_no_fault(context_of: ContextOf, site: str, status: int) -> None:
    page = await (await context_of(expected=(status,))).new_page()
    answer = await page.goto(f"{site}/refused/{status}")
    assert answer is not None
    assert answer.status == status


async def test_another_refusal_than_the_one_that_is_asked_for_is(browser: Browser, site: str) -> None:
    with pytest.raises(AssertionError, match="a status of 404"):
        await visit(browser, f"{site}/refused/404", expected=(409,))


@pytest.mark.parametrize(
    "element",
    [
        "<img src=http://{} alt=印章>",
        "<script src=http://{}></script>",
        "<link rel=stylesheet href=http://{}>",
        "<iframe src=http://{} title=图></iframe>",
        "<script>new WebSocket('ws://{}')</script>",
    ],
)
async def test_a_request_to_another_host_is_seen_and_not_sent(
    browser: Browser, site: str, element: str
) -> None:
    """The other host is a server that would answer: an address of this machine, but not 127.0.0.1."""
    with socket.create_server(("127.0.0.2", 0)) as other:
        other.setblocking(False)
        address = f"127.0.0.2:{other.getsockname()[1]}"
        with pytest.raises(AssertionError, match=f"outside: (http|ws)://{address}/"):
            await visit(browser, f"{site}/pages/clean?body={element.format(address)}")
        with pytest.raises(BlockingIOError):
            other.accept()


async def test_a_name_is_not_even_looked_up(browser: Browser, site: str) -> None:
    with pytest.raises(AssertionError, match=r"(?s)console: .*ERR_NAME_NOT_RESOLVED.*"):
        await visit(browser, f"{site}/pages/clean?body=<img src=http://localhost:1 alt=印章>")


async def test_axe_finds_what_keeps_people_out_and_passes_a_clean_page(
    context_of: ContextOf, site: str
) -> None:
    page = await (await context_of()).new_page()
    await page.goto(f"{site}/pages/clean")
    assert await axe(page) == []
    await page.goto(f"{site}/pages/unlabelled")
    assert [found.partition(":")[0] for found in await axe(page)] == ["image-alt", "label"]


async def test_axe_reads_a_page_without_scripts(context_of: ContextOf, site: str) -> None:
    page = await (await context_of(javascript=False)).new_page()
    await page.goto(f"{site}/pages/unlabelled")
    assert len(await axe(page)) == 2


async def test_a_picture_has_the_whole_page(
    context_of: ContextOf, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SCREENS", tmp_path)
    page = await (await context_of(viewport=(360, 640))).new_page()
    await page.goto(f"{site}/pages/clean?body=<div style=height:2000px></div>")
    path = await screenshot(page, "case-register")
    assert path.name == "case-register-360.png"
    header = path.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")
    assert width == 360
    assert height > 2000
