"""What evaluation hears of a session and of a tenant: what coverage is counted from."""

from __future__ import annotations

from datetime import date

import pytest

from services.evaluation.domain import session, tenant
from services.evaluation.domain.session import (
    CancellationNoted,
    Command,
    Event,
    HoldingNoted,
    Known,
    MoveNoted,
    NoteCancelled,
    NoteHeld,
    NoteMoved,
    NoteScheduled,
    SchedulingNoted,
    Session,
)
from services.evaluation.domain.tenant import NoteTenant, TenantNoted
from shared.testing.given import Scenario, scenario
from tests.services.evaluation.telling import HELD_ON, REACTION, TODAY, cited

LATER = date(2021, 6, 30)
TOLD, HELD = cited("scheduling", 9), cited("review", 40)
SCHEDULED = SchedulingNoted(2021, HELD_ON, TOLD, on=TODAY)
TOOK_PLACE = HoldingNoted(2021, LATER, HELD, on=TODAY)


def round_1() -> Scenario[Session, Command, Event, None]:
    return scenario(session.decide, session.evolve, session.initial, today=TODAY, actor=REACTION)


def test_a_session_is_scheduled_moved_and_held() -> None:
    round_1().when(NoteScheduled(2021, HELD_ON, TOLD)).then(SCHEDULED)
    moved = MoveNoted(LATER, cited("scheduling", 12), on=TODAY)
    round_1().given(SCHEDULED).when(NoteMoved(LATER, cited("scheduling", 12))).then(moved)
    assert round_1().given(SCHEDULED, moved).state == Known(2021, LATER, "scheduled")
    round_1().given(SCHEDULED, moved).when(NoteHeld(2021, LATER, HELD)).then(TOOK_PLACE)
    assert round_1().given(SCHEDULED, moved, TOOK_PLACE).state == Known(2021, LATER, "held")


def test_a_cancelled_session_is_not_to_be_held() -> None:
    cancelled = CancellationNoted(cited("scheduling", 12), on=TODAY)
    round_1().given(SCHEDULED).when(NoteCancelled(cited("scheduling", 12))).then(cancelled)
    assert round_1().given(SCHEDULED, cancelled).state == Known(2021, HELD_ON, "cancelled")


@pytest.mark.parametrize(
    "command", [NoteScheduled(2021, HELD_ON, TOLD), NoteMoved(HELD_ON, TOLD), NoteCancelled(TOLD)]
)
def test_what_was_held_stays_held_whatever_is_heard_of_it_afterwards(command: Command) -> None:
    round_1().given(TOOK_PLACE).when(command).then_nothing()


@pytest.mark.parametrize("command", [NoteMoved(LATER, TOLD), NoteCancelled(TOLD)])
def test_of_a_session_not_heard_of_nothing_is_kept(command: Command) -> None:
    round_1().when(command).then_nothing()


def test_what_is_heard_again_is_nothing_new() -> None:
    round_1().given(SCHEDULED).when(NoteScheduled(2021, HELD_ON, TOLD)).then_nothing()
    round_1().given(TOOK_PLACE).when(NoteHeld(2021, LATER, HELD)).then_nothing()


def test_a_tenant_is_noted_once_and_again_when_it_is_told_otherwise() -> None:
    town = scenario(tenant.decide, tenant.evolve, tenant.initial, today=TODAY, actor=REACTION)
    noted = TenantNoted("廊下镇", "town", 7, TOLD, on=TODAY)
    town.when(NoteTenant("廊下镇", "town", 7, TOLD)).then(noted)
    town.given(noted).when(NoteTenant("廊下镇", "town", 7, TOLD)).then_nothing()
    town.given(noted).when(NoteTenant("廊下镇", "town", 8, TOLD)).then(
        TenantNoted("廊下镇", "town", 8, TOLD, on=TODAY)
    )
