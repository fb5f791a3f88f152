"""A history imported, hash chain included, beside COPY of the very rows that makes."""

from __future__ import annotations

from benchmarks import cases
from benchmarks.harness import Outcome, Watch
from benchmarks.stage import Stage, expect, sql, superuser
from shared.eventstore.history import import_history
from shared.eventstore.store import engine

TENANTS = 20


async def run(stage: Stage) -> list[Outcome]:
    """`bulk_vs_copy`, events a second."""
    life = await cases.one_case(stage)
    each = stage.plan.events // TENANTS // len(life)
    history = list(cases.history(life, TENANTS, each))
    source = await stage.database(cases.SERVICE)
    await cases.fill(source, life, TENANTS, each)
    async with superuser(source) as connection:
        rows = {table: await connection.fetch(sql(f"all_{table}")) for table in ("events", "texts")}

    async def imported(watch: Watch) -> int:
        base = await stage.database(cases.SERVICE)
        app = engine(base.app, 1)
        with watch:
            done = await import_history(app, cases.SERVICE, history, name="benchmarks")
        await app.dispose()
        return expect(len(history), done)

    async def copied(watch: Watch) -> int:
        base = await stage.database(cases.SERVICE)
        async with superuser(base) as connection:
            await connection.execute(sql("copies"))
            with watch:
                for table, records in rows.items():
                    await connection.copy_records_to_table(f"{table}_copied", records=records)
            return expect(len(history), await connection.fetchval(sql("count_copied")))

    found = await stage.in_turns({"import": imported, "copy": copied})
    return [Outcome("bulk_vs_copy", found["import"], found["copy"])]
