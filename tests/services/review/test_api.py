"""Over HTTP: who stands in for the law office reads what it is to judge, and nobody else reads it there."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from jwt.algorithms import OKPAlgorithm

from services.review.api import routes
from services.review.application import AGGREGATES, COMMANDS, DRAFTS, SERVICE, SESSIONS, VIEWS
from services.review.domain.draft import SubmitDraft
from services.review.domain.minutes import CheckRequirements, ConfirmWords, DraftMinutes, SignMinutes
from services.review.domain.proceedings import RecordComment
from services.review.views.comments import comments
from services.review.working_notes import WITHHELD
from shared.contracts import Contract, scheduling
from shared.eventstore import Context, EventStore, UnitOfWork, reference, tables, views
from shared.runtime import messages, problems
from shared.runtime.gate import Gate
from shared.runtime.http import command_routes, read_routes
from shared.runtime.ledger import ledger_routes
from shared.security import TokenVerifier
from tests.services.review.hearing import (
    CONFIRM,
    TENANT,
    approve_all,
    confirm_agenda,
    give,
    hear,
    hold,
    liaison,
    number,
    registered,
    scheduled,
)
from tests.services.review.telling import LAW_OFFICE, ONE_PROCEDURE, PARTY_OFFICE

ISSUER, AUDIENCE = "https://issuer.example", "shufa"
SIFAJU = scheduling.Reporter(
    unit="sifaju",
    unit_name="区司法局",
    category="government",
    post="head",
    title="局长",
    person="述法人丁",
    houses_offices=["law_office"],
)


class Asking:
    """Review's own route, and an issuer whose tokens it believes."""

    def __init__(self, store: EventStore) -> None:
        self.key = Ed25519PrivateKey.generate()
        jwk = json.loads(OKPAlgorithm.to_jwk(self.key.public_key())) | {"kid": "one", "alg": "EdDSA"}
        keys = httpx.MockTransport(lambda request: httpx.Response(200, json={"keys": [jwk]}))
        verifier = TokenVerifier(
            ISSUER, AUDIENCE, f"{ISSUER}/jwks.json", client=httpx.AsyncClient(transport=keys)
        )
        app = FastAPI()
        problems.install(app, messages.load([f"services.{SERVICE}"]))
        gate = Gate(verifier, store)
        app.include_router(command_routes(store, gate, COMMANDS))
        app.include_router(read_routes(store, gate, VIEWS, AGGREGATES, WITHHELD))
        app.include_router(ledger_routes(store, gate))
        app.include_router(routes(store, gate))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://review.test")

    async def entrusted(self, *roles: str, tenant: str = TENANT, subtree: bool = False) -> httpx.Response:
        """What somebody with these roles is answered."""
        headers = self.by(*roles, tenant=tenant, subtree=subtree)
        return await self.client.get(f"/tenants/{TENANT}/entrusted", headers=headers)

    def by(
        self, *roles: str, tenant: str = TENANT, subtree: bool = False, name: str = "某"
    ) -> dict[str, str]:
        """The headers of somebody with these roles."""
        now = int(time.time())
        grants = [{"tenant": tenant, "role": role, "subtree": subtree} for role in roles]
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u", "name": name, "iat": now, "exp": now + 600}
        token = jwt.encode(claims | {"grants": grants}, self.key, "EdDSA", headers={"kid": "one"})
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def asking(store: EventStore) -> AsyncIterator[Asking]:
    made = Asking(store)
    yield made
    await made.client.aclose()


async def test_who_stands_in_reads_the_draft_of_the_unit_that_houses_the_law_office(
    store: EventStore, asking: Asking
) -> None:
    event = scheduled()
    await hear(store, event.model_copy(update={"reporters": [*event.reporters, SIFAJU]}))
    day = date(2021, 6, 1)
    for unit in ("sifaju", "langxia"):
        await give(store, DRAFTS, f"2021-1-{unit}", SubmitDraft(f"我是{unit}。"), liaison(unit), day)
    answer: dict[str, Any] = (await asking.entrusted("supervision_office")).json()
    assert answer["office"] == "supervision_office"
    [draft] = answer["drafts"]
    assert (draft["unit"], draft["state"], draft["text"]) == ("sifaju", "submitted", "我是sifaju。")
    assert answer["requirements"] == []


