"""The rules of a session before it is held: its roster, its observers, its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.scheduling.domain.registry import Post, RegisteredUnit, Tier
from services.scheduling.domain.roster import Facts, OtherSession, RosterEntry, round_of
from services.scheduling.domain.session_commands import (
    Command,
    DraftRoster,
    NameObservers,
    NoteHeld,
    NoteMinutes,
    ScheduleSession,
)
from services.scheduling.domain.session_events import Event, RosterDrafted
from services.scheduling.domain.situations import Held, MinutesSent, Session
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.tenancy import Policy
from shared.testing.given import Scenario
from tests.services.scheduling.telling import (
    CHAIR,
    FACTS,
    HELD_ON,
    NEXT_ROUND,
    OBSERVERS,
    REPORTERS,
    THIS_ROUND,
    UNITS,
    drafted,
    entries,
    holding_noted,
    minutes_noted,
    observers_named,
    scheduled,
    session_2021_1,
)

DRAFT = DraftRoster(2021, 1, entries(*THIS_ROUND), provisional=False)
NAME = NameObservers("2021-2", entries(*NEXT_ROUND))
SCHEDULE = ScheduleSession(HELD_ON)
MINUTES = NoteMinutes("金委办〔2021〕12号", date(2021, 7, 7))


def knowing_also(other: OtherSession) -> Facts:
    return replace(FACTS, sessions=(*FACTS.sessions, other))


def ready() -> Scenario[Session, Command, Event, Facts]:
    return session_2021_1().given(drafted(), observers_named())


# ---- the roster ----


def test_a_roster_is_drafted_in_the_official_order_of_units_with_who_holds_the_posts() -> None:
    session_2021_1().when(DRAFT).then(drafted())
    assert [one.unit for one in REPORTERS] == ["gongshanglian", "jiaotongwei", "langxia"]


def test_the_next_rounds_roster_is_drafted_provisionally() -> None:
    session_2021_1().when(replace(DRAFT, provisional=True)).then(drafted(provisional=True))


def test_the_same_roster_again_is_nothing_new() -> None:
    session_2021_1().given(drafted()).when(DRAFT).then_nothing()


def test_a_provisional_roster_is_settled_by_drafting_it_again() -> None:
    session_2021_1().given(drafted(provisional=True)).when(DRAFT).then(drafted())


def test_a_roster_drafted_anew_keeps_its_observers() -> None:
    settled = session_2021_1().given(drafted(provisional=True), observers_named(), drafted())
    settled.when(SCHEDULE).then(scheduled())


def test_a_sessions_id_is_its_plan_year_and_number() -> None:
    session_2021_1(session="2021-2").when(DRAFT).then_refused(
        "scheduling.session-named-otherwise", session="2021-2", plan_year=2021, number=1
    )


@pytest.mark.parametrize("id", ["2021-0", "2021-01", "21-1", "2021", "2021-1-1", "2021-x", "２０２１-1"])
def test_an_id_of_another_form_names_no_session(id: str) -> None:
    assert round_of(id) is None


def test_a_unit_stands_on_a_roster_once() -> None:
    twice = (*entries("jiaotongwei", "gongshanglian"), RosterEntry("jiaotongwei", "deputy"))
    session_2021_1().when(replace(DRAFT, reporters=twice)).then_refused(
        "scheduling.entry-listed-twice", units=["jiaotongwei"]
    )


def test_a_unit_outside_the_registry_cannot_be_rostered() -> None:
    strangers = (*entries("jiaotongwei", "gongshanglian"), RosterEntry("wairen", "head"))
    session_2021_1().when(replace(DRAFT, reporters=strangers)).then_refused(
        "scheduling.unit-not-registered", units=["wairen"]
    )


def test_a_unit_that_was_dissolved_cannot_be_rostered() -> None:
    gone = {**UNITS, "langxia": replace(UNITS["langxia"], valid_until=date(2021, 3, 31))}
    session_2021_1(units=gone).when(DRAFT).then_refused("scheduling.unit-dissolved", units=["langxia"])


def test_a_post_that_the_unit_has_not_cannot_be_rostered() -> None:
    other_post = (*entries("jiaotongwei", "gongshanglian"), RosterEntry("langxia", "mayor"))
    session_2021_1().when(replace(DRAFT, reporters=other_post)).then_refused(
        "scheduling.post-not-registered", posts=["langxia/mayor"]
    )


@pytest.mark.parametrize("units", [("jiaotongwei", "langxia"), (*THIS_ROUND, "shilibu"), ()])
def test_a_roster_has_as_many_reporters_as_policy_says(units: tuple[str, ...]) -> None:
    session_2021_1().when(replace(DRAFT, reporters=entries(*units))).then_refused(
        "scheduling.roster-quota-missed", quota=3, listed=len(units)
    )


def test_a_stricter_policy_asks_for_more_reporters() -> None:
    four = entries(*THIS_ROUND, "shilibu")
    outcome = (
        session_2021_1()
        .under(Policy(reporters_per_session=4))
        .when(replace(DRAFT, reporters=four, provisional=True))
    )
    assert outcome.refusal is None


def test_a_districts_roster_has_one_of_each_category() -> None:
    two_departments = entries("jiaotongwei", "shichangjianguan", "gongshanglian")
    session_2021_1().when(replace(DRAFT, reporters=two_departments)).then_refused(
        "scheduling.category-missing", missing=["town"]
    )


def test_policy_names_the_categories_that_a_districts_roster_needs() -> None:
    two_departments = entries("jiaotongwei", "shichangjianguan", "gongshanglian")
    two_categories = Policy(roster_categories=("party_or_mass", "government"))
    outcome = session_2021_1().under(two_categories).when(replace(DRAFT, reporters=two_departments))
    assert outcome.refusal is None


@pytest.mark.parametrize("tier", ["town", "bureau"])
def test_the_categories_of_a_district_are_not_asked_of_other_tiers(tier: Tier) -> None:
    two_departments = entries("jiaotongwei", "shichangjianguan", "gongshanglian")
    outcome = session_2021_1(tier=tier, sessions=()).when(replace(DRAFT, reporters=two_departments))
    assert outcome.refusal is None


def test_the_roster_stands_once_the_session_is_scheduled() -> None:
    called = session_2021_1().given(drafted(), observers_named(), scheduled())
    called.when(DRAFT).then_refused("scheduling.not-allowed-now", situation="scheduled")
    called.when(NAME).then_refused("scheduling.not-allowed-now", situation="scheduled")


# ---- lead reports, several posts, other tiers, decisions ----

DISTRICT_HEADS = {
    "quwei": RegisteredUnit("quwei", "区委", "party_or_mass", 1, (Post("secretary", "书记", "甲示例"),)),
    "quzhengfu": RegisteredUnit("quzhengfu", "区政府", "government", 2, (Post("head", "区长", "乙示例"),)),
}
LEADS = (RosterEntry("quwei", "secretary"), RosterEntry("quzhengfu", "head"))


def test_lead_reports_are_outside_the_quota_and_the_categories() -> None:
    outcome = session_2021_1(units={**UNITS, **DISTRICT_HEADS}).when(replace(DRAFT, leads=LEADS))
    [event] = outcome.events
    assert isinstance(event, RosterDrafted)
    assert [(one.unit, one.lead) for one in event.reporters] == [
        ("quwei", True),
        ("quzhengfu", True),
        ("gongshanglian", False),
        ("jiaotongwei", False),
        ("langxia", False),
    ]
    assert event.warnings == ()


def test_a_lead_report_fills_no_category() -> None:
    without_town = entries("jiaotongwei", "gongshanglian", "shilibu")
    leads = entries("langxia")
    session_2021_1().when(replace(DRAFT, reporters=without_town, leads=leads)).then_refused(
        "scheduling.category-missing", missing=["town"]
    )


def test_a_unit_reports_once_lead_or_not() -> None:
    session_2021_1().when(replace(DRAFT, leads=entries("langxia"))).then_refused(
        "scheduling.entry-listed-twice", units=["langxia"]
    )


def test_a_lead_report_is_given_by_the_holder_of_a_registered_post() -> None:
    session_2021_1().when(replace(DRAFT, leads=LEADS)).then_refused(
        "scheduling.unit-not-registered", units=["quwei", "quzhengfu"]
    )


def test_the_same_entry_twice_is_no_second_post() -> None:
    twice = entries("jiaotongwei", "jiaotongwei", "langxia")
    session_2021_1().when(replace(DRAFT, reporters=twice)).then_refused(
        "scheduling.entry-listed-twice", units=["jiaotongwei"]
    )


def both_posts(director: str) -> RegisteredUnit:
    posts = (Post("secretary", "党总支书记", "示例甲"), Post("director", "村委会主任", director))
    return RegisteredUnit("shilicun", "示例村", "village", 90, posts)


BOTH = (RosterEntry("shilicun", "secretary"), RosterEntry("shilicun", "director"))
ONE = Policy(reporters_per_session=1)


def test_one_person_with_both_village_posts_reports_once_under_both_titles() -> None:
    town = session_2021_1(tier="town", units={"shilicun": both_posts("示例甲")}, sessions=()).under(ONE)
    [event] = town.when(DraftRoster(2021, 1, BOTH, provisional=False)).events
    assert isinstance(event, RosterDrafted)
    assert [(one.post, one.title, one.person) for one in event.reporters] == [
        ("secretary", "党总支书记、村委会主任", "示例甲")
    ]


def test_two_people_of_one_village_do_not_report_in_one_session() -> None:
    town = session_2021_1(tier="town", units={"shilicun": both_posts("示例乙")}, sessions=()).under(ONE)
    town.when(DraftRoster(2021, 1, BOTH, provisional=False)).then_refused("scheduling.entry-listed-twice")


def test_a_bureau_or_a_town_has_the_quota_of_its_own_policy() -> None:
    two = replace(DRAFT, reporters=entries("jiaotongwei", "shichangjianguan"))
    bureau = session_2021_1(tier="bureau", sessions=())
    assert bureau.under(Policy(reporters_per_session=2)).when(two).refusal is None
    bureau.when(two).then_refused("scheduling.roster-quota-missed", quota=3, listed=2)


def test_a_village_holds_no_session_unless_policy_opens_it() -> None:
    village = session_2021_1(tier="village", sessions=())
    village.when(DRAFT).then_refused("scheduling.village-holds-no-session")
    village.under(Policy(village_sessions=True)).when(DRAFT).then(drafted())


def test_a_decision_by_name_passes_over_the_quota_and_the_categories_and_stays_in_the_event() -> None:
    two = replace(DRAFT, reporters=entries("jiaotongwei", "gongshanglian"), decision=CHAIR)
    [event] = session_2021_1().when(two).events
    assert isinstance(event, RosterDrafted)
    assert event.decision == CHAIR


@pytest.mark.parametrize("missing", ["by", "title", "reason"])
def test_a_decision_says_who_as_what_and_why(missing: str) -> None:
    nobody = replace(CHAIR, **{missing: " "})
    session_2021_1().when(replace(DRAFT, decision=nobody)).then_refused(
        "scheduling.decision-incomplete", missing=[missing]
    )
    ready().when(ScheduleSession(HELD_ON, decision=nobody)).then_refused(
        "scheduling.decision-incomplete", missing=[missing]
    )


def test_a_decision_does_not_make_an_unknown_unit_known() -> None:
    strangers = (*entries("jiaotongwei", "gongshanglian"), RosterEntry("wairen", "head"))
    session_2021_1().when(replace(DRAFT, reporters=strangers, decision=CHAIR)).then_refused(
        "scheduling.unit-not-registered"
    )


# ---- units that moved from an earlier round ----


@pytest.mark.parametrize(
    ("sessions", "missing"),
    [
        pytest.param((("2020-2", (), ("shilizhen",)),), ["shilizhen"], id="moved out of the round before"),
        pytest.param(
            (("2020-1", (), ("shilizhen",)), ("2020-2", ("shilizhen",), ())), [], id="has reported since"
        ),
        pytest.param((("2020-2", (), ("langxia",)),), [], id="stands on this roster"),
        pytest.param((("2021-2", (), ("shilizhen",)),), [], id="moved out of a later round"),
        pytest.param((("2020-2", ("shilizhen",), ()),), [], id="nobody moved"),
    ],
)
def test_a_unit_that_did_not_report_in_person_is_on_the_next_roster(
    sessions: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...], missing: list[str]
) -> None:
    others = tuple(
        OtherSession(id, entries(*units), date(2018, 12, 1), moved=moved) for id, units, moved in sessions
    )
    next_round = session_2021_1(sessions=others)
    if missing:
        next_round.when(DRAFT).then_refused("scheduling.moved-unit-left-out", units=missing)
    else:
        next_round.when(DRAFT).then(drafted())
    assert next_round.when(replace(DRAFT, decision=CHAIR)).refusal is None


# ---- warnings on the roster ----


@pytest.mark.parametrize(
    ("held_on", "warned"),
    [
        pytest.param(date(2019, 6, 25), True, id="a day inside two years"),
        pytest.param(date(2019, 6, 24), False, id="two years to the day"),
        pytest.param(None, True, id="on a roster without a date yet"),
    ],
)
def test_a_unit_rostered_again_inside_two_years_is_warned_of(held_on: date | None, warned: bool) -> None:
    before = OtherSession("2019-1", entries("langxia"), held_on)
    warnings = ("scheduling.unit-rostered-again:langxia",) if warned else ()
    session_2021_1(sessions=(before,)).when(DRAFT).then(drafted(warnings=warnings))


def test_how_long_ago_is_counted_from_the_planned_day_and_without_a_plan_from_today() -> None:
    before = OtherSession("2019-1", entries("langxia"), date(2019, 5, 1))
    session_2021_1(sessions=(before,)).when(DRAFT).then(drafted())
    session_2021_1(sessions=(before,), rounds=None).when(DRAFT).then(
        drafted(warnings=("scheduling.unit-rostered-again:langxia",))
    )


def test_policy_says_how_long_a_repetition_is_warned_of() -> None:
    before = OtherSession("2019-1", entries("langxia"), date(2019, 6, 24))
    session_2021_1(sessions=(before,)).under(Policy(repeat_warning_years=3)).when(DRAFT).then(
        drafted(warnings=("scheduling.unit-rostered-again:langxia",))
    )


# ---- observers ----


def test_the_people_of_the_next_rounds_roster_observe() -> None:
    session_2021_1().given(drafted()).when(NAME).then(observers_named())


def test_the_same_observers_again_are_nothing_new() -> None:
    ready().when(NAME).then_nothing()


def test_observers_are_named_for_a_session_that_has_a_roster() -> None:
    session_2021_1().when(NAME).then_refused("scheduling.not-allowed-now", situation="not-drafted")


@pytest.mark.parametrize("for_session", ["2021-1", "2020-2", "next"])
def test_observers_come_from_a_later_round(for_session: str) -> None:
    session_2021_1().given(drafted()).when(replace(NAME, for_session=for_session)).then_refused(
        "scheduling.observed-for-no-later-round", for_session=for_session
    )


def test_the_next_rounds_roster_exists_before_this_session() -> None:
    session_2021_1(sessions=()).given(drafted()).when(NAME).then_refused(
        "scheduling.next-roster-missing", for_session="2021-2"
    )


def test_the_next_round_may_belong_to_the_next_year() -> None:
    next_year = OtherSession("2022-1", entries(*NEXT_ROUND))
    outcome = session_2021_1(sessions=(next_year,)).given(drafted()).when(replace(NAME, for_session="2022-1"))
    assert outcome.refusal is None


@pytest.mark.parametrize(
    ("observers", "missing", "extra"),
    [
        (entries("shichangjianguan", "shilibu"), ["shilizhen/secretary"], []),
        (entries(*NEXT_ROUND, "langxia"), [], ["langxia/secretary"]),
        ((), ["shichangjianguan/head", "shilibu/head", "shilizhen/secretary"], []),
    ],
)
def test_observers_are_all_of_the_next_roster_and_nobody_else(
    observers: tuple[RosterEntry, ...], missing: list[str], extra: list[str]
) -> None:
    session_2021_1().given(drafted()).when(replace(NAME, observers=observers)).then_refused(
        "scheduling.observers-are-not-the-next-roster", missing=missing, extra=extra
    )


def test_observers_are_in_the_registry_and_named_once() -> None:
    named = session_2021_1().given(drafted())
    named.when(replace(NAME, observers=(RosterEntry("wairen", "head"),))).then_refused(
        "scheduling.unit-not-registered"
    )
    named.when(replace(NAME, observers=(RosterEntry("shilizhen", "mayor"),))).then_refused(
        "scheduling.post-not-registered"
    )
    named.when(replace(NAME, observers=entries("shilibu", "shilibu"))).then_refused(
        "scheduling.entry-listed-twice"
    )


# ---- the day ----


def test_a_session_with_a_settled_roster_and_observers_is_scheduled() -> None:
    ready().when(SCHEDULE).then(scheduled())


def test_who_is_called_is_who_holds_the_post_on_that_day() -> None:
    successor = replace(UNITS["langxia"], posts=(Post("secretary", "书记", "新任书记"),))
    called = tuple(replace(one, person="新任书记") if one.unit == "langxia" else one for one in REPORTERS)
    ready().knowing(replace(FACTS, units={**UNITS, "langxia": successor})).when(SCHEDULE).then(
        replace(scheduled(), reporters=called)
    )


def test_a_session_is_scheduled_once() -> None:
    ready().given(scheduled()).when(SCHEDULE).then_refused(
        "scheduling.not-allowed-now", situation="scheduled", command="schedule-session"
    )


def test_a_session_without_a_roster_is_not_scheduled() -> None:
    session_2021_1().when(SCHEDULE).then_refused("scheduling.not-allowed-now", situation="not-drafted")


def test_people_are_not_called_by_a_provisional_roster() -> None:
    session_2021_1().given(drafted(provisional=True), observers_named()).when(SCHEDULE).then_refused(
        "scheduling.roster-still-provisional"
    )


def test_observers_are_named_before_the_session_is_scheduled() -> None:
    unobserved = session_2021_1().given(drafted())
    unobserved.when(SCHEDULE).then_refused("scheduling.observers-not-named")
    unobserved.when(replace(SCHEDULE, decision=CHAIR)).then(
        replace(scheduled(), observers=(), observers_for=None, decision=CHAIR)
    )


def test_the_next_roster_may_have_changed_since_the_observers_were_named() -> None:
    anew = OtherSession("2021-2", entries("shichangjianguan", "gongshanglian", "shilizhen"))
    ready().knowing(replace(FACTS, sessions=(anew,))).when(SCHEDULE).then_refused(
        "scheduling.observers-are-not-the-next-roster", missing=["gongshanglian/head"], extra=["shilibu/head"]
    )
    called_off = ready().knowing(replace(FACTS, sessions=()))
    called_off.when(SCHEDULE).then_refused("scheduling.next-roster-missing", for_session="2021-2")
    called_off.when(replace(SCHEDULE, decision=CHAIR)).then(replace(scheduled(), decision=CHAIR))


@pytest.mark.parametrize("rounds", [None, {2: date(2022, 1, 12)}])
def test_a_session_is_a_round_of_the_adopted_plan(rounds: dict[int, date] | None) -> None:
    ready().knowing(replace(FACTS, rounds=rounds)).when(SCHEDULE).then_refused(
        "scheduling.round-not-planned", plan_year=2021, number=1, planned=sorted(rounds or {})
    )


@pytest.mark.parametrize("held_on", [date(2020, 12, 31), date(2022, 2, 1)])
def test_a_session_is_held_in_its_plan_year_or_the_january_after(held_on: date) -> None:
    ready().when(ScheduleSession(held_on)).then_refused(
        "scheduling.date-outside-plan-year", date=held_on.isoformat(), plan_year=2021
    )


def test_the_session_of_january_belongs_to_the_year_before() -> None:
    ready().when(ScheduleSession(date(2022, 1, 12))).then(scheduled(date(2022, 1, 12)))


def test_a_session_is_not_scheduled_for_a_day_that_has_passed() -> None:
    ready().when(ScheduleSession(date(2021, 3, 31))).then_refused(
        "scheduling.session-in-the-past", held_on="2021-03-31", today="2021-04-01"
    )


def test_without_the_years_holidays_the_drafts_dates_are_not_guessed() -> None:
    only_2021 = Calendar({2021: published().years[2021]})
    ready().within(only_2021).when(ScheduleSession(date(2022, 1, 12))).then_refused(
        "scheduling.calendar-year-missing", year=2022
    )
    ready().within(only_2021).when(SCHEDULE).then(scheduled())


@pytest.mark.parametrize(
    ("today", "warnings"),
    [
        pytest.param(date(2021, 6, 2), (), id="on the day drafts are due"),
        pytest.param(date(2021, 6, 3), ("scheduling.draft-due-passed:2021-06-02",), id="the day after"),
        pytest.param(
            date(2021, 6, 18),
            ("scheduling.draft-due-passed:2021-06-02", "scheduling.approval-due-passed:2021-06-17"),
            id="after the day drafts are to be approved by",
        ),
    ],
)
def test_a_day_that_leaves_no_time_for_drafts_is_warned_of(today: date, warnings: tuple[str, ...]) -> None:
    ready().today(today).when(SCHEDULE).then(scheduled(on=today, warnings=warnings))


@pytest.mark.parametrize(
    ("held_on", "warned"),
    [
        # 2021-07-07 and three months: 2021-10-08; the twentieth working day after it is 2021-11-04
        pytest.param(date(2021, 10, 8), True, id="at the end of the term"),
        pytest.param(date(2021, 11, 3), True, id="on the nineteenth working day after it"),
        pytest.param(date(2021, 11, 4), False, id="on the twentieth"),
    ],
)
def test_a_session_too_soon_after_the_last_minutes_is_warned_of(held_on: date, warned: bool) -> None:
    before = OtherSession("2020-2", entries("shilibu"), date(2021, 6, 24), date(2021, 7, 7))
    warnings = (f"scheduling.gap-too-short:{held_on.isoformat()}",) if warned else ()
    ready().knowing(knowing_also(before)).when(ScheduleSession(held_on)).then(
        scheduled(held_on, warnings=warnings)
    )


def test_while_the_last_minutes_are_not_sent_the_gap_counts_from_their_session() -> None:
    before = OtherSession("2020-2", entries("shilibu"), date(2021, 3, 24))
    ready().knowing(knowing_also(before)).when(SCHEDULE).then(
        scheduled(warnings=("scheduling.gap-too-short:2021-06-24",))
    )


def test_a_later_session_does_not_shorten_the_gap() -> None:
    after = OtherSession("2021-2", entries(*NEXT_ROUND), date(2021, 9, 1))
    ready().knowing(replace(FACTS, sessions=(after,))).when(SCHEDULE).then(scheduled())


# ---- the minutes ----


def test_the_day_the_minutes_were_sent_is_noted() -> None:
    called = ready().given(scheduled())
    called.today(date(2021, 7, 7)).when(MINUTES).then(minutes_noted())
    assert called.given(minutes_noted()).state == MinutesSent(HELD_ON, date(2021, 7, 7))


def test_the_same_minutes_again_are_nothing_new_and_others_are_not_allowed() -> None:
    noted = ready().given(scheduled(), minutes_noted())
    noted.when(MINUTES).then_nothing()
    noted.when(replace(MINUTES, sent_on=date(2021, 7, 8))).then_refused("scheduling.not-allowed-now")


def test_minutes_of_a_session_that_was_never_scheduled_are_not_noted() -> None:
    session_2021_1().given(drafted()).when(MINUTES).then_refused("scheduling.not-allowed-now")


# ---- the holding ----


def test_that_it_was_held_is_noted_once() -> None:
    called = ready().given(scheduled()).today(HELD_ON)
    called.when(NoteHeld(HELD_ON)).then(holding_noted())
    held = called.given(holding_noted())
    assert held.state == Held(HELD_ON, OBSERVERS, "2021-2")
    held.when(NoteHeld(HELD_ON)).then_nothing()
    held.today(date(2021, 7, 7)).when(MINUTES).then(minutes_noted())
    held.given(minutes_noted()).when(NoteHeld(HELD_ON)).then_nothing()


def test_a_session_that_was_never_scheduled_was_not_held() -> None:
    session_2021_1().given(drafted()).when(NoteHeld(HELD_ON)).then_refused("scheduling.not-allowed-now")
