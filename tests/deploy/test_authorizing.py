"""/authorize and /logout: who may send a browser through them, what a person sees, where it ends."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from deploy.local.home import PROJECT
from deploy.local.openid import codes as openid_codes
from deploy.local.openid import pages
from deploy.local.openid.codes import Authorized, Codes
from deploy.local.openid.users import ROLE_WORDS, Role, User, by_tenant, load_users
from tests.deploy.provider import (
    ASKED,
    AT_ONCE,
    CALLBACK,
    CHALLENGE,
    SIGNED_OUT,
    VERIFIER,
    Provider,
    answered,
)


class Elements(HTMLParser):
    """A page's elements with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


def is_a_page_of_refusal(response: httpx.Response) -> bool:
    """400, in Chinese, and nothing in it that leads anywhere."""
    page = Elements(response.text)
    assert "form-action 'none'" in response.headers["Content-Security-Policy"]
    return (
        response.status_code == 400
        and "Location" not in response.headers
        and "登录请求有误" in page.text
        and not page.of("a")
        and not page.of("form")
        and not page.of("meta")[-1].get("http-equiv")
    )


# ---- before the address can be trusted ----


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": ""},
        {"client_id": "nobody"},
        {"client_id": "review"},
        {"redirect_uri": ""},
        {"redirect_uri": "http://evil.test/signin/callback"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?more=1"},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": "http://other.test/back"},
        {"redirect_uri": SIGNED_OUT},
        {"state": "s" * 1001},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_client_or_address_is_a_page_and_never_a_redirect(
    provider: Provider, changed: dict[str, str], method: str
) -> None:
    asked = AT_ONCE | changed | {"user": "law"}
    how = {"params": asked} if method == "GET" else {"data": asked}
    assert is_a_page_of_refusal(await provider.http.request(method, "/authorize", **how))  # type: ignore[arg-type]


async def test_a_parameter_given_twice_is_refused(provider: Provider) -> None:
    twice = urlencode([*AT_ONCE.items(), ("redirect_uri", "http://evil.test/")])
    assert is_a_page_of_refusal(await provider.http.get("/authorize", params=twice))


async def test_a_body_without_end_is_refused(provider: Provider) -> None:
    assert is_a_page_of_refusal(await provider.http.post("/authorize", content=b"a" * 20_000))


async def test_a_name_that_is_not_its_own_is_not_answered(provider: Provider) -> None:
    answer = await provider.http.get("/authorize", params=AT_ONCE, headers={"Host": "evil.test"})
    assert answer.status_code == 400
    assert "Location" not in answer.headers


# ---- told to the client ----


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"prompt": "none", "login_hint": ""}, "login_required"),
        ({"prompt": "none", "login_hint": "nobody"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "whatever"}, "invalid_request"),
        ({"request": "a.b.c"}, "request_not_supported"),
        ({"request_uri": "http://evil.test/"}, "request_uri_not_supported"),
    ],
    ids=str,
)
async def test_what_else_is_wrong_goes_back_with_the_state(
    provider: Provider, changed: dict[str, str], error: str
) -> None:
    answer = answered(await provider.authorize(AT_ONCE | changed))
    assert answer["error"] == error
    assert answer["state"] == "of this browser"
    assert answer["iss"] == provider.url
    assert answer["error_description"].isascii()
    assert "code" not in answer


async def test_a_user_unknown_is_denied(provider: Provider) -> None:
    answer = answered(await provider.http.post("/authorize", data=ASKED | {"user": "nobody"}))
    assert (answer["error"], answer["state"]) == ("access_denied", "of this browser")


async def test_a_hint_signs_in_at_once_when_no_page_is_wanted(provider: Provider) -> None:
    response = await provider.authorize(AT_ONCE)
    answer = answered(response)
    assert answer.keys() == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("of this browser", provider.url)
    assert response.headers["Cache-Control"] == "no-store"


async def test_without_a_state_none_goes_back(provider: Provider) -> None:
    assert answered(await provider.authorize(AT_ONCE | {"state": ""})).keys() == {"code", "iss"}


@pytest.mark.parametrize("more", [{"login_hint": "law"}, {"user": "law"}, {"prompt": "login"}], ids=str)
async def test_a_hint_alone_shows_the_page(provider: Provider, more: dict[str, str]) -> None:
    response = await provider.authorize(ASKED | more)
    assert response.status_code == 200
    assert "选择示例用户登录" in response.text


# ---- the page ----


async def test_the_page_is_for_development_and_shows_each_user_as_a_button(provider: Provider) -> None:
    response = await provider.authorize(ASKED)
    page = Elements(response.text)
    assert page.of("html") == [{"lang": "zh-CN"}]
    assert len(page.of("main")) == len(page.of("h1")) == 1
    assert "仅供开发演示" in page.text
    assert [button["value"] for button in page.of("button")] == ["law", "operator"]
    assert {button["type"] for button in page.of("button")} == {"submit"}
    for words in ("shanghai.jinshan", "示例·法治办", "依法治区办", "单位 sifaju", "示例·运维员", "运维"):
        assert words in page.text
    assert not page.of("script")


async def test_a_pressed_button_sends_back_what_was_asked_and_who(provider: Provider) -> None:
    page = Elements((await provider.authorize(ASKED)).text)
    [form] = page.of("form")
    assert (form["method"], form["action"]) == ("post", "/authorize")
    sent = {field["name"]: field["value"] for field in page.of("input")}
    assert sent == ASKED
    pressed = page.of("button")[0]
    answer = answered(
        await provider.http.post(form["action"], data=sent | {pressed["name"]: pressed["value"]})
    )
    assert answer.keys() == {"code", "state", "iss"}


