"""What lies in the inbox made into effects: catching up beside a scan of it, live beside the effect written alone."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.harness import Outcome, Watch
from benchmarks.relay import outbox_rows
from benchmarks.stage import Database, Stage, expect, sql, superuser
from shared.contracts.review import DraftApproved
from shared.eventstore import BusinessClock, EventStore, UnitOfWork, view_table
from shared.eventstore.store import engine
from shared.messaging import Cause, Reactions
from shared.messaging.applier import Applier
from shared.messaging.broker import Broker
from shared.messaging.inbox import Inbox, received_row
from shared.messaging.relay import outgoing

HEARD = view_table(
    "heard",
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("approved_on", sa.Date, nullable=False),
)
reactions = Reactions("evaluation")


@reactions.on(DraftApproved)
async def note(event: DraftApproved, cause: Cause, work: UnitOfWork) -> None:
    await write_effect(work.connection, work.tenant, event)


async def write_effect(connection: AsyncConnection, tenant: str, event: DraftApproved) -> None:
    """The one row that an event makes."""
    row = {
        "tenant": tenant,
        "stream": f"draft-{event.session}-{event.unit}",
        "session": event.session,
        "revision": event.revision,
        "approved_on": event.approved_on,
    }
    await connection.execute(sa.insert(HEARD), row)


class Hearer:
    """Evaluation, which hears review: its store, its inbox, its applier."""

    def __init__(self, base: Database, nats_url: str) -> None:
        self.base = base
        self.store = EventStore("evaluation", engine(base.app, 3), engine(base.relay, 2), BusinessClock())
        self.broker = Broker(nats_url, "evaluation")
        self.inbox = Inbox(self.store, self.broker, ("review",))
        self.applier = Applier(self.store, self.inbox, reactions)

    @classmethod
    async def on(cls, stage: Stage) -> Hearer:
        """On an empty database with a table for the effects."""
        return cls(await stage.database("evaluation", {HEARD: "private"}), stage.servers.nats_url)

    async def effects(self) -> int:
        """How many effects are committed."""
        async with superuser(self.base) as connection:
            return int(await connection.fetchval(sql("count_effects")))

    async def close(self) -> None:
        await self.store.close()


async def empty(base: Database) -> None:
    async with superuser(base) as connection:
        await connection.execute(sql("empty_inbox"))


async def fill(base: Database, payloads: list[bytes]) -> None:
    """An inbox in which these wait, and nothing else."""
    rows = [received_row("review", payload, n) for n, payload in enumerate(payloads)]
    heads = {(row["source"], row["tenant"]) for row in rows}
    await empty(base)
    async with superuser(base) as connection:
        await connection.copy_records_to_table("applied", records=heads, columns=["source", "tenant"])
        records = [tuple(row.values()) for row in rows]
        await connection.copy_records_to_table("received", records=records, columns=list(rows[0]))
        await connection.execute("analyze received")


async def run(stage: Stage) -> list[Outcome]:
    """`apply_catch_up_vs_scan` and `apply_live_vs_plain`, effects a second."""
    hearer = await Hearer.on(stage)
    plain = engine(hearer.base.superuser, 1)  # row security is ours: plainly, there is none
    sent: list[Any] = outbox_rows("heard", max(stage.plan.effects, stage.plan.effects_one_by_one))
    payloads = [outgoing("review", row).payload for row in sent]
    waiting, one_by_one = payloads[: stage.plan.effects], payloads[: stage.plan.effects_one_by_one]

    async def catch_up(watch: Watch) -> int:
        await fill(hearer.base, waiting)
        with watch:
            while await hearer.applier.step():
                pass
        return expect(len(waiting), await hearer.effects())

    async def scan(watch: Watch) -> int:
        await fill(hearer.base, waiting)
        found = 0
        async with superuser(hearer.base) as connection, connection.transaction():
            with watch:
                async for row in connection.cursor(sql("scan_inbox"), prefetch=1_000):
                    orjson.loads(row["payload"])
                    found += 1
        return expect(len(waiting), found)

    async def live(watch: Watch) -> int:
        await empty(hearer.base)
        for n, payload in enumerate(one_by_one):
            await hearer.inbox.keep("review", payload, n)
            with watch:
                await hearer.applier.step()
        return expect(len(one_by_one), await hearer.effects())

    async def alone(watch: Watch) -> int:
        await empty(hearer.base)
        for row in sent[: len(one_by_one)]:
            event = DraftApproved.model_validate_json(row.data)
            with watch:
                async with plain.begin() as connection:
                    await write_effect(connection, row.tenant, event)
        return expect(len(one_by_one), await hearer.effects())

    for side in (live, alone):
        await side(Watch())
    found = await stage.in_turns({"catch up": catch_up, "scan": scan})
    found |= await stage.in_turns({"live": live, "alone": alone}, metered=False)
    await plain.dispose()
    await hearer.close()
    return [
        Outcome("apply_catch_up_vs_scan", found["catch up"], found["scan"]),
        Outcome("apply_live_vs_plain", found["live"], found["alone"]),
    ]
