"""The work queue's rule: who has to do what by when, given what is open and the day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from services.portal.domain.matters import Case, Matters, Reporter, Room, Round, Session, Sheets, Words
from services.portal.domain.work import Asking, Task, asking, tasks
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import Actor
from shared.tenancy import Policy

HELD_ON = date(2021, 6, 24)
DRAFT_DUE, APPROVE_BY = date(2021, 6, 2), date(2021, 6, 17)
DUE = date(2022, 2, 28)
LANGXIA = Reporter("langxia", "廊下镇", "town")
SIFAJU = Reporter("sifaju", "区司法局", "government", houses=frozenset({"law_office"}))
SESSION = Session("2021-1", HELD_ON, reporters=(LANGXIA,))
CASE = Case("2021-1-langxia", "2021-1", "langxia", "廊下镇", DUE)


ON_THE_DAY = ("tell-bulletin", "close-session")


def who(
    *roles: str, unit: str | None = None, on: date = date(2021, 6, 1), name: str = "", **given: Any
) -> Asking:
    policy, calendar = given.get("policy", Policy()), given.get("calendar", published())
    return Asking(frozenset(roles), unit, name, on, policy, calendar)


@dataclass(frozen=True)
class Given:
    matters: Matters

    def when_asked_by(self, one: Asking) -> Then:
        return Then(tasks(self.matters, one))


@dataclass(frozen=True)
class Then:
    found: list[Task]

    def then_to_do(self, *expected: tuple[str, date | None]) -> list[Task]:
        assert [(one.kind, one.due_on) for one in self.found] == [*expected]
        return self.found

    def then_nothing(self) -> None:
        assert self.found == []


def given(*open_: Session | Case | Sheets | Round) -> Given:
    def of(kind: type) -> Any:
        return tuple(one for one in open_ if isinstance(one, kind))

    return Given(Matters(of(Session), of(Case), of(Sheets), of(Round)))


def with_draft(state: Any, reporter: Reporter = LANGXIA) -> Session:
    return replace(SESSION, reporters=(replace(reporter, draft=state),))


def in_the_room(state: str, **room: Any) -> Session:
    held = state not in ("rostered", "agenda_confirmed", "running")
    return replace(SESSION, reporters=(), state="held" if held else "called", room=Room(state, **room))


# ---- drafts ----


@pytest.mark.parametrize("role", ["reporter", "liaison"])
def test_a_unit_hands_in_its_draft_by_its_date_and_then_reports(role: str) -> None:
    found = (
        given(SESSION)
        .when_asked_by(who(role, unit="langxia"))
        .then_to_do(("submit-draft", DRAFT_DUE), ("report", HELD_ON))
    )
    assert found[0].path == ("drafts", "2021-1-langxia")
    assert (found[0].group, found[0].light.days_left) == ("soon", 1)


def test_a_draft_that_is_late_is_overdue_by_days() -> None:
    [draft, _] = given(SESSION).when_asked_by(who("liaison", unit="langxia", on=date(2021, 6, 4))).found
    assert (draft.group, draft.light.days_left, draft.light.colour) == ("overdue", -2, "red")


def test_another_unit_has_nothing_to_do() -> None:
    given(SESSION, CASE).when_asked_by(who("liaison", unit="jiaotongwei")).then_nothing()


def test_somebody_of_an_office_does_not_write_the_draft_of_the_unit_it_sits_in() -> None:
    given(SESSION).when_asked_by(who("law_office", unit="langxia")).then_nothing()


def test_a_returned_draft_is_due_when_it_is_to_be_approved_because_a_return_sets_no_date() -> None:
    (
        given(with_draft("returned"))
        .when_asked_by(who("liaison", unit="langxia"))
        .then_to_do(("revise-draft", APPROVE_BY), ("report", HELD_ON))
    )


def test_a_draft_that_is_handed_in_is_the_law_offices_to_judge() -> None:
    session = with_draft("submitted")
    given(session).when_asked_by(who("law_office", unit="sifaju")).then_to_do(("approve-draft", APPROVE_BY))
    given(session).when_asked_by(who("liaison", unit="langxia")).then_to_do(("report", HELD_ON))
    given(session).when_asked_by(who("supervision_office")).then_nothing()


def test_the_draft_of_the_unit_that_houses_the_law_office_passes_to_who_stands_in() -> None:
    session = with_draft("submitted", SIFAJU)
    given(session).when_asked_by(who("law_office", unit="sifaju")).then_nothing()
    given(session).when_asked_by(who("supervision_office")).then_to_do(("approve-draft", APPROVE_BY))


def test_nobody_judges_the_draft_of_their_own_unit() -> None:
    given(with_draft("submitted")).when_asked_by(who("law_office", unit="langxia")).then_nothing()


def test_lead_reporters_and_villages_owe_no_draft() -> None:
    lead, village = replace(LANGXIA, lead=True), replace(LANGXIA, category="village")
    for reporter in (lead, village):
        session = replace(SESSION, reporters=(reporter,))
        given(session).when_asked_by(who("liaison", unit="langxia")).then_to_do(("report", HELD_ON))


def test_dates_in_a_year_without_a_calendar_are_not_guessed() -> None:
    [_, draft] = (
        given(SESSION)
        .when_asked_by(who("liaison", unit="langxia", calendar=Calendar({})))
        .then_to_do(("report", HELD_ON), ("submit-draft", None))
    )
    assert draft.group == "undated"


def test_an_approved_draft_is_nobodys_task() -> None:
    given(with_draft("approved")).when_asked_by(who("law_office")).then_nothing()


# ---- the session and its minutes ----


def test_an_observer_is_called_for_the_day_of_the_session() -> None:
    session = replace(SESSION, observers=frozenset({"jinshanwei"}))
    given(session).when_asked_by(who("liaison", unit="jinshanwei")).then_to_do(("observe", HELD_ON))


def test_the_bulletin_on_the_round_before_is_issued_before_the_session() -> None:
    session = replace(SESSION, reporters=(), bulletin_about="2020-2")
    given(session).when_asked_by(who("law_office")).then_to_do(("issue-bulletin", HELD_ON))
    given(replace(session, bulletin_about=None)).when_asked_by(who("law_office")).then_nothing()


@pytest.mark.parametrize(
    ("state", "law", "party"),
    [
        ("rostered", ["confirm-agenda"], []),
        ("agenda_confirmed", [*ON_THE_DAY, "record-supplement"], ["record-speech", "record-comment"]),
        ("running", [*ON_THE_DAY, "record-supplement"], ["record-speech", "record-comment"]),
        ("held", ["record-supplement"], ["record-comment", "draft-minutes"]),
        ("drafted", ["record-supplement", "check-requirements"], ["record-comment"]),
        ("signed", [], ["number-minutes"]),
        ("numbered", [], ["send-minutes"]),
        ("sent", [], []),
    ],
)
def test_each_step_of_the_session_is_its_offices(state: str, law: list[str], party: list[str]) -> None:
    units = ("langxia",)
    session = in_the_room(state, speeches=units, supplements=units, comments=units)
    for role, kinds in (("law_office", law), ("party_office", party)):
        found = given(session).when_asked_by(who(role, on=HELD_ON)).found
        assert sorted(one.kind for one in found) == sorted(kinds)


def test_nothing_of_the_room_is_asked_before_its_day() -> None:
    session = in_the_room("agenda_confirmed", speeches=("langxia",), supplements=("langxia",))
    for role in ("law_office", "party_office"):
        given(session).when_asked_by(who(role)).then_nothing()


def test_minutes_are_signed_when_every_leader_has_confirmed_and_not_before() -> None:
    waiting = in_the_room("checked", words=(Words("c1", "示例·副区长"), Words("c2", "示例·区委书记")))
    party, leader = who("party_office"), who("leader", name="示例·副区长")
    [confirm] = given(waiting).when_asked_by(party).then_to_do(("confirm-words", None))
    assert confirm.count == 2
    [own] = given(waiting).when_asked_by(leader).then_to_do(("confirm-own-words", None))
    assert own.count == 1
    given(in_the_room("checked")).when_asked_by(party).then_to_do(("sign-minutes", None))
    given(in_the_room("checked")).when_asked_by(leader).then_nothing()


def test_what_was_checked_by_one_office_waits_for_the_other_alone() -> None:
    session = in_the_room("drafted", checked_by=frozenset({"law_office"}))
    given(session).when_asked_by(who("law_office")).then_nothing()
    stands_in = replace(SESSION, state="held", reporters=(), to_check=frozenset({"supervision_office"}))
    given(stands_in).when_asked_by(who("supervision_office")).then_to_do(("check-requirements", None))


def test_where_the_owner_tells_nothing_the_minutes_are_one_task() -> None:
    held = replace(SESSION, state="held", reporters=())
    given(held).when_asked_by(who("party_office")).then_to_do(("finish-minutes", None))
    given(replace(held, state="sent")).when_asked_by(who("party_office")).then_nothing()


# ---- cases ----


def test_a_unit_feeds_back_by_the_date_that_governs() -> None:
    at = who("liaison", unit="langxia", on=date(2022, 2, 13))
    [task] = given(CASE).when_asked_by(at).then_to_do(("submit-feedback", DUE))
    assert (task.group, task.light.colour, task.light.days_left) == ("soon", "yellow", 15)
    assert task.path == ("cases", "2021-1-langxia")
    given(replace(CASE, state="returned")).when_asked_by(at).then_to_do(("submit-feedback-again", DUE))


def test_a_suspended_case_shows_until_when_it_stands_still() -> None:
    suspended = replace(CASE, suspended_until=date(2022, 3, 31))
    at = who("liaison", unit="langxia", on=date(2022, 3, 15))
    [task] = given(suspended).when_asked_by(at).then_to_do(("submit-feedback", DUE))
    assert (task.group, task.light.icon) == ("later", "pause")


def test_each_office_that_is_missing_receipts_within_five_working_days() -> None:
    fed_back = replace(
        CASE, state="awaiting_receipt", sent_on=date(2022, 2, 25), offices_missing=("law_office",)
    )
    on = date(2022, 2, 28)
    given(fed_back).when_asked_by(who("law_office", on=on)).then_to_do(("receipt-feedback", date(2022, 3, 4)))
    given(fed_back).when_asked_by(who("party_office", on=on)).then_nothing()
    [waits] = given(fed_back).when_asked_by(who("liaison", unit="langxia", on=on)).found
    assert (waits.kind, waits.waits, waits.group) == ("await-receipt", True, "undated")


def test_the_verifying_office_verifies_and_never_its_own_units_item() -> None:
    receipted = replace(CASE, state="awaiting_verification")
    given(receipted).when_asked_by(who("law_office", unit="sifaju")).then_to_do(
        ("verify-rectification", None)
    )
    given(receipted).when_asked_by(who("law_office", unit="langxia")).then_nothing()
    given(receipted).when_asked_by(who("party_office")).then_nothing()
    houses = replace(receipted, houses=frozenset({"law_office"}))
    given(houses).when_asked_by(who("law_office")).then_nothing()
    given(houses).when_asked_by(who("supervision_office")).then_to_do(("verify-rectification", None))


def test_who_verifies_is_what_policy_says() -> None:
    receipted = replace(CASE, state="awaiting_verification")
    policy = Policy(verifying_office="party_office")
    given(receipted).when_asked_by(who("party_office", policy=policy)).then_to_do(
        ("verify-rectification", None)
    )


def test_a_request_for_more_time_is_answered_before_the_date_is_over() -> None:
    asked = replace(CASE, extension_asked=True)
    on = date(2022, 2, 1)
    given(asked).when_asked_by(who("law_office", on=on)).then_to_do(("answer-extension", DUE))
    given(asked).when_asked_by(who("law_office", unit="langxia", on=on)).then_nothing()
    given(replace(asked, houses=frozenset({"law_office"}))).when_asked_by(
        who("law_office", on=on)
    ).then_nothing()


def test_supervision_begins_ten_working_days_after_the_date_and_with_one_notice() -> None:
    office = "supervision_office"
    given(CASE).when_asked_by(who(office, on=date(2022, 3, 11))).then_nothing()
    on = date(2022, 3, 14)
    given(CASE).when_asked_by(who(office, on=on)).then_to_do(("open-supervision", on))
    given(replace(CASE, category="village")).when_asked_by(who(office, on=on)).then_nothing()
    given(CASE).when_asked_by(who(office, unit="langxia", on=on)).then_nothing()
    noticed = replace(CASE, notice_number="1", reply_by=date(2022, 3, 28))
    given(noticed).when_asked_by(who(office, on=on)).then_to_do(("follow-notice", date(2022, 3, 28)))
    given(noticed).when_asked_by(who("liaison", unit="langxia", on=on)).then_to_do(
        ("submit-feedback", DUE), ("reply-to-notice", date(2022, 3, 28))
    )


def test_for_a_village_the_tier_above_enters_one_short_form() -> None:
    village = replace(CASE, category="village")
    on = date(2022, 2, 1)
    for office in ("law_office", "party_office"):
        given(village).when_asked_by(who(office, on=on)).then_to_do(("submit-short-form", DUE))
    given(village).when_asked_by(who("liaison", unit="langxia", on=on)).then_nothing()
    closed = Policy(village_short_form=False)
    given(village).when_asked_by(who("law_office", on=on, policy=closed)).then_nothing()
    given(village).when_asked_by(who("liaison", unit="langxia", on=on, policy=closed)).then_to_do(
        ("submit-feedback", DUE)
    )


# ---- the year, and the list ----


def test_sheets_are_the_organisation_departments_to_publish() -> None:
    [task] = (
        given(Sheets(2021, 3))
        .when_asked_by(who("organization_department"))
        .then_to_do(("publish-evaluation", None))
    )
    assert (task.count, task.path) == (3, ("evaluation", "2021"))
    given(Sheets(2021, 3)).when_asked_by(who("law_office")).then_nothing()


def test_a_planned_round_is_called_before_its_drafts_are_due() -> None:
    given(Round("2021-1", HELD_ON)).when_asked_by(who("law_office")).then_to_do(("call-session", DRAFT_DUE))
    assert [one.kind for one in tasks(Matters(plan_missing=2022), who("law_office"))] == ["adopt-plan"]


def test_the_order_is_that_of_the_dates() -> None:
    earlier = replace(CASE, case="2020-2-langxia", due_on=date(2022, 1, 4))
    found = given(CASE, earlier, SESSION).when_asked_by(who("liaison", unit="langxia")).found
    assert [one.due_on for one in found] == sorted(one.due_on for one in found if one.due_on)


def test_a_role_that_only_a_tier_above_gives_has_no_tasks_here() -> None:
    both = frozenset({"law_office", "tenant_admin"})
    actor = Actor("a", "甲", roles=both, roles_from_above=frozenset({"law_office"}))
    assert asking(actor, HELD_ON, Policy(), published()).roles == {"tenant_admin"}


def test_a_task_is_told_anew_when_its_date_moves() -> None:
    at = who("liaison", unit="langxia")
    [before] = given(CASE).when_asked_by(at).found
    [after] = given(replace(CASE, due_on=date(2022, 3, 31))).when_asked_by(at).found
    assert before.key != after.key
