"""Who is given which role, by whom, from when and until when; and how a role is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given as every
from hypothesis import strategies as some

from services.scheduling.domain import access, roles
from services.scheduling.domain.access import Facts, GrantRole, RevokeRole, RoleGranted, RoleRevoked
from services.scheduling.domain.roles import access_id
from services.scheduling.views.granted_roles import GRANTED_ROLES
from shared.calendar.china import published
from shared.contracts.base import is_token
from shared.eventstore import Recorded
from shared.security import offices, permissions
from shared.security.grants import BY_THE_LEDGER_ALONE
from shared.tenancy import Policy
from shared.testing.given import Scenario, scenario
from tests.services.scheduling.telling import ADMIN, TODAY

TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
GRANT = GrantRole("u-7", "示例·甲", "liaison", "新任联络员", unit="langxia")
GRANTED = RoleGranted("u-7", "示例·甲", "liaison", "langxia", False, TODAY, None, "新任联络员", on=TODAY)
REVOKE = RevokeRole("u-7", "liaison", "令牌遗失")
REVOKED = RoleRevoked("u-7", "liaison", "langxia", "令牌遗失", on=TODAY)
OFFICE = replace(GRANT, role="law_office", unit="sifaju")
OFFICE_GRANTED = replace(GRANTED, role="law_office", unit="sifaju")
INSPECT = replace(GRANT, role="inspector", unit=None, reason="年度检查", valid_until=date(2021, 4, 30))


def a_person(id: str = "u-7") -> Scenario[access.Access, access.Command, access.Event, Facts]:
    return scenario(access.decide, access.evolve, access.initial, today=TODAY, actor=ADMIN, facts=Facts(id))


# ---- giving ----


def test_a_role_is_given_from_today_until_it_is_taken_back() -> None:
    a_person().when(GRANT).then(GRANTED)


def test_a_role_is_given_for_a_time() -> None:
    asked = replace(GRANT, valid_from=TOMORROW, valid_until=TOMORROW)
    a_person().when(asked).then(replace(GRANTED, valid_from=TOMORROW, valid_until=TOMORROW))


def test_granting_the_same_again_is_nothing_new() -> None:
    granted = a_person().given(GRANTED)
    granted.when(GRANT).then_nothing()
    granted.today(TOMORROW).when(GRANT).then_nothing()
    granted.today(TOMORROW).when(replace(GRANT, valid_from=TODAY)).then_nothing()


def test_a_grant_replaces_the_one_of_the_same_role() -> None:
    until = replace(GRANT, valid_until=TOMORROW)
    a_person().given(GRANTED).when(until).then(replace(GRANTED, valid_until=TOMORROW))
    moved = replace(GRANT, unit="jiaotongwei")
    a_person().given(GRANTED).when(moved).then(replace(GRANTED, unit="jiaotongwei"))


def test_a_grant_that_is_still_to_come_is_brought_forward() -> None:
    a_person().given(replace(GRANTED, valid_from=TOMORROW)).when(GRANT).then(GRANTED)


def test_what_has_ended_is_given_again() -> None:
    ended = replace(GRANTED, valid_until=TODAY)
    later = TODAY + timedelta(days=9)
    again = replace(GRANTED, valid_from=later, on=later)
    a_person().given(ended).today(later).when(GRANT).then(again)
    a_person().given(ended).today(later).when(replace(GRANT, valid_until=TODAY)).then_refused(
        "scheduling.grant-ends-before-it-begins"
    )


def test_what_was_taken_back_is_given_again() -> None:
    a_person().given(GRANTED, REVOKED).when(GRANT).then(GRANTED)


@pytest.mark.parametrize("command", [replace(GRANT, reason=" "), replace(REVOKE, reason="")])
def test_without_a_reason_nothing_is_given_or_taken(command: access.Command) -> None:
    a_person().given(GRANTED).when(command).then_refused("scheduling.grant-without-reason")


@pytest.mark.parametrize(
    ("asked", "field"), [(replace(GRANT, person=" "), "person"), (replace(GRANT, name=" "), "name")]
)
def test_who_is_given_a_role_has_an_id_and_a_name(asked: GrantRole, field: str) -> None:
    a_person().when(asked).then_refused("scheduling.name-blank", field=field)


def test_a_grant_does_not_end_before_it_begins() -> None:
    asked = replace(GRANT, valid_from=TOMORROW, valid_until=TODAY)
    a_person().when(asked).then_refused("scheduling.grant-ends-before-it-begins", valid_until="2021-04-01")


def test_a_grant_does_not_begin_in_the_past() -> None:
    asked = replace(GRANT, valid_from=YESTERDAY)
    a_person().when(asked).then_refused("scheduling.grant-in-the-past", today="2021-04-01")


def test_nobody_gives_themselves_a_role() -> None:
    asked = replace(GRANT, person=ADMIN.id)
    a_person(ADMIN.id).when(asked).then_refused("scheduling.grant-to-oneself")


def test_a_role_may_be_laid_down() -> None:
    own = replace(GRANTED, person=ADMIN.id, role="tenant_admin", unit=None)
    done = replace(REVOKED, person=ADMIN.id, role="tenant_admin", unit=None)
    a_person(ADMIN.id).given(own).when(RevokeRole(ADMIN.id, "tenant_admin", "令牌遗失")).then(done)


@pytest.mark.parametrize("role", ["emperor", "service", ""])
def test_a_role_is_one_of_peoples(role: str) -> None:
    a_person().when(replace(GRANT, role=role)).then_refused("scheduling.role-unknown")
    a_person().when(replace(REVOKE, role=role)).then_refused("scheduling.role-unknown")


@pytest.mark.parametrize("role", ["reporter", "liaison"])
def test_a_role_of_a_unit_names_the_unit(role: str) -> None:
    asked = replace(GRANT, role=role, unit=None)
    a_person().when(asked).then_refused("scheduling.role-of-a-unit-without-unit", role=role)


@pytest.mark.parametrize("unit", ["", "Langxia", "a/b", "-"])
def test_a_unit_is_named_by_its_id(unit: str) -> None:
    a_person().when(replace(GRANT, unit=unit)).then_refused("scheduling.unit-malformed")


def test_one_person_works_in_one_unit() -> None:
    reporter = replace(GRANT, role="reporter", unit="jiaotongwei")
    a_person().given(GRANTED).when(reporter).then_refused("scheduling.unit-besides-another", other="langxia")
    a_person().given(GRANTED).when(replace(GRANT, role="reporter")).then(replace(GRANTED, role="reporter"))
    a_person().given(GRANTED, REVOKED).when(reporter).then(
        replace(GRANTED, role="reporter", unit="jiaotongwei")
    )


def test_one_unit_after_the_other_is_one_at_a_time() -> None:
    ends = replace(GRANTED, valid_until=TODAY)
    asked = replace(GRANT, role="reporter", unit="jiaotongwei", valid_from=TOMORROW)
    done = replace(GRANTED, role="reporter", unit="jiaotongwei", valid_from=TOMORROW)
    a_person().given(ends).when(asked).then(done)
    a_person().given(ends).when(replace(asked, valid_from=TODAY)).then_refused(
        "scheduling.unit-besides-another"
    )


def test_only_who_enters_audits_or_operates_reaches_below() -> None:
    for role in ("tenant_admin", "operator", "auditor"):
        asked = replace(GRANT, role=role, unit=None, subtree=True)
        a_person().when(asked).then(replace(GRANTED, role=role, unit=None, subtree=True))
    for role in ("law_office", "leader", "liaison"):
        asked = replace(GRANT, role=role, subtree=True)
        a_person().when(asked).then_refused("scheduling.role-within-its-tenant-alone", role=role)


def test_an_inspection_has_an_end_and_stays_in_its_tenant() -> None:
    a_person().when(INSPECT).then(
        replace(GRANTED, role="inspector", unit=None, valid_until=date(2021, 4, 30), reason="年度检查")
    )
    a_person().when(replace(INSPECT, valid_until=None)).then_refused("scheduling.inspection-without-end")
    a_person().when(replace(INSPECT, subtree=True)).then_refused("scheduling.role-within-its-tenant-alone")


def test_several_offices_for_one_person_only_where_policy_says_so() -> None:
    second = replace(OFFICE, role="party_office")
    office = a_person().given(OFFICE_GRANTED)
    office.when(second).then_refused(
        "scheduling.more-offices-than-policy-allows", offices=["law_office", "party_office"], allowed=1
    )
    office.under(Policy(offices_per_person=2)).when(second).then(replace(OFFICE_GRANTED, role="party_office"))
    office.when(replace(OFFICE, role="leader")).then(replace(OFFICE_GRANTED, role="leader"))


# ---- taking back ----


def test_a_role_is_taken_back_at_once() -> None:
    a_person().given(GRANTED).when(REVOKE).then(REVOKED)
    a_person().given(GRANTED).when(replace(REVOKE, unit="langxia")).then(REVOKED)


def test_a_role_that_only_the_token_gives_is_taken_back_too() -> None:
    a_person().when(replace(REVOKE, unit="langxia")).then(REVOKED)
    a_person().when(REVOKE).then(replace(REVOKED, unit=None))


def test_revoking_what_is_revoked_is_nothing_new() -> None:
    a_person().given(GRANTED, REVOKED).when(REVOKE).then_nothing()


def test_who_names_a_unit_means_the_role_held_there() -> None:
    a_person().given(GRANTED).when(replace(REVOKE, unit="jiaotongwei")).then_refused(
        "scheduling.role-of-another-unit", held_in="langxia"
    )


def test_one_role_is_taken_back_and_the_others_stay() -> None:
    two = a_person().given(GRANTED, replace(GRANTED, role="reporter"))
    assert [one.role for one in two.given(REVOKED).state.held] == ["reporter"]


# ---- whose stream it is ----


def test_a_stream_is_one_persons() -> None:
    a_person("u-8").when(GRANT).then_refused("scheduling.access-of-another-person", expected="u-7")
    a_person("u-8").when(REVOKE).then_refused("scheduling.access-of-another-person")


@every(some.text(min_size=1, max_size=200))
def test_every_subject_has_a_stream(person: str) -> None:
    assert is_token(f"access-{access_id(person)}")
    assert is_token(access_id(person))


@pytest.mark.parametrize("person", ["law-clerk", "u-7", "a" * 64])
def test_a_subject_that_can_be_an_id_is_one(person: str) -> None:
    assert access_id(person) == person


@pytest.mark.parametrize("person", ["U-7", "auth0|5f7c", "a b", "示例", "a" * 65, "-", access_id("U-7")])
def test_any_other_is_hashed_and_nobody_elses(person: str) -> None:
    assert access_id(person).startswith("sub-")
    assert access_id(person) != person


# ---- the words are those of the permission table ----


def test_the_roles_are_those_of_the_permission_table() -> None:
    assert permissions.ROLES - {"service"} == roles.GRANTABLE
    assert permissions.REACHING_BELOW - {"service"} == roles.REACHING_BELOW
    assert frozenset(permissions.THE_UNIT) == roles.OF_A_UNIT
    assert roles.OFFICES == offices.OFFICES
    assert frozenset({roles.INSPECTOR}) == BY_THE_LEDGER_ALONE


# ---- the read model ----


def test_the_read_model_says_who_holds_what_given_by_whom_and_why() -> None:
    masked = replace(REVOKED, role="party_office", unit=None)
    ends = replace(GRANTED, role="reporter", valid_until=TODAY)
    events: tuple[access.Event, ...] = (GRANTED, ends, REVOKED, masked)
    history = [
        Recorded(event, "shanghai.jinshan", "access-u-7", n, TODAY, ADMIN)
        for n, event in enumerate(events, 1)
    ]
    assert GRANTED_ROLES.present is not None
    rows = {
        row["role"]: GRANTED_ROLES.present(row, TODAY, Policy(), published())
        for row in GRANTED_ROLES.rows(history)
    }
    liaison = rows["liaison"]
    assert (liaison["reason"], liaison["given_by"], liaison["valid_from"]) == ("新任联络员", "admin", TODAY)
    assert (liaison["revoked_by"], liaison["revoked_because"], liaison["in_force"]) == (
        "admin",
        "令牌遗失",
        False,
    )
    assert (rows["reporter"]["in_force"], rows["party_office"]["in_force"]) == (True, False)
    assert (rows["party_office"]["given_on"], rows["party_office"]["revoked_on"]) == (None, TODAY)
    assert GRANTED_ROLES.present(rows["reporter"], TOMORROW, Policy(), published())["in_force"] is False
