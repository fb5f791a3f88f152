"""What scheduling tells the others and shows in its read models, for each event of the story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.scheduling.application import CALENDARS, PLANS, POLICIES, SESSIONS, TENANTS, UNITS
from services.scheduling.domain.calendar import CalendarAdopted, CalendarCorrected
from services.scheduling.domain.plan import PlanAdopted, PlanAmended, PlannedRound
from services.scheduling.domain.policy import PolicyAdopted
from services.scheduling.domain.registry import Post
from services.scheduling.domain.session_events import (
    AbsenceNoted,
    AbsenceWaived,
    AbsenceWithdrawn,
    AttendanceNoted,
    PastSessionRecorded,
    ReporterMovedIn,
    ReporterSubstituted,
    SessionCancelled,
    SessionRescheduled,
)
from services.scheduling.domain.tenant import (
    RegistryImported,
    TenantClosed,
    TenantRegistered,
    TenantRenamed,
)
from services.scheduling.domain.unit import (
    PostAdded,
    PostHandedOver,
    UnitClosed,
    UnitRegistered,
    UnitRenamed,
)
from services.scheduling.views.adopted_calendars import ADOPTED_CALENDARS
from services.scheduling.views.adopted_policies import ADOPTED_POLICIES
from services.scheduling.views.observers import OBSERVERS as OBSERVERS_VIEW
from services.scheduling.views.plans import PLANS_VIEW
from services.scheduling.views.registered_tenants import REGISTERED_TENANTS
from services.scheduling.views.sessions import SESSIONS_VIEW
from services.scheduling.views.units import UNITS_VIEW
from shared.contracts import Contract
from shared.contracts import scheduling as contracts
from shared.decider import Actor
from shared.eventstore import Aggregate, Recorded
from tests.services.scheduling.telling import (
    CHAIR,
    HELD_ON,
    NEXT_ROUND,
    OBSERVERS,
    REPORTERS,
    TODAY,
    drafted,
    holding_noted,
    minutes_noted,
    observers_named,
    scheduled,
)

TENANT_EVENTS = (
    TenantRegistered("金山区", "district", "310116", 1, TODAY, "standing_committee"),
    TenantRenamed("金山区", "金山新区", date(2021, 6, 24), TODAY),
    RegistryImported("ab" * 32, 3, 2, TODAY),
    TenantClosed("并入示例区", date(2021, 6, 29)),
)
UNIT_EVENTS = (
    UnitRegistered(
        "廊下镇", "town", 50, ("law_office",), (Post("secretary", "书记", "张示例"),), date(2021, 1, 4), TODAY
    ),
    PostHandedOver("secretary", "书记", "张示例", "李示例", date(2021, 3, 1), TODAY),
    UnitRenamed("廊下镇", "廊下新镇", date(2021, 3, 15), TODAY),
    PostAdded("deputy", "副书记", "赵示例", date(2021, 2, 1), TODAY),
    UnitClosed("机构改革", date(2021, 3, 31), TODAY),
)
POLICY_EVENTS = (
    PolicyAdopted(1, TODAY, {"receipt_offices": ("law_office",), "village_sessions": True}, TODAY),
    PolicyAdopted(2, HELD_ON, {"yellow_days": 20}, TODAY),
)
PLAN_EVENTS = (
    PlanAdopted(2021, (PlannedRound(1, HELD_ON),), ("scheduling.fewer-sessions-than-policy:1",), TODAY),
    PlanAmended(
        2021,
        2,
        (PlannedRound(1, HELD_ON), PlannedRound(2, date(2022, 1, 12))),
        "补列第二轮",
        (),
        date(2021, 5, 6),
    ),
)
CALENDAR_EVENTS = (
    CalendarAdopted(2022, (date(2022, 1, 3),), (date(2022, 1, 29),), "国办发明电〔2021〕11号", TODAY),
    CalendarCorrected(
        2022,
        (date(2022, 1, 3), date(2022, 1, 4)),
        (),
        "国办发明电〔2022〕1号",
        "国办发明电〔2021〕11号",
        date(2022, 1, 2),
    ),
)
SESSION_EVENTS = (
    drafted(),
    observers_named(),
    scheduled(warnings=("x:y",)),
    holding_noted(),
    minutes_noted(),
)

OUT = next(one for one in REPORTERS if one.unit == "langxia")
IN = next(one for one in OBSERVERS if one.unit == "shilizhen")
LATER = date(2021, 6, 29)
RESCHEDULED = SessionRescheduled(HELD_ON, LATER, "防汛", ("a:b",), TODAY)
SUBSTITUTED = ReporterSubstituted(OUT, IN, "出差", "2021-2", ("c:d",), LATER, CHAIR)
CAME = AttendanceNoted("shilibu", "示例部负责人", True, None, "2021-2", LATER)
ABSENT = AttendanceNoted("shichangjianguan", "某", False, "年休假", "2021-2", LATER)
CHANGED_EVENTS = (drafted(), observers_named(), scheduled(), RESCHEDULED, SUBSTITUTED, CAME, ABSENT)
CANCELLED_EVENTS = (drafted(), observers_named(), scheduled(), SessionCancelled(HELD_ON, "机构改革", TODAY))
ABSENCE = AbsenceNoted("jiaotongwei", "某", "2020-2", "年休假", TODAY)
NEXT_EVENTS = (
    replace(drafted(provisional=True), decision=CHAIR),
    ABSENCE,
    replace(ABSENCE, unit="gongshanglian"),
    AbsenceWaived("jiaotongwei", CHAIR, TODAY),
    AbsenceWithdrawn("gongshanglian", "2020-2", TODAY),
    ReporterMovedIn(IN, "2020-2", "langxia", TODAY),
)
PAST_EVENTS = (PastSessionRecorded(2017, 1, date(2017, 9, 20), (OUT,), TODAY),)


def recorded(kind: str, id: str, events: Sequence[Any]) -> list[Recorded[Any]]:
    return [
        Recorded(event, "shanghai.jinshan", f"{kind}-{id}", version, TODAY, Actor("lin", "林示例"))
        for version, event in enumerate(events, start=1)
    ]


def told(aggregate: Aggregate[Any, Any, Any, Any], id: str, events: Sequence[Any]) -> list[Contract]:
    return [
        contract
        for n, one in enumerate(recorded(aggregate.kind, id, events), start=1)
        for contract in aggregate.publish(one, aggregate.fold(events[:n]))
    ]


# ---- what is told ----


def test_a_tenant_is_told_of() -> None:
    assert told(TENANTS, "self", TENANT_EVENTS) == [
        contracts.TenantRegistered(
            name="金山区",
            tier="district",
            division_code="310116",
            official_order=1,
            registered_on=TODAY,
            reporting_body="standing_committee",
        ),
        contracts.TenantRenamed(
            name_before="金山区",
            name="金山新区",
            tier="district",
            official_order=1,
            valid_from=date(2021, 6, 24),
        ),
        contracts.TenantClosed(
            name="金山新区", tier="district", official_order=1, reason="并入示例区", closed_on=LATER
        ),
    ]


def test_a_unit_and_its_handovers_are_told_of_by_its_id() -> None:
    assert told(UNITS, "langxia", UNIT_EVENTS) == [
        contracts.UnitRegistered(
            unit="langxia",
            name="廊下镇",
            category="town",
            official_order=50,
            houses_offices=["law_office"],
            posts=[contracts.Post(post="secretary", title="书记", person="张示例")],
            valid_from=date(2021, 1, 4),
        ),
        contracts.PostHandedOver(
            unit="langxia",
            post="secretary",
            title="书记",
            from_person="张示例",
            to_person="李示例",
            effective_on=date(2021, 3, 1),
        ),
        contracts.UnitRenamed(
            unit="langxia", name_before="廊下镇", name="廊下新镇", valid_from=date(2021, 3, 15)
        ),
        contracts.PostAdded(
            unit="langxia", post="deputy", title="副书记", person="赵示例", since=date(2021, 2, 1)
        ),
        contracts.UnitClosed(unit="langxia", reason="机构改革", valid_until=date(2021, 3, 31)),
    ]


def test_a_correction_of_a_calendar_is_told_as_the_calendar_that_holds() -> None:
    assert told(CALENDARS, "2022", CALENDAR_EVENTS) == [
        contracts.CalendarAdopted(
            year=2022,
            holidays=[date(2022, 1, 3)],
            working_weekend_days=[date(2022, 1, 29)],
            document="国办发明电〔2021〕11号",
        ),
        contracts.CalendarAdopted(
            year=2022,
            holidays=[date(2022, 1, 3), date(2022, 1, 4)],
            working_weekend_days=[],
            document="国办发明电〔2022〕1号",
        ),
    ]


def test_what_changes_after_people_were_called_is_told() -> None:
    assert told(SESSIONS, "2021-1", CHANGED_EVENTS)[4:] == [
        contracts.SessionRescheduled(session="2021-1", held_on_before=HELD_ON, held_on=LATER, reason="防汛"),
        contracts.ReporterSubstituted(
            session="2021-1",
            unit_out="langxia",
            reporter=contracts.Reporter(
                unit="shilizhen",
                unit_name="示例镇",
                category="town",
                post="secretary",
                title="书记",
                person=IN.person,
                official_order=51,
            ),
            reason="出差",
            moved_to="2021-2",
        ),
    ]


def test_a_cancellation_is_told_to_those_who_heard_of_the_session() -> None:
    assert told(SESSIONS, "2021-1", CANCELLED_EVENTS)[4:] == [
        contracts.SessionCancelled(session="2021-1", reason="机构改革")
    ]
    assert told(SESSIONS, "2021-1", (drafted(), SessionCancelled(None, "机构改革", TODAY))) == []


def test_what_goes_on_before_people_are_called_and_what_is_past_is_nobody_elses_business() -> None:
    assert told(SESSIONS, "2021-1", NEXT_EVENTS) == []
    assert told(SESSIONS, "2017-1", PAST_EVENTS) == []


def test_lead_reports_and_the_offices_a_unit_houses_are_told() -> None:
    lead = replace(OUT, lead=True, houses_offices=("law_office",))
    [session, *_] = told(SESSIONS, "2021-1", (drafted(), replace(scheduled(), reporters=(lead,))))
    assert isinstance(session, contracts.SessionScheduled)
    [reporter] = session.reporters
    assert (reporter.lead, reporter.houses_offices, reporter.official_order) == (True, ["law_office"], 50)


def test_every_version_of_a_policy_is_told() -> None:
    assert told(POLICIES, "self", POLICY_EVENTS) == [
        contracts.PolicyAdopted(
            policy_version=1,
            holds_from=TODAY,
            values={"receipt_offices": ["law_office"], "village_sessions": True},
        ),
        contracts.PolicyAdopted(policy_version=2, holds_from=HELD_ON, values={"yellow_days": 20}),
    ]


def test_a_plan_is_nobody_elses_business() -> None:
    assert told(PLANS, "2021", PLAN_EVENTS) == []


def test_a_roster_is_told_when_the_session_is_scheduled_and_its_observers_right_after() -> None:
    assert told(SESSIONS, "2021-1", SESSION_EVENTS[:2]) == []
    session, *observers = told(SESSIONS, "2021-1", SESSION_EVENTS)
    assert session == contracts.SessionScheduled(
        session="2021-1",
        plan_year=2021,
        number=1,
        held_on=HELD_ON,
        reporters=[
            contracts.Reporter(
                unit=one.unit,
                unit_name=one.unit_name,
                category=one.category,
                post=one.post,
                title=one.title,
                person=one.person,
                official_order=one.official_order,
            )
            for one in REPORTERS
        ],
    )
    assert [
        (one.session, one.observer.unit, one.observer.person, one.provisional_for)
        for one in observers
        if isinstance(one, contracts.ObserverNamed)
    ] == [("2021-1", one.unit, one.person, "2021-2") for one in OBSERVERS]


# ---- what is shown ----


def test_a_registered_tenant_is_one_row() -> None:
    assert REGISTERED_TENANTS.rows(recorded("tenant", "self", TENANT_EVENTS)) == [
        {
            "name": "金山新区",
            "names": [
                {"name": "金山区", "valid_from": "2021-04-01"},
                {"name": "金山新区", "valid_from": "2021-06-24"},
            ],
            "tier": "district",
            "reporting_body": "standing_committee",
            "division_code": "310116",
            "official_order": 1,
            "registered_on": TODAY,
            "closed_on": LATER,
            "closed_because": "并入示例区",
        }
    ]


def test_a_unit_shows_who_holds_its_posts_now() -> None:
    assert UNITS_VIEW.rows(recorded("unit", "langxia", UNIT_EVENTS)) == [
        {
            "unit": "langxia",
            "name": "廊下新镇",
            "names": [
                {"name": "廊下镇", "valid_from": "2021-01-04"},
                {"name": "廊下新镇", "valid_from": "2021-03-15"},
            ],
            "category": "town",
            "official_order": 50,
            "houses_offices": ["law_office"],
            "posts": [
                {"post": "secretary", "title": "书记", "person": "李示例", "since": "2021-03-01"},
                {"post": "deputy", "title": "副书记", "person": "赵示例", "since": "2021-02-01"},
            ],
            "terms": [
                {"post": "secretary", "title": "书记", "person": "张示例", "since": "2021-01-04"},
                {"post": "secretary", "title": "书记", "person": "李示例", "since": "2021-03-01"},
                {"post": "deputy", "title": "副书记", "person": "赵示例", "since": "2021-02-01"},
            ],
            "valid_from": date(2021, 1, 4),
            "valid_until": date(2021, 3, 31),
            "closed_because": "机构改革",
        }
    ]


def test_adopted_policies_are_one_row_a_version() -> None:
    assert ADOPTED_POLICIES.rows(recorded("policy", "self", POLICY_EVENTS)) == [
        {
            "policy_version": 1,
            "holds_from": TODAY,
            "values": {"receipt_offices": ["law_office"], "village_sessions": True},
            "adopted_on": TODAY,
        },
        {
            "policy_version": 2,
            "holds_from": HELD_ON,
            "values": {"yellow_days": 20},
            "adopted_on": TODAY,
        },
    ]


def test_a_plan_shows_its_rounds_its_warnings_and_every_version() -> None:
    first = [{"number": 1, "planned_on": "2021-06-24"}]
    both = [*first, {"number": 2, "planned_on": "2022-01-12"}]
    adopted = {"plan_version": 1, "rounds": first, "reason": None, "on": "2021-04-01"}
    amended = {"plan_version": 2, "rounds": both, "reason": "补列第二轮", "on": "2021-05-06"}
    assert PLANS_VIEW.rows(recorded("plan", "2021", PLAN_EVENTS[:1])) == [
        {
            "plan_year": 2021,
            "plan_version": 1,
            "rounds": first,
            "warnings": ["scheduling.fewer-sessions-than-policy:1"],
            "versions": [adopted],
            "adopted_on": TODAY,
        }
    ]
    assert PLANS_VIEW.rows(recorded("plan", "2021", PLAN_EVENTS)) == [
        {
            "plan_year": 2021,
            "plan_version": 2,
            "rounds": both,
            "warnings": [],
            "versions": [adopted, amended],
            "adopted_on": date(2021, 5, 6),
        }
    ]


def test_a_calendar_shows_the_days_that_hold_and_every_document() -> None:
    assert ADOPTED_CALENDARS.rows(recorded("calendar", "2022", CALENDAR_EVENTS)) == [
        {
            "year": 2022,
            "holidays": ["2022-01-03", "2022-01-04"],
            "working_weekend_days": [],
            "document": "国办发明电〔2022〕1号",
            "adopted_on": date(2022, 1, 2),
            "versions": [
                {"document": "国办发明电〔2021〕11号", "on": "2021-04-01"},
                {"document": "国办发明电〔2022〕1号", "on": "2022-01-02"},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("events", "status", "held_on", "observers"),
    [
        (1, "drafted", None, []),
        (2, "drafted", None, [one.unit for one in OBSERVERS]),
        (3, "scheduled", HELD_ON, [one.unit for one in OBSERVERS]),
        (4, "held", HELD_ON, [one.unit for one in OBSERVERS]),
        (5, "minutes_sent", HELD_ON, [one.unit for one in OBSERVERS]),
    ],
)
def test_a_session_shows_how_far_it_is(
    events: int, status: str, held_on: date | None, observers: list[str]
) -> None:
    [row] = SESSIONS_VIEW.rows(recorded("session", "2021-1", SESSION_EVENTS[:events]))
    assert set(row) == {column.name for column in SESSIONS_VIEW.table.columns} - {"tenant", "stream"}
    assert (row["session"], row["plan_year"], row["number"]) == ("2021-1", 2021, 1)
    assert (row["status"], row["held_on"]) == (status, held_on)
    assert [one["unit"] for one in row["reporters"]] == [one.unit for one in REPORTERS]
    assert [one["unit"] for one in row["observers"]] == observers
    assert row["minutes_sent_on"] == (date(2021, 7, 7) if events == 5 else None)
    assert row["warnings"] == (["x:y"] if events > 2 else [])


def session_row(*events: Any, id: str = "2021-1") -> dict[str, Any]:
    [row] = SESSIONS_VIEW.rows(recorded("session", id, events))
    assert set(row) == {column.name for column in SESSIONS_VIEW.table.columns} - {"tenant", "stream"}
    return row


def test_a_session_shows_what_changed_after_its_people_were_called() -> None:
    row = session_row(*CHANGED_EVENTS)
    assert (row["status"], row["held_on"]) == ("scheduled", LATER)
    assert row["rescheduled"] == [
        {"held_on_before": "2021-06-24", "held_on": "2021-06-29", "reason": "防汛", "on": "2021-04-01"}
    ]
    assert [one["unit"] for one in row["reporters"]] == ["gongshanglian", "jiaotongwei", "shilizhen"]
    assert [one["unit"] for one in row["observers"]] == ["shilibu", "shichangjianguan"]
    assert row["moved"] == [
        {
            "unit": "langxia",
            "unit_name": "廊下镇",
            "post": "secretary",
            "person": OUT.person,
            "to": "2021-2",
            "replaced_by": "shilizhen",
            "reason": "出差",
            "on": "2021-06-29",
        }
    ]
    assert row["warnings"] == ["a:b", "c:d"]
    assert [(one["command"], one["by"]) for one in row["decisions"]] == [("substitute-reporter", CHAIR.by)]


def test_a_cancelled_session_says_why_and_has_no_observers_any_more() -> None:
    row = session_row(*CANCELLED_EVENTS)
    assert (row["status"], row["cancelled"], row["held_on"]) == ("cancelled", "机构改革", HELD_ON)
    assert OBSERVERS_VIEW.rows(recorded("session", "2021-1", CANCELLED_EVENTS)) == []


def test_a_drafted_session_shows_who_was_absent_before_who_moved_in_and_who_decided() -> None:
    row = session_row(*NEXT_EVENTS)
    assert row["absences"] == [
        {
            "unit": "jiaotongwei",
            "person": "某",
            "session": "2020-2",
            "reason": "年休假",
            "waived": {"by": CHAIR.by, "title": CHAIR.title, "reason": CHAIR.reason},
        }
    ]
    assert row["moved_in"] == [
        {"unit": "shilizhen", "post": "secretary", "from_session": "2020-2", "instead_of": "langxia"}
    ]
    assert [one["unit"] for one in row["reporters"]] == ["gongshanglian", "jiaotongwei", "shilizhen"]
    assert [one["command"] for one in row["decisions"]] == ["draft-roster", "waive-absence"]
    later = session_row(*NEXT_EVENTS, scheduled())
    assert later["absences"] == row["absences"], "still to be seen once its people are called"


def test_a_past_session_shows_its_year_its_number_and_its_day_separately() -> None:
    row = session_row(*PAST_EVENTS, id="2017-1")
    assert (row["plan_year"], row["number"], row["held_on"]) == (2017, 1, date(2017, 9, 20))
    assert (row["status"], [one["unit"] for one in row["reporters"]]) == ("past", ["langxia"])


def test_observers_show_whether_they_came_and_who_steps_in_is_none_of_them() -> None:
    rows = OBSERVERS_VIEW.rows(recorded("session", "2021-1", CHANGED_EVENTS))
    assert [(row["unit"], row["attended"], row["absence_reason"]) for row in rows] == [
        ("shilibu", True, None),
        ("shichangjianguan", False, "年休假"),
    ]


def test_observers_are_one_row_each_with_who_holds_the_post_when_the_session_is_scheduled() -> None:
    successor = tuple(replace(one, person="新任") for one in OBSERVERS)
    history = (drafted(), observers_named(), replace(scheduled(), observers=successor))
    rows = OBSERVERS_VIEW.rows(recorded("session", "2021-1", history))
    assert [(row["unit"], row["person"], row["for_session"]) for row in rows] == [
        (one.unit, "新任", "2021-2") for one in successor
    ]
    assert OBSERVERS_VIEW.rows(recorded("session", "2021-1", history[:1])) == []
    assert {row["unit"] for row in rows} == set(NEXT_ROUND)


# ---- what is kept ----


@pytest.mark.parametrize(
    ("aggregate", "events"),
    [
        (TENANTS, TENANT_EVENTS),
        (UNITS, UNIT_EVENTS),
        (POLICIES, POLICY_EVENTS),
        (CALENDARS, CALENDAR_EVENTS),
        (PLANS, PLAN_EVENTS),
        (SESSIONS, (*SESSION_EVENTS, *CHANGED_EVENTS, *CANCELLED_EVENTS, *NEXT_EVENTS, *PAST_EVENTS)),
    ],
    ids=lambda one: one.kind if isinstance(one, Aggregate) else None,
)
def test_every_event_is_read_from_the_ledger_as_it_was_written(
    aggregate: Aggregate[Any, Any, Any, Any], events: Sequence[Any]
) -> None:
    assert {type(event).__name__ for event in events} == set(aggregate.codec.classes)
    for event in events:
        kept = aggregate.codec.encode(event)
        assert aggregate.codec.decode(kept.name, kept.schema_version, kept.data) == event
