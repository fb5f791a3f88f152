"""Signing in to the portal: what is believed of who comes back, how long, and where it leads."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from deploy.local.credentials import read_credentials
from services.portal import desk
from services.portal.web.signin import BEGUN_SECONDS, local
from tests.portal.conftest import Installation, SignedIn
from tests.portal.town import Town

BEGUN, COOKIE = "shufa-begun", "shufa"
Browser = Callable[[], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def browser_of(installation: Installation) -> AsyncIterator[Browser]:
    """Makes a visitor that follows nothing by itself."""
    made: list[httpx.AsyncClient] = []

    async def make() -> httpx.AsyncClient:
        made.append(
            httpx.AsyncClient(
                base_url=installation.portal, headers={"Accept": "text/html"}, timeout=20.0, trust_env=False
            )
        )
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@asynccontextmanager
async def database(installation: Installation) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(installation.cluster.database_url("portal", "app"))
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def begin(visitor: httpx.AsyncClient, back: str = "/", user: str = "ceshi-law") -> str:
    """Go to the issuer and be sent back: the address, not yet asked for, under which the portal hears of it."""
    to_issuer = await visitor.get("/signin", params={"back": back, "hint": user})
    assert to_issuer.status_code == 303
    from_issuer = await visitor.get(to_issuer.headers["location"])
    return str(from_issuer.headers["location"])


def changed(address: str, **query: str) -> str:
    given = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return f"/signin/callback?{urlencode(given | query)}"


async def test_signed_in_the_browser_has_a_cookie_and_no_token(
    browser_of: Browser, installation: Installation
) -> None:
    visitor = await browser_of()
    answer = await visitor.get(await begin(visitor, back="/t/shanghai.jinshan.ceshi/ledger?x=1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/t/shanghai.jinshan.ceshi/ledger?x=1")
    [set_cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in set_cookie.split(";")}
    cookie = visitor.cookies[COOKIE]
    async with database(installation) as connection:
        kept = sa.select(desk.signins).where(desk.signins.c.id == hashlib.sha256(cookie.encode()).digest())
        row = (await connection.execute(kept)).one()
    assert row.person == "ceshi-law"
    assert b"eyJ" not in row.sealed  # a token begins so
    seen = f"{answer.headers} {(await visitor.get('/')).text}"
    assert "eyJ" not in seen


async def test_who_comes_back_with_another_state_is_not_signed_in(browser_of: Browser) -> None:
    visitor = await browser_of()
    answer = await visitor.get(changed(await begin(visitor), state="another"))
    assert answer.status_code == 400
    assert "portal.sign-in-not-begun" in answer.text
    assert COOKIE not in visitor.cookies


async def test_a_sign_in_that_was_begun_in_another_browser_is_not_finished_here(browser_of: Browser) -> None:
    """Somebody is sent the last address of another's sign-in, to work under their name."""
    one, other = await browser_of(), await browser_of()
    assert (await other.get(changed(await begin(one)))).status_code == 400
    begun = await begin(other)
    assert (await other.get(changed(await begin(one)))).status_code == 400
    assert COOKIE not in other.cookies
    assert (await other.get(changed(begun))).status_code == 303


@pytest.mark.parametrize("what", ["forged", "old", "nonce", "verifier"])
async def test_what_was_begun_is_believed_only_as_it_was_sealed_and_for_ten_minutes(
    browser_of: Browser, installation: Installation, what: str
) -> None:
    """The nonce and the verifier are the portal's own; the issuer's answer must belong to them."""
    visitor = await browser_of()
    back = await begin(visitor)
    seal = Fernet(read_credentials(installation.cluster.home).signin)
    begun: dict[str, Any] = json.loads(seal.decrypt(visitor.cookies[BEGUN]))
    text, then, code = json.dumps(begun).encode(), int(time.time()), "portal.sign-in-not-begun"
    match what:
        case "forged":
            seal = Fernet(Fernet.generate_key())
        case "old":
            then -= BEGUN_SECONDS + 1
        case _:
            text = json.dumps(begun | {what: "x" * 64}).encode()
            code = "portal.sign-in-refused"
    visitor.cookies.clear()
    visitor.cookies.set(BEGUN, seal.encrypt_at_time(text, then).decode())
    answer = await visitor.get(back)
    assert answer.status_code in (400, 403)
    assert code in answer.text
    assert COOKIE not in visitor.cookies


