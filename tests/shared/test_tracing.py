"""Traces: nothing while they are off; on, an event carries its place to whoever hears it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from shared.contracts.envelope import decode, decode_again
from shared.eventstore import tables
from shared.messaging.relay import Waiting, outgoing
from shared.observability import tracing
from tests.observability.collector import Collector, collecting
from tests.shared.conftest import SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import NOTEBOOK, Write

OUTSIDE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOT_FOLLOWED = OUTSIDE[:-2] + "00"


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Traces are on, and collected."""
    with collecting() as one:
        tracing.switch_on("review", one.url)
        yield one
        tracing.switch_off()


async def metadata(place: Place) -> list[dict[str, object]]:
    async with place.store.reading(TENANT) as connection:
        query = sa.select(tables.events.c.metadata).order_by(tables.events.c.sequence)
        return [json.loads(text) for text in await connection.scalars(query)]


async def write(place: Place, note: int) -> None:
    await place.store.execute(NOTEBOOK, "a", Write("text", note), context())


async def message(place: Place) -> bytes:
    """The last public event, as the relay would send it."""
    names: list[sa.ColumnClause[object]] = [sa.column(name) for name in Waiting._fields]
    query = sa.select(*names).select_from(tables.outbox).order_by(sa.desc("position")).limit(1)
    async with place.store.relay.connect() as connection:
        return outgoing(SERVICE, Waiting._make((await connection.execute(query)).one())).payload


def test_while_they_are_off_nothing_that_exports_is_loaded() -> None:
    code = """
import sys, services.review.main
heavy = ("opentelemetry.sdk", "opentelemetry.exporter", "google.protobuf", "requests")
print([name for name in sys.modules if name.startswith(heavy)])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


async def test_while_they_are_off_no_event_says_anything_of_them(place: Place) -> None:
    with tracing.span("unseen", "server", OUTSIDE) as span:
        assert span is None
        await write(place, 1)
    [said] = await metadata(place)
    assert "traceparent" not in said
    assert b"traceparent" not in await message(place)


async def test_an_event_carries_its_place_to_who_hears_it(place: Place, collector: Collector) -> None:
    with tracing.span("seen", "server", OUTSIDE):
        here = tracing.traceparent()
        await write(place, 1)
    assert here is not None
    assert here.split("-")[1] == OUTSIDE.split("-")[1]
    [said] = await metadata(place)
    assert said["traceparent"] == here
    payload = await message(place)
    cause, event = decode_again(payload, TENANT)
    assert cause.traceparent == here
    assert decode(payload)[1] == event, "who does not know of it ignores it"


@pytest.mark.parametrize("parent", [NOT_FOLLOWED, None])
async def test_who_is_not_followed_leaves_no_trace(
    place: Place, collector: Collector, parent: str | None
) -> None:
    if parent is None:
        await write(place, 1)
    else:
        with tracing.span("unfollowed", "server", parent):
            await write(place, 1)
    [said] = await metadata(place)
    assert "traceparent" not in said


@pytest.mark.parametrize("wrong", ["", "nonsense", 7, None, "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
async def test_a_wrong_place_stops_no_event(place: Place, collector: Collector, wrong: object) -> None:
    await write(place, 1)
    envelope = json.loads(await message(place)) | {"traceparent": wrong}
    cause, event = decode_again(json.dumps(envelope, separators=(",", ":")).encode(), TENANT)
    assert event == decode(json.dumps(envelope).encode())[1]
    with tracing.span("reaction", "consumer", cause.traceparent) as span:
        assert span is not None


async def test_an_error_marks_its_span_by_kind_and_quotes_nothing(collector: Collector) -> None:
    with pytest.raises(ValueError), tracing.span("failing", tenant=TENANT):
        raise ValueError("示例·甲")
    tracing.switch_off()
    [span] = collector.spans
    assert (span.name, span.attributes) == ("failing", {"shufa.tenant": TENANT})
    assert collector.failed == {"failing": "ValueError"}
