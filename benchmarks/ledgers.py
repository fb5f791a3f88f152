"""Ledgers read whole: verified, and made into a read model anew; beside a scan that only reads and decodes them."""

from __future__ import annotations

from benchmarks import cases
from benchmarks.harness import Outcome, Watch
from benchmarks.peers.scan import scan
from benchmarks.stage import Stage, expect, sql, superuser
from services.rectification.application import CASES
from services.rectification.views.case_register import CASE_REGISTER
from shared.eventstore.rebuild import rebuild
from shared.eventstore.verify import verify_service

TENANTS = 20


async def run(stage: Stage) -> list[Outcome]:
    """`rebuild_vs_scan` and `verify_vs_scan`, events a second."""
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
        Outcome("rebuild_vs_scan", found["rebuild"], found["scan"]),
        Outcome("verify_vs_scan", found["verify"], found["scan"]),
    ]
