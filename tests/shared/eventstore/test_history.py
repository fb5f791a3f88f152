"""A history imported: in the chain, all or nothing by its checks, and going on where it broke off."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from shared.decider import Actor
from shared.eventstore import Deadlines, EventStore, history, tables
from shared.eventstore.codec import text_hash
from shared.eventstore.history import LedgerInUse, Past, Text, Unfit, check, import_history, parsed
from shared.eventstore.rebuild import add_deadlines, rebuild
from shared.eventstore.verify import verify_service
from tests.shared.conftest import SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import FIRES, NOTEBOOK, NOTEBOOKS, Shut, Write

CLERK = Actor("clerk", "示例·甲")


def text_of(ref: str, body: str) -> Text:
    salt = bytes(range(16))
    return Text(ref, salt.hex(), body, text_hash(salt, body))


def past(tenant: str, id: str, note: int) -> Past:
    """A note that was written in a notebook elsewhere."""
    text = text_of(hashlib.sha256(f"{id}/{note}".encode()).hexdigest()[:32], f"第{note}条")
    data = {"text": {"ref": text.ref, "sha256": text.sha256}, "note": note, "on": "2019-06-01"}
    written = json.dumps(data, separators=(",", ":"))
    return Past(tenant, f"notebook-{id}", "Written", 1, written, date(2019, 6, 1), CLERK, (text,))


def a_history(tenants: int, streams: int, notes: int) -> Iterator[Past]:
    """Notes in turns, so that streams lie between each other."""
    for tenant in range(tenants):
        for note in range(notes):
            for stream in range(streams):
                yield past(f"{TENANT}.t{tenant}", f"s{stream}t{tenant}", note)


async def importing(place: Place, events: Iterator[Past], name: str = "archive") -> int:
    return await import_history(place.store.app, SERVICE, events, name=name, simulated=True)


async def verdicts(place: Place) -> dict[str, tuple[int, str | None]]:
    found = [one async for one in verify_service(place.app_url, place.relay_url, SERVICE)]
    return {one.tenant.removeprefix(f"{TENANT}."): (one.events, one.problem) for one in found}


async def test_an_imported_history_is_in_the_chain_and_commands_go_on_behind_it(place: Place) -> None:
    assert await importing(place, a_history(tenants=3, streams=2, notes=4)) == 24
    assert await verdicts(place) == {f"t{n}": (8, None) for n in range(3)}
    await rebuild(place.owner_url, NOTEBOOK, NOTEBOOK.views[0])
    answer = await place.store.execute(NOTEBOOK, "s0t1", Write("then", 9), context(f"{TENANT}.t1"))
    assert (answer.sequence, answer.version) == (9, 5)
    assert (await verdicts(place))["t1"] == (9, None)
    async with place.store.reading(f"{TENANT}.t1") as connection:
        rows = await connection.execute(sa.select(NOTEBOOKS.c.stream, NOTEBOOKS.c.notes).order_by("stream"))
        assert [tuple(row) for row in rows] == [("notebook-s0t1", 5), ("notebook-s1t1", 4)]
        assert await connection.scalar(sa.select(sa.func.count()).select_from(tables.outbox)) == 1


async def test_the_dates_of_imported_streams_arrive(place: Place) -> None:
    await importing(place, a_history(tenants=2, streams=2, notes=2))
    assert await add_deadlines(place.owner_url, [NOTEBOOK]) == 8
    assert await Deadlines(place.store, [NOTEBOOK], FIRES).fire_due() == 4  # ten days after 2019-06-01
    assert await verdicts(place) == {"t0": (6, None), "t1": (6, None)}


async def test_thousands_of_small_ledgers_are_imported(place: Place) -> None:
    assert await importing(place, a_history(tenants=2_000, streams=1, notes=2)) == 4_000
    heads = tables.heads
    async with place.store.relay.connect() as connection:
        counted = await connection.execute(sa.select(sa.func.count(), sa.func.sum(heads.c.sequence)))
        assert tuple(counted.one()) == (2_000, 4_000)
    last = [v async for v in verify_service(place.app_url, place.relay_url, SERVICE, f"{TENANT}.t1999")]
    assert [(one.events, one.problem) for one in last] == [(2, None)]


@pytest.mark.parametrize("after", [1, 7, 10, 19])
async def test_an_import_that_broke_off_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(history, "BATCH", 3)

    def breaking() -> Iterator[Past]:
        for n, event in enumerate(a_history(tenants=2, streams=2, notes=5)):
            if n == after:
                raise ConnectionResetError("the machine went away")
            yield event

    with pytest.raises(ConnectionResetError):
        await importing(place, breaking())
    assert all(problem is None for _, problem in (await verdicts(place)).values())
    assert await importing(place, a_history(tenants=2, streams=2, notes=5)) == 20
    assert await verdicts(place) == {"t0": (10, None), "t1": (10, None)}
    assert await importing(place, a_history(tenants=2, streams=2, notes=5)) == 20
    assert await verdicts(place) == {"t0": (10, None), "t1": (10, None)}


async def test_a_ledger_that_holds_something_else_takes_no_history(place: Place) -> None:
    await importing(place, a_history(tenants=2, streams=1, notes=3))
    await place.store.execute(NOTEBOOK, "other", Write("mine", 1), context(f"{TENANT}.t1"))
    with pytest.raises(LedgerInUse, match=r"t1 holds something else from #4 on"):
        await importing(place, a_history(tenants=2, streams=1, notes=3))
    with pytest.raises(LedgerInUse, match=r"t0 holds something else from #1 on"):
        await importing(place, a_history(tenants=1, streams=1, notes=3), name="another")
    assert await verdicts(place) == {"t0": (3, None), "t1": (4, None)}


async def test_a_command_that_comes_between_two_batches_stops_the_import(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "BATCH", 2)
    tenant = f"{TENANT}.t0"

    def progress(done: int) -> None:
        if done == 2:
            commands.append(asyncio.ensure_future(_write(place.store, tenant)))

    commands: list[asyncio.Future[Any]] = []
    events = a_history(tenants=1, streams=1, notes=400)
    with pytest.raises(LedgerInUse):
        await import_history(place.store.app, SERVICE, events, name="archive", progress=progress)
    await asyncio.gather(*commands)
    assert (await verdicts(place))["t0"][1] is None


async def _write(store: EventStore, tenant: str) -> None:
    await store.execute(NOTEBOOK, "live", Write("live", 1), context(tenant))


async def test_other_tenants_work_while_a_history_is_imported(place: Place) -> None:
    async def work() -> None:
        for note in range(30):
            await place.store.execute(NOTEBOOK, "live", Write("live", note), context(f"{TENANT}.live"))

    await asyncio.gather(work(), importing(place, a_history(tenants=2, streams=4, notes=500)))
    assert await verdicts(place) == {"live": (30, None), "t0": (2_000, None), "t1": (2_000, None)}


def changed(**changes: Any) -> Past:
    return Past(**(vars(past(TENANT, "a", 1)) | changes))


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        (changed(tenant="shanghai..x"), "'shanghai..x' is no tenant's path"),
        (changed(stream="diary-a"), "'diary-a' is no stream of this service"),
        (changed(stream="notebook-A b"), "'notebook-A b' is no stream of this service"),
        (changed(name="Torn"), "no event is called Torn"),
        (changed(schema_version=2), "Written v2 is newer than this code"),
        (changed(data='{"note":1}'), "the data are none of Written v1"),
        (changed(texts=(text_of("f" * 32, "elsewhere"),)), f"the text {'f' * 32} is not named by the event"),
        (changed(texts=()), "is named, but not given"),
        (changed(texts=past(TENANT, "a", 0).texts * 2, data=past(TENANT, "a", 0).data), "was given before"),
        (
            changed(data='{"text":{"body":"所见"},"note":1,"on":"2019-06-01"}', texts=()),
            "a text's body stands in the data",
        ),
        (changed(data='{"note":1,"on":"' + " " * 300_000 + '"}'), "bytes, and 262144 are the most"),
        (
            changed(texts=(Text(**(vars(past(TENANT, "a", 1).texts[0]) | {"body": "other"})),)),
            "does not match its hash",
        ),
    ],
)
def test_what_cannot_be_imported_is_named_by_line_and_rule(event: Past, rule: str) -> None:
    good = [past(TENANT, "b", note) for note in (1, 2)]
    [unfit] = check([good[0], event, good[1]] if event.tenant == TENANT else [good[0], event], [NOTEBOOK])
    assert unfit.line == 2
    assert rule in unfit.rule


def test_what_cannot_have_happened_after_what_was_before_is_named() -> None:
    def evolve(state: Any, event: Any) -> Any:
        if isinstance(state, Shut):
            raise ValueError("the notebook was closed")
        return NOTEBOOK.evolve(state, event)

    closed = Past(TENANT, "notebook-a", "Closed", 1, '{"on":"2019-06-02"}', date(2019, 6, 2), CLERK)
    events = [past(TENANT, "a", 1), closed, past(TENANT, "b", 2), past(TENANT, "a", 3)]
    [unfit] = check(events, [replace(NOTEBOOK, evolve=evolve)])
    assert str(unfit) == (
        "line 4: it cannot have happened in notebook-a after what was before: the notebook was closed"
    )


def test_the_events_of_a_tenant_follow_each_other() -> None:
    scattered = [past(TENANT, "a", 1), past(f"{TENANT}.x", "a", 1), past(TENANT, "a", 2)]
    assert [(unfit.line, unfit.rule.partition(" ")[0]) for unfit in check(scattered, [NOTEBOOK])] == [
        (3, TENANT)
    ]
    assert list(check(a_history(3, 2, 2), [NOTEBOOK])) == []


def line(event: Past) -> dict[str, Any]:
    return {
        "tenant": event.tenant,
        "stream": event.stream,
        "event": event.name,
        "version": event.schema_version,
        "data": json.loads(event.data),
        "business_date": event.business_date.isoformat(),
        "actor": {"id": event.actor.id, "name": event.actor.name},
        "texts": [vars(text) for text in event.texts],
    }


def test_a_line_is_an_event() -> None:
    events = list(a_history(1, 2, 2))
    assert list(parsed(json.dumps(line(event)).encode() for event in events)) == events


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b'{"tenant": "x"}',
        json.dumps(line(past(TENANT, "a", 1)) | {"business_date": "2019-13-01"}).encode(),
        json.dumps(line(past(TENANT, "a", 1)) | {"texts": [{"ref": "x"}]}).encode(),
        json.dumps(line(past(TENANT, "a", 1)) | {"tenant": 1}).encode(),
        json.dumps(line(past(TENANT, "a", 1))).replace("000102", "salted").encode(),
        json.dumps(line(past(TENANT, "a", 1)) | {"on": "2019-06-01"}).encode(),
    ],
)
def test_a_line_that_is_none_is_named(broken: bytes) -> None:
    good = json.dumps(line(past(TENANT, "a", 1))).encode()
    with pytest.raises(Unfit) as unfit:
        list(parsed([good, broken]))
    assert unfit.value.line == 2
