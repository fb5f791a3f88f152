"""What scheduling tells the others and shows in its read models, for each event of the story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.scheduling.application import PLANS, POLICIES, SESSIONS, TENANTS, UNITS
from services.scheduling.domain.plan import PlanAdopted, PlannedRound
from services.scheduling.domain.policy import PolicyAdopted
from services.scheduling.domain.registry import Post
from services.scheduling.domain.tenant import TenantRegistered
from services.scheduling.domain.unit import PostHandedOver, UnitRegistered
from services.scheduling.views.adopted_policies import ADOPTED_POLICIES
from services.scheduling.views.observers import OBSERVERS as OBSERVERS_VIEW
from services.scheduling.views.plans import PLANS_VIEW
from services.scheduling.views.registered_tenants import REGISTERED_TENANTS
from services.scheduling.views.sessions import SESSIONS_VIEW
from services.scheduling.views.units import UNITS_VIEW
from shared.contracts import Contract
from shared.contracts import scheduling as contracts
from shared.decider import Actor
from shared.eventstore import Aggregate, Recorded
from tests.services.scheduling.telling import (
    HELD_ON,
    NEXT_ROUND,
    OBSERVERS,
    REPORTERS,
    TODAY,
    drafted,
    minutes_noted,
    observers_named,
    scheduled,
)

TENANT_EVENTS = (TenantRegistered("金山区", "district", "310116", 1, TODAY),)
UNIT_EVENTS = (
    UnitRegistered(
        "廊下镇", "town", 50, ("law_office",), (Post("secretary", "书记", "张示例"),), date(2021, 1, 4), TODAY
    ),
    PostHandedOver("secretary", "书记", "张示例", "李示例", date(2021, 3, 1), TODAY),
)
POLICY_EVENTS = (
    PolicyAdopted(1, TODAY, {"receipt_offices": ("law_office",), "village_sessions": True}, TODAY),
    PolicyAdopted(2, HELD_ON, {"yellow_days": 20}, TODAY),
)
PLAN_EVENTS = (
    PlanAdopted(2021, (PlannedRound(1, HELD_ON),), ("scheduling.fewer-sessions-than-policy:1",), TODAY),
)
SESSION_EVENTS = (drafted(), observers_named(), scheduled(warnings=("x:y",)), minutes_noted())


def recorded(kind: str, id: str, events: Sequence[Any]) -> list[Recorded[Any]]:
    return [
        Recorded(event, "shanghai.jinshan", f"{kind}-{id}", version, TODAY, Actor("lin", "林示例"))
        for version, event in enumerate(events, start=1)
    ]


def told(aggregate: Aggregate[Any, Any, Any, Any], id: str, events: Sequence[Any]) -> list[Contract]:
    return [
        contract
        for n, one in enumerate(recorded(aggregate.kind, id, events), start=1)
        for contract in aggregate.publish(one, aggregate.fold(events[:n]))
    ]


# ---- what is told ----


def test_a_tenant_is_told_of() -> None:
    assert told(TENANTS, "self", TENANT_EVENTS) == [
        contracts.TenantRegistered(
            name="金山区", tier="district", division_code="310116", official_order=1, registered_on=TODAY
        )
    ]


def test_a_unit_and_its_handovers_are_told_of_by_its_id() -> None:
    assert told(UNITS, "langxia", UNIT_EVENTS) == [
        contracts.UnitRegistered(
            unit="langxia",
            name="廊下镇",
            category="town",
            official_order=50,
            houses_offices=["law_office"],
            posts=[contracts.Post(post="secretary", title="书记", person="张示例")],
            valid_from=date(2021, 1, 4),
        ),
        contracts.PostHandedOver(
            unit="langxia",
            post="secretary",
            title="书记",
            from_person="张示例",
            to_person="李示例",
            effective_on=date(2021, 3, 1),
        ),
    ]


def test_every_version_of_a_policy_is_told() -> None:
    assert told(POLICIES, "self", POLICY_EVENTS) == [
        contracts.PolicyAdopted(
            policy_version=1,
            holds_from=TODAY,
            values={"receipt_offices": ["law_office"], "village_sessions": True},
        ),
        contracts.PolicyAdopted(policy_version=2, holds_from=HELD_ON, values={"yellow_days": 20}),
    ]


def test_a_plan_is_nobody_elses_business() -> None:
    assert told(PLANS, "2021", PLAN_EVENTS) == []


def test_a_roster_is_told_when_the_session_is_scheduled_and_its_observers_right_after() -> None:
    assert told(SESSIONS, "2021-1", SESSION_EVENTS[:2]) == []
    session, *observers = told(SESSIONS, "2021-1", SESSION_EVENTS)
    assert session == contracts.SessionScheduled(
        session="2021-1",
        plan_year=2021,
        number=1,
        held_on=HELD_ON,
        reporters=[
            contracts.Reporter(
                unit=one.unit,
                unit_name=one.unit_name,
                category=one.category,
                post=one.post,
                title=one.title,
                person=one.person,
            )
            for one in REPORTERS
        ],
    )
    assert [
        (one.session, one.observer.unit, one.observer.person, one.provisional_for)
        for one in observers
        if isinstance(one, contracts.ObserverNamed)
    ] == [("2021-1", one.unit, one.person, "2021-2") for one in OBSERVERS]


# ---- what is shown ----


def test_a_registered_tenant_is_one_row() -> None:
    assert REGISTERED_TENANTS.rows(recorded("tenant", "self", TENANT_EVENTS)) == [
        {
            "name": "金山区",
            "tier": "district",
            "division_code": "310116",
            "official_order": 1,
            "registered_on": TODAY,
        }
    ]


def test_a_unit_shows_who_holds_its_posts_now() -> None:
    assert UNITS_VIEW.rows(recorded("unit", "langxia", UNIT_EVENTS)) == [
        {
            "unit": "langxia",
            "name": "廊下镇",
            "category": "town",
            "official_order": 50,
            "houses_offices": ["law_office"],
            "posts": [{"post": "secretary", "title": "书记", "person": "李示例", "since": "2021-03-01"}],
            "valid_from": date(2021, 1, 4),
        }
    ]


def test_adopted_policies_are_one_row_a_version() -> None:
    assert ADOPTED_POLICIES.rows(recorded("policy", "self", POLICY_EVENTS)) == [
        {
            "policy_version": 1,
            "holds_from": TODAY,
            "values": {"receipt_offices": ["law_office"], "village_sessions": True},
            "adopted_on": TODAY,
        },
        {
            "policy_version": 2,
            "holds_from": HELD_ON,
            "values": {"yellow_days": 20},
            "adopted_on": TODAY,
        },
    ]


def test_a_plan_shows_its_rounds_and_warnings() -> None:
    assert PLANS_VIEW.rows(recorded("plan", "2021", PLAN_EVENTS)) == [
        {
            "plan_year": 2021,
            "rounds": [{"number": 1, "planned_on": "2021-06-24"}],
            "warnings": ["scheduling.fewer-sessions-than-policy:1"],
            "adopted_on": TODAY,
        }
    ]


@pytest.mark.parametrize(
    ("events", "status", "held_on", "observers"),
    [
        (1, "drafted", None, []),
        (2, "drafted", None, [one.unit for one in OBSERVERS]),
        (3, "scheduled", HELD_ON, [one.unit for one in OBSERVERS]),
        (4, "minutes_sent", HELD_ON, [one.unit for one in OBSERVERS]),
    ],
)
def test_a_session_shows_how_far_it_is(
    events: int, status: str, held_on: date | None, observers: list[str]
) -> None:
    [row] = SESSIONS_VIEW.rows(recorded("session", "2021-1", SESSION_EVENTS[:events]))
    assert set(row) == {column.name for column in SESSIONS_VIEW.table.columns} - {"tenant", "stream"}
    assert (row["session"], row["plan_year"], row["number"]) == ("2021-1", 2021, 1)
    assert (row["status"], row["held_on"]) == (status, held_on)
    assert [one["unit"] for one in row["reporters"]] == [one.unit for one in REPORTERS]
    assert [one["unit"] for one in row["observers"]] == observers
    assert row["minutes_sent_on"] == (date(2021, 7, 7) if events == 4 else None)
    assert row["warnings"] == (["x:y"] if events > 2 else [])


def test_observers_are_one_row_each_with_who_holds_the_post_when_the_session_is_scheduled() -> None:
    successor = tuple(replace(one, person="新任") for one in OBSERVERS)
    history = (drafted(), observers_named(), replace(scheduled(), observers=successor))
    rows = OBSERVERS_VIEW.rows(recorded("session", "2021-1", history))
    assert [(row["unit"], row["person"], row["for_session"]) for row in rows] == [
        (one.unit, "新任", "2021-2") for one in successor
    ]
    assert OBSERVERS_VIEW.rows(recorded("session", "2021-1", history[:1])) == []
    assert {row["unit"] for row in rows} == set(NEXT_ROUND)


# ---- what is kept ----


@pytest.mark.parametrize(
    ("aggregate", "events"),
    [
        (TENANTS, TENANT_EVENTS),
        (UNITS, UNIT_EVENTS),
        (POLICIES, POLICY_EVENTS),
        (PLANS, PLAN_EVENTS),
        (SESSIONS, SESSION_EVENTS),
    ],
    ids=lambda one: one.kind if isinstance(one, Aggregate) else None,
)
def test_every_event_is_read_from_the_ledger_as_it_was_written(
    aggregate: Aggregate[Any, Any, Any, Any], events: Sequence[Any]
) -> None:
    assert {type(event).__name__ for event in events} == set(aggregate.codec.classes)
    for event in events:
        kept = aggregate.codec.encode(event)
        assert aggregate.codec.decode(kept.name, kept.schema_version, kept.data) == event