async def test_who_stands_in_reads_the_requirements_to_that_unit_while_they_are_checked(
    store: EventStore, asking: Asking
) -> None:
    await hear(store, registered("sifaju", "区司法局", "law_office"))
    await confirm_agenda(store)
    to_both = replace(ONE_PROCEDURE, requirement="r2", units=("langxia", "sifaju"))
    await hold(store, asked=(ONE_PROCEDURE, to_both))
    assert (await asking.entrusted("supervision_office")).json()["requirements"] == []
    await give(store, SESSIONS, "2021-1", DraftMinutes(), PARTY_OFFICE, date(2021, 6, 28))
    await give(store, SESSIONS, "2021-1", CheckRequirements(), LAW_OFFICE, date(2021, 6, 30))
    [one] = (await asking.entrusted("supervision_office")).json()["requirements"]
    assert (one["requirement"], one["task_line"], one["units"]) == ("r2", "统一执法取证程序", ["sifaju"])


@pytest.mark.parametrize(
    ("role", "tenant"),
    [
        ("law_office", TENANT),
        ("party_office", TENANT),
        ("organization_department", TENANT),
        ("supervision_office", "shanghai"),
    ],
)
async def test_nobody_else_reads_it_there(asking: Asking, role: str, tenant: str) -> None:
    answer = await asking.entrusted(role, tenant=tenant, subtree=tenant != TENANT)
    assert answer.status_code == 403
    assert "supervision_office" in answer.json()["data"]["roles"]


async def know(store: EventStore, *events: Contract) -> None:
    """Keep what scheduling says of the tree."""

    async def keep(work: UnitOfWork) -> None:
        await work.enter()
        kept = [change for event in events if (change := reference.change(TENANT, event)) is not None]
        await views.write(work.connection, kept)

    await store.in_transaction(Context(TENANT, LAW_OFFICE, "test"), keep)


def adopted(version: int, holds_from: date, **values: int | str) -> scheduling.PolicyAdopted:
    return scheduling.PolicyAdopted(policy_version=version, holds_from=holds_from, values={**values})


async def test_who_stands_in_is_policys(store: EventStore, asking: Asking) -> None:
    await know(store, adopted(1, date(2021, 1, 1), standing_in_office="organization_department"))
    assert (await asking.entrusted("organization_department")).status_code == 200
    assert (await asking.entrusted("supervision_office")).status_code == 403


async def test_what_was_decided_under_an_old_policy_keeps_the_date_it_had(
    store: EventStore, asking: Asking
) -> None:
    """Minutes sent before and after the day from which a shorter term holds: each says under which version."""
    registered_tenant = scheduling.TenantRegistered(
        name="示例区", tier="district", official_order=1, registered_on=date(2021, 1, 1)
    )
    shorter_from = date(2021, 7, 8)
    await know(
        store,
        registered_tenant,
        adopted(1, date(2021, 1, 1), rectification_months=3),
        adopted(2, shorter_from, rectification_months=2),
    )
    party_office = asking.by("party_office")
    due: dict[str, str] = {}
    for session, sent_on in (("2021-1", date(2021, 7, 7)), ("2021-2", shorter_from)):
        await hear(store, scheduled(session))
        await approve_all(store, session)
        await give(store, SESSIONS, session, CONFIRM, LAW_OFFICE, date(2021, 6, 18))
        await hold(store, session)
        await number(store, session, f"金委办〔2021〕{session[-1]}号")
        async with store.relay.begin() as connection:
            await connection.execute(sa.update(tables.business_day).values(today=sent_on))
        sent = await asking.client.post(
            f"/tenants/{TENANT}/session/{session}/send-minutes",
            json={},
            headers=party_office | {"Idempotency-Key": session},
        )
        assert sent.status_code == 200, sent.text
        row = await asking.client.get(
            f"/tenants/{TENANT}/proceedings/session-{session}", headers=party_office
        )
        due[session] = row.json()["due_on"]["langxia"]
    assert due == {"2021-1": "2021-10-08", "2021-2": "2021-09-08"}
    again = await asking.client.get(f"/tenants/{TENANT}/proceedings/session-2021-1", headers=party_office)
    assert again.json()["due_on"] == {"langxia": "2021-10-08"}

    ledger = await asking.client.get(
        f"/tenants/{TENANT}/ledger", params={"limit": "200"}, headers=party_office
    )
    under = {one["stream"]: one["policy"] for one in ledger.json()["items"] if one["name"] == "MinutesSent"}
    assert under == {"session-2021-1": [f"{TENANT}/1"], "session-2021-2": [f"{TENANT}/2"]}


