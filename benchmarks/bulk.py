"""A history imported, hash chain included, beside COPY of the very rows that makes."""

from __future__ import annotations

from benchmarks import cases
from benchmarks.harness import Outcome, Watch
from benchmarks.stage import Database, Stage, expect, sql, superuser
from shared.eventstore.history import AT_ONCE, Past, import_history
from shared.eventstore.store import engine


async def measure(stage: Stage, history: list[Past], filled: Database) -> Outcome:
    """`bulk_vs_copy`, events a second; ``filled`` holds what the history becomes."""
    async with superuser(filled) as connection:
        await connection.execute(sql("copies"))
        rows = {table: await connection.fetch(sql(f"all_{table}")) for table in ("events", "texts")}

    async def imported(watch: Watch) -> int:
        base = await stage.database(cases.SERVICE)
        app = engine(base.app, AT_ONCE)
        with watch:
            done = await import_history(app, cases.SERVICE, history, name="benchmarks")
        await app.dispose()
        return expect(len(history), done)

    async def copied(watch: Watch) -> int:
        async with superuser(filled) as connection:
            await connection.execute(sql("empty_copies"))
            with watch:
                for table, records in rows.items():
                    await connection.copy_records_to_table(f"{table}_copied", records=records)
            return expect(len(history), await connection.fetchval(sql("count_copied")))

    found = await stage.in_turns({"import": imported, "copy": copied})
    return Outcome("bulk_vs_copy", found["import"], found["copy"])
