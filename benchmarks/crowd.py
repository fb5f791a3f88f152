"""Ten thousand cases beside the demo's: sessions and minutes said in the owners' names, so that every service hears of
them and does what it always does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, assert_never

from deploy.local.cluster import Cluster
from services.scheduling.application import SESSIONS
from services.scheduling.domain.session_events import RosterDrafted, SessionScheduled
from shared.contracts.review import Excerpt, Item, MinutesIssued
from shared.decider import Actor, Given
from shared.eventstore import Aggregate, BusinessClock, Context, EventStore, Recorded
from shared.eventstore.store import engine

TENANT = "shanghai.jinshan"
CASES, OF_ONE_SESSION, GROUPS = 10_000, 100, 4
HELD_ON, SENT_ON = date(2022, 6, 18), date(2022, 7, 8)


@dataclass(frozen=True)
class TakeOver:
    excerpts: int


@dataclass(frozen=True)
class TakenOver:
    excerpts: int


def _decide(state: int, command: TakeOver, given: Given[None]) -> list[TakenOver]:
    return [TakenOver(command.excerpts)]


def _evolve(state: int, event: TakenOver) -> int:
    match event:
        case TakenOver():
            return state + event.excerpts
        case _ as unreachable:
            assert_never(unreachable)


def _publish(recorded: Recorded[TakenOver], state: int) -> list[MinutesIssued]:
    """Minutes that ask something of a hundred units, each with a date of its own; the next ask other units."""
    round_ = int(recorded.id)
    group = round_ % GROUPS * recorded.event.excerpts
    due = [date(2022, 7, 20) + timedelta(days=(round_ * 7 + n) % 160) for n in range(recorded.event.excerpts)]
    return [
        MinutesIssued(
            session=f"2022-{round_}",
            plan_year=2022,
            number=round_,
            held_on=HELD_ON,
            document_number=f"示例委办〔2022〕{round_}号",
            signed_by="示例·签发人",
            signed_on=SENT_ON,
            sent_on=SENT_ON,
            excerpts=[
                Excerpt(
                    unit=f"danwei{group + n}",
                    unit_name=f"示例单位{group + n}",
                    category="government",
                    post="head",
                    title="主任",
                    person=f"示例·{n}",
                    items=[
                        Item(
                            item="i1",
                            task_line="完善重大行政决策合法性审查程序",
                            comment="c1",
                            by="示例·领导",
                        )
                    ],
                    due_on=on,
                    due_before_rolling=on,
                    official_order=1000 + group + n,
                )
                for n, on in enumerate(due)
            ],
        )
    ]


HISTORY: Aggregate[int, TakeOver, TakenOver, None] = Aggregate(
    kind="history", events=TakenOver, initial=0, decide=_decide, evolve=_evolve, publish=_publish
)


@dataclass(frozen=True)
class Call:
    number: int


async def _no_facts(connection: object, tenant: str, id: str, command: Any) -> Any:
    return None


def _called(state: object, command: Any, given: object) -> list[Any]:
    """A session with nobody on its roster: no rule asks for a plan, a quota and observers."""
    return [
        RosterDrafted(2022, command.number, (), provisional=False, warnings=(), on=HELD_ON),
        SessionScheduled(2022, command.number, HELD_ON, (), (), None, (), on=HELD_ON),
    ]


CALLED: Aggregate[Any, Any, Any, Any] = replace(SESSIONS, decide=_called, facts=_no_facts)
"""Scheduling's own sessions, so that it knows those whose minutes it hears."""


def _store(cluster: Cluster, service: str) -> EventStore:
    app, relay = (engine(cluster.database_url(service, role), 1) for role in ("app", "relay"))
    return EventStore(service, app, relay, BusinessClock(simulated=True))


async def open_cases(cluster: Cluster) -> None:
    """Every session is called before its minutes are sent."""
    scheduling, review = _store(cluster, "scheduling"), _store(cluster, "review")
    context = Context(TENANT, Actor("benchmark", "benchmark"), "benchmark")
    for round_ in range(101, 101 + CASES // OF_ONE_SESSION):
        await scheduling.execute(CALLED, f"2022-{round_}", Call(round_), context)
        await review.execute(HISTORY, str(round_), TakeOver(OF_ONE_SESSION), context)
    await scheduling.close()
    await review.close()
