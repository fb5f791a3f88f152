"""A database set back to a backup while the broker was not: nothing is lost, and nothing is forked silently."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from nats.js import JetStreamContext
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from shared.contracts.envelope import encode
from shared.contracts.rectification import RectificationOverdue
from shared.decider import Actor, Refused
from shared.eventstore import tables
from shared.eventstore.keys import SealKey
from shared.eventstore.restore import (
    LOST_IN_ONE_EVENT,
    AcceptRestore,
    Epoch,
    LedgerRestored,
    LostEvent,
    PublicEventsLost,
    decide,
)
from shared.eventstore.seals import Sealer, VerifiedRoots, verify_roots
from shared.eventstore.verify import Verified, verify_service
from shared.messaging import Reactions
from shared.messaging.fork import Behind, accept_all, behind
from shared.messaging.relay import Relay
from shared.messaging.topology import STREAM
from shared.runtime import service as runtime
from shared.runtime.gate import Gate
from shared.runtime.operations import operation_routes
from shared.runtime.service import Running, Service
from shared.runtime.settings import Settings
from shared.security.tokens import TokenVerifier
from tests.shared.conftest import SERVICE, TENANT, Place, context
from tests.shared.eventstore.notebook import FIRES, NOTEBOOK, Close, Write
from tests.shared.eventstore.tampering import WRITTEN_ANEW
from tests.shared.messaging.conftest import Hearer, published, running
from tests.shared.waiting import until

NEW_TENANT = "shanghai.new"
OPERATOR = Actor("operator", "示例·运维员")
REVIEW = Service(SERVICE, [NOTEBOOK], [(NOTEBOOK, Write)], NOTEBOOK.views, Reactions(SERVICE), FIRES)
KEY, NEXT = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Installation:
    """The service review with its database, which can be set back, its roots, and the stream, which stays."""

    servers: Servers
    place: Place
    jetstream: JetStreamContext
    folder: Path

    @property
    def roots(self) -> Path:
        return self.folder / "roots"

    def settings(self, signs: Ed25519PrivateKey = KEY) -> Settings:
        key = self.folder / "seal.key"
        key.write_text(SealKey(signs, KEY.public_key()).pem())
        return Settings(
            service=SERVICE,
            database_url=SecretStr(self.place.app_url),
            relay_database_url=SecretStr(self.place.relay_url),
            nats_url=SecretStr(self.servers.nats_url),
            issuer="https://issuer.example",
            jwks_url="https://issuer.example/jwks.json",
            mode="development",
            clock="simulated",
            simulated_start=date(2021, 6, 1),
            seal_key=key,
            roots=self.roots,
        )

    @asynccontextmanager
    async def started(self, signs: Ed25519PrivateKey = KEY) -> AsyncIterator[Running]:
        """The service as a process has it: begun, but perhaps not open yet."""
        running = Running(REVIEW, self.settings(signs))
        start = asyncio.create_task(running.start())
        try:
            yield running
        finally:
            start.cancel()
            await running.stop()

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Running]:
        """The service, open."""
        async with self.started() as running:
            await opened(running)
            yield running

    async def backup(self) -> str:
        """A copy of the database as it is now. Nobody may be connected."""
        await self.place.store.close()
        copy = f"backup_{next(_numbers)}"
        await self._admin(f'create database "{copy}" template "{self._name}"')
        return copy

    async def set_back(self, copy: str) -> None:
        """The database is the backup again."""
        await self.place.store.close()
        await self._admin(
            f'drop database "{self._name}"', f'create database "{self._name}" template "{copy}"'
        )

    @property
    def _name(self) -> str:
        return sa.make_url(self.place.app_url).database or ""

    async def _admin(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.servers.admin_url.replace("+asyncpg", ""))
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    def sealer(self, key: Ed25519PrivateKey = KEY) -> Sealer:
        return Sealer(self.place.store, lambda: SealKey(key, KEY.public_key()), self.roots)

    async def seal(self) -> None:
        await self.sealer().seal()

    async def behind(self) -> list[Behind]:
        return await behind(self.place.store, self.jetstream, KEY.public_key(), self.roots)

    async def verified(self) -> tuple[VerifiedRoots, dict[str, Verified]]:
        """What verify says of the roots, and of the ledger of each tenant."""
        urls = self.place.app_url, self.place.relay_url
        roots = await verify_roots(self.place.relay_url, SERVICE, KEY.public_key(), self.roots)
        ledgers = verify_service(*urls, SERVICE, None, roots.seal_of, tuple(roots.chain.seals))
        return roots, {one.tenant: one async for one in ledgers}

    async def on_the_stream(self) -> list[str]:
        """The ids of all that review has said, as a stranger may hear it."""
        return [one["id"] for one in await published(self.jetstream) if one["source"] == f"/shufa/{SERVICE}"]

    async def everything_published(self) -> None:
        async def empty() -> bool:
            async with self.place.store.relay.connect() as connection:
                unpublished = tables.outbox.c.published_at.is_(None)
                return not await connection.scalar(sa.select(sa.func.count()).where(unpublished))

        await until(empty)


@pytest.fixture
async def installation(
    servers: Servers, place: Place, jetstream: JetStreamContext, tmp_path: Path
) -> AsyncIterator[Installation]:
    one = Installation(servers, place, jetstream, tmp_path)
    yield one
    await place.store.close()


async def opened(running: Running) -> None:
    """Wait until the service takes commands."""

    async def is_open() -> bool:
        return running.store.closed_because is None

    await until(is_open)


async def write(running: Running, *notes: int, tenant: str = TENANT) -> None:
    for note in notes:
        await running.store.execute(NOTEBOOK, "a", Write(f"text {note}", note), context(tenant))


async def overdue(jetstream: JetStreamContext, sequence: int) -> None:
    """Rectification says something that review listens to."""
    contract = RectificationOverdue(
        case="c", unit="office", due_on=date(2021, 5, 31), overdue_since=date(2021, 6, 1)
    )
    payload = encode(
        contract,
        tenant=TENANT,
        epoch=1,
        sequence=sequence,
        stream="case-c",
        ledger=f"rectification:{TENANT}#{sequence}",
        recorded_at=datetime.now(UTC),
        business_date=date(2021, 6, 1),
        simulated=True,
        correlation_id="test",
    )
    subject = f"shufa.progress.rectification.RectificationOverdue.{TENANT}.case-c"
    await jetstream.publish(subject, payload, stream=STREAM)


async def overdue_was_applied(installation: Installation, sequence: int) -> None:
    """Wait until review has applied what rectification said, until a sequence."""

    async def applied() -> bool:
        async with installation.place.store.relay.connect() as connection:
            query = sa.select(tables.applied.c.sequence).where(tables.applied.c.source == "rectification")
            return await connection.scalar(query) == sequence

    await until(applied)


async def closed(running: Running) -> None:
    """Wait until the service has found out that it is behind."""

    async def is_closed() -> bool:
        because = running.store.closed_because
        return because is not None and because.code == "kernel.ledger-behind-stream"

    await until(is_closed)


async def readiness(running: Running) -> tuple[int, Any]:
    """What the service answers to who asks whether it is ready: the status, and why."""
    app, nobody = (
        FastAPI(),
        TokenVerifier("https://issuer.example", "shufa", "https://issuer.example/jwks.json"),
    )
    app.include_router(operation_routes(running.store, running.broker, Gate(nobody, running.store), None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://review.test") as client:
        answer = await client.get("/readyz")
    await nobody.close()
    return answer.status_code, answer.json().get("because")


async def test_the_drill(
    installation: Installation, hearer: Hearer, short_patience: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands, a backup, more commands; the database is set back, and the service goes on under a new epoch after an
    operator has accepted that."""
    monkeypatch.setattr(runtime, "BEHIND_AGAIN_SECONDS", 0.1)
    store, jetstream = installation.place.store, installation.jetstream
    await hearer.broker.start()
    async with running(hearer.loop()):
        async with installation.up() as service:
            await write(service, 1, 2, 3)
            await overdue(jetstream, 1)
            await overdue_was_applied(installation, 1)
            await installation.everything_published()
        await installation.seal()
        copy = await installation.backup()

        async with installation.up() as service:
            await write(service, 4, 5)
            await service.store.execute(NOTEBOOK, "a", Close(), context())
            await write(service, 1, tenant=NEW_TENANT)
            await overdue(jetstream, 2)
            await overdue_was_applied(installation, 2)
            await installation.everything_published()
        await installation.seal()
        said = await installation.on_the_stream()
        await hearer.has_heard(5)

        await installation.set_back(copy)
        async with installation.started() as service:
            await closed(service)
            with pytest.raises(Refused, match=r"kernel\.ledger-behind-stream"):
                await write(service, 6)
            assert await readiness(service) == (503, "kernel.ledger-behind-stream")
            assert await installation.on_the_stream() == said, "nothing is forked silently"
            _, ledgers = await installation.verified()
            # how often it was sealed until then, the clock decides
            assert re.fullmatch(r"root \d sealed #6, the last event is #3", ledgers[TENANT].problem or "")
            assert re.fullmatch(r"root \d sealed #1, the last event is #0", ledgers[NEW_TENANT].problem or "")

            old, new = await installation.behind()
            assert (old.tenant, old.sequence, old.database, old.stream) == (TENANT, 3, (1, 3), (1, 5))
            assert [lost.id for lost in old.lost] == [f"{SERVICE}:{TENANT}/1/4", f"{SERVICE}:{TENANT}/1/5"]
            assert {lost.name for lost in old.lost} == {"DraftApproved"}
            assert (new.tenant, new.sequence, new.database, new.stream) == (NEW_TENANT, 0, (1, 0), (1, 1))
            assert (old.sealed and old.sealed.sequence, new.sealed and new.sealed.sequence) == (6, 1)

            answers = await accept_all(store, [old, new], OPERATOR, "示例：磁盘损坏")
            assert [answer.events for answer in answers] == [("LedgerRestored", "PublicEventsLost")] * 2
            await opened(service)  # by itself
            await overdue_was_applied(
                installation, 2
            )  # was acknowledged after the backup, and is heard again
            await write(service, 4)
            await write(service, 1, tenant=NEW_TENANT)
            await installation.everything_published()
        await hearer.has_heard(6)
        assert await hearer.heard() == [1, 2, 3, 4, 5, 2]
        await hearer.has_heard(2, NEW_TENANT)
        assert await hearer.heard(NEW_TENANT) == [1, 2]

        await installation.seal()
        roots, ledgers = await installation.verified()
        assert roots.problems == ()
        found = ledgers[TENANT]
        assert (found.problem, found.events, found.epoch) == (None, 6, 2)
        assert found.restored == ("restored at #3, 3 sealed events beyond",)
        assert found.seal is not None
        assert (found.seal.root, found.seal.sequence) == (roots.chain.number, 6)
        everything = await installation.on_the_stream()
        assert everything[: len(said)] == said
        assert everything[len(said)] == f"{SERVICE}:{TENANT}/2/1"
        async with hearer.store.relay.connect() as connection:
            table = tables.received
            ids = sa.func.concat(
                table.c.source, ":", table.c.tenant, "/", table.c.epoch, "/", table.c.sequence
            )
            assert set(await connection.scalars(sa.select(ids))) == set(everything), "nothing is lost"


