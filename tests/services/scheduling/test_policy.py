"""The rules of adopting policy values: known, in range, never laxer than above, never back in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from services.scheduling.domain.policy import (
    Adopted,
    AdoptPolicy,
    Event,
    Facts,
    OwnPolicy,
    PolicyAdopted,
    Values,
    decide,
    evolve,
    initial,
)
from shared.tenancy import Policy
from shared.testing.given import Scenario, scenario
from tests.services.scheduling.telling import LAW_OFFICE, TODAY

ABOVE = Policy(extension_days_at_most=30, versions=("shanghai.jinshan/1",))
NOTHING_ABOVE = Policy()

VALUES: Values = {"extension_days_at_most": 15}
ADOPT = AdoptPolicy(VALUES, holds_from=TODAY)
ADOPTED = PolicyAdopted(1, TODAY, VALUES, on=TODAY)


def own_policy(above: Policy = ABOVE) -> Scenario[OwnPolicy, AdoptPolicy, Event, Facts]:
    return scenario(decide, evolve, initial, today=TODAY, actor=LAW_OFFICE, facts=Facts(above))


def test_a_stricter_value_is_adopted() -> None:
    own_policy().when(ADOPT).then(ADOPTED)


def test_each_adoption_is_a_new_version_of_all_values() -> None:
    values: Values = {"yellow_days": 20}
    adopted = own_policy().given(ADOPTED)
    adopted.when(AdoptPolicy(values, TODAY)).then(PolicyAdopted(2, TODAY, values, on=TODAY))
    assert adopted.given(PolicyAdopted(2, TODAY, values, on=TODAY)).state == Adopted(2, TODAY, values)


def test_the_newest_version_again_is_nothing_new() -> None:
    own_policy().given(ADOPTED).when(ADOPT).then_nothing()


def test_the_order_in_which_values_are_given_says_nothing() -> None:
    outcome = own_policy().when(AdoptPolicy({"yellow_days": 20, "orange_working_days": 6}, TODAY))
    [event] = outcome.events
    assert list(event.values) == ["orange_working_days", "yellow_days"]


@pytest.mark.parametrize("values", [{"no_such_value": 1}, {"yellow_days": "20"}, {"versions": ("x",)}])
def test_a_value_that_the_software_does_not_know_is_refused(values: Values) -> None:
    own_policy().when(replace(ADOPT, values=values)).then_refused(
        "scheduling.policy-value-unknown", unknown=list(values)
    )


@pytest.mark.parametrize(
    "values",
    [{"draft_due_working_days": -1}, {"receipt_offices": ()}, {"verifying_office": ""}],
)
def test_a_value_does_not_empty_the_rule_it_serves(values: Values) -> None:
    own_policy(NOTHING_ABOVE).when(replace(ADOPT, values=values)).then_refused(
        "scheduling.policy-value-out-of-range", values=list(values)
    )


def test_zero_and_no_are_values() -> None:
    values: Values = {"extensions_at_most": 0, "supplement_expected": False}
    own_policy(NOTHING_ABOVE).when(replace(ADOPT, values=values)).then(replace(ADOPTED, values=values))


def test_a_value_laxer_than_the_tier_above_is_refused() -> None:
    values: Values = {"extension_days_at_most": 45, "yellow_days": 20}
    own_policy().when(replace(ADOPT, values=values)).then_refused(
        "scheduling.policy-laxer-than-above", laxer=["extension_days_at_most"]
    )


LAXER: dict[str, Callable[[Any], Any]] = {
    "less": lambda value: value + 1,
    "more": lambda value: value - 1,
    "true": lambda value: False,
}
"""Of a value above, one that is laxer, by the direction that is stricter."""


@pytest.mark.parametrize(
    "name", [one.name for one in fields(Policy) if one.metadata.get("stricter") in LAXER]
)
def test_no_number_and_no_switch_gets_laxer_below(name: str) -> None:
    """Every value, whoever adds it: its own direction decides."""
    above: Any = {"less": 3, "more": 3, "true": True}[direction_of(name)]
    tier_above = replace(ABOVE, **{name: above})
    own_policy(tier_above).when(AdoptPolicy({name: LAXER[direction_of(name)](above)}, TODAY)).then_refused(
        "scheduling.policy-laxer-than-above", laxer=[name]
    )
    own_policy(tier_above).when(AdoptPolicy({name: above}, TODAY)).then(
        replace(ADOPTED, values={name: above})
    )


@pytest.mark.parametrize(
    "name", [one.name for one in fields(Policy) if one.metadata.get("stricter") == "superset"]
)
def test_no_office_is_left_out_below(name: str) -> None:
    offices: Any = ("party_office", "law_office")
    tier_above = replace(ABOVE, **{name: offices})
    own_policy(tier_above).when(AdoptPolicy({name: ("law_office",)}, TODAY)).then_refused(
        "scheduling.policy-laxer-than-above", laxer=[name]
    )


def direction_of(name: str) -> str:
    [found] = [one.metadata["stricter"] for one in fields(Policy) if one.name == name]
    return str(found)


def test_where_no_tier_above_has_adopted_anything_any_value_may_be_set() -> None:
    values: Values = {"extension_days_at_most": 45}
    own_policy(NOTHING_ABOVE).when(replace(ADOPT, values=values)).then(replace(ADOPTED, values=values))


def test_only_the_first_version_may_reach_back() -> None:
    earlier = date(2021, 1, 1)
    own_policy().when(replace(ADOPT, holds_from=earlier)).then(replace(ADOPTED, holds_from=earlier))
    own_policy().given(ADOPTED).when(AdoptPolicy({"yellow_days": 20}, earlier)).then_refused(
        "scheduling.policy-holds-too-early", holds_from="2021-01-01", today="2021-04-01"
    )
