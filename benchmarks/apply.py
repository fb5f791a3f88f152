"""What lies in the inbox made into effects: catching up beside a scan of it, live beside the effect written alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa

from benchmarks.harness import Outcome, Watch
from benchmarks.peers.scan import scan
from benchmarks.relay import outbox_rows
from benchmarks.stage import Database, Stage, expect, sql, superuser
from shared.contracts.review import DraftApproved
from shared.eventstore import BusinessClock, EventStore
from shared.eventstore.aggregate import Row
from shared.eventstore.projection import Cause, Projection
from shared.eventstore.store import engine
from shared.messaging import Reactions
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.inbox import Inbox
from shared.messaging.relay import outgoing

HEARD = sa.Table(
    "heard",
    sa.MetaData(),
    sa.Column("tenant", sa.Text(collation="C"), primary_key=True),
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("unit", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("approved_on", sa.Date, nullable=False),
)


def heard(event: DraftApproved, cause: Cause) -> Row:
    """The one row that an event makes."""
    return {
        "session": event.session,
        "unit": event.unit,
        "revision": event.revision,
        "approved_on": event.approved_on,
    }


class Hearer:
    """Evaluation, which hears review: its store, its inbox, its applier."""

    def __init__(self, base: Database, nats_url: str, change: Callable[[DraftApproved, Cause], Row]) -> None:
        reactions = Reactions("evaluation", [Projection(HEARD, (DraftApproved,), change)])
        self.base = base
        self.store = EventStore("evaluation", engine(base.app, 3), engine(base.relay, 2), BusinessClock())
        self.broker = Broker(nats_url, "evaluation")
        self.inbox = Inbox(self.store, self.broker, ("review",))
        self.applier = Applier(self.store, self.inbox, reactions)

    async def keep(self, payloads: list[bytes]) -> None:
        """Put messages into the inbox, where they wait."""
        await asyncio.gather(*(self.inbox.keep("review", payload, n) for n, payload in enumerate(payloads)))

    async def effects(self) -> int:
        """How many effects are committed."""
        async with superuser(self.base) as connection:
            return int(await connection.fetchval(sql("count_effects")))


@asynccontextmanager
async def hearing(stage: Stage) -> AsyncIterator[Hearer]:
    """Evaluation with an empty database."""
    base = await stage.database("evaluation", {HEARD: "private"})
    hearer = Hearer(base, stage.servers.nats_url, heard)
    # Log in before anything is measured, as whoever scans or writes alone does.
    async with hearer.store.app.connect() as one, hearer.store.app.connect() as other:
        for connection in (one, other):
            await connection.execute(sa.select(1))
    yield hearer
    await hearer.store.close()


async def run(stage: Stage) -> list[Outcome]:
    """`apply_catch_up_vs_scan` and `apply_live_vs_plain`, effects a second."""
    sent: list[Any] = outbox_rows("heard", max(stage.plan.effects, stage.plan.effects_one_by_one))
    payloads = [outgoing("review", row).payload for row in sent]
    events = [DraftApproved.model_validate_json(row.data) for row in sent[: stage.plan.effects_one_by_one]]
    rows = [vars(event) | {"tenant": row.tenant} for row, event in zip(sent, events, strict=False)]
    waiting, one_by_one = payloads[: stage.plan.effects], payloads[: stage.plan.effects_one_by_one]

    async def catch_up(watch: Watch) -> int:
        async with hearing(stage) as hearer:
            await hearer.keep(waiting)
            with watch:
                while await hearer.applier.step():
                    pass
            return expect(len(waiting), await hearer.effects())

    async def bare(watch: Watch) -> int:
        async with superuser(full.base) as connection:
            with watch:
                return expect(len(waiting), await scan(connection, sql("inbox"), "payload"))

    async def live(watch: Watch) -> int:
        async with hearing(stage) as hearer:
            for payload in one_by_one:
                await hearer.keep([payload])
                with watch:
                    await hearer.applier.step()
            return expect(len(one_by_one), await hearer.effects())

    async def alone(watch: Watch) -> int:
        async with superuser(full.base) as connection:
            await connection.execute(sql("empty_effects"))
        plain = engine(full.base.superuser, 1)  # row security is ours: plainly, there is none
        for row in rows:
            with watch:
                async with plain.begin() as connection:
                    await connection.execute(sa.insert(HEARD), row)
        await plain.dispose()
        return expect(len(one_by_one), await full.effects())

    async with hearing(stage) as full:
        await full.keep(waiting)
        found = await stage.in_turns({"catch up": catch_up, "scan": bare})
        found |= await stage.in_turns({"live": live, "alone": alone}, metered=False)
    return [
        Outcome("apply_catch_up_vs_scan", found["catch up"], found["scan"]),
        Outcome("apply_live_vs_plain", found["live"], found["alone"]),
    ]
