"""Words for telling what has happened in scheduling: the registry, rosters and rounds of the story."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from services.scheduling.domain import session
from services.scheduling.domain.registry import Category, Post, RegisteredUnit
from services.scheduling.domain.roster import Facts, OtherSession, Reporter, RosterEntry
from services.scheduling.domain.session_commands import Command
from services.scheduling.domain.session_events import (
    Event,
    HoldingNoted,
    MinutesNoted,
    ObserversNamed,
    RosterDrafted,
    SessionScheduled,
)
from services.scheduling.domain.situations import Session
from shared.decider import Actor, Decision
from shared.testing.given import Scenario, scenario

LAW_OFFICE = Actor("lin", "林示例", frozenset({"law_office"}), "sifaju")
ADMIN = Actor("admin", "管理员", frozenset({"tenant_admin"}))

CHAIR = Decision("周示例", "区委书记", "当日会议决定")

TODAY = date(2021, 4, 1)
HELD_ON = date(2021, 6, 24)


def unit(id: str, name: str, category: Category, order: int, post: str, title: str) -> RegisteredUnit:
    return RegisteredUnit(id, name, category, order, (Post(post, title, f"{name}负责人"),))


UNITS = {
    one.unit: one
    for one in (
        unit("gongshanglian", "区工商联", "party_or_mass", 20, "head", "主席"),
        unit("shilibu", "示例部", "party_or_mass", 21, "head", "部长"),
        unit("jiaotongwei", "区交通委", "government", 30, "head", "主任"),
        unit("shichangjianguan", "区市场监管局", "government", 31, "head", "局长"),
        unit("langxia", "廊下镇", "town", 50, "secretary", "书记"),
        unit("shilizhen", "示例镇", "town", 51, "secretary", "书记"),
    )
}


def entries(*units: str) -> tuple[RosterEntry, ...]:
    return tuple(RosterEntry(one, UNITS[one].posts[0].post) for one in units)


def rostered(*units: str) -> tuple[Reporter, ...]:
    """The reporters of these units, in official order."""
    found = (UNITS[one] for one in units)
    return tuple(
        Reporter(
            one.unit,
            one.name,
            one.category,
            one.official_order,
            one.posts[0].post,
            one.posts[0].title,
            one.posts[0].person,
        )
        for one in sorted(found, key=lambda one: one.official_order)
    )


THIS_ROUND = ("jiaotongwei", "gongshanglian", "langxia")
NEXT_ROUND = ("shichangjianguan", "shilibu", "shilizhen")

REPORTERS = rostered(*THIS_ROUND)
OBSERVERS = rostered(*NEXT_ROUND)

FACTS = Facts(
    session="2021-1",
    units=UNITS,
    sessions=(OtherSession("2021-2", entries(*NEXT_ROUND)),),
    rounds={1: HELD_ON, 2: date(2022, 1, 12)},
)


def session_2021_1(
    today: date = TODAY, tier: str | None = "district", **facts: Any
) -> Scenario[Session, Command, Event, Facts]:
    return scenario(
        session.decide,
        session.evolve,
        session.initial,
        today=today,
        actor=LAW_OFFICE,
        tier=tier,
        facts=replace(FACTS, **facts),
    )


def drafted(provisional: bool = False, on: date = TODAY, warnings: tuple[str, ...] = ()) -> RosterDrafted:
    return RosterDrafted(2021, 1, REPORTERS, provisional, warnings, on)


def observers_named(on: date = TODAY) -> ObserversNamed:
    return ObserversNamed("2021-2", OBSERVERS, on)


def scheduled(held_on: date = HELD_ON, on: date = TODAY, warnings: tuple[str, ...] = ()) -> SessionScheduled:
    return SessionScheduled(2021, 1, held_on, REPORTERS, OBSERVERS, "2021-2", warnings, on)


def holding_noted() -> HoldingNoted:
    return HoldingNoted(HELD_ON, on=HELD_ON)


def minutes_noted() -> MinutesNoted:
    return MinutesNoted("金委办〔2021〕12号", date(2021, 7, 7), on=date(2021, 7, 7))