@pytest.mark.parametrize("subtree", [False, True])
async def test_a_tier_above_reads_no_draft_comment_or_text_of_the_tier_below(
    store: EventStore, asking: Asking, subtree: bool
) -> None:
    """By none of the routes, whatever its roles above are and whether they reach down."""
    await confirm_agenda(store)
    await hold(store)
    async with store.reading(TENANT) as connection:
        texts = (await connection.execute(sa.select(tables.texts.c.ref, tables.texts.c.body))).all()
    assert len(texts) > 8
    roles = ("law_office", "party_office", "leader", "supervision_office", "tenant_admin")
    above = asking.by(*roles, tenant="shanghai", subtree=subtree)
    said = []
    for view in VIEWS:
        name = view.name.replace("_", "-")
        there = await asking.client.get(f"/tenants/{TENANT}/{name}", headers=above)
        below = await asking.client.get(
            f"/tenants/shanghai/{name}", params={"within": "subtree"}, headers=above
        )
        assert (below.status_code, below.json()["code"]) == (403, "http.not-shown-from-above")
        assert there.status_code == (200 if subtree and view.tier != "private" else 403)
        said += [there.text, below.text]
        for stream in ("session-2021-1", "draft-2021-1-langxia"):
            one = await asking.client.get(f"/tenants/{TENANT}/{name}/{stream}", headers=above)
            assert one.status_code == 403 or view.tier != "private"
            said.append(one.text)
    for route in ("entrusted", "ledger", *(f"texts/{text.ref}" for text in texts)):
        answer = await asking.client.get(f"/tenants/{TENANT}/{route}", headers=above)
        assert (answer.status_code, answer.json()["code"]) == (403, "security.not-permitted")
        said.append(answer.text)
    assert not [text.body for text in texts if any(text.body in one for one in said)]


Seen = tuple[list[str], bool, list[int]]


async def seen_by(asking: Asking, headers: dict[str, str], refs: list[str]) -> Seen:
    """Whose comments somebody reads, whether with the words, and how each text is answered."""
    listed = await asking.client.get(f"/tenants/{TENANT}/comments", headers=headers)
    rows = listed.json()["items"]
    texts = [await asking.client.get(f"/tenants/{TENANT}/texts/{ref}", headers=headers) for ref in refs]
    named = sorted({one["by"] for one in rows})
    return named, all(one["text_ref"] for one in rows), [one.status_code for one in texts]


async def test_until_the_minutes_are_signed_a_note_is_the_party_offices_and_that_leaders(
    store: EventStore, asking: Asking
) -> None:
    """Notes that were taken down again, too, which no view names any more. The law office has what it checks."""
    await confirm_agenda(store)
    await hold(store)
    day = date(2021, 6, 24)
    refs = []
    for by, words in (("领导甲", "先。"), ("领导甲", "后。"), ("领导乙", "乙说。")):
        note = RecordComment({"领导甲": "c-a", "领导乙": "c-b"}[by], "langxia", by, "副区长", words)
        await give(store, SESSIONS, "2021-1", note, PARTY_OFFICE, day)
        async with store.reading(TENANT) as connection:
            found = sa.select(tables.texts.c.ref).where(tables.texts.c.body == words)
            refs.append((await connection.execute(found)).scalar_one())
    both = ["领导乙", "领导甲"]
    ways: dict[str, tuple[dict[str, str], Seen]] = {
        "Party office": (asking.by("party_office"), (both, True, [200, 200, 200])),
        "leader": (asking.by("leader", name="领导甲"), (["领导甲"], True, [200, 200, 404])),
        "other leader": (asking.by("leader", name="领导乙"), (["领导乙"], True, [404, 404, 200])),
        "law office": (asking.by("law_office", name="领导甲"), (both, False, [404, 404, 404])),
        "who said nothing": (asking.by("leader", name="领导丙"), ([], True, [404, 404, 404])),
    }
    for who, (headers, seen) in ways.items():
        assert await seen_by(asking, headers, refs) == seen, who
    row = f"/tenants/{TENANT}/comments/session-2021-1"
    for params in ({}, {"as_of": day.isoformat()}):
        hidden = await asking.client.get(row, headers=asking.by("leader", name="领导丙"), params=params)
        assert hidden.status_code == 404
    await give(store, SESSIONS, "2021-1", DraftMinutes(), PARTY_OFFICE, date(2021, 6, 28))
    await give(store, SESSIONS, "2021-1", CheckRequirements(), LAW_OFFICE, date(2021, 6, 30))
    async with store.reading(TENANT) as connection:
        taken_down = (await connection.execute(sa.select(comments.c.comment, comments.c.by))).all()
    for comment, by in taken_down:
        await give(store, SESSIONS, "2021-1", ConfirmWords(comment, by), PARTY_OFFICE, date(2021, 7, 2))
    await give(store, SESSIONS, "2021-1", SignMinutes("书记甲"), PARTY_OFFICE, date(2021, 7, 5))
    for who, (headers, _) in ways.items():
        assert await seen_by(asking, headers, refs) == (both, True, [200, 200, 200]), who