async def test_the_page_lets_its_form_end_at_the_client_and_nothing_else(provider: Provider) -> None:
    response = await provider.authorize(ASKED)
    [style] = Elements(response.text).of("style")
    assert response.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'nonce-{style['nonce']}'; form-action 'self' http://portal.test; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    assert response.headers["Cache-Control"] == "no-store"
    assert style["nonce"] not in (await provider.authorize(ASKED)).text


HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;"


@pytest.mark.parametrize("name", ["state", "nonce", "login_hint", HOSTILE])
async def test_what_was_asked_is_shown_as_text_whatever_it_is(provider: Provider, name: str) -> None:
    page = Elements((await provider.authorize(ASKED | {name: HOSTILE})).text)
    assert not page.of("script")
    assert not page.of("img")
    assert {field["name"]: field["value"] for field in page.of("input")}[name] == HOSTILE
    assert answered(await provider.authorize(AT_ONCE | {"state": HOSTILE}))["state"] == HOSTILE


async def test_a_page_of_refusal_repeats_nothing(provider: Provider) -> None:
    response = await provider.authorize(ASKED | {"client_id": HOSTILE, "redirect_uri": HOSTILE})
    assert is_a_page_of_refusal(response)
    assert "alert" not in response.text


async def test_a_hostile_users_file_is_shown_as_text() -> None:
    one = User(id=HOSTILE, name=HOSTILE)
    page = Elements(bytes(pages.choice([one], ASKED, "http://portal.test").body).decode())
    assert not page.of("script")
    assert [button["value"] for button in page.of("button")] == [HOSTILE]


def test_users_stand_under_their_first_tenant_in_the_files_order(tmp_path: Path) -> None:
    path = tmp_path / "users.yaml"
    path.write_text(
        "- {id: a, name: A, grants: [{tenant: t.z, role: leader}, {tenant: t.b, role: leader}]}\n"
        "- {id: b, name: B, grants: []}\n"
        "- {id: c, name: C, grants: [{tenant: t.b, role: leader}]}\n"
        "- {id: d, name: D, grants: [{tenant: t.z, role: leader}]}\n"
    )
    groups = by_tenant(load_users(path).values())
    assert [(tenant, [user.id for user in group]) for tenant, group in groups.items()] == [
        ("t.z", ["a", "d"]),
        (None, ["b"]),
        ("t.b", ["c"]),
    ]


async def test_a_user_of_several_tenants_and_one_of_none_say_so(tmp_path: Path) -> None:
    users = load_users(PROJECT / "examples/jinshan/users.yaml")
    page = Elements(bytes(pages.choice(users.values(), ASKED, "http://portal.test").body).decode())
    assert len(page.of("button")) == len(users)
    assert "含下级" in page.text
    assert "尚无角色" in page.text
    assert len(page.of("h2")) == len(by_tenant(users.values()))


def test_every_role_has_a_word() -> None:
    assert set(ROLE_WORDS) == set(Role.__args__)  # type: ignore[attr-defined]
    assert all(re.fullmatch(r"[一-龥]+", word) for word in ROLE_WORDS.values())


# ---- codes ----


def test_there_are_never_more_codes_than_fit() -> None:
    one = Authorized("portal", CALLBACK, CHALLENGE, "openid", None, User(id="law", name="A"), 0)
    codes = Codes(lambda: 0.0)
    given = [codes.give(one) for _ in range(openid_codes.MOST_CODES + 1)]
    assert codes.take(given[0]) is None
    assert codes.take(given[1]) == codes.take(given[-1]) == one


# ---- signing out ----


async def test_signing_out_goes_on_to_the_clients_page_with_the_state(provider: Provider) -> None:
    asked = {"post_logout_redirect_uri": SIGNED_OUT, "state": "of this browser"}
    assert answered(await provider.http.get("/logout", params=asked), SIGNED_OUT) == {
        "state": "of this browser"
    }
    assert answered(await provider.http.post("/logout", data=asked), SIGNED_OUT) == {
        "state": "of this browser"
    }


async def test_an_id_token_tells_the_client_even_when_it_has_expired(provider: Provider) -> None:
    hint = (await provider.exchange(await provider.code())).json()["id_token"]
    provider.clock.now += 24 * 60 * 60
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": SIGNED_OUT}
    assert answered(await provider.http.get("/logout", params=asked), SIGNED_OUT) == {}
    others = asked | {"post_logout_redirect_uri": "http://other.test/"}
    assert is_a_page_of_refusal(await provider.http.get("/logout", params=others))
    assert is_a_page_of_refusal(await provider.http.get("/logout", params=asked | {"client_id": "other"}))


@pytest.mark.parametrize(
    "asked",
    [
        {"post_logout_redirect_uri": "http://evil.test/"},
        {"post_logout_redirect_uri": CALLBACK},
        {"post_logout_redirect_uri": SIGNED_OUT, "client_id": "nobody"},
        {"post_logout_redirect_uri": SIGNED_OUT, "id_token_hint": "a.b.c"},
        {"state": "s" * 1001},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_signing_out_leads_nowhere_else(provider: Provider, asked: dict[str, str], method: str) -> None:
    how = {"params": asked} if method == "GET" else {"data": asked}
    assert is_a_page_of_refusal(await provider.http.request(method, "/logout", **how))  # type: ignore[arg-type]


async def test_an_access_token_is_no_hint(provider: Provider) -> None:
    access = (await provider.exchange(await provider.code())).json()["access_token"]
    asked = {"id_token_hint": access, "post_logout_redirect_uri": SIGNED_OUT}
    assert is_a_page_of_refusal(await provider.http.get("/logout", params=asked))


async def test_without_an_address_signing_out_ends_on_a_page(provider: Provider) -> None:
    answer = await provider.http.get("/logout")
    assert answer.status_code == 200
    assert "已退出登录" in answer.text
