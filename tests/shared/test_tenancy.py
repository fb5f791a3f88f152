"""Tenants as paths, and the policy that holds for one: inherited, made stricter, never laxer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.tenancy import (
    VALUES as KNOWN,
)
from shared.tenancy import (
    Adopted,
    Policy,
    ancestors_and_self,
    as_set,
    contradictions,
    effective,
    in_force,
    is_tenant,
    is_within,
    origins,
    out_of_bounds,
    parent,
    stricter_only,
    unknown_values,
)

ROOT = Path(__file__).parents[2]
DAY = date(2021, 6, 24)
CITY, DISTRICT, TOWN = "shanghai", "shanghai.jinshan", "shanghai.jinshan.langxia"
PATH = ancestors_and_self(TOWN)

# ---- tenants ----

TOKENS = st.text(alphabet="abcz019", min_size=1, max_size=4)
TENANTS = st.lists(TOKENS, min_size=1, max_size=5).map(".".join)


@pytest.mark.parametrize("text", ["shanghai", "shanghai.jinshan", "a1.0b"])
def test_a_tenant_is_tokens_joined_by_dots(text: str) -> None:
    assert is_tenant(text)


@pytest.mark.parametrize(
    "text", ["", ".", "shanghai.", ".jinshan", "a..b", "Shanghai", "shang-hai", "金山", "a b", "a/b", "a\n"]
)
def test_anything_else_is_not(text: str) -> None:
    assert not is_tenant(text)


def test_the_path_runs_from_the_root_to_the_tenant() -> None:
    assert ancestors_and_self(TOWN) == [CITY, DISTRICT, TOWN]
    assert (parent(TOWN), parent(CITY)) == (DISTRICT, None)


@given(tenant=TENANTS)
def test_each_tenant_of_a_path_is_the_parent_of_the_next(tenant: str) -> None:
    path = ancestors_and_self(tenant)
    assert all(is_tenant(one) for one in path)
    assert [parent(one) for one in path] == [None, *path[:-1]]
    assert path[-1] == tenant


@given(tenant=TENANTS, scope=TENANTS)
def test_a_tenant_is_within_exactly_the_tenants_of_its_path(tenant: str, scope: str) -> None:
    assert is_within(tenant, scope) == (scope in ancestors_and_self(tenant))
    assert all(is_within(tenant, one) for one in ancestors_and_self(tenant))


def test_a_sibling_whose_name_begins_alike_is_not_within() -> None:
    assert not is_within("shanghai.jinshanxin", DISTRICT)
    assert not is_within(CITY, DISTRICT)


# ---- policy values ----

VALUES: dict[str, tuple[str, Any]] = {name: (about.stricter, about.default) for name, about in KNOWN.items()}
OFFICES = ("party_office", "law_office", "organization_department", "supervision_office")


def some_value(name: str) -> st.SearchStrategy[Any]:
    words = st.sampled_from(KNOWN[name].bounds.among or ("12-31", "06-30"))
    match KNOWN[name].default:
        case bool():
            return st.booleans()
        case int():
            return st.integers(0, 20)
        case tuple():
            return st.lists(words, min_size=1, unique=True).map(tuple)
        case _:
            return words


OWN_VALUES = st.fixed_dictionaries({}, optional={name: some_value(name) for name in VALUES})


@st.composite
def adoptions(draw: st.DrawFn, path: tuple[str, ...] = tuple(PATH)) -> list[Adopted]:
    """Up to three versions of each tenant of a path, some of which do not hold yet on DAY."""
    adopted = []
    for tenant in path:
        for version in range(1, draw(st.integers(0, 3)) + 1):
            holds_from = DAY + timedelta(days=draw(st.integers(-30, 5)))
            adopted.append(Adopted(tenant, version, holds_from, draw(OWN_VALUES)))
    return adopted


def is_laxer(name: str, than: object, value: object) -> bool:
    """Said independently of the code: is ``value`` laxer than ``than``?"""
    match VALUES[name][0], than, value:
        case "less", int(), int():
            return value > than
        case "more", int(), int():
            return value < than
        case "true", bool(), bool():
            return than and not value
        case "false", bool(), bool():
            return value and not than
        case "superset", tuple(), tuple():
            return not set(than) <= set(value)
        case "free", _, _:
            return False
    raise AssertionError(name)


def laxer_values(above: Policy, values: Mapping[str, object]) -> list[str]:
    return [name for name, value in values.items() if is_laxer(name, getattr(above, name), value)]


@given(adopted=adoptions())
def test_a_sub_tier_is_never_laxer_than_the_tier_above(adopted: list[Adopted]) -> None:
    above, below = effective([CITY, DISTRICT], adopted, DAY), effective(PATH, adopted, DAY)
    if above.versions:
        assert laxer_values(above, {name: getattr(below, name) for name in VALUES}) == []


@given(adopted=adoptions(path=(CITY, DISTRICT)), values=OWN_VALUES)
def test_values_may_be_adopted_exactly_when_they_would_all_hold(
    adopted: list[Adopted], values: dict[str, object]
) -> None:
    above = effective([CITY, DISTRICT], adopted, DAY)
    laxer = stricter_only(above, values)
    assert laxer == laxer_values(above, values)
    if above.versions:
        holds = effective(PATH, [*adopted, Adopted(TOWN, 1, DAY, values)], DAY)
        overruled = [name for name, value in values.items() if as_set(getattr(holds, name)) != as_set(value)]
        assert overruled == laxer


@given(values=OWN_VALUES)
def test_the_first_tier_that_adopts_may_set_any_value(values: dict[str, Any]) -> None:
    holds = effective(PATH, [Adopted(DISTRICT, 1, DAY, values)], DAY)
    assert holds == Policy(**values, versions=("shanghai.jinshan/1",))


@given(adopted=adoptions(), shuffled=st.randoms())
def test_the_order_in_which_rows_come_says_nothing(adopted: list[Adopted], shuffled: Any) -> None:
    others = list(adopted)
    shuffled.shuffle(others)
    assert effective(PATH, others, DAY) == effective(PATH, adopted, DAY)


def test_without_an_adoption_the_defaults_hold() -> None:
    assert effective(PATH, [], DAY) == Policy()


def test_the_newest_version_that_holds_replaces_the_whole_older_one() -> None:
    older = Adopted(CITY, 1, DAY - timedelta(days=9), {"rectification_months": 2, "yellow_days": 20})
    newer = Adopted(CITY, 2, DAY, {"rectification_months": 1})
    later = Adopted(CITY, 3, DAY + timedelta(days=1), {"rectification_months": 6})
    assert effective([CITY], [newer, later, older], DAY) == Policy(
        rectification_months=1, versions=("shanghai/2",)
    )
    assert effective([CITY], [newer, later, older], DAY + timedelta(days=1)).rectification_months == 6


def test_of_two_versions_from_the_same_day_the_higher_holds() -> None:
    first, second = Adopted(CITY, 1, DAY, {"yellow_days": 20}), Adopted(CITY, 2, DAY, {"yellow_days": 25})
    assert effective([CITY], [second, first], DAY).yellow_days == 25


def test_a_town_with_a_shorter_extension_has_its_own_and_the_district_keeps_the_other() -> None:
    adopted = [
        Adopted(DISTRICT, 1, DAY, {"extension_days_at_most": 30}),
        Adopted(TOWN, 1, DAY, {"extension_days_at_most": 15, "receipt_offices": ["supervision_office"]}),
    ]
    town = effective(PATH, adopted, DAY)
    assert town.extension_days_at_most == 15
    assert town.receipt_offices == ("party_office", "law_office", "supervision_office")
    assert town.versions == ("shanghai.jinshan/1", "shanghai.jinshan.langxia/1")
    assert effective([CITY, DISTRICT], adopted, DAY).extension_days_at_most == 30


def test_a_laxer_version_adopted_before_the_tier_above_became_stricter_is_overruled() -> None:
    adopted = [
        Adopted(TOWN, 1, DAY - timedelta(days=9), {"rectification_months": 3}),
        Adopted(DISTRICT, 1, DAY, {"rectification_months": 2}),
    ]
    assert effective(PATH, adopted, DAY).rectification_months == 2


def test_a_tier_above_that_loosens_again_loosens_only_what_was_inherited() -> None:
    later = DAY + timedelta(days=1)
    adopted = [
        Adopted(DISTRICT, 1, DAY, {"rectification_months": 2, "yellow_days": 20}),
        Adopted(TOWN, 1, DAY, {"rectification_months": 1}),
        Adopted(DISTRICT, 2, later, {"rectification_months": 3}),
    ]
    town, on_the_day_after = effective(PATH, adopted, DAY), effective(PATH, adopted, later)
    assert (town.rectification_months, town.yellow_days) == (1, 20)
    assert (on_the_day_after.rectification_months, on_the_day_after.yellow_days) == (1, 15)


def test_of_a_free_value_the_nearest_tier_decides_whenever_the_others_adopted() -> None:
    adopted = [
        Adopted(TOWN, 1, DAY - timedelta(days=9), {"reporters_per_session": 2}),
        Adopted(DISTRICT, 2, DAY, {"reporters_per_session": 4}),
    ]
    assert effective(PATH, adopted, DAY).reporters_per_session == 2
    assert effective([CITY, DISTRICT], adopted, DAY).reporters_per_session == 4


@given(adopted=adoptions(), days=st.integers(-10, 10))
def test_on_any_day_no_tier_of_a_path_is_laxer_than_a_tier_above_it(
    adopted: list[Adopted], days: int
) -> None:
    day = DAY + timedelta(days=days)
    along = [effective(PATH[: n + 1], adopted, day) for n in range(len(PATH))]
    for n, below in enumerate(along):
        for above in along[:n]:
            if above.versions:
                assert laxer_values(above, {name: getattr(below, name) for name in VALUES}) == []


@given(adopted=adoptions(), days=st.integers(-10, 10))
def test_a_value_comes_from_a_tier_that_adopted_what_holds(adopted: list[Adopted], days: int) -> None:
    day = DAY + timedelta(days=days)
    holds = effective(PATH, adopted, day)
    for name, one in origins(PATH, adopted, day).items():
        assert one == in_force(adopted, day)[one.tenant]
        value, adopted_there = as_set(getattr(holds, name)), as_set(one.values[name])
        if VALUES[name][0] == "superset":  # of offices that tiers added up, the last that added one
            assert adopted_there <= value
        else:
            assert adopted_there == value


def from_versions(adopted: list[Adopted], day: date = DAY) -> dict[str, str]:
    return {name: f"{one.tenant}/{one.version}" for name, one in origins(PATH, adopted, day).items()}


def test_a_value_comes_from_the_highest_tier_that_set_what_holds() -> None:
    adopted = [
        Adopted(CITY, 1, DAY, {"extension_days_at_most": 30, "yellow_days": 20, "orange_working_days": 6}),
        Adopted(DISTRICT, 1, DAY, {"extension_days_at_most": 20, "yellow_days": 20}),
        Adopted(DISTRICT, 2, DAY + timedelta(days=1), {"yellow_days": 25}),
        Adopted(TOWN, 1, DAY, {"extension_days_at_most": 25, "verifying_office": "supervision_office"}),
    ]
    assert from_versions(adopted) == {
        "extension_days_at_most": f"{DISTRICT}/1",
        "yellow_days": f"{CITY}/1",
        "orange_working_days": f"{CITY}/1",
        "verifying_office": f"{TOWN}/1",
    }
    assert from_versions(adopted, DAY + timedelta(days=1)) == {
        "extension_days_at_most": f"{TOWN}/1",
        "yellow_days": f"{DISTRICT}/2",
        "orange_working_days": f"{CITY}/1",
        "verifying_office": f"{TOWN}/1",
    }
    assert from_versions(adopted, DAY - timedelta(days=1)) == {}


def test_offices_that_two_tiers_added_up_come_from_the_last_that_added_one() -> None:
    adopted = [
        Adopted(CITY, 1, DAY, {"receipt_offices": ["party_office"]}),
        Adopted(DISTRICT, 1, DAY, {"receipt_offices": ["party_office", "law_office"]}),
        Adopted(TOWN, 1, DAY, {"receipt_offices": ["law_office"]}),
    ]
    assert from_versions(adopted) == {"receipt_offices": f"{DISTRICT}/1"}


@given(adopted=adoptions())
def test_what_no_version_set_is_the_default(adopted: list[Adopted]) -> None:
    holds, found = effective(PATH, adopted, DAY), origins(PATH, adopted, DAY)
    assert {f"{one.tenant}/{one.version}" for one in found.values()} <= set(holds.versions)
    for name, (_, default) in VALUES.items():
        assert name in found or getattr(holds, name) == default
    for name, one in found.items():
        assert name in one.values


@pytest.mark.parametrize(
    ("values", "laxer"),
    [
        ({"extension_days_at_most": 45}, ["extension_days_at_most"]),
        ({"extension_days_at_most": 15}, []),
        ({"yellow_days": 10, "orange_working_days": 6}, ["yellow_days"]),
        ({"supplement_expected": False}, ["supplement_expected"]),
        ({"receipt_offices": ["law_office"]}, ["receipt_offices"]),
        ({"receipt_offices": ["law_office", "party_office"]}, []),
        ({"verifying_office": "supervision_office"}, []),
    ],
)
def test_stricter_only_names_what_would_be_laxer(values: dict[str, object], laxer: list[str]) -> None:
    assert stricter_only(Policy(), values) == laxer


@pytest.mark.parametrize(
    ("values", "unknown"),
    [
        ({"rectification_months": 2, "receipt_offices": ["law_office"]}, []),
        ({"rectification_month": 2}, ["rectification_month"]),
        ({"versions": ["x"]}, ["versions"]),
        ({"rectification_months": "2"}, ["rectification_months"]),
        ({"rectification_months": True}, ["rectification_months"]),
        ({"supplement_expected": 1}, ["supplement_expected"]),
        ({"receipt_offices": "law_office"}, ["receipt_offices"]),
        ({"receipt_offices": [1]}, ["receipt_offices"]),
    ],
)
def test_a_value_has_a_known_name_and_the_type_of_its_default(
    values: dict[str, object], unknown: list[str]
) -> None:
    assert unknown_values(values) == unknown


def test_every_value_says_which_direction_is_stricter_and_where_it_comes_from() -> None:
    for one in KNOWN.values():
        assert one.stricter in {"less", "more", "true", "false", "superset", "free"}
        assert one.source
        assert one.en.endswith(".")
        assert one.zh.endswith("。")
        assert out_of_bounds({one.name: one.default}) == []
    assert contradictions(Policy()) == []
    assert {*KNOWN} | {"versions"} == {*vars(Policy())}


def test_every_value_is_read_by_a_rule_or_a_read_model() -> None:
    """A value without effect would be a lie: somewhere in a service or in shared's rules it is asked."""
    places = [
        *ROOT.glob("services/*/domain/**/*.py"),
        *ROOT.glob("services/*/views/*.py"),
        *ROOT.glob("services/*/api.py"),
    ]
    code = "\n".join(
        path.read_text("utf-8")
        for path in [*places, ROOT / "shared/security/offices.py", ROOT / "shared/tenancy/drafts.py"]
    )
    assert [name for name in KNOWN if f"policy.{name}" not in code] == []
