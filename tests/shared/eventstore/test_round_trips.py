"""How often a command speaks to the database, counted on the wire."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore import Aggregate
from tests.shared.eventstore.notebook import NOTEBOOK, NOTES, Close, Event, Notebook, Write
from tests.shared.eventstore.wired import wire_between
from tests.shared.eventstore.writing import Tenant, key

LIMIT = 6
"""BEGIN and COMMIT among them."""


async def _some_fact(connection: AsyncConnection, tenant: str, id: str, command: object) -> None:
    await connection.execute(sa.select(sa.func.count()).select_from(NOTES))


@pytest.mark.parametrize(
    ("aggregate", "notebook", "round_trips"),
    [
        pytest.param(NOTEBOOK, "a", 1, id="one that stands alone, where this process wrote last: append"),
        pytest.param(NOTEBOOK, "a{}", 2, id="one that stands alone: open, append"),
        pytest.param(
            replace(NOTEBOOK, facts=_some_fact),
            "a",
            5,
            id="one with facts: begin, open, facts, append, commit",
        ),
    ],
)
async def test_a_command_with_two_views_a_deadline_and_a_public_event_stays_within_the_limit(
    tenant: Tenant,
    aggregate: Aggregate[Notebook, Write | Close, Event, None],
    notebook: str,
    round_trips: int,
) -> None:
    async with wire_between(tenant) as wired:
        spent = []
        for note in range(5):  # the first connect and prepare
            before = wired.wire.round_trips
            await wired.tenant.execute(
                aggregate, notebook.format(note), Write("text", note), key=key(str(note))
            )
            spent.append(wired.wire.round_trips - before)
    assert spent[-1] == spent[-2] == round_trips <= LIMIT
    assert spent[0] > LIMIT, "the wire counts"


async def test_one_that_was_overtaken_stays_within_the_limit_too(tenant: Tenant) -> None:
    async with wire_between(tenant) as wired:
        for note in range(0, 10, 2):
            before = wired.wire.round_trips
            await wired.tenant.write("a", note, key=key(str(note)))
            spent = wired.wire.round_trips - before
            await wired.directly.write("a", note + 1)
        assert spent == 3 <= LIMIT
