"""One person is several offices only where policy says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from shared.calendar.china import published
from shared.decider import Actor, Given, Refused
from shared.eventstore import EventStore, tables
from shared.security.offices import more_offices_than_policy_allows
from shared.tenancy import Policy
from tests.shared.conftest import SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import NOTEBOOK, Write


def given(*roles: str, allowed: int = 1) -> Given[None]:
    actor = Actor("somebody", "somebody", frozenset(roles), "dangzhengban")
    policy = Policy(offices_per_person=allowed)
    return Given(date(2021, 10, 12), actor, policy, published(), "town")


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        ((), 1),
        (("party_office",), 1),
        (("party_office", "leader", "liaison"), 1),
        (("party_office", "supervision_office"), 2),
    ],
)
def test_as_many_offices_as_policy_allows(roles: tuple[str, ...], allowed: int) -> None:
    assert more_offices_than_policy_allows(given(*roles, allowed=allowed)) is None


def test_a_town_may_let_one_person_be_two_offices() -> None:
    both = given("supervision_office", "party_office")
    assert more_offices_than_policy_allows(both) is not None
    two = replace(both, policy=Policy(offices_per_person=2))
    assert more_offices_than_policy_allows(two) is None


def test_one_more_than_policy_allows_is_refused_and_names_them() -> None:
    refused = more_offices_than_policy_allows(given("supervision_office", "party_office"))
    assert refused is not None
    assert refused.code == "security.too-many-offices"
    assert refused.data == {"offices": ["party_office", "supervision_office"], "allowed": 1}


async def test_every_command_of_a_service_asks_it_and_nothing_is_written(place: Place) -> None:
    store = EventStore(
        SERVICE, place.store.app, place.store.relay, place.store.clock, more_offices_than_policy_allows
    )
    both = Actor("both", "both", frozenset({"party_office", "law_office"}))
    with pytest.raises(Refused, match="too-many-offices"):
        await store.execute(NOTEBOOK, "a", Write("text", 1), context(actor=both))
    async with place.store.reading(TENANT) as connection:
        assert (await connection.execute(sa.select(tables.events))).all() == []