async def say(installation: Installation, relay: Relay, *notes: int) -> None:
    """Write notes without the rest of the service, and publish them."""
    for note in notes:
        await installation.place.store.execute(NOTEBOOK, "a", Write("text", note), context())
    await relay.step()


async def test_after_a_stop_in_the_middle_of_it_nothing_is_behind(
    installation: Installation, relay: Relay
) -> None:
    assert await installation.behind() == []
    await say(installation, relay, 1, 2)
    await installation.seal()
    await installation.place.store.execute(NOTEBOOK, "a", Write("not published yet", 3), context())
    assert await installation.behind() == []


async def test_a_database_set_back_twice_begins_an_epoch_each_time(
    installation: Installation, relay: Relay, hearer: Hearer
) -> None:
    store = installation.place.store
    await say(installation, relay, 1)
    copy = await installation.backup()
    await say(installation, relay, 2)
    for epoch, lost in (2, ["1/2"]), (3, ["1/2", "2/1", "2/2"]):
        await installation.set_back(copy)
        [ledger] = await installation.behind()
        assert [one.id for one in ledger.lost] == [f"{SERVICE}:{TENANT}/{place}" for place in lost]
        assert ledger.next_epoch == epoch
        await accept_all(store, [ledger], OPERATOR, "示例理由")
        await say(installation, relay, 2)
        assert await installation.behind() == []
    await hearer.broker.connect()
    await hearer.inbox.fetch_again(SERVICE, TENANT)
    await hearer.apply_all()
    assert await hearer.heard() == [1, 2, 2, 2]
    assert (await installation.on_the_stream())[-2:] == [f"{SERVICE}:{TENANT}/3/{n}" for n in (1, 2)]


