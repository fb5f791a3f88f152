"""Ledgers as rectification's are: one case decided for real from its opening to its end, then many like it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

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
from shared.eventstore.store import engine
from shared.eventstore.verify import links_of

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


@dataclass(frozen=True)
class Text:
    """A text as it lies beside the ledger."""

    ref: str
    salt: bytes
    body: str
    sha256: str


@dataclass(frozen=True)
class Event:
    """An event as the ledger keeps it, without its place there; the texts it names."""

    name: str
    schema_version: int
    data: str
    metadata: str
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Placed:
    """An event of one stream of one tenant."""

    tenant: str
    stream: str
    version: int
    event: Event


@dataclass
class Rows:
    """Rows to copy, by table, in the order of its columns."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    texts: list[tuple[Any, ...]] = field(default_factory=list)
    heads: list[tuple[Any, ...]] = field(default_factory=list)


async def one_case(stage: Stage) -> list[Event]:
    """The events of one case, made by the real decider on a real store."""
    base = await stage.database(SERVICE, VIEWS)
    store = EventStore(SERVICE, engine(base.app, 1), engine(base.relay, 1), BusinessClock())
    for day, actor, command in LIFE:
        await store.execute(CASES, "2021-1-langxia", command, Context("template", actor, "2021-1", today=day))
    await store.close()
    async with superuser(base) as connection:
        texts = {row["ref"]: Text(**row) for row in await connection.fetch(sql("texts"))}
        return [
            Event(**row, texts=tuple(text for ref, text in texts.items() if ref in row["data"]))
            for row in await connection.fetch(sql("events"))
        ]


def tenants(count: int) -> list[str]:
    return [f"shanghai.jinshan.t{n:04}" for n in range(count)]


def many_cases(life: list[Event], tenant: str, cases: int) -> Iterator[Placed]:
    """A tenant's ledger of so many cases in its order. Each has texts of its own."""
    for first in range(0, cases, OPEN_AT_ONCE):
        running = range(first, min(cases, first + OPEN_AT_ONCE))
        for version, event in enumerate(life, start=1):
            for n in running:
                yield Placed(tenant, f"case-2021-1-u{n}", version, _with_own_texts(event, n))


def _with_own_texts(event: Event, n: int) -> Event:
    if not event.texts:
        return event
    data, texts = event.data, []
    for text in event.texts:
        ref = f"{n:08x}{text.ref[8:]}"
        data = data.replace(text.ref, ref)
        texts.append(Text(ref, text.salt, text.body, text.sha256))
    return Event(event.name, event.schema_version, data, event.metadata, tuple(texts))


def chained(life: list[Event], tenant: str, cases: int) -> Rows:
    """A tenant's ledger as the kernel would have written it, hashes and head included."""
    rows, link = Rows(), links_of(SERVICE, tenant)
    now = datetime.now(UTC)
    microseconds = round(now.timestamp() * 1_000_000)
    last, digest, sequence = "", b"", 0
    for sequence, placed in enumerate(many_cases(life, tenant, cases), start=1):
        event = placed.event
        described = (placed.stream, placed.version, event.name, event.schema_version)
        hashed = link(last, sequence, *described, microseconds, event.data, event.metadata)
        last, digest = hashed.hexdigest(), hashed.digest()
        rows.events.append((tenant, sequence, *described, event.data, event.metadata, now, digest))
        rows.texts += [
            (tenant, one.ref, placed.stream, one.salt, one.body, one.sha256) for one in event.texts
        ]
    rows.heads.append((tenant, sequence, digest))
    return rows


async def fill(base: Database, life: list[Event], tenants: list[str], cases: int) -> int:
    """Put ledgers of so many cases each into a database, and leave it as after a quiet night; how many events."""
    events = 0
    async with superuser(base) as connection:
        for tenant in tenants:
            rows = chained(life, tenant, cases)
            await connection.copy_records_to_table("events", records=rows.events)
            await connection.copy_records_to_table("texts", records=rows.texts)
            await connection.copy_records_to_table(
                "heads", records=rows.heads, columns=["tenant", "sequence", "hash"]
            )
            events += len(rows.events)
        await connection.execute("vacuum (analyze) events, texts, heads")
    return events
