"""Ledgers read whole: verified, and made into a read model anew; beside a scan that only reads and decodes them.
Then written whole, from a history."""

from __future__ import annotations

from benchmarks import bulk, cases
from benchmarks.harness import Outcome, Watch
from benchmarks.peers.scan import scan
from benchmarks.stage import Stage, expect, sql, superuser
from services.rectification.application import CASES
from services.rectification.views.case_register import CASE_REGISTER
from shared.eventstore.rebuild import rebuild
from shared.eventstore.verify import verify_service

TENANTS = 20


async def run(stage: Stage) -> list[Outcome]:
    """`rebuild_vs_scan`, `verify_vs_scan` and `bulk_vs_copy`, events a second."""
    base = await stage.database(cases.SERVICE, cases.VIEWS)
    life = await cases.one_case(stage)
    each = stage.plan.events // TENANTS // len(life)
    events = await cases.fill(base, life, TENANTS, each)

    async def bare(watch: Watch) -> int:
        async with superuser(base) as connection:
            with watch:
                return expect(events, await scan(connection, sql("ledgers"), "data", "metadata"))

    async def rebuilt(watch: Watch) -> int:
        with watch:
            return expect(events, await rebuild(base.owner, CASES, CASE_REGISTER))

    async def verified(watch: Watch) -> int:
        found = 0
        with watch:
            async for ledger in verify_service(base.app, base.relay, cases.SERVICE):
                if ledger.problem:
                    raise RuntimeError(f"{ledger.tenant}: {ledger.problem}")
                found += ledger.events
        return expect(events, found)

    found = await stage.in_turns({"scan": bare, "rebuild": rebuilt, "verify": verified})
    return [
        await bulk.measure(stage, list(cases.history(life, TENANTS, each)), base),
        Outcome("rebuild_vs_scan", found["rebuild"], found["scan"]),
        Outcome("verify_vs_scan", found["verify"], found["scan"]),
    ]