async def test_what_was_only_sealed_is_missed_too(installation: Installation, relay: Relay) -> None:
    await say(installation, relay, 1, 2)
    await installation.seal()
    copy = await installation.backup()
    await installation.place.store.execute(NOTEBOOK, "a", Close(), context())
    await installation.seal()
    await installation.set_back(copy)
    [ledger] = await installation.behind()
    assert (ledger.lost, ledger.database, ledger.stream) == ((), (1, 2), (1, 2))
    assert ledger.sealed is not None
    assert (ledger.sequence, ledger.sealed.sequence) == (2, 3)
    await accept_all(installation.place.store, [ledger], OPERATOR, "示例理由")
    _, found = await installation.verified()
    assert (found[TENANT].problem, found[TENANT].restored) == (
        None,
        ("restored at #2, 1 sealed events beyond",),
    )


@pytest.mark.parametrize("before_the_backup", [True, False])
async def test_what_another_key_has_sealed_since_is_missed_too(
    installation: Installation, relay: Relay, before_the_backup: bool
) -> None:
    """The root that hands over is known to the database that was set back, or lies in the folder alone."""
    await say(installation, relay, 1, 2)
    await installation.seal()
    if before_the_backup:
        await installation.sealer().hand_over(NEXT.public_key())
    copy = await installation.backup()
    if not before_the_backup:
        await installation.sealer().hand_over(NEXT.public_key())
    await installation.place.store.execute(NOTEBOOK, "a", Close(), context())
    await installation.sealer(NEXT).seal()
    await installation.set_back(copy)
    [ledger] = await installation.behind()
    assert ledger.sealed is not None
    assert (ledger.sequence, ledger.sealed.sequence, ledger.sealed.root) == (2, 3, 3)
    await accept_all(installation.place.store, [ledger], OPERATOR, "示例理由")
    await installation.sealer(NEXT).seal()
    roots, found = await installation.verified()
    assert (roots.problems, roots.chain.number) == ((), 4)
    assert found[TENANT].problem is None


