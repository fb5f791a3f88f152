"""A tenant's policy: its own values in versions, each from a day on, never laxer than the tier above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies.policy import (
    policy_contradicts_itself,
    policy_holds_too_early,
    policy_laxer_than_above,
    policy_value_out_of_range,
    policy_value_unknown,
)
from shared.decider import Given, refuse_if
from shared.tenancy import Adopted as AdoptedAbove
from shared.tenancy import Policy

Values = dict[str, int | bool | str | tuple[str, ...]]


@dataclass(frozen=True)
class Inherited:
    """It has adopted nothing of its own: the tier above, or the defaults, hold."""


@dataclass(frozen=True)
class Adopted:
    """The newest version of its own values, and the day from which it holds."""

    version: int
    holds_from: date
    values: Values


OwnPolicy = Inherited | Adopted
initial: OwnPolicy = Inherited()


@dataclass(frozen=True)
class Facts:
    """What holds on the tiers above on the day from which the new version is to hold, and who set each value."""

    above: Policy = field(default_factory=Policy)
    comes_from: Mapping[str, AdoptedAbove] = field(default_factory=dict)


@dataclass(frozen=True)
class AdoptPolicy:
    """All of the tenant's own values from that day on: what is not named is inherited again."""

    values: Values
    holds_from: date


Command = AdoptPolicy


@dataclass(frozen=True)
class PolicyAdopted:
    policy_version: int
    holds_from: date
    values: Values
    on: date


Event = PolicyAdopted


def decide(policy: OwnPolicy, command: Command, given: Given[Facts]) -> list[Event]:
    """Every adoption is a new version; adopting the newest again is nothing new."""
    values = dict(sorted(command.values.items()))  # by name: the same values are always the same event
    match policy:
        case Adopted() if (policy.values, policy.holds_from) == (values, command.holds_from):
            return []
        case Inherited() | Adopted():
            refuse_if(policy_value_unknown(values))
            refuse_if(policy_value_out_of_range(values))
            above = given.facts.above
            refuse_if(
                policy_laxer_than_above(above, given.facts.comes_from, values),
                policy_contradicts_itself(above, values, command.holds_from),
                policy_holds_too_early(command.holds_from, given.today, first=isinstance(policy, Inherited)),
            )
            version = policy.version + 1 if isinstance(policy, Adopted) else 1
            return [PolicyAdopted(version, command.holds_from, values, on=given.today)]
        case _ as unreachable:
            assert_never(unreachable)


def evolve(policy: OwnPolicy, event: Event) -> OwnPolicy:
    match event:
        case PolicyAdopted():
            return Adopted(event.policy_version, event.holds_from, event.values)
        case _ as unreachable:
            assert_never(unreachable)
