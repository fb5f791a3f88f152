"""How often a command speaks to the database, counted on the wire."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore import Aggregate, EventStore, Key
from shared.eventstore.store import engine
from tests.shared.conftest import SERVICE, Place, context
from tests.shared.eventstore.notebook import NOTEBOOK, NOTES, Close, Event, Notebook, Write
from tests.shared.wire import wire_to

LIMIT = 6
"""BEGIN and COMMIT among them."""


async def _some_fact(connection: AsyncConnection, tenant: str, id: str, command: object) -> None:
    await connection.execute(sa.select(sa.func.count()).select_from(NOTES))


@pytest.mark.parametrize(
    ("aggregate", "round_trips"),
    [
        pytest.param(NOTEBOOK, 2, id="one that stands alone: open, append"),
        pytest.param(
            replace(NOTEBOOK, facts=_some_fact), 5, id="one with facts: begin, open, facts, append, commit"
        ),
    ],
)
async def test_a_command_with_two_views_a_deadline_and_a_public_event_stays_within_the_limit(
    place: Place, aggregate: Aggregate[Notebook, Write | Close, Event, None], round_trips: int
) -> None:
    async with wire_to(place.app_url) as wire:
        store = EventStore(SERVICE, engine(wire.url, 1), place.store.relay, place.store.clock)
        spent = []
        for note in range(4):  # the first connect and prepare
            before = wire.round_trips
            await store.execute(aggregate, "a", Write("text", note), context(), key=Key(str(note), b"x"))
            spent.append(wire.round_trips - before)
        await store.app.dispose()
    assert spent[-1] == spent[-2] == round_trips <= LIMIT
    assert spent[0] > LIMIT, "the wire counts"
