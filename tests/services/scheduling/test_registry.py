"""The rules of the registry: tenants, units, and posts as they pass from one person to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from services.scheduling.domain import tenant, unit
from services.scheduling.domain.registry import Post
from services.scheduling.domain.tenant import RegisterTenant, TenantRegistered
from services.scheduling.domain.unit import (
    HandOverPost,
    HeldPost,
    PostHandedOver,
    Registered,
    RegisterUnit,
    UnitRegistered,
)
from shared.testing.given import Scenario, scenario
from tests.services.scheduling.telling import ADMIN, TODAY

REGISTER_TENANT = RegisterTenant("金山区", "district", 1, "310116")
TENANT_REGISTERED = TenantRegistered("金山区", "district", "310116", 1, TODAY)

SECRETARY = Post("secretary", "书记", "张示例")
MAYOR = Post("mayor", "镇长", "王示例")
SINCE = date(2021, 1, 4)
REGISTER = RegisterUnit("廊下镇", "town", 50, posts=(SECRETARY, MAYOR), valid_from=SINCE)
REGISTERED = UnitRegistered("廊下镇", "town", 50, (), (SECRETARY, MAYOR), valid_from=SINCE, on=TODAY)
HAND_OVER = HandOverPost("secretary", "李示例", effective_on=date(2021, 3, 1))
HANDED_OVER = PostHandedOver("secretary", "书记", "张示例", "李示例", date(2021, 3, 1), on=TODAY)


def a_tenant() -> Scenario[tenant.Tenant, tenant.Command, tenant.Event, None]:
    return scenario(tenant.decide, tenant.evolve, tenant.initial, today=TODAY, actor=ADMIN)


def a_unit() -> Scenario[unit.Unit, unit.Command, unit.Event, None]:
    return scenario(unit.decide, unit.evolve, unit.initial, today=TODAY, actor=ADMIN)


# ---- tenants ----


def test_a_tenant_is_registered() -> None:
    a_tenant().when(REGISTER_TENANT).then(TENANT_REGISTERED)


def test_the_same_tenant_again_is_nothing_new() -> None:
    a_tenant().given(TENANT_REGISTERED).when(REGISTER_TENANT).then_nothing()


def test_a_tenant_is_not_registered_as_something_else() -> None:
    a_tenant().given(TENANT_REGISTERED).when(replace(REGISTER_TENANT, tier="city")).then_refused(
        "scheduling.not-allowed-now", situation="registered", command="register-tenant"
    )


def test_a_tenant_has_a_name() -> None:
    a_tenant().when(replace(REGISTER_TENANT, name=" ")).then_refused("scheduling.name-blank", field="name")


# ---- units ----


def test_a_unit_is_registered_with_its_posts_and_the_offices_it_houses() -> None:
    a_unit().when(REGISTER).then(REGISTERED)
    a_unit().when(replace(REGISTER, houses_offices=("law_office",))).then(
        replace(REGISTERED, houses_offices=("law_office",))
    )


def test_a_unit_without_a_date_bears_its_name_from_today() -> None:
    a_unit().when(replace(REGISTER, valid_from=None)).then(replace(REGISTERED, valid_from=TODAY))


@pytest.mark.parametrize("again", [REGISTER, replace(REGISTER, valid_from=None)])
def test_the_same_unit_again_is_nothing_new(again: RegisterUnit) -> None:
    a_unit().given(REGISTERED).when(again).then_nothing()


def test_a_unit_is_not_registered_as_something_else() -> None:
    a_unit().given(REGISTERED).when(replace(REGISTER, category="government")).then_refused(
        "scheduling.not-allowed-now", situation="registered", command="register-unit"
    )


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (replace(REGISTER, name=""), "name"),
        (replace(REGISTER, posts=(replace(SECRETARY, title=" "),)), "title"),
        (replace(REGISTER, posts=(MAYOR, replace(SECRETARY, person=""))), "person"),
    ],
)
def test_a_unit_its_posts_and_their_holders_have_names(command: RegisterUnit, field: str) -> None:
    a_unit().when(command).then_refused("scheduling.name-blank", field=field)


@pytest.mark.parametrize("post", ["", "Head", "书记", "a_b", "-a", "a--b", "head\n"])
def test_a_posts_id_can_stand_in_a_key(post: str) -> None:
    a_unit().when(replace(REGISTER, posts=(replace(SECRETARY, post=post),))).then_refused(
        "scheduling.post-id-malformed", post=post
    )


def test_a_unit_has_each_post_once() -> None:
    a_unit().when(replace(REGISTER, posts=(SECRETARY, MAYOR, SECRETARY))).then_refused(
        "scheduling.post-listed-twice", post="secretary"
    )


# ---- handovers ----


def test_a_post_is_handed_over_and_the_other_posts_stay() -> None:
    a_unit().given(REGISTERED).when(HAND_OVER).then(HANDED_OVER)
    after = a_unit().given(REGISTERED, HANDED_OVER).state
    assert isinstance(after, Registered)
    assert after.posts == (
        HeldPost("secretary", "书记", "李示例", date(2021, 3, 1)),
        HeldPost("mayor", "镇长", "王示例", SINCE),
    )


def test_a_handover_without_a_date_is_of_today() -> None:
    a_unit().given(REGISTERED).when(replace(HAND_OVER, effective_on=None)).then(
        replace(HANDED_OVER, effective_on=TODAY)
    )


def test_a_post_of_an_unknown_unit_is_not_handed_over() -> None:
    a_unit().when(HAND_OVER).then_refused("scheduling.not-allowed-now", situation="not-registered")


def test_a_post_that_the_unit_has_not_is_not_handed_over() -> None:
    a_unit().given(REGISTERED).when(replace(HAND_OVER, post="head")).then_refused(
        "scheduling.post-unknown", post="head", known=["secretary", "mayor"]
    )


def test_a_handover_is_to_somebody_else_and_to_somebody() -> None:
    registered = a_unit().given(REGISTERED)
    registered.when(replace(HAND_OVER, to_person="张示例")).then_refused(
        "scheduling.post-already-held", person="张示例"
    )
    registered.when(replace(HAND_OVER, to_person=" ")).then_refused("scheduling.name-blank", field="person")


def test_a_handover_is_recorded_when_it_has_happened() -> None:
    a_unit().given(REGISTERED).when(replace(HAND_OVER, effective_on=date(2021, 4, 2))).then_refused(
        "scheduling.handover-in-the-future", effective_on="2021-04-02", today="2021-04-01"
    )


@pytest.mark.parametrize(
    ("past", "day_before", "since"),
    [
        ((REGISTERED,), date(2021, 1, 3), "2021-01-04"),
        ((REGISTERED, HANDED_OVER), date(2021, 2, 28), "2021-03-01"),
    ],
)
def test_a_handover_is_not_dated_before_the_one_before_it(
    past: tuple[unit.Event, ...], day_before: date, since: str
) -> None:
    a_unit().given(*past).when(HandOverPost("secretary", "赵示例", day_before)).then_refused(
        "scheduling.handover-before-the-last", effective_on=day_before.isoformat(), held_since=since
    )


def test_every_event_leads_somewhere() -> None:
    story: tuple[unit.Event, ...] = (REGISTERED, HANDED_OVER)
    assert {type(event) for event in story} == set(get_args(unit.Event))
    assert isinstance(a_unit().given(*story).state, Registered)
    assert isinstance(a_tenant().given(TENANT_REGISTERED).state, tenant.Registered)
