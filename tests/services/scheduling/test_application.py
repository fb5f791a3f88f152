"""What scheduling's decisions need to know is read from its own read models: the story up to the first session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.scheduling.application import (
    PLANS,
    POLICIES,
    SESSIONS,
    TENANTS,
    UNITS,
)
from services.scheduling.domain.plan import AdoptPlan, PlannedRound
from services.scheduling.domain.policy import AdoptPolicy
from services.scheduling.domain.registry import Post, Tier
from services.scheduling.domain.session import DraftRoster, NameObservers, ScheduleSession
from services.scheduling.domain.tenant import RegisterTenant
from services.scheduling.domain.unit import HandOverPost, RegisterUnit
from services.scheduling.reactions import reactions
from services.scheduling.views.observers import OBSERVERS
from services.scheduling.views.sessions import SESSIONS_VIEW
from services.scheduling.views.units import UNITS_VIEW
from shared.contracts.review import MinutesIssued
from shared.decider import Refused
from shared.eventstore import Aggregate, Answer, Context, EventStore, View
from shared.eventstore.reading import view_page
from shared.eventstore.unit_of_work import UnitOfWork
from shared.messaging import Cause
from tests.services.scheduling import telling
from tests.services.scheduling.telling import HELD_ON, LAW_OFFICE, NEXT_ROUND, THIS_ROUND, entries

DISTRICT, TOWN = "shanghai.jinshan", "shanghai.jinshan.langxia"


class Scheduling:
    """The store, said in short: commands as the law office, and the rows of a view."""

    def __init__(self, store: EventStore) -> None:
        self.store = store

    async def do(
        self, on: Aggregate[Any, Any, Any, Any], id: str, what: Any, tenant: str = DISTRICT
    ) -> Answer:
        return await self.store.execute(on, id, what, Context(tenant, LAW_OFFICE, correlation="test"))

    async def rows(self, view: View, tenant: str = DISTRICT) -> list[dict[str, Any]]:
        async with self.store.reading(tenant) as connection:
            return (await view_page(connection, view, tenant, {}, 100, None)).items

    async def begin(self, tenant: str = DISTRICT, tier: Tier = "district") -> None:
        await self.do(TENANTS, "self", RegisterTenant("示例区", tier, 1), tenant)
        for unit in telling.UNITS.values():
            register = RegisterUnit(
                unit.name, unit.category, unit.official_order, posts=unit.posts, valid_from=date(2021, 1, 4)
            )
            await self.do(UNITS, unit.unit, register, tenant)

    async def prepare_session(self) -> None:
        await self.do(
            PLANS, "2021", AdoptPlan((PlannedRound(1, HELD_ON), PlannedRound(2, date(2022, 1, 12))))
        )
        await self.do(SESSIONS, "2021-1", DraftRoster(2021, 1, entries(*THIS_ROUND), provisional=False))
        await self.do(SESSIONS, "2021-2", DraftRoster(2021, 2, entries(*NEXT_ROUND), provisional=True))
        await self.do(SESSIONS, "2021-1", NameObservers("2021-2", entries(*NEXT_ROUND)))


@pytest.fixture
def scheduling(store: EventStore) -> Scheduling:
    return Scheduling(store)


async def refusal(doing: Callable[[], Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        await doing()
    return caught.value


async def test_a_session_is_scheduled_with_what_the_registry_the_plan_and_the_next_roster_say(
    scheduling: Scheduling,
) -> None:
    await scheduling.begin()
    await scheduling.prepare_session()
    handover = HandOverPost("secretary", "新任书记", date(2021, 3, 1))
    await scheduling.do(UNITS, "langxia", handover)
    await scheduling.do(SESSIONS, "2021-1", ScheduleSession(HELD_ON))

    first, second = await scheduling.rows(SESSIONS_VIEW)
    assert (first["session"], first["status"], first["held_on"]) == ("2021-1", "scheduled", HELD_ON)
    assert [one["unit"] for one in first["reporters"]] == ["gongshanglian", "jiaotongwei", "langxia"]
    assert first["reporters"][2]["person"] == "新任书记"
    assert first["warnings"] == []
    assert (second["session"], second["status"], second["provisional"]) == ("2021-2", "drafted", True)
    observers = await scheduling.rows(OBSERVERS)
    assert [(one["unit"], one["for_session"]) for one in observers] == [
        ("shilibu", "2021-2"),
        ("shichangjianguan", "2021-2"),
        ("shilizhen", "2021-2"),
    ]


async def test_what_is_not_in_the_read_models_is_refused(scheduling: Scheduling) -> None:
    draft = DraftRoster(2021, 1, entries(*THIS_ROUND), provisional=False)
    nothing = await refusal(lambda: scheduling.do(SESSIONS, "2021-1", draft))
    assert nothing.code == "scheduling.unit-not-registered"
    await scheduling.begin()
    two_towns = DraftRoster(2021, 1, entries("langxia", "shilizhen", "jiaotongwei"), provisional=False)
    assert (await refusal(lambda: scheduling.do(SESSIONS, "2021-1", two_towns))).data == {
        "missing": ["party_or_mass"]
    }
    await scheduling.do(SESSIONS, "2021-1", draft)
    name = NameObservers("2021-2", entries(*NEXT_ROUND))
    missing = await refusal(lambda: scheduling.do(SESSIONS, "2021-1", name))
    assert missing.code == "scheduling.next-roster-missing"
    await scheduling.do(SESSIONS, "2021-2", DraftRoster(2021, 2, entries(*NEXT_ROUND), provisional=True))
    await scheduling.do(SESSIONS, "2021-1", name)
    unplanned = await refusal(lambda: scheduling.do(SESSIONS, "2021-1", ScheduleSession(HELD_ON)))
    assert (unplanned.code, unplanned.data["planned"]) == ("scheduling.round-not-planned", [])


async def test_the_registry_of_the_tier_above_is_not_the_own_one(scheduling: Scheduling) -> None:
    await scheduling.begin()
    await scheduling.do(TENANTS, "self", RegisterTenant("廊下镇", "town", 5), TOWN)
    draft = DraftRoster(2021, 1, entries(*THIS_ROUND), provisional=False)
    refused = await refusal(lambda: scheduling.do(SESSIONS, "2021-1", draft, TOWN))
    assert refused.data == {"units": list(THIS_ROUND)}


async def test_a_town_may_be_stricter_than_its_district_and_not_laxer(scheduling: Scheduling) -> None:
    await scheduling.begin()
    await scheduling.do(TENANTS, "self", RegisterTenant("廊下镇", "town", 5), TOWN)
    today = telling.TODAY
    await scheduling.do(POLICIES, "self", AdoptPolicy({"extension_days_at_most": 30}, today))
    laxer = AdoptPolicy({"extension_days_at_most": 45}, today)
    refused = await refusal(lambda: scheduling.do(POLICIES, "self", laxer, TOWN))
    assert (refused.code, refused.data) == (
        "scheduling.policy-laxer-than-above",
        {"laxer": ["extension_days_at_most"]},
    )
    stricter = AdoptPolicy({"extension_days_at_most": 15}, today)
    assert (await scheduling.do(POLICIES, "self", stricter, TOWN)).events == ("PolicyAdopted",)


async def test_the_day_minutes_were_sent_begins_the_gap_to_the_next_session(scheduling: Scheduling) -> None:
    await scheduling.begin()
    await scheduling.prepare_session()
    await scheduling.do(SESSIONS, "2021-1", ScheduleSession(HELD_ON))
    issued = MinutesIssued(
        session="2021-1",
        plan_year=2021,
        number=1,
        held_on=HELD_ON,
        document_number="金委办〔2021〕12号",
        signed_by="示例",
        signed_on=date(2021, 7, 5),
        sent_on=date(2021, 7, 7),
        excerpts=[],
    )
    citation = "review:shanghai.jinshan#30"
    cause = Cause("1", citation, DISTRICT, date(2021, 7, 7), datetime(2021, 7, 7, tzinfo=UTC))
    context = Context(DISTRICT, LAW_OFFICE, correlation="test", today=cause.business_date)

    async def note(work: UnitOfWork) -> None:
        await reactions.react(issued, cause, work)

    await scheduling.store.in_transaction(context, note)
    await scheduling.store.in_transaction(context, note)
    first, _ = await scheduling.rows(SESSIONS_VIEW)
    assert (first["status"], first["minutes_sent_on"]) == ("minutes_sent", date(2021, 7, 7))
    early = AdoptPlan((PlannedRound(1, date(2022, 1, 4)), PlannedRound(2, date(2022, 9, 1))))
    await scheduling.do(PLANS, "2022", early)
    too_soon = DraftRoster(2021, 2, entries(*NEXT_ROUND), provisional=False)
    await scheduling.do(SESSIONS, "2021-2", too_soon)
    await scheduling.do(SESSIONS, "2022-1", DraftRoster(2022, 1, entries(*THIS_ROUND), provisional=True))
    await scheduling.do(SESSIONS, "2021-2", NameObservers("2022-1", entries(*THIS_ROUND)))
    await scheduling.do(SESSIONS, "2021-2", ScheduleSession(date(2021, 10, 29)))
    _, second, third = await scheduling.rows(SESSIONS_VIEW)
    assert second["warnings"] == ["scheduling.gap-too-short:2021-10-29"]
    assert third["warnings"] == [f"scheduling.unit-rostered-again:{unit}" for unit in THIS_ROUND]


async def test_the_posts_in_the_register_show_who_holds_them_now(scheduling: Scheduling) -> None:
    register = RegisterUnit("廊下镇", "town", 50, posts=(Post("secretary", "书记", "张示例"),))
    await scheduling.do(TENANTS, "self", RegisterTenant("示例区", "district", 1))
    await scheduling.do(UNITS, "langxia", register)
    await scheduling.do(UNITS, "langxia", HandOverPost("secretary", "李示例"))
    [row] = await scheduling.rows(UNITS_VIEW)
    assert row["posts"] == [{"post": "secretary", "title": "书记", "person": "李示例", "since": "2021-04-01"}]
