"""Ledgers as rectification's are: one case decided for real from its opening to its end, then many like it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from benchmarks.stage import Database, Stage, sql, superuser
from services.rectification.application import CASES
from services.rectification.domain.commands import (
    Command,
    NoteProgress,
    OpenCase,
    ReceiptFeedback,
    ReturnRectification,
    SubmitFeedback,
    VerifyRectification,
)
from services.rectification.domain.situations import Item
from shared.decider import Actor
from shared.eventstore import BusinessClock, Context, EventStore
from shared.eventstore.history import AT_ONCE, Past, Text, import_history
from shared.eventstore.store import engine

SERVICE = "rectification"
VIEWS = {view.table: view.tier for view in CASES.views}
OPEN_AT_ONCE = 10
"""So many cases of a tenant run side by side: their events lie between each other in its ledger."""

REACTION = Actor("reaction", "review", frozenset({"service"}))
LIAISON = Actor("u1", "联络员甲", frozenset({"liaison"}), "langxia")
PARTY_OFFICE = Actor("u2", "区委办", frozenset({"party_office"}), "quweiban")
LAW_OFFICE = Actor("u3", "依法治区办", frozenset({"law_office"}), "sifaju")

FEEDBACK = "各村自治公堂的法律审核程序已经建立，议事规则范本已编印并发放至各村，相关培训已组织两次。"
LIFE: tuple[tuple[date, Actor, Command], ...] = (
    (
        date(2021, 7, 7),
        REACTION,
        OpenCase(
            session="2021-1",
            plan_year=2021,
            unit="langxia",
            unit_name="廊下镇",
            post="secretary",
            title="党委书记",
            person="示例甲",
            items=(
                Item("langxia-1", "完善各村自治公堂的法律审核程序", "c3", "区委书记", "基层社会治理"),
                Item("langxia-2", "编印议事规则范本", "c3", "区委书记"),
            ),
            minutes="金委办〔2021〕31号",
            minutes_sent_on=date(2021, 7, 7),
            due_on=date(2021, 10, 8),
            due_before_rolling=date(2021, 10, 7),
            category="town",
        ),
    ),
    (date(2021, 8, 3), LIAISON, NoteProgress("已完成摸底，正在起草审核程序。", "langxia-1")),
    (date(2021, 9, 2), LIAISON, NoteProgress("范本已付印。", "langxia-2")),
    (date(2021, 9, 24), LIAISON, SubmitFeedback(FEEDBACK, "示例甲")),
    (date(2021, 9, 26), PARTY_OFFICE, ReceiptFeedback("party_office")),
    (date(2021, 9, 27), LAW_OFFICE, ReceiptFeedback("law_office")),
    (date(2021, 10, 11), LAW_OFFICE, ReturnRectification("程序尚未覆盖各村。", date(2021, 11, 26))),
    (date(2021, 11, 15), LIAISON, SubmitFeedback(FEEDBACK, "示例甲")),
    (date(2021, 11, 16), PARTY_OFFICE, ReceiptFeedback("party_office")),
    (date(2021, 11, 17), LAW_OFFICE, ReceiptFeedback("law_office")),
    (date(2021, 12, 1), LAW_OFFICE, VerifyRectification("passed")),
)


async def one_case(stage: Stage) -> list[Past]:
    """The events of one case, made by the real decider on a real store, with the texts they name."""
    base = await stage.database(SERVICE, VIEWS)
    store = EventStore(SERVICE, engine(base.app, 1), engine(base.relay, 1), BusinessClock())
    for day, actor, command in LIFE:
        context = Context("template", actor, "2021-1", today=day)
        await store.execute(CASES, "2021-1-langxia", command, context)
    await store.close()
    async with superuser(base) as connection:
        texts = [Text(**row) for row in await connection.fetch(sql("texts"))]
        return [
            Past(
                row["tenant"],
                row["stream"],
                row["name"],
                row["schema_version"],
                row["data"],
                day,
                actor,
                tuple(text for text in texts if text.ref in row["data"]),
            )
            for row, (day, actor, _) in zip(await connection.fetch(sql("ledgers")), LIFE, strict=True)
        ]


def history(life: list[Past], tenants: int, cases: int) -> Iterator[Past]:
    """So many cases of each of so many tenants, like the one; in the order of the ledgers."""
    for tenant in range(tenants):
        for first in range(0, cases, OPEN_AT_ONCE):
            running = range(first, min(cases, first + OPEN_AT_ONCE))
            for event in life:
                for n in running:
                    yield _of(event, f"shanghai.jinshan.t{tenant:04}", n)


def _of(event: Past, tenant: str, n: int) -> Past:
    """The event of the n-th case of a tenant, which has texts of its own."""
    data, texts = event.data, []
    for text in event.texts:
        ref = f"{n:08x}{text.ref[8:]}"
        data = data.replace(text.ref, ref)
        texts.append(replace(text, ref=ref))
    return replace(event, tenant=tenant, stream=f"case-2021-1-u{n}", data=data, texts=tuple(texts))


async def fill(base: Database, life: list[Past], tenants: int, cases: int) -> int:
    """Import such a history, and leave the database as after a quiet night; how many events."""
    app = engine(base.app, AT_ONCE)
    events = await import_history(app, SERVICE, history(life, tenants, cases), name="benchmarks")
    await app.dispose()
    async with superuser(base) as connection:
        await connection.execute("vacuum (analyze) events, texts, heads")
    return events
