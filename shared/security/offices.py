"""How many offices of the chain one person may be: a rule of people, governed by policy."""

from __future__ import annotations

from typing import Any

from shared.decider import Given, Refused

OFFICES = frozenset({"law_office", "party_office", "organization_department", "supervision_office"})


def more_offices_than_policy_allows(given: Given[Any]) -> Refused | None:
    """One person holds the roles of several offices only where policy says so (domain.md 1, town offices). What
    happens by itself, a reaction or a date, is nobody's."""
    held = sorted(given.actor.roles & OFFICES)
    if len(held) <= given.policy.offices_per_person:
        return None
    return Refused("security.too-many-offices", offices=held, allowed=given.policy.offices_per_person)