async def test_a_service_with_a_new_key_is_behind_what_the_first_has_sealed(
    installation: Installation, relay: Relay
) -> None:
    await say(installation, relay, 1, 2)
    await installation.seal()
    copy = await installation.backup()
    await installation.place.store.execute(NOTEBOOK, "a", Close(), context())
    root = await installation.sealer().hand_over(NEXT.public_key())
    assert root is not None
    assert root.seals[TENANT].sequence == 3
    await installation.set_back(copy)
    async with installation.started(NEXT) as running:

        async def is_behind() -> bool:
            closed = running.store.closed_because
            return closed is None or closed.code == "kernel.ledger-behind-stream"

        await until(is_behind)
        assert running.store.closed_because is not None


async def test_what_is_older_than_the_backup_is_still_held_against_what_was_sealed_of_it(
    installation: Installation, relay: Relay
) -> None:
    """A restore excuses what is missing beyond it, and nothing else."""
    await say(installation, relay, 1, 2)
    await installation.seal()
    copy = await installation.backup()
    await say(installation, relay, 3)
    await installation.seal()
    await installation.set_back(copy)
    owner = create_async_engine(installation.place.owner_url)
    async with owner.begin() as connection:
        await connection.execute(sa.text("alter table events disable trigger all"))
        for table in ("events", "heads"):
            await connection.execute(sa.text(f"alter table {table} no force row level security"))
        await connection.exec_driver_sql(WRITTEN_ANEW.replace("shanghai.a", TENANT))
    await owner.dispose()
    await accept_all(installation.place.store, await installation.behind(), OPERATOR, "示例理由")
    _, found = await installation.verified()
    assert found[TENANT].problem == "#2 is not what root 1 sealed"


async def test_a_restore_is_accepted_once(installation: Installation, relay: Relay) -> None:
    await say(installation, relay, 1)
    copy = await installation.backup()
    await say(installation, relay, 2)
    await installation.set_back(copy)
    ledgers = await installation.behind()
    store = installation.place.store
    answers = await asyncio.gather(*(accept_all(store, ledgers, OPERATOR, "示例理由") for _ in range(3)))
    assert sorted(len(one) for one in answers) == [0, 0, 1]
    async with store.reading(TENANT) as connection:
        head = (await connection.execute(sa.select(tables.heads))).one()
        assert (head.sequence, head.epoch, head.public_sequence) == (3, 2, 1)


def test_however_much_was_lost_no_event_grows_too_large() -> None:
    lost = tuple(
        LostEvent(f"review:a/1/{n}", "DraftApproved", "shufa") for n in range(2 * LOST_IN_ONE_EVENT + 1)
    )
    command = AcceptRestore(2, 1, len(lost), 0, 0, lost, "示例理由")
    given: Any = None
    first, *rest = decide(Epoch(), command, given)
    assert isinstance(first, LedgerRestored)
    assert first.lost == len(lost)
    assert sum((one.events for one in rest if isinstance(one, PublicEventsLost)), ()) == lost
    assert len(rest) == 3
    assert decide(Epoch(2), command, given) == []
