"""The rules of the registry: tenants, units and their names, and posts as they pass from one person to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest

from services.scheduling.domain import tenant, unit
from services.scheduling.domain.registry import BODIES_OF_A_TIER, Post, ReportingBody, Tier
from services.scheduling.domain.tenant import (
    CloseTenant,
    NoteImport,
    RegisterTenant,
    RegistryImported,
    RenameTenant,
    TenantClosed,
    TenantRegistered,
    TenantRenamed,
)
from services.scheduling.domain.unit import (
    AddPost,
    CloseUnit,
    HandOverPost,
    HeldPost,
    Name,
    PostAdded,
    PostHandedOver,
    Registered,
    RegisterUnit,
    RenameUnit,
    UnitClosed,
    UnitRegistered,
    UnitRenamed,
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

RENAME = RenameUnit("廊下新镇", date(2021, 3, 1))
RENAMED = UnitRenamed("廊下镇", "廊下新镇", date(2021, 3, 1), on=TODAY)


def a_tenant(**facts: Any) -> Scenario[tenant.Tenant, tenant.Command, tenant.Event, tenant.Facts]:
    known = tenant.Facts(**facts)
    return scenario(tenant.decide, tenant.evolve, tenant.initial, today=TODAY, actor=ADMIN, facts=known)


def a_unit(**facts: Any) -> Scenario[unit.Unit, unit.Command, unit.Event, unit.Facts]:
    known = unit.Facts(**facts)
    return scenario(unit.decide, unit.evolve, unit.initial, today=TODAY, actor=ADMIN, facts=known)


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


@pytest.mark.parametrize(
    ("tier", "body"), [(tier, body) for tier, bodies in BODIES_OF_A_TIER.items() for body in bodies]
)
def test_a_tenant_has_a_reporting_body_of_its_tier(tier: Tier, body: ReportingBody) -> None:
    register = replace(REGISTER_TENANT, tier=tier, reporting_body=body)
    a_tenant().when(register).then(replace(TENANT_REGISTERED, tier=tier, reporting_body=body))


@pytest.mark.parametrize(
    ("tier", "body"),
    [
        ("bureau", "party_work_committee"),
        ("bureau", "standing_committee"),
        ("town", "party_group"),
        ("district", "party_committee"),
    ],
)
def test_a_reporting_body_of_another_tier_is_refused(tier: Tier, body: ReportingBody) -> None:
    a_tenant().when(replace(REGISTER_TENANT, tier=tier, reporting_body=body)).then_refused(
        "scheduling.reporting-body-of-another-tier",
        tier=tier,
        body=body,
        allowed=list(BODIES_OF_A_TIER[tier]),
    )


def test_a_village_has_no_reporting_body() -> None:
    village = replace(REGISTER_TENANT, tier="village", reporting_body="party_committee")
    a_tenant().when(village).then_refused("scheduling.village-has-no-reporting-body", body="party_committee")


def test_a_tenant_is_renamed_from_a_day_on_and_registered_again_under_that_name_only() -> None:
    later = a_tenant().today(date(2021, 6, 1)).given(TENANT_REGISTERED)
    renamed = TenantRenamed("金山区", "金山新区", date(2021, 5, 1), on=date(2021, 6, 1))
    rename = RenameTenant("金山新区", date(2021, 5, 1))
    later.when(rename).then(renamed)
    later.when(RenameTenant("金山新区")).then(replace(renamed, valid_from=date(2021, 6, 1)))
    after = later.given(renamed)
    after.when(rename).then_nothing()
    after.when(replace(REGISTER_TENANT, name="金山新区")).then_nothing()
    after.when(REGISTER_TENANT).then_refused("scheduling.not-allowed-now", situation="registered")
    after.when(replace(rename, valid_from=date(2021, 6, 1))).then_refused("scheduling.name-already-borne")
    later.when(RenameTenant(" ")).then_refused("scheduling.name-blank", field="name")
    later.when(RenameTenant("新", date(2021, 6, 2))).then_refused("scheduling.renaming-in-the-future")
    later.when(RenameTenant("新", TODAY)).then_refused("scheduling.renaming-before-the-last")


CLOSED = TenantClosed("并入示例区", on=TODAY)


def test_a_tenant_without_anything_open_is_closed_and_stays_closed() -> None:
    a_tenant().given(TENANT_REGISTERED).when(CloseTenant("并入示例区")).then(CLOSED)
    closed = a_tenant().given(TENANT_REGISTERED, CLOSED)
    closed.when(CloseTenant("并入示例区")).then_nothing()
    for command in (CloseTenant("另一理由"), REGISTER_TENANT, RenameTenant("新"), NoteImport("0", 1, 1)):
        closed.when(command).then_refused("scheduling.not-allowed-now", situation="closed")


@pytest.mark.parametrize(
    ("facts", "code", "named"),
    [
        ({"open_cases": ("2021-1-langxia",)}, "scheduling.cases-still-open", {"cases": ["2021-1-langxia"]}),
        ({"running_sessions": ("2021-2",)}, "scheduling.sessions-still-running", {"sessions": ["2021-2"]}),
        (
            {"open_below": ("shanghai.jinshan.langxia",), "more_below": 3},
            "scheduling.tenants-below-still-open",
            {"tenants": ["shanghai.jinshan.langxia"], "more": 3},
        ),
    ],
)
def test_a_tenant_with_something_open_is_not_closed_and_told_what(
    facts: dict[str, Any], code: str, named: dict[str, Any]
) -> None:
    a_tenant(**facts).given(TENANT_REGISTERED).when(CloseTenant("撤并")).then_refused(code, **named)


def test_a_tenant_is_closed_for_a_reason() -> None:
    a_tenant().given(TENANT_REGISTERED).when(CloseTenant(" ")).then_refused("scheduling.reason-missing")


def test_nothing_is_opened_below_a_closed_tier() -> None:
    a_tenant(closed_above="shanghai").when(REGISTER_TENANT).then_refused(
        "scheduling.tier-above-closed", above="shanghai"
    )


def test_an_import_is_noted_where_it_changed_something() -> None:
    registered = a_tenant().given(TENANT_REGISTERED)
    registered.when(NoteImport("ab", 3, 2)).then(RegistryImported("ab", 3, 2, on=TODAY))
    registered.when(NoteImport("ab", 3, 0)).then_nothing()


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


# ---- names ----


def test_a_unit_is_renamed_from_a_day_on_and_keeps_the_names_it_bore() -> None:
    a_unit().given(REGISTERED).when(RENAME).then(RENAMED)
    state = a_unit().given(REGISTERED, RENAMED).state
    assert isinstance(state, Registered)
    assert state.names == (Name("廊下镇", SINCE), Name("廊下新镇", date(2021, 3, 1)))
    assert (state.name.name, state.valid_from) == ("廊下新镇", SINCE)


def test_a_renaming_without_a_day_is_from_today() -> None:
    a_unit().given(REGISTERED).when(RenameUnit("廊下新镇")).then(replace(RENAMED, valid_from=TODAY))


def test_the_same_renaming_again_is_nothing_new_and_the_same_name_from_another_day_is_none() -> None:
    renamed = a_unit().given(REGISTERED, RENAMED)
    renamed.when(RENAME).then_nothing()
    renamed.when(replace(RENAME, valid_from=date(2021, 3, 2))).then_refused(
        "scheduling.name-already-borne", name="廊下新镇"
    )


def test_an_old_name_may_come_back() -> None:
    a_unit().given(REGISTERED, RENAMED).when(RenameUnit("廊下镇")).then(
        UnitRenamed("廊下新镇", "廊下镇", TODAY, on=TODAY)
    )


def test_a_name_is_not_blank_and_belongs_to_a_registered_unit() -> None:
    a_unit().given(REGISTERED).when(RenameUnit(" ")).then_refused("scheduling.name-blank", field="name")
    a_unit().when(RENAME).then_refused("scheduling.not-allowed-now", situation="not-registered")


def test_a_new_name_is_entered_when_it_is_borne() -> None:
    a_unit().given(REGISTERED).when(replace(RENAME, valid_from=date(2021, 4, 2))).then_refused(
        "scheduling.renaming-in-the-future", valid_from="2021-04-02", today="2021-04-01"
    )


@pytest.mark.parametrize("valid_from", [SINCE, date(2021, 1, 3)])
def test_a_day_has_one_name(valid_from: date) -> None:
    a_unit().given(REGISTERED).when(replace(RENAME, valid_from=valid_from)).then_refused(
        "scheduling.renaming-before-the-last", borne_since="2021-01-04"
    )


# ---- more posts, and the end of a unit ----

ADD = AddPost("deputy", "副书记", "赵示例", date(2021, 2, 1))
ADDED = PostAdded("deputy", "副书记", "赵示例", date(2021, 2, 1), on=TODAY)
DISSOLVED = UnitClosed("机构改革", date(2021, 3, 31), on=TODAY)


def test_a_post_is_added_with_its_first_holder() -> None:
    registered = a_unit().given(REGISTERED)
    registered.when(ADD).then(ADDED)
    registered.when(replace(ADD, since=None)).then(replace(ADDED, since=TODAY))
    after = registered.given(ADDED)
    assert isinstance(after.state, Registered)
    assert [one.post for one in after.state.posts] == ["secretary", "mayor", "deputy"]
    after.when(ADD).then_nothing()
    after.when(replace(ADD, person="钱示例")).then_refused("scheduling.post-added-twice", post="deputy")
    after.when(HandOverPost("deputy", "钱示例")).then(
        PostHandedOver("deputy", "副书记", "赵示例", "钱示例", TODAY, on=TODAY)
    )


def test_an_added_post_is_as_good_as_a_registered_one() -> None:
    registered = a_unit().given(REGISTERED)
    registered.when(replace(ADD, post="Deputy")).then_refused("scheduling.post-id-malformed")
    registered.when(replace(ADD, title="")).then_refused("scheduling.name-blank", field="title")
    registered.when(replace(ADD, person=" ")).then_refused("scheduling.name-blank", field="person")
    registered.when(replace(ADD, since=date(2021, 4, 2))).then_refused(
        "scheduling.post-added-in-the-future", since="2021-04-02"
    )
    registered.when(replace(ADD, since=date(2021, 1, 3))).then_refused(
        "scheduling.post-older-than-its-unit", valid_from="2021-01-04"
    )
    a_unit().when(ADD).then_refused("scheduling.not-allowed-now", situation="not-registered")


def test_a_unit_is_dissolved_and_stays_dissolved() -> None:
    registered = a_unit().given(REGISTERED, HANDED_OVER)
    registered.when(CloseUnit("机构改革", date(2021, 3, 31))).then(DISSOLVED)
    registered.when(CloseUnit("机构改革")).then(replace(DISSOLVED, valid_until=TODAY))
    gone = registered.given(DISSOLVED)
    gone.when(CloseUnit("机构改革", date(2021, 3, 31))).then_nothing()
    gone.when(CloseUnit("机构改革")).then_nothing()
    for command in (REGISTER, HAND_OVER, RENAME, ADD, CloseUnit("另一理由")):
        gone.when(command).then_refused("scheduling.not-allowed-now", situation="closed")


@pytest.mark.parametrize(
    ("facts", "command", "code"),
    [
        ({}, CloseUnit(" "), "scheduling.reason-missing"),
        ({}, CloseUnit("改革", date(2021, 4, 2)), "scheduling.dissolved-in-the-future"),
        ({}, CloseUnit("改革", date(2021, 2, 28)), "scheduling.dissolved-before-its-last-change"),
        ({"rostered_for": ("2021-1",)}, CloseUnit("改革"), "scheduling.unit-on-a-coming-roster"),
        ({"open_cases": ("2020-2-langxia",)}, CloseUnit("改革"), "scheduling.cases-still-open"),
    ],
)
def test_a_unit_is_not_dissolved_while_something_is_left_to_do(
    facts: dict[str, Any], command: CloseUnit, code: str
) -> None:
    a_unit(**facts).given(REGISTERED, HANDED_OVER).when(command).then_refused(code)


def test_every_event_leads_somewhere() -> None:
    story: tuple[unit.Event, ...] = (REGISTERED, HANDED_OVER, RENAMED, ADDED, DISSOLVED)
    assert {type(event) for event in story} == set(get_args(unit.Event))
    assert isinstance(a_unit().given(*story[:-1]).state, Registered)
    assert isinstance(a_unit().given(*story).state, unit.Closed)
    assert isinstance(a_tenant().given(TENANT_REGISTERED).state, tenant.Registered)
    assert isinstance(a_tenant().given(TENANT_REGISTERED, CLOSED).state, tenant.Closed)
