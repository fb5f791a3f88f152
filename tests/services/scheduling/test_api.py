"""Over HTTP: the policy that holds on a day and where it comes from, whose turn it is, and the opening of a tree."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from jwt.algorithms import OKPAlgorithm

from services.scheduling.api import routes
from services.scheduling.application import AGGREGATES, COMMANDS, SERVICE, VIEWS
from shared.eventstore import EventStore, tables
from shared.runtime import messages, problems
from shared.runtime.gate import Gate
from shared.runtime.http import command_routes, read_routes
from shared.runtime.ledger import ledger_routes
from shared.security import TokenVerifier
from tests.services.scheduling.telling import UNITS

DISTRICT, TOWN = "shanghai.jinshan", "shanghai.jinshan.langxia"
ISSUER, AUDIENCE = "https://issuer.example", "shufa"


class Service:
    """Scheduling's own HTTP, and an issuer whose tokens it believes."""

    def __init__(self, store: EventStore) -> None:
        self.key = Ed25519PrivateKey.generate()
        jwk = json.loads(OKPAlgorithm.to_jwk(self.key.public_key())) | {"kid": "one", "alg": "EdDSA"}
        keys = httpx.MockTransport(lambda request: httpx.Response(200, json={"keys": [jwk]}))
        verifier = TokenVerifier(
            ISSUER, AUDIENCE, f"{ISSUER}/jwks.json", client=httpx.AsyncClient(transport=keys)
        )
        app, gate = FastAPI(), Gate(verifier, store)
        problems.install(app, messages.load([f"services.{SERVICE}"]))
        app.include_router(command_routes(store, gate, COMMANDS))
        app.include_router(read_routes(store, gate, VIEWS, AGGREGATES))
        app.include_router(ledger_routes(store, gate))
        app.include_router(routes(store, gate))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://scheduling.test")
        self.keyed = 0

    def by(self, *grants: dict[str, Any]) -> dict[str, str]:
        """The headers of somebody with these grants."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u", "name": "某", "iat": now, "exp": now + 600}
        token = jwt.encode(claims | {"grants": list(grants)}, self.key, "EdDSA", headers={"kid": "one"})
        return {"Authorization": f"Bearer {token}"}

    async def post(self, path: str, body: dict[str, Any], who: dict[str, str]) -> httpx.Response:
        self.keyed += 1
        headers = who | {"Idempotency-Key": str(self.keyed)}
        return await self.client.post(f"/tenants/{path}", json=body, headers=headers)

    async def get(self, path: str, who: dict[str, str], **asked: str) -> Any:
        answer = await self.client.get(f"/tenants/{path}", params=asked, headers=who)
        return answer.json()


@pytest.fixture
async def service(store: EventStore) -> AsyncIterator[Service]:
    made = Service(store)
    yield made
    await made.client.aclose()


ADMIN = {"tenant": DISTRICT, "role": "tenant_admin", "subtree": True}
LAW_OFFICE = {"tenant": DISTRICT, "role": "law_office", "unit": "sifaju", "subtree": True}
LAW_OFFICE_OF_THE_TOWN = {"tenant": TOWN, "role": "law_office", "unit": "sifasuo"}


def tenant_body(name: str, tier: str, order: int = 1) -> dict[str, Any]:
    return {"name": name, "tier": tier, "official_order": order}


async def open_district_and_town(service: Service) -> dict[str, str]:
    who = service.by(ADMIN, LAW_OFFICE, LAW_OFFICE_OF_THE_TOWN)
    for tenant, name, tier in ((DISTRICT, "示例区", "district"), (TOWN, "廊下镇", "town")):
        answer = await service.post(f"{tenant}/tenant/self/register-tenant", tenant_body(name, tier), who)
        assert answer.status_code == 200, answer.text
    return who


async def test_one_subtree_grant_opens_a_district_with_all_its_towns_and_villages(service: Service) -> None:
    towns = [f"{DISTRICT}.t{n}" for n in range(11)]
    villages = [f"{towns[n % 11]}.v{n}" for n in range(244)]
    tree = [
        (DISTRICT, "district"),
        *((one, "town") for one in towns),
        *((one, "village") for one in villages),
    ]
    assert len(tree) == 256
    admin = service.by(ADMIN)
    for order, (tenant, tier) in enumerate(tree, start=1):
        body = tenant_body(f"示例{order}", tier, order)
        answer = await service.post(f"{tenant}/tenant/self/register-tenant", body, admin)
        assert answer.status_code == 200, answer.text
    # each has its own registry, and whoever may open the tree may enter it
    body = {"name": "示例村", "category": "village", "official_order": 1}
    answer = await service.post(f"{villages[-1]}/unit/self/register-unit", body, admin)
    assert answer.status_code == 200
    [row] = (await service.get(f"{villages[-1]}/registered-tenants", admin))["items"]
    assert (row["tier"], row["official_order"]) == ("village", 256)


async def test_a_grant_without_subtree_opens_its_own_tenant_alone(service: Service) -> None:
    admin = service.by({"tenant": DISTRICT, "role": "tenant_admin"})
    body = tenant_body("廊下镇", "town")
    answer = await service.post(f"{TOWN}/tenant/self/register-tenant", body, admin)
    assert (answer.status_code, answer.json()["code"]) == (403, "security.not-permitted")
    answer = await service.post(f"{DISTRICT}/tenant/self/register-tenant", body | {"tier": "district"}, admin)
    assert answer.status_code == 200


async def test_a_law_office_decides_and_reads_nothing_below(service: Service) -> None:
    await open_district_and_town(service)
    who = service.by(ADMIN, LAW_OFFICE)
    answer = await service.post(f"{TOWN}/policy/self/adopt-policy", policy({"yellow_days": 20}), who)
    assert (answer.status_code, answer.json()["code"]) == (403, "security.not-permitted")
    assert (await service.get(f"{TOWN}/adopted-policies", who))["items"] == []
    assert (await service.get(f"{TOWN}/ledger", who))["code"] == "security.not-permitted"
    assert (await service.get(f"{DISTRICT}/ledger", who))["items"]


def policy(values: dict[str, Any], holds_from: str = "2021-04-01") -> dict[str, Any]:
    return {"values": values, "holds_from": holds_from}


async def test_each_value_of_a_policy_says_from_which_tier_and_version_it_comes(service: Service) -> None:
    who = await open_district_and_town(service)
    adopt = "policy/self/adopt-policy"
    district = {"extension_days_at_most": 30, "observer_absence_blocks": True}
    assert (await service.post(f"{DISTRICT}/{adopt}", policy(district), who)).status_code == 200
    stricter = policy({"extension_days_at_most": 15}, "2021-05-01")
    assert (await service.post(f"{TOWN}/{adopt}", stricter, who)).status_code == 200
    laxer = await service.post(f"{TOWN}/{adopt}", policy({"observer_absence_blocks": False}), who)
    assert laxer.json()["data"]["laxer"] == ["observer_absence_blocks"]

    async def values(on: str) -> dict[str, Any]:
        answer = await service.get(f"{TOWN}/policy", who, on=on)
        assert (answer["tenant"], answer["on"]) == (TOWN, on)
        return {one["name"]: one for one in answer["values"]}

    before, after = await values("2021-04-30"), await values("2021-05-01")
    from_district = {"tenant": DISTRICT, "policy_version": 1, "holds_from": "2021-04-01"}
    assert before["extension_days_at_most"] == {
        "name": "extension_days_at_most",
        "value": 30,
        "origin": from_district,
        "own": None,
        "overridden": False,
        "stricter": "less",
        "bounds": "1…180",
        "source": "2",
    }
    assert after["extension_days_at_most"]["value"] == 15
    assert after["extension_days_at_most"]["origin"] == {
        "tenant": TOWN,
        "policy_version": 1,
        "holds_from": "2021-05-01",
    }
    assert (after["observer_absence_blocks"]["value"], after["observer_absence_blocks"]["origin"]) == (
        True,
        from_district,
    )
    assert (after["yellow_days"]["value"], after["yellow_days"]["origin"]) == (15, None)
    assert after["receipt_offices"]["value"] == ["party_office", "law_office"]
    today = await service.get(f"{TOWN}/policy", who)
    assert (today["on"], today["versions"]) == ("2021-04-01", [f"{DISTRICT}/1"])


async def test_a_policy_that_loosens_is_refused_in_both_languages_and_nothing_is_written(
    service: Service,
) -> None:
    who = await open_district_and_town(service)
    adopt = "policy/self/adopt-policy"
    assert (await service.post(f"{DISTRICT}/{adopt}", policy({"yellow_days": 20}), who)).status_code == 200
    before = (await service.get(f"{TOWN}/adopted-policies", who))["items"]
    asked = policy({"extension_days_at_most": 45, "yellow_days": 10, "orange_working_days": 6})
    answer = await service.post(f"{TOWN}/{adopt}", asked, who)
    refused = answer.json()
    assert (answer.status_code, refused["code"]) == (409, "scheduling.policy-laxer-than-above")
    assert refused["data"]["against"] == [
        {
            "value": "extension_days_at_most",
            "asked": 45,
            "holds": 30,
            "tenant": None,
            "policy_version": None,
        },
        {"value": "yellow_days", "asked": 10, "holds": 20, "tenant": DISTRICT, "policy_version": 1},
    ]
    told = f"extension_days_at_most 45 / 30 (default), yellow_days 10 / 20 ({DISTRICT})"
    assert told in refused["detail"]
    assert told in refused["detail_zh"]
    assert (await service.get(f"{TOWN}/adopted-policies", who))["items"] == before == []


async def test_a_value_that_a_tier_above_overrides_later_is_shown(service: Service) -> None:
    """The child is not asked again: the strictest on the day holds, and the read says so."""
    who = await open_district_and_town(service)
    adopt = "policy/self/adopt-policy"
    own = {"extension_days_at_most": 20, "receipt_offices": ["party_office", "law_office"]}
    assert (await service.post(f"{TOWN}/{adopt}", policy(own), who)).status_code == 200
    offices = ["party_office", "law_office", "supervision_office"]
    above = policy({"extension_days_at_most": 10, "receipt_offices": offices}, "2021-06-01")
    assert (await service.post(f"{DISTRICT}/{adopt}", above, who)).status_code == 200

    before = await service.get(f"{TOWN}/policy", who, on="2021-05-31")
    assert before["overridden"] == []
    after = await service.get(f"{TOWN}/policy", who, on="2021-06-01")
    assert after["overridden"] == ["receipt_offices", "extension_days_at_most"]
    values = {one["name"]: one for one in after["values"]}
    extension, receipts = values["extension_days_at_most"], values["receipt_offices"]
    assert (extension["value"], extension["own"], extension["overridden"]) == (10, 20, True)
    assert (extension["origin"]["tenant"], extension["origin"]["policy_version"]) == (DISTRICT, 1)
    assert (set(receipts["value"]), receipts["own"]) == ({*offices}, own["receipt_offices"])
    assert receipts["origin"]["tenant"] == DISTRICT


async def test_a_decision_records_the_policy_versions_it_was_taken_under(
    service: Service, store: EventStore
) -> None:
    who = await open_district_and_town(service)
    adopt = "policy/self/adopt-policy"
    await service.post(f"{DISTRICT}/{adopt}", policy({"sessions_per_year": 1}), who)
    await service.post(f"{DISTRICT}/{adopt}", policy({"sessions_per_year": 3}, "2021-05-06"), who)
    await service.post(f"{TOWN}/{adopt}", policy({"yellow_days": 20}, "2021-05-06"), who)
    plan = {"rounds": [{"number": 1, "planned_on": "2021-11-18"}]}
    assert (await service.post(f"{TOWN}/plan/2021/adopt-plan", plan, who)).status_code == 200
    async with store.relay.begin() as connection:
        await connection.execute(sa.update(tables.business_day).values(today=date(2021, 5, 6)))
    plan = {"rounds": [{"number": 1, "planned_on": "2022-11-17"}]}
    assert (await service.post(f"{TOWN}/plan/2022/adopt-plan", plan, who)).status_code == 200

    reader = service.by({"tenant": TOWN, "role": "auditor"})
    ledger = (await service.get(f"{TOWN}/ledger", reader))["items"]
    [first, second] = [one for one in ledger if one["name"] == "PlanAdopted"]
    assert (first["policy"], second["policy"]) == ([f"{DISTRICT}/1"], [f"{DISTRICT}/2", f"{TOWN}/1"])
    # what was decided under the old version stays as it was decided
    assert (first["data"]["warnings"], second["data"]["warnings"]) == (
        [],
        ["scheduling.fewer-sessions-than-policy:1"],
    )


async def test_the_rotation_lists_whose_turn_it_is(service: Service) -> None:
    who = await open_district_and_town(service)
    for unit in UNITS.values():
        body = {
            "name": unit.name,
            "category": unit.category,
            "official_order": unit.official_order,
            "posts": [vars(post) for post in unit.posts],
        }
        registered = await service.post(f"{DISTRICT}/unit/{unit.unit}/register-unit", body, who)
        assert registered.status_code == 200
    past = {
        "plan_year": 2017,
        "number": 1,
        "held_on": "2017-09-20",
        "reporters": [{"unit": "langxia", "post": "secretary", "person": "当时书记"}],
    }
    answer = await service.post(f"{DISTRICT}/session/2017-1/record-past-session", past, who)
    assert answer.status_code == 200, answer.text
    towns = await service.get(f"{DISTRICT}/rotation", who, category="town")
    assert [(one["unit"], one["last_session"], one["last_reported_on"]) for one in towns["items"]] == [
        ("shilizhen", None, None),
        ("langxia", "2017-1", "2017-09-20"),
    ]
    everybody = await service.get(f"{DISTRICT}/rotation", who)
    assert len(everybody["items"]) == len(UNITS)
    assert everybody["items"][-1]["unit"] == "langxia"


async def test_a_calendar_is_adopted_and_corrected_over_http(service: Service) -> None:
    who = await open_district_and_town(service)
    body = {"holidays": ["2026-01-01"], "working_weekend_days": [], "document": "国办发明电〔2025〕7号"}
    adopt = f"{DISTRICT}/calendar/2026/adopt-calendar"
    assert (await service.post(adopt, body, who)).json()["events"] == ["CalendarAdopted"]
    wrong = await service.post(f"{DISTRICT}/calendar/2027/adopt-calendar", body, who)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "scheduling.day-outside-the-year")
    corrected = body | {"holidays": ["2026-01-01", "2026-01-02"], "document": "国办发明电〔2026〕1号"}
    assert (await service.post(adopt, corrected, who)).json()["events"] == ["CalendarCorrected"]
    [row] = (await service.get(f"{DISTRICT}/adopted-calendars", who, year="2026"))["items"]
    assert (row["holidays"], len(row["versions"])) == (["2026-01-01", "2026-01-02"], 2)
    reader = service.by({"tenant": DISTRICT, "role": "liaison", "unit": "langxia"})
    assert (await service.post(adopt, body, reader)).status_code == 403


async def test_somebody_without_a_role_sees_neither_policy_nor_rotation(service: Service) -> None:
    await open_district_and_town(service)
    stranger = service.by({"tenant": "shanghai.fengxian", "role": "law_office"})
    for what in ("policy", "rotation"):
        assert (await service.get(f"{DISTRICT}/{what}", stranger))["code"] == "security.not-permitted"


async def test_what_tiers_inherit_is_not_read_as_a_subtree(service: Service) -> None:
    """A registry and policies are a tenant's own and its tiers' below: a tier above asks for progress alone."""
    who = await open_district_and_town(service)
    for view in ("units", "adopted-policies", "adopted-calendars"):
        answer = await service.client.get(
            f"/tenants/{DISTRICT}/{view}", params={"within": "subtree"}, headers=who
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "http.not-shown-from-above")
        assert answer.json()["data"] == {"what": view}


async def test_a_tier_reads_the_tenants_and_plans_of_its_subtree_in_official_order(service: Service) -> None:
    who = await open_district_and_town(service)
    others = (
        (f"{DISTRICT}.zhujing", "town", 0),
        (f"{TOWN}.guangming", "village", 1),
        ("shanghai", "city", 1),
    )
    everywhere = service.by(ADMIN, LAW_OFFICE, ADMIN | {"tenant": "shanghai"})
    for tenant, tier, order in others:
        body = tenant_body("示例", tier, order)
        assert (
            await service.post(f"{tenant}/tenant/self/register-tenant", body, everywhere)
        ).status_code == 200
    page = await service.get(f"{DISTRICT}/registered-tenants", who, within="subtree")
    assert [one["tenant"] for one in page["items"]] == [
        DISTRICT,
        f"{DISTRICT}.zhujing",
        TOWN,
        f"{TOWN}.guangming",
    ]
    plan = {"rounds": [{"number": 1, "planned_on": "2021-11-18"}]}
    assert (await service.post(f"{TOWN}/plan/2021/adopt-plan", plan, who)).status_code == 200
    plans = await service.get(f"{DISTRICT}/plans", who, within="subtree", plan_year="2021")
    assert [(one["tenant"], one["plan_year"]) for one in plans["items"]] == [(TOWN, 2021)]