async def test_a_code_is_taken_once(browser_of: Browser) -> None:
    visitor = await browser_of()
    back = await begin(visitor)
    begun = visitor.cookies[BEGUN]
    assert (await visitor.get(back)).status_code == 303
    visitor.cookies.set(BEGUN, begun)
    again = await visitor.get(back)
    assert (again.status_code, "portal.sign-in-refused" in again.text) == (403, True)


async def test_who_the_issuer_sends_back_without_a_code_is_told_why(browser_of: Browser) -> None:
    visitor = await browser_of()
    state = parse_qs(urlsplit(await begin(visitor)).query)["state"][0]
    answer = await visitor.get(f"/signin/callback?{urlencode({'state': state, 'error': 'access_denied'})}")
    assert (answer.status_code, "access_denied" in answer.text) == (403, True)


@pytest.mark.parametrize(
    "back",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        "/ /elsewhere.example",
        "javascript:alert(1)",
        "t/shanghai.jinshan",
        "",
    ],
)
async def test_after_signing_in_one_is_on_a_page_of_ours(browser_of: Browser, back: str) -> None:
    visitor = await browser_of()
    answer = await visitor.get(await begin(visitor, back=back))
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "path", ["/", "/t/shanghai.jinshan/ledger?at=3#e3", "/t/a/cases/2021-1-langxia", "/a//b"]
)
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert local(path) == path


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(browser_of: Browser) -> None:
    visitor = await browser_of()
    answer = await visitor.get("/t/shanghai.jinshan.ceshi/ledger?name=X")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/signin?back=%2Ft%2Fshanghai.jinshan.ceshi%2Fledger%3Fname%3DX"


@pytest.mark.parametrize("cookie", ["", "made-up", "x" * 5000, "%00"])
async def test_a_cookie_of_nobody_is_nobody(browser_of: Browser, cookie: str) -> None:
    visitor = await browser_of()
    visitor.cookies.set(COOKIE, cookie)
    assert (await visitor.get("/t/shanghai.jinshan.ceshi/ledger")).status_code == 303


async def test_signed_out_the_cookie_is_worth_nothing_anywhere(signed_in: SignedIn, town: Town) -> None:
    client = await signed_in("ceshi-law")
    cookie = client.cookies[COOKIE]
    assert "退出" in (await client.get("/")).text
    answer = await client.post("/signout", follow_redirects=False)
    assert answer.status_code == 303
    assert "end_session" in answer.headers["location"] or "logout" in answer.headers["location"]
    client.cookies.set(COOKIE, cookie)
    again = await client.get(f"/t/{town.tenant}/ledger", follow_redirects=False)
    assert again.headers["location"].startswith("/signin")


async def test_a_sign_in_ends_with_its_token_and_a_form_that_comes_too_late_is_kept(
    signed_in: SignedIn, installation: Installation, town: Town
) -> None:
    client = await signed_in("ceshi-liaison-a")
    mine = desk.signins.c.id == hashlib.sha256(client.cookies[COOKIE].encode()).digest()
    async with database(installation) as connection:
        csrf = await connection.scalar(sa.select(desk.signins.c.csrf).where(mine))
        over = sa.func.clock_timestamp() - sa.text("interval '1 second'")
        await connection.execute(sa.update(desk.signins).where(mine).values(expires_at=over))
    form = {
        "_csrf": csrf,
        "_form": "case.x.submit-feedback",
        "_back": f"/t/{town.tenant}/cases/x",
        "said": "一",
    }
    for wrong in ({"_csrf": "another"}, {}):
        answer = await client.post(
            f"/t/{town.tenant}/do/rectification/case/x/submit-feedback",
            data=form | wrong,
            follow_redirects=False,
        )
        assert answer.status_code == 303
    # back to the page of the form, not to the address that takes it
    assert answer.headers["location"] == f"/signin?back=%2Ft%2F{town.tenant}%2Fcases%2Fx"
    unsent = desk.unsent
    async with database(installation) as connection:
        rows = (await connection.execute(sa.select(unsent).where(unsent.c.form == form["_form"]))).all()
    assert [(row.person, row.tenant, row.fields) for row in rows] == [
        ("ceshi-liaison-a", town.tenant, {"said": "一"})
    ]


async def test_the_choice_of_a_language_stays_and_leads_nowhere_else(signed_in: SignedIn) -> None:
    client = await signed_in("law-clerk")
    answer = await client.post("/language", data={"language": "en", "_back": "//elsewhere.example"})
    assert answer.url.path in ("/", "/t/shanghai.jinshan/work")
    page = (await client.get("/nothing")).text
    assert re.search(r'<html lang="en">', page)
    assert "Not found" in page
