"""The rules of adopting policy values: known, in range, never laxer than above, never back in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from shared.tenancy import VALUES as KNOWN
from shared.tenancy import Adopted as AdoptedAbove
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
    [
        {"draft_due_working_days": -1},
        {"receipt_offices": ()},
        {"receipt_offices": ("law_office", "law_office")},
        {"verifying_office": ""},
        {"verifying_office": "the-office"},
        {"reviewing_office": "supervision_office"},  # who may not read a draft does not review it
        {"reporters_per_session": 0},
        {"rectification_months": 0},
        {"rectification_months": 25},
        {"evaluation_cutoff": "13-01"},
    ],
)
def test_a_value_does_not_empty_the_rule_it_serves(values: Values) -> None:
    own_policy(NOTHING_ABOVE).when(replace(ADOPT, values=values)).then_refused(
        "scheduling.policy-value-out-of-range", values=list(values)
    )


@pytest.mark.parametrize("name", [name for name, one in KNOWN.items() if one.bounds.most])
def test_every_number_has_bounds_its_default_is_inside_and_both_ends_are_values(name: str) -> None:
    bounds, default = KNOWN[name].bounds, KNOWN[name].default
    assert bounds.least <= default <= bounds.most
    for outside in (bounds.least - 1, bounds.most + 1):
        own_policy(NOTHING_ABOVE).when(replace(ADOPT, values={name: outside})).then_refused(
            "scheduling.policy-value-out-of-range", bounds=[f"{name} {bounds.least}…{bounds.most}"]
        )
    for end in (bounds.least, bounds.most):
        refusal = own_policy(NOTHING_ABOVE).when(replace(ADOPT, values={name: end})).refusal
        assert refusal is None or refusal.code == "scheduling.policy-contradicts-itself"


@pytest.mark.parametrize(
    ("values", "pair"),
    [
        ({"bell_seconds": 490}, "bell_seconds > second_bell_seconds"),
        ({"speech_seconds": 360, "bell_seconds": 300}, "second_bell_seconds > speech_seconds"),
        ({"draft_due_working_days": 4}, "approval_due_working_days > draft_due_working_days"),
        ({"syllables_a_minute_long": 250}, "syllables_a_minute_long > syllables_a_minute_too_long"),
        ({"syllables_a_minute_aimed_at": 201}, "syllables_a_minute_aimed_at > syllables_a_minute_long"),
    ],
)
def test_no_bell_rings_after_the_end_and_no_approval_is_due_before_the_draft(
    values: Values, pair: str
) -> None:
    own_policy(NOTHING_ABOVE).when(replace(ADOPT, values=values)).then_refused(
        "scheduling.policy-contradicts-itself", pairs=[pair]
    )


def test_values_make_sense_together_with_what_is_inherited() -> None:
    values: Values = {"speech_seconds": 360}
    above = replace(ABOVE, bell_seconds=300, second_bell_seconds=360)
    own_policy(above).when(replace(ADOPT, values=values)).then(replace(ADOPTED, values=values))
    own_policy().when(replace(ADOPT, values=values)).then_refused("scheduling.policy-contradicts-itself")


def test_zero_and_no_are_values() -> None:
    values: Values = {"extensions_at_most": 0, "supplement_expected": False}
    own_policy(NOTHING_ABOVE).when(replace(ADOPT, values=values)).then(replace(ADOPTED, values=values))


def test_a_value_laxer_than_the_tier_above_is_refused() -> None:
    values: Values = {"extension_days_at_most": 45, "yellow_days": 20}
    own_policy().when(replace(ADOPT, values=values)).then_refused(
        "scheduling.policy-laxer-than-above", laxer=["extension_days_at_most"]
    )


def test_who_would_loosen_is_told_which_value_of_which_tier() -> None:
    city = AdoptedAbove("shanghai", 3, TODAY, {"extension_days_at_most": 30})
    own = scenario(
        decide,
        evolve,
        initial,
        today=TODAY,
        actor=LAW_OFFICE,
        facts=Facts(ABOVE, {"extension_days_at_most": city}),
    )
    asked: Values = {"extension_days_at_most": 45, "receipt_offices": ("law_office",)}
    own.when(replace(ADOPT, values=asked)).then_refused(
        "scheduling.policy-laxer-than-above",
        against=[
            {
                "value": "extension_days_at_most",
                "asked": 45,
                "holds": 30,
                "tenant": "shanghai",
                "policy_version": 3,
            },
            {
                "value": "receipt_offices",
                "asked": ("law_office",),
                "holds": ["party_office", "law_office"],
                "tenant": None,
                "policy_version": None,
            },
        ],
        held=[
            "extension_days_at_most 45 / 30 (shanghai)",
            'receipt_offices ["law_office"] / ["party_office", "law_office"] (default)',
        ],
    )


LAXER: dict[str, Callable[[Any], Any]] = {
    "less": lambda value: value + 1,
    "more": lambda value: value - 1,
    "true": lambda value: False,
    "false": lambda value: True,
}
"""Of a value above, one that is laxer, by the direction that is stricter."""


@pytest.mark.parametrize("name", [one.name for one in KNOWN.values() if one.stricter in LAXER])
def test_no_number_and_no_switch_gets_laxer_below(name: str) -> None:
    """Every value, whoever adds it: its own direction decides."""
    stricter, bounds, default = KNOWN[name].stricter, KNOWN[name].bounds, KNOWN[name].default
    # one inside its bounds, so that a laxer one is inside too
    numbers = {"less": min(default, bounds.most - 1), "more": max(default, bounds.least + 1)}
    above: Any = (numbers | {"true": True, "false": False})[stricter]
    tier_above = replace(ABOVE, **{name: above})
    own_policy(tier_above).when(AdoptPolicy({name: LAXER[stricter](above)}, TODAY)).then_refused(
        "scheduling.policy-laxer-than-above", laxer=[name]
    )
    own_policy(tier_above).when(AdoptPolicy({name: above}, TODAY)).then(
        replace(ADOPTED, values={name: above})
    )


@pytest.mark.parametrize("name", [one.name for one in KNOWN.values() if one.stricter == "superset"])
def test_no_office_is_left_out_below(name: str) -> None:
    first, second = KNOWN[name].bounds.among[:2]
    tier_above: Any = replace(ABOVE, **{name: (first, second)})  # type: ignore[arg-type]  # any value of that kind
    own_policy(tier_above).when(AdoptPolicy({name: (second,)}, TODAY)).then_refused(
        "scheduling.policy-laxer-than-above", laxer=[name]
    )


def test_where_no_tier_above_has_adopted_anything_any_value_may_be_set() -> None:
    values: Values = {"extension_days_at_most": 45}
    own_policy(NOTHING_ABOVE).when(replace(ADOPT, values=values)).then(replace(ADOPTED, values=values))


def test_only_the_first_version_may_reach_back() -> None:
    earlier = date(2021, 1, 1)
    own_policy().when(replace(ADOPT, holds_from=earlier)).then(replace(ADOPTED, holds_from=earlier))
    own_policy().given(ADOPTED).when(AdoptPolicy({"yellow_days": 20}, earlier)).then_refused(
        "scheduling.policy-holds-too-early", holds_from="2021-01-01", today="2021-04-01"
    )
