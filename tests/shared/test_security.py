"""Tokens and permissions: who is believed, and who may."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
import tomllib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.resources import files
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from shared.decider import Actor, Refused, words
from shared.security import (
    Caller,
    GrantHeld,
    KeysUnavailable,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TokenVerifier,
    bearer,
    may,
    may_operate,
    may_read,
    only_unit,
    tokens,
    unit_of,
)
from shared.security.grants import Recorded, TwoUnits, standing
from shared.security.permissions import COMMANDS, REACHING_BELOW, READS, ROLES, Permitted, by
from tests.issuing import AUDIENCE, ISSUER, JINSHAN, Hands, Issuer, issuing


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as one:
        yield one


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def verifier(issuer: Issuer, hands: Hands) -> AsyncIterator[TokenVerifier]:
    verifier = TokenVerifier(ISSUER, AUDIENCE, issuer.url, monotonic=hands)
    yield verifier
    await verifier.close()


async def refusal(verifier: TokenVerifier, token: str) -> Refused:
    with pytest.raises(Refused) as refused:
        await verifier.verify(token)
    return refused.value


# ---- tokens ----


async def test_a_good_token_says_who_calls(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert await verifier.verify(issuer.token()) == Caller(
        "u-liaison", "联络员", (GrantHeld(JINSHAN, "liaison", "langxia"),)
    )


async def test_a_token_for_several_audiences_is_ours_when_we_are_one(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    assert (await verifier.verify(issuer.token(aud=["other", AUDIENCE]))).id == "u-liaison"


async def test_a_token_without_grants_is_somebody_without_roles(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    caller = await verifier.verify(issuer.token(grants=...))
    assert caller.actor_in(JINSHAN) == Actor("u-liaison", "联络员")


async def test_a_little_difference_of_clocks_is_forgiven(verifier: TokenVerifier, issuer: Issuer) -> None:
    now = int(time.time())
    await verifier.verify(issuer.token(exp=now - 20))
    await verifier.verify(issuer.token(nbf=now + 20))
    assert isinstance(await refusal(verifier, issuer.token(exp=now - 60)), TokenExpired)
    assert (await refusal(verifier, issuer.token(nbf=now + 60))).data == {"reason": "not-yet-valid"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://other.example"}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"exp": ...}, "claims"),
        ({"iat": ...}, "claims"),
        ({"aud": ...}, "claims"),
        ({"iss": ...}, "claims"),
        ({"sub": ...}, "claims"),
        ({"name": ...}, "claims"),
        ({"name": 7}, "claims"),
        ({"grants": "all"}, "claims"),
        ({"grants": [{"tenant": JINSHAN}]}, "claims"),
        ({"grants": [{"tenant": JINSHAN, "role": "Law Office"}]}, "claims"),
        ({"grants": [{"tenant": JINSHAN, "role": "liaison", "unit": "a/b"}]}, "claims"),
        ({"grants": [{"tenant": "shanghai-jinshan", "role": "liaison"}]}, "tenant"),
        ({"grants": [{"tenant": "", "role": "liaison"}]}, "tenant"),
    ],
)
async def test_a_claim_that_does_not_fit_is_refused(
    verifier: TokenVerifier, issuer: Issuer, changed: dict[str, Any], reason: str
) -> None:
    refused = await refusal(verifier, issuer.token(**changed))
    assert isinstance(refused, TokenInvalid)
    assert refused.data == {"reason": reason}


async def test_one_person_works_in_one_unit_of_a_tenant(verifier: TokenVerifier, issuer: Issuer) -> None:
    grants = [
        {"tenant": JINSHAN, "role": "law_office", "unit": "sifaju"},
        {"tenant": JINSHAN, "role": "liaison", "unit": "langxia"},
    ]
    assert (await refusal(verifier, issuer.token(grants=grants))).data == {"reason": "units"}
    grants[1]["tenant"] = "shanghai.fengxian"
    assert len((await verifier.verify(issuer.token(grants=grants))).grants) == 2


async def test_a_token_that_has_expired_is_refused_though_it_is_remembered(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    token = issuer.token(exp=int(time.time()) - 5)
    await verifier.verify(token)
    verifier._leeway = 0  # as if the time that is forgiven had gone by; the clock of the memory stands still
    assert isinstance(await refusal(verifier, token), TokenExpired)


async def test_a_token_is_remembered_for_two_seconds_and_then_checked_again(
    verifier: TokenVerifier, issuer: Issuer, hands: Hands
) -> None:
    token = issuer.token()
    caller = await verifier.verify(token)
    verifier._keys.clear()
    hands.now += tokens.VERIFIED_SECONDS / 2
    assert await verifier.verify(token) is caller
    hands.now += tokens.VERIFIED_SECONDS / 2
    issuer.answers = False
    assert isinstance(await refusal(verifier, token), KeysUnavailable)


async def test_what_is_remembered_is_the_whole_token(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = issuer.token()
    await verifier.verify(token)
    header, claims, signature = token.split(".")
    altered = signature[:40] + ("A" if signature[40] != "A" else "B") + signature[41:]
    assert (await refusal(verifier, f"{header}.{claims}.{altered}")).data == {"reason": "signature"}
    other = issuer.token(sub="u-other").split(".")[1]
    assert (await refusal(verifier, f"{header}.{other}.{signature}")).data == {"reason": "signature"}


async def test_no_more_tokens_are_remembered_than_fit(
    verifier: TokenVerifier, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "VERIFIED_AT_MOST", 3)
    five = [issuer.token(sub=f"u-{n}") for n in range(5)]
    for token in five:
        await verifier.verify(token)
    assert len(verifier._verified) == 3
    verifier._keys.clear()
    issuer.answers = False
    assert (await verifier.verify(five[4])).id == "u-4"
    assert isinstance(await refusal(verifier, five[0]), TokenInvalid | KeysUnavailable)


async def test_a_token_signed_by_somebody_else_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    forged = issuer.token(key=Ed25519PrivateKey.generate())
    assert (await refusal(verifier, forged)).data == {"reason": "signature"}


async def test_a_token_whose_claims_were_changed_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    head, _, signature = issuer.token().split(".")
    _, body, _ = issuer.token(sub="u-law-office").split(".")
    assert (await refusal(verifier, f"{head}.{body}.{signature}")).data == {"reason": "signature"}


@pytest.mark.parametrize("alg", ["HS256", "none"])
async def test_algorithms_are_pinned(verifier: TokenVerifier, issuer: Issuer, alg: str) -> None:
    """The classic forgeries: the public key as a shared secret, and no signature at all."""
    secret = issuer.published[0]["x"].ljust(32, "=") if alg == "HS256" else ""
    forged = jwt.encode(
        {"sub": "u", "name": "u", "iss": ISSUER, "aud": AUDIENCE}, secret, alg, headers={"kid": "one"}
    )
    assert (await refusal(verifier, forged)).data == {"reason": "algorithm"}


async def test_an_algorithm_that_is_not_the_keys_is_refused(issuer: Issuer) -> None:
    issuer.new_key("two", ec.generate_private_key(ec.SECP256R1()))
    both = TokenVerifier(ISSUER, AUDIENCE, issuer.url, ("EdDSA", "ES256"))
    assert (await both.verify(issuer.token("two", "ES256"))).id == "u-liaison"
    mixed = jwt.encode({"sub": "u"}, issuer.keys["two"], "ES256", headers={"kid": "one"})
    assert (await refusal(both, mixed)).data == {"reason": "algorithm"}


async def test_the_three_asymmetric_algorithms_work(issuer: Issuer) -> None:
    issuer.new_key("ec", ec.generate_private_key(ec.SECP256R1()))
    issuer.new_key("rsa", rsa.generate_private_key(public_exponent=65537, key_size=2048))
    verifier = TokenVerifier(ISSUER, AUDIENCE, issuer.url, ("EdDSA", "ES256", "RS256"))
    for kid, alg in (("one", "EdDSA"), ("ec", "ES256"), ("rsa", "RS256")):
        assert (await verifier.verify(issuer.token(kid, alg))).id == "u-liaison"


@pytest.mark.parametrize("algorithms", [(), ("HS256",), ("EdDSA", "none")])
def test_a_verifier_is_not_set_up_with_anything_else(algorithms: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="algorithms"):
        TokenVerifier(ISSUER, AUDIENCE, "http://localhost/", algorithms)


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "令牌.令牌.令牌", ".".join(["e30"] * 3)])
async def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    assert isinstance(await refusal(verifier, token), TokenInvalid)


async def test_a_token_of_absurd_length_is_not_even_read(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert (await refusal(verifier, issuer.token(name="长" * 20_000))).data == {"reason": "length"}


async def test_a_token_that_names_no_key_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    nameless = jwt.encode({"sub": "u"}, issuer.keys["one"], "EdDSA")
    assert (await refusal(verifier, nameless)).data == {"reason": "key"}
    assert issuer.asked == 0


@pytest.mark.parametrize("sub", ["deadline", "reaction"])
async def test_nobody_is_called_what_the_ledger_calls_dates_and_events(
    verifier: TokenVerifier, issuer: Issuer, sub: str
) -> None:
    assert (await refusal(verifier, issuer.token(sub=sub))).data == {"reason": "subject"}


async def test_a_token_without_its_signature_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    head, body, _ = issuer.token().split(".")
    for unsigned in (f"{head}.{body}.", f"{head}.{body}"):
        assert isinstance(await refusal(verifier, unsigned), TokenInvalid)


async def test_the_keys_are_the_configured_issuers_whatever_a_token_says(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    """A token that brings its own key, or says where to fetch it, is checked with ours."""
    mine = Ed25519PrivateKey.generate()
    own_key = json.loads(OKPAlgorithm.to_jwk(mine.public_key()))
    for header in (
        {"jwk": own_key},
        {"jku": issuer.url, "x5u": issuer.url},
        {"kid": "../../one"},
        {"kid": "one' or '1'='1"},
        {"kid": ""},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
    ):
        asked = jwt.encode(
            {"sub": "u-law-office", "name": "u", "iss": ISSUER, "aud": AUDIENCE, "iat": 1, "exp": 2**31},
            mine,
            "EdDSA",
            headers={"kid": "one", **header},
        )
        assert isinstance(await refusal(verifier, asked), TokenInvalid)


@pytest.mark.parametrize("kid", [7, None, ["one"], {"one": 1}])
async def test_a_kid_is_a_text(verifier: TokenVerifier, issuer: Issuer, kid: Any) -> None:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "EdDSA", "kid": kid}).encode()).rstrip(b"=").decode()
    _, body, signature = issuer.token().split(".")
    assert isinstance(await refusal(verifier, f"{head}.{body}.{signature}"), TokenInvalid)


async def test_a_token_that_asks_for_what_we_do_not_know_is_refused(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    asked = jwt.encode(claims, issuer.keys["one"], "EdDSA", headers={"kid": "one", "crit": ["x"], "x": 1})
    assert isinstance(await refusal(verifier, asked), TokenInvalid)


async def test_a_token_from_the_future_is_not_valid_yet(verifier: TokenVerifier, issuer: Issuer) -> None:
    later = int(time.time()) + 3600
    refused = await refusal(verifier, issuer.token(iat=later, exp=later + 600))
    assert refused.data == {"reason": "not-yet-valid"}


async def test_an_installations_own_issuer_may_call_the_grants_otherwise(issuer: Issuer) -> None:
    mapped = TokenVerifier(ISSUER, AUDIENCE, issuer.url, grants_claim="https://example.cn/shufa")
    given: dict[str, Any] = {"https://example.cn/shufa": [{"tenant": JINSHAN, "role": "auditor"}]}
    caller = await mapped.verify(issuer.token(**given))
    assert caller.grants == (GrantHeld(JINSHAN, "auditor"),), "the claim of the default's name counts no more"
    assert (await mapped.verify(issuer.token())).grants == ()
    await mapped.close()


# ---- keys ----


async def test_the_issuer_goes_from_one_key_by_way_of_two_to_the_other(
    verifier: TokenVerifier, issuer: Issuer, hands: Hands
) -> None:
    first = issuer.token("one")
    assert (await verifier.verify(first)).id == "u-liaison"
    issuer.new_key("two")  # both are published before the second signs
    hands.now += 6
    assert (await verifier.verify(issuer.token("two"))).id == "u-liaison"
    assert (await verifier.verify(first)).id == "u-liaison"
    del issuer.published[0]
    hands.now += 601
    assert (await verifier.verify(issuer.token("two"))).id == "u-liaison"
    assert (await refusal(verifier, first)).data == {"reason": "key"}
    assert issuer.asked == 3


async def test_a_shared_secret_among_the_keys_verifies_nothing(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    secret = b"0123456789abcdef0123456789abcdef"
    encoded = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    issuer.published.append({"kty": "oct", "k": encoded, "kid": "shared", "alg": "HS256", "use": "sig"})
    forged = jwt.encode({"sub": "u"}, secret, "HS256", headers={"kid": "shared"})
    assert (await refusal(verifier, forged)).data == {"reason": "algorithm"}
    as_ours = jwt.encode({"sub": "u"}, issuer.keys["one"], "EdDSA", headers={"kid": "shared"})
    assert (await refusal(verifier, as_ours)).data == {"reason": "key"}


async def test_keys_are_fetched_once_however_many_ask(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = issuer.token()
    await asyncio.gather(*(verifier.verify(token) for _ in range(20)))
    assert issuer.asked == 1


async def test_a_new_key_is_found_and_invented_ones_do_not_flood_the_issuer(
    verifier: TokenVerifier, issuer: Issuer, hands: Hands
) -> None:
    await verifier.verify(issuer.token())
    issuer.new_key("two")
    invented = issuer.token("nobody", key=issuer.keys["one"])
    for _ in range(10):
        assert (await refusal(verifier, invented)).data == {"reason": "key"}
    assert issuer.asked == 1
    hands.now += 6
    assert (await verifier.verify(issuer.token("two"))).id == "u-liaison"
    assert issuer.asked == 2
    for _ in range(10):
        await refusal(verifier, invented)
    assert issuer.asked == 2


async def test_a_withdrawn_key_is_forgotten_in_time(
    verifier: TokenVerifier, issuer: Issuer, hands: Hands
) -> None:
    token = issuer.token()
    await verifier.verify(token)
    issuer.published.clear()
    issuer.new_key("two")
    hands.now += 601
    assert (await refusal(verifier, token)).data == {"reason": "key"}


async def test_an_outage_of_the_issuer_does_not_lock_out_who_was_known(
    verifier: TokenVerifier, issuer: Issuer, hands: Hands
) -> None:
    token = issuer.token()
    await verifier.verify(token)
    issuer.answers = False
    hands.now += 601
    assert (await verifier.verify(token)).id == "u-liaison"


async def test_without_any_key_nobody_is_told_apart(
    verifier: TokenVerifier, issuer: Issuer, hands: Hands
) -> None:
    issuer.answers = False
    token = issuer.token()
    assert isinstance(await refusal(verifier, token), KeysUnavailable)
    issuer.answers = True
    hands.now += 6
    assert (await verifier.verify(token)).id == "u-liaison"


@pytest.mark.parametrize("published", ["[]", "7", '{"keys": []}', '{"keys": 7}', '{"keys": [7]}', "{"])
async def test_an_answer_that_is_no_key_set_is_an_outage(published: str) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(published.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        verifier = TokenVerifier(ISSUER, AUDIENCE, f"http://127.0.0.1:{server.server_port}")
        token = jwt.encode({"sub": "u"}, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": "one"})
        assert isinstance(await refusal(verifier, token), KeysUnavailable)
        server.shutdown()


async def test_a_key_for_encryption_signs_nothing(verifier: TokenVerifier, issuer: Issuer) -> None:
    issuer.new_key("two")
    issuer.published[-1]["use"] = "enc"
    assert (await refusal(verifier, issuer.token("two"))).data == {"reason": "key"}


# ---- the header ----


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc "])
def test_the_scheme_is_bearer_in_any_case(header: str) -> None:
    assert bearer(header) == "abc"


@pytest.mark.parametrize("header", [None, ""])
def test_no_header_is_no_token(header: str | None) -> None:
    with pytest.raises(TokenMissing):
        bearer(header)


@pytest.mark.parametrize("header", ["Basic abc", "abc", "Bearer", "Bearer  "])
def test_another_scheme_is_no_token_either(header: str) -> None:
    with pytest.raises(TokenInvalid):
        bearer(header)


# ---- the actor ----


def test_a_grant_holds_for_exactly_its_tenant() -> None:
    caller = Caller("u", "某", (GrantHeld(JINSHAN, "law_office", "sifaju"), GrantHeld(JINSHAN, "auditor")))
    assert caller.actor_in(JINSHAN) == Actor("u", "某", frozenset({"law_office", "auditor"}), "sifaju")
    for elsewhere in ("shanghai", f"{JINSHAN}.langxia", "shanghai.fengxian"):
        assert caller.actor_in(elsewhere) == Actor("u", "某")


async def test_a_subtree_grant_says_so_in_the_token(verifier: TokenVerifier, issuer: Issuer) -> None:
    grants: list[dict[str, Any]] = [{"tenant": JINSHAN, "role": "tenant_admin", "subtree": True}]
    caller = await verifier.verify(issuer.token(grants=grants))
    assert caller.grants == (GrantHeld(JINSHAN, "tenant_admin", subtree=True),)
    grants[0]["subtree"] = "yes"
    assert (await refusal(verifier, issuer.token(grants=grants))).data == {"reason": "claims"}


def test_a_subtree_grant_holds_for_its_tenant_and_all_below_it() -> None:
    caller = Caller("u", "某", (GrantHeld(JINSHAN, "tenant_admin", subtree=True),))
    assert caller.actor_in(JINSHAN) == Actor("u", "某", frozenset({"tenant_admin"}))
    for below in (f"{JINSHAN}.langxia", f"{JINSHAN}.langxia.guangming"):
        admin = frozenset({"tenant_admin"})
        assert caller.actor_in(below) == Actor("u", "某", admin, roles_from_above=admin)
    for elsewhere in ("shanghai", "shanghai.fengxian", f"{JINSHAN}xin"):
        assert caller.actor_in(elsewhere) == Actor("u", "某")


def test_the_unit_of_a_grant_from_above_says_nothing_below() -> None:
    """A unit of the same id may exist down there, and "nobody verifies their own" asks for the unit of here."""
    caller = Caller("u", "某", (GrantHeld(JINSHAN, "law_office", "sifaju", subtree=True),))
    assert caller.actor_in(JINSHAN).unit == "sifaju"
    assert caller.actor_in(f"{JINSHAN}.langxia").unit is None


def test_a_role_held_here_as_well_is_not_from_above() -> None:
    town = f"{JINSHAN}.langxia"
    grants = (GrantHeld(JINSHAN, "law_office", subtree=True), GrantHeld(town, "law_office", "sifasuo"))
    assert Caller("u", "某", grants).actor_in(town) == Actor("u", "某", frozenset({"law_office"}), "sifasuo")


# ---- the ledger's word ----

DAY = date(2021, 6, 1)
TOWN = f"{JINSHAN}.langxia"
CLAIMS = Caller("u", "某", (GrantHeld(JINSHAN, "law_office", "sifaju"), GrantHeld(TOWN, "leader")))


def test_without_a_word_of_the_ledger_the_token_says_it() -> None:
    assert standing(CLAIMS, JINSHAN, (), DAY) == CLAIMS.actor_in(JINSHAN)


def test_what_is_granted_comes_to_what_the_token_gives() -> None:
    granted = Recorded(JINSHAN, "leader", valid_from=DAY)
    assert standing(CLAIMS, JINSHAN, [granted], DAY).roles == {"law_office", "leader"}
    unit = Recorded(TOWN, "liaison", "banzi", valid_from=DAY)
    here = standing(CLAIMS, TOWN, [unit], DAY)
    assert here.roles == {"leader", "liaison"}
    assert here.unit == "banzi"


@pytest.mark.parametrize(
    ("day", "held"),
    [(date(2021, 5, 31), False), (DAY, True), (date(2021, 6, 30), True), (date(2021, 7, 1), False)],
)
def test_a_grant_holds_from_its_first_to_its_last_day(day: date, held: bool) -> None:
    granted = Recorded(JINSHAN, "auditor", valid_from=DAY, valid_until=date(2021, 6, 30))
    assert ("auditor" in standing(CLAIMS, JINSHAN, [granted], day).roles) == held


def test_what_is_revoked_counts_no_more_though_the_token_says_it() -> None:
    revoked = Recorded(JINSHAN, "law_office", revoked=True)
    assert standing(CLAIMS, JINSHAN, [revoked], DAY) == Actor("u", "某")
    assert standing(CLAIMS, TOWN, [revoked], DAY).roles == {"leader"}, "another tenant's ledger says it there"


def test_of_a_role_that_the_ledger_speaks_of_the_token_says_nothing_any_more() -> None:
    ended = Recorded(
        JINSHAN, "law_office", "sifaju", valid_from=date(2021, 1, 1), valid_until=date(2021, 5, 31)
    )
    assert standing(CLAIMS, JINSHAN, [ended], DAY).roles == frozenset()
    moved = Recorded(JINSHAN, "law_office", "quweiban", valid_from=DAY)
    assert standing(CLAIMS, JINSHAN, [moved], DAY).unit == "quweiban"
    to_come = Recorded(JINSHAN, "law_office", "quweiban", valid_from=date(2021, 7, 1))
    assert standing(CLAIMS, JINSHAN, [to_come], DAY).unit == "sifaju"


def test_a_grant_of_a_tier_above_reaches_below_where_it_says_so() -> None:
    for subtree in (True, False):
        granted = Recorded(JINSHAN, "tenant_admin", subtree=subtree, valid_from=DAY)
        here = standing(Caller("u", "某"), TOWN, [granted], DAY)
        assert here.roles == here.roles_from_above == ({"tenant_admin"} if subtree else frozenset())


def test_what_a_tier_above_gives_is_not_taken_away_below() -> None:
    admin = Caller("u", "某", (GrantHeld(JINSHAN, "tenant_admin", subtree=True),))
    below, above = (
        Recorded(TOWN, "tenant_admin", revoked=True),
        Recorded(JINSHAN, "tenant_admin", revoked=True),
    )
    assert standing(admin, TOWN, [below], DAY).roles == {"tenant_admin"}
    assert standing(admin, TOWN, [above], DAY).roles == frozenset()


def test_two_units_of_one_tenant_are_refused_whoever_says_them() -> None:
    other = Recorded(JINSHAN, "liaison", "langxia", valid_from=DAY)
    with pytest.raises(TwoUnits) as refused:
        standing(CLAIMS, JINSHAN, [other], DAY)
    assert refused.value.data == {"units": ["langxia", "sifaju"]}
    revoked = Recorded(JINSHAN, "law_office", revoked=True)
    assert standing(CLAIMS, JINSHAN, [other, revoked], DAY).unit == "langxia"
    assert standing(CLAIMS, TOWN, [other], DAY).roles == {"leader"}


def test_no_token_makes_an_inspector() -> None:
    claims = Caller(
        "u", "某", (GrantHeld(JINSHAN, "inspector"), GrantHeld("shanghai", "inspector", subtree=True))
    )
    assert standing(claims, JINSHAN, (), DAY).roles == frozenset()
    granted = Recorded(JINSHAN, "inspector", valid_from=DAY, valid_until=DAY)
    assert standing(claims, JINSHAN, [granted], DAY).roles == {"inspector"}


# ---- permissions ----


def actor(*roles: str, unit: str | None = None) -> Actor:
    return Actor("u", "某", frozenset(roles), unit)


LIAISON = actor("liaison", unit="langxia")


def open_commands() -> list[tuple[str, str]]:
    """Every command that some service opens to HTTP."""
    return [
        (application.SERVICE, words(command.__name__))
        for name in ("scheduling", "review", "rectification", "evaluation")
        for application in [import_module(f"services.{name}.application")]
        for _, command in application.COMMANDS
    ] + [("scheduling", name) for name in import_module("services.scheduling.application").IN_BULK]


def test_the_table_has_a_line_for_every_open_command_and_for_no_other() -> None:
    assert set(COMMANDS) == set(open_commands())


@pytest.mark.parametrize(("service", "command"), sorted(COMMANDS))
@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_command_is_for_the_roles_in_its_line(service: str, command: str, role: str) -> None:
    line = COMMANDS[service, command]
    refused = may(service, command, actor(role, unit="langxia"))
    assert (refused is None) == (role in line.tenant | line.own_unit)


@pytest.mark.parametrize(("service", "command"), sorted(COMMANDS))
def test_without_a_role_nothing_may_be_done(service: str, command: str) -> None:
    refused = may(service, command, actor())
    assert refused is not None
    assert refused.code == "security.not-permitted"
    assert refused.data["roles"]


def test_what_stands_in_no_line_is_not_permitted() -> None:
    everything = actor(*ROLES, unit="langxia")
    assert may("rectification", "open-case", everything) is not None
    assert may("review", "verify-rectification", everything) is not None


def test_a_role_of_a_unit_needs_the_unit() -> None:
    assert may("rectification", "submit-feedback", LIAISON) is None
    assert may("rectification", "submit-feedback", actor("liaison")) is not None


def test_a_line_names_known_roles_only() -> None:
    with pytest.raises(ValueError, match="no such role"):
        by("law-office")


@pytest.mark.parametrize("role", sorted(ROLES - {"inspector"}))
def test_any_role_of_the_tenant_reads_progress(role: str) -> None:
    reader = actor(role, unit="langxia")
    for tier in ("progress", "inherited"):
        assert may_read("rectification", "case-register", reader, tier=tier) is None
        assert only_unit("rectification", "case-register", reader, tier=tier) is None


def from_above(*roles: str) -> Actor:
    return Actor("u", "某", frozenset(roles), roles_from_above=frozenset(roles))


@pytest.mark.parametrize(("service", "command"), sorted(COMMANDS))
@pytest.mark.parametrize("role", sorted(ROLES))
def test_from_above_only_what_says_subtree_may_be_done(service: str, command: str, role: str) -> None:
    above = replace(from_above(role), unit="langxia")
    assert (may(service, command, above) is None) == (role in COMMANDS[service, command].subtree)


def test_a_tier_enters_what_is_below_and_decides_nothing_there() -> None:
    admin, law_office = from_above("tenant_admin"), from_above("law_office")
    assert may("scheduling", "register-unit", admin) is None
    assert may("scheduling", "adopt-policy", law_office) is not None
    both = replace(law_office, roles=frozenset({"law_office", "leader"}))  # a leader here, law office above
    assert may("scheduling", "adopt-policy", both) is not None
    assert may("review", "confirm-words", both) is None


def test_a_tier_sees_the_progress_of_its_subtree_and_not_its_texts() -> None:
    for role in sorted(REACHING_BELOW):
        for tier in ("progress", "inherited"):
            assert may_read("rectification", "case-register", from_above(role), tier=tier) is None
    for role in sorted(ROLES):
        for service, what in (("review", "texts"), ("review", "drafts"), ("review", "comments")):
            assert may_read(service, what, from_above(role)) is not None
    law_office = from_above("law_office")
    assert may_read("review", "texts", replace(law_office, roles_from_above=frozenset())) is None


@pytest.mark.parametrize("line", [*COMMANDS.values(), *READS.values()])
def test_who_reaches_below_may_in_the_own_tenant_too(line: Permitted) -> None:
    assert line.subtree <= line.tenant & REACHING_BELOW


@pytest.mark.parametrize("role", ["law_office", "liaison", "inspector"])
def test_a_line_lets_no_other_role_reach_below(role: str) -> None:
    with pytest.raises(ValueError, match="do not reach below"):
        by(role, subtree=(role,))
    with pytest.raises(ValueError, match="do not reach below"):
        by("leader", subtree=("tenant_admin",))


def test_an_inspector_reads_content_and_nothing_more() -> None:
    inspector = actor("inspector")
    for service, what in (
        ("review", "drafts"),
        ("review", "comments"),
        ("review", "proceedings"),
        ("review", "texts"),
        ("rectification", "texts"),
    ):
        assert may_read(service, what, inspector, unit="langxia") is None
    for what in ("ledger", "sheets", "granted-roles", "progress-notes"):
        assert may_read("evaluation", what, inspector) is not None
    assert may_read("rectification", "case-register", inspector, tier="progress") is not None
    assert all(may(service, command, inspector) is not None for service, command in COMMANDS)


def test_a_service_reads_progress_and_inherited_views_and_gives_no_command() -> None:
    for service in (actor("service"), from_above("service")):
        for tier in ("progress", "inherited"):
            assert may_read("rectification", "case-register", service, tier=tier) is None
        for what in ("drafts", "texts", "ledger", "comments"):
            assert may_read("review", what, service) is not None
        assert all(may(name, command, service) is not None for name, command in COMMANDS)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_ledger_below_is_for_audit_and_operation_alone(role: str) -> None:
    allowed = may_read("review", "ledger", from_above(role)) is None
    assert allowed == (role in {"auditor", "operator"})


def test_somebody_without_a_role_in_the_tenant_reads_nothing() -> None:
    for tier in ("private", "progress", "inherited"):
        assert may_read("rectification", "case-register", actor(), tier=tier) is not None


@pytest.mark.parametrize("role", ["law_office", "party_office", "leader"])
def test_the_offices_and_leaders_read_every_draft(role: str) -> None:
    assert may_read("review", "drafts", actor(role), unit="langxia") is None
    assert only_unit("review", "drafts", actor(role)) is None
    assert may_read("review", "texts", actor(role), unit="langxia") is None


def test_a_unit_reads_its_own_drafts_and_texts_only() -> None:
    assert may_read("review", "drafts", LIAISON) is None
    assert only_unit("review", "drafts", LIAISON) == "langxia"
    assert may_read("review", "texts", LIAISON, unit="langxia") is None
    assert may_read("review", "texts", LIAISON, unit="jiaotongwei") is not None
    assert may_read("review", "texts", LIAISON, unit="") is not None


@pytest.mark.parametrize("role", ["auditor", "operator", "organization_department", "supervision_office"])
def test_others_do_not_read_drafts_and_texts(role: str) -> None:
    assert may_read("review", "drafts", actor(role)) is not None
    assert may_read("review", "texts", actor(role)) is not None


@pytest.mark.parametrize("what", ["comments", "proceedings"])
def test_the_notes_of_the_room_are_not_for_the_units(what: str) -> None:
    assert may_read("review", what, LIAISON) is not None
    assert may_read("review", what, actor("party_office")) is None


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_ledger_is_for_the_offices_audit_and_operation(role: str) -> None:
    allowed = may_read("review", "ledger", actor(role, unit="langxia")) is None
    assert allowed == (role in {"law_office", "party_office", "auditor", "operator"})


def test_the_sheet_is_for_the_organisation_department_and_its_unit() -> None:
    assert may_read("evaluation", "sheets", actor("organization_department"), unit="langxia") is None
    assert may_read("evaluation", "sheets", LIAISON, unit="langxia") is None
    assert may_read("evaluation", "sheets", LIAISON, unit="jiaotongwei") is not None
    for role in ("law_office", "party_office", "leader", "auditor", "operator"):
        assert may_read("evaluation", "sheets", actor(role), unit="langxia") is not None


def test_a_private_view_without_a_line_is_for_the_two_offices_alone() -> None:
    assert may_read("review", "unheard-of", actor("law_office")) is None
    assert may_read("review", "unheard-of", LIAISON) is not None


def test_every_line_of_reads_is_about_something_that_is_read() -> None:
    views = {
        (application.SERVICE, view.name.replace("_", "-"))
        for name in ("scheduling", "review", "rectification", "evaluation")
        for application in [import_module(f"services.{name}.application")]
        for view in application.VIEWS
    }
    computed = {
        ("scheduling", "policy"),
        ("scheduling", "rotation"),
        ("scheduling", "holders"),
        ("review", "entrusted"),
        ("evaluation", "coverage"),
        ("rectification", "progress"),
        ("rectification", "extension-requests"),
    }
    own_lines = {line for line in READS if line[0] != "*" and line[1] not in ("ledger", "texts")}
    assert own_lines <= views | computed


def test_a_list_that_is_narrowed_to_a_unit_can_be_narrowed() -> None:
    for name in ("scheduling", "review", "rectification", "evaluation"):
        application = import_module(f"services.{name}.application")
        for view in application.VIEWS:
            kebab = view.name.replace("_", "-")
            if only_unit(application.SERVICE, kebab, LIAISON, tier=view.tier) is not None:
                assert "unit" in view.table.c


def test_the_services_themselves_are_for_an_operator_of_any_tenant() -> None:
    assert may_operate("clock", Caller("u", "某", (GrantHeld("shanghai", "operator"),))) is None
    refused = may_operate("clock", Caller("u", "某", (GrantHeld("shanghai", "tenant_admin"),)))
    assert refused is not None
    assert refused.data == {"service": "runtime", "what": "clock", "roles": ["operator"]}


@pytest.mark.parametrize(
    ("stream", "unit"),
    [
        ("draft-2021-1-jiaotongwei", "jiaotongwei"),
        ("case-2021-1-langxia", "langxia"),
        ("case-2021-12-a-b", "a-b"),
        ("sheet-2021-langxia", "langxia"),
        ("unit-langxia", "langxia"),
        ("session-2021-1", None),
        ("plan-2021", None),
        ("policy-self", None),
        ("tenant-self", None),
    ],
)
def test_a_stream_says_which_unit_it_is_about(stream: str, unit: str | None) -> None:
    assert unit_of(stream) == unit


def test_a_tenant_role_reaches_further_than_a_role_of_the_unit() -> None:
    line = Permitted(frozenset({"law_office"}), frozenset({"liaison"}))
    both = line.scope_of(actor("law_office", "liaison", unit="sifaju"))
    assert both is not None
    assert both.value == "tenant"


def test_every_refusal_of_security_is_about_who_asks() -> None:
    """That each has its words is held for the whole catalogue in tests/services/test_messages.py."""
    messages = tomllib.loads(files("shared.security").joinpath("messages.toml").read_text("utf-8"))
    assert {message["status"] for message in messages.values()} <= {401, 403, 503}
    for refused in (TokenMissing(), TokenExpired(), TokenInvalid("form"), KeysUnavailable()):
        assert messages[refused.code]["status"] == (503 if isinstance(refused, KeysUnavailable) else 401)
    refusal = may("review", "no-such-command", actor())
    assert refusal is not None
    assert messages[refusal.code]["status"] == 403
