"""What scheduling's decisions need to know is read from its own read models: the story up to the first session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.scheduling.application import (
    CALENDARS,
    PLANS,
    POLICIES,
    SESSIONS,
    TENANTS,
    UNITS,
)
from services.scheduling.domain.calendar import AdoptCalendar, Event, Facts, YearCalendar
from services.scheduling.domain.plan import AdoptPlan, AmendPlan, PlannedRound
from services.scheduling.domain.policy import AdoptPolicy
from services.scheduling.domain.registry import Post, Tier
from services.scheduling.domain.session_commands import (
    CancelSession,
    DraftRoster,
    NameObservers,
    RescheduleSession,
    ScheduleSession,
    SubstituteReporter,
    WaiveAbsence,
)
from services.scheduling.domain.tenant import RegisterTenant
from services.scheduling.domain.unit import HandOverPost, RegisterUnit
from services.scheduling.reactions import reactions
from services.scheduling.views.observers import OBSERVERS
from services.scheduling.views.sessions import SESSIONS_VIEW
from services.scheduling.views.units import UNITS_VIEW
from shared.calendar import Calendar
from shared.contracts import Contract
from shared.contracts.review import MinutesIssued, ObserverAttended, SessionHeld
from shared.decider import Given, Refused
from shared.eventstore import Aggregate, Answer, Context, EventStore, View
from shared.eventstore.reading import view_page
from shared.eventstore.unit_of_work import UnitOfWork
from shared.messaging import Cause
from tests.services.scheduling import telling
from tests.services.scheduling.telling import (
    CHAIR,
    HELD_ON,
    LAW_OFFICE,
    NEXT_ROUND,
    THIS_ROUND,
    TODAY,
    entries,
)

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

    async def hear(self, event: Contract, on: date) -> None:
        """Another service has said this on that day."""
        cause = Cause("1", "review:shanghai.jinshan#30", DISTRICT, on, datetime(2021, 7, 7, tzinfo=UTC))
        context = Context(DISTRICT, LAW_OFFICE, correlation="test", today=on)

        async def react(work: UnitOfWork) -> None:
            await reactions.react(event, cause, work)

        await self.store.in_transaction(context, react)

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
    assert refused.code == "scheduling.policy-laxer-than-above"
    assert refused.data["laxer"] == ["extension_days_at_most"]
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
    await scheduling.hear(issued, date(2021, 7, 7))
    await scheduling.hear(issued, date(2021, 7, 7))
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


async def test_who_does_not_report_in_person_is_on_the_next_roster_until_it_is_decided_otherwise(
    scheduling: Scheduling,
) -> None:
    await scheduling.begin()
    await scheduling.prepare_session()
    await scheduling.do(SESSIONS, "2021-1", ScheduleSession(HELD_ON))
    substitute = SubstituteReporter("langxia", "shilizhen", "secretary", "出差")
    answer = await scheduling.do(SESSIONS, "2021-1", substitute)
    assert answer.events == ("ReporterSubstituted",)

    first, second = await scheduling.rows(SESSIONS_VIEW)
    assert [(one["unit"], one["to"], one["replaced_by"]) for one in first["moved"]] == [
        ("langxia", "2021-2", "shilizhen")
    ]
    assert second["moved_in"] == [
        {"unit": "langxia", "post": "secretary", "from_session": "2021-1", "instead_of": "shilizhen"}
    ]
    assert [one["unit"] for one in second["reporters"]] == ["shilibu", "shichangjianguan", "langxia"]

    without = DraftRoster(2021, 2, entries(*NEXT_ROUND), provisional=False)
    refused = await refusal(lambda: scheduling.do(SESSIONS, "2021-2", without))
    assert (refused.code, refused.data) == ("scheduling.moved-unit-left-out", {"units": ["langxia"]})
    decided = DraftRoster(2021, 2, entries(*NEXT_ROUND), provisional=False, decision=CHAIR)
    await scheduling.do(SESSIONS, "2021-2", decided)


async def test_an_observer_who_did_not_come_is_shown_at_the_next_roster_and_waived_by_name(
    scheduling: Scheduling,
) -> None:
    await scheduling.begin()
    await scheduling.do(POLICIES, "self", AdoptPolicy({"observer_absence_blocks": True}, TODAY))
    await scheduling.prepare_session()
    await scheduling.do(SESSIONS, "2021-1", ScheduleSession(HELD_ON))
    absent = ObserverAttended(
        session="2021-1",
        unit="shilizhen",
        unit_name="示例镇",
        person="示例镇负责人",
        attended=False,
        reason="年休假",
    )
    came = absent.model_copy(update={"unit": "shilibu", "attended": True, "reason": None})
    for said in (came, absent):
        await scheduling.hear(said, HELD_ON)
    held = SessionHeld(
        session="2021-1",
        plan_year=2021,
        number=1,
        held_on=HELD_ON,
        units=list(THIS_ROUND),
        bulletin="not_applicable",
    )
    await scheduling.hear(held, HELD_ON)

    first, second = await scheduling.rows(SESSIONS_VIEW)
    assert (first["status"], second["status"]) == ("held", "drafted")
    assert [(one["unit"], one["reason"], one["waived"]) for one in second["absences"]] == [
        ("shilizhen", "年休假", None)
    ]
    observers = {row["unit"]: row["attended"] for row in await scheduling.rows(OBSERVERS)}
    assert observers == {"shilibu": True, "shilizhen": False, "shichangjianguan": None}
    late = await refusal(lambda: scheduling.do(SESSIONS, "2021-1", CancelSession("机构改革")))
    assert (late.code, late.data["situation"]) == ("scheduling.not-allowed-now", "held")

    settle = DraftRoster(2021, 2, entries(*NEXT_ROUND), provisional=False)
    blocked = await refusal(lambda: scheduling.do(SESSIONS, "2021-2", settle))
    assert (blocked.code, blocked.data) == (
        "scheduling.absent-observer-not-waived",
        {"units": ["shilizhen"]},
    )
    await scheduling.do(SESSIONS, "2021-2", WaiveAbsence("shilizhen", CHAIR))
    await scheduling.do(SESSIONS, "2021-2", settle)
    _, second = await scheduling.rows(SESSIONS_VIEW)
    assert second["absences"][0]["waived"]["by"] == CHAIR.by


async def test_the_plan_keeps_a_round_whose_people_were_called_and_lets_go_of_a_cancelled_one(
    scheduling: Scheduling,
) -> None:
    await scheduling.begin()
    await scheduling.prepare_session()
    await scheduling.do(SESSIONS, "2021-1", ScheduleSession(HELD_ON))
    other_day = AmendPlan((PlannedRound(1, date(2021, 6, 29)), PlannedRound(2, date(2022, 1, 12))), "防汛")
    refused = await refusal(lambda: scheduling.do(PLANS, "2021", other_day))
    assert (refused.code, refused.data) == ("scheduling.called-round-changed", {"numbers": [1]})
    await scheduling.do(SESSIONS, "2021-1", RescheduleSession(date(2021, 6, 29), "防汛"))
    await scheduling.do(SESSIONS, "2021-1", CancelSession("机构改革"))
    assert (await scheduling.do(PLANS, "2021", other_day)).events == ("PlanAmended",)


async def test_a_cancelled_session_is_no_repetition_and_sends_no_observers(scheduling: Scheduling) -> None:
    await scheduling.begin()
    await scheduling.prepare_session()
    await scheduling.do(SESSIONS, "2021-2", CancelSession("机构改革"))
    gone = await refusal(lambda: scheduling.do(SESSIONS, "2021-1", ScheduleSession(HELD_ON)))
    assert gone.code == "scheduling.next-roster-missing"
    await scheduling.do(SESSIONS, "2022-1", DraftRoster(2022, 1, entries(*NEXT_ROUND), provisional=True))
    *_, next_year = await scheduling.rows(SESSIONS_VIEW)
    assert next_year["warnings"] == []
    await scheduling.do(SESSIONS, "2021-1", NameObservers("2022-1", entries(*NEXT_ROUND)))
    await scheduling.do(SESSIONS, "2021-1", ScheduleSession(HELD_ON))


async def test_an_adopted_calendar_is_what_the_next_decision_goes_by(scheduling: Scheduling) -> None:
    await scheduling.begin()
    await scheduling.prepare_session()
    await scheduling.do(SESSIONS, "2021-1", ScheduleSession(HELD_ON))
    # Fifteen working days before 06-29 is 06-07, after the day of the decision; with a week off it is 05-31.
    week = tuple(date(2021, 6, day) for day in range(7, 15))
    await scheduling.do(CALENDARS, "2021", AdoptCalendar(week, (), "示例〔2021〕1号"))
    on_the_fifth = Context(DISTRICT, LAW_OFFICE, correlation="test", today=date(2021, 6, 5))
    moved = RescheduleSession(date(2021, 6, 29), "防汛")
    await scheduling.store.execute(SESSIONS, "2021-1", moved, on_the_fifth)
    first, _ = await scheduling.rows(SESSIONS_VIEW)
    assert first["warnings"] == ["scheduling.draft-due-passed:2021-05-31"]


async def test_of_a_year_that_two_tiers_adopted_the_nearer_ones_days_hold(scheduling: Scheduling) -> None:
    """Adopted by the town first, so that the order in which rows lie says nothing."""
    await scheduling.do(TENANTS, "self", RegisterTenant("示例区", "district", 1), DISTRICT)
    await scheduling.do(TENANTS, "self", RegisterTenant("廊下镇", "town", 5), TOWN)
    new_year = date(2031, 1, 1)
    await scheduling.do(
        CALENDARS, "2031", AdoptCalendar((new_year, date(2031, 1, 2)), (), "示例〔2030〕2号"), TOWN
    )
    await scheduling.do(CALENDARS, "2031", AdoptCalendar((new_year,), (), "示例〔2030〕1号"))
    seen: list[Calendar] = []

    def look(state: YearCalendar, command: AdoptCalendar, given: Given[Facts]) -> list[Event]:
        seen.append(given.calendar)
        return []

    for tenant in (DISTRICT, TOWN):
        ask = AdoptCalendar((new_year,), (), "示例〔2030〕1号")
        await scheduling.do(replace(CALENDARS, decide=look), "2031", ask, tenant)
    assert [calendar.is_working_day(date(2031, 1, 2)) for calendar in seen] == [True, False]
