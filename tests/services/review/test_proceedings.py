"""The rules of the room: who speaks, who comments, who observes, and what did not take place."""

from __future__ import annotations

import pytest

from services.review.domain.facts import Facts
from services.review.domain.proceedings import (
    AttendanceRecorded,
    BulletinNoted,
    Command,
    CommentRecorded,
    GuestRecorded,
    MarkNotHeld,
    NoteBulletin,
    RecordAttendance,
    RecordComment,
    RecordGuest,
    RecordSpeech,
    RecordSupplement,
    Requirement,
    SpeechRecorded,
    SupplementRecorded,
)
from services.review.domain.roster import Matter
from services.review.domain.session import Event, Running
from shared.decider import Decision
from shared.tenancy import Policy
from tests.services.review.telling import (
    CHAIR,
    DAY_AFTER,
    DAY_BEFORE,
    FOR_ALL,
    HELD,
    LANGXIA,
    ONE_PROCEDURE,
    ORDER,
    QUWEI,
    REGISTRY,
    ROSTER,
    SessionScenario,
    a_session,
    agenda,
    bulletin,
    checked,
    commented,
    confirmed_words,
    drafted,
    held,
    not_held,
    opened,
    received,
    running,
    signed,
    spoke,
    supplemented,
)

in_the_room: SessionScenario = a_session.given(*running())
after_langxia: SessionScenario = in_the_room.given(spoke(LANGXIA))


def comment(
    *requirements: Requirement, text: str = "讲得实。", by: str = "领导甲", id: str = "c1"
) -> RecordComment:
    return RecordComment(id, "langxia", by, "副区长", text, requirements)


EVERYTHING: list[Command] = [
    NoteBulletin(told=False, reason="首轮，无上一轮。"),
    RecordSpeech("langxia", "述法人丙", 505),
    RecordSupplement("langxia", "补充一点。"),
    comment(),
    RecordAttendance("shilizhen", attended=True),
    RecordGuest("g1", "示例报社", "media"),
    MarkNotHeld("gongshanglian", "speech", "因病请假。"),
]


@pytest.mark.parametrize("command", EVERYTHING)
def test_nothing_is_recorded_before_the_session_day(command: Command) -> None:
    a_session.today(DAY_BEFORE).given(opened(), agenda()).when(command).then_refused(
        "review.before-the-session-day", held_on="2021-06-24"
    )


@pytest.mark.parametrize(
    "command", [NoteBulletin(told=True, decision=CHAIR), RecordSupplement("langxia", "补充一点。"), comment()]
)
@pytest.mark.parametrize("past", [held(), drafted(), checked()])
def test_what_was_forgotten_is_supplied_until_the_minutes_are_signed(
    command: Command, past: tuple[Event, ...]
) -> None:
    assert a_session.today(DAY_AFTER).given(*past).when(command).events


@pytest.mark.parametrize("command", EVERYTHING)
def test_nothing_is_supplied_to_signed_minutes(command: Command) -> None:
    a_session.given(*signed()).when(command).then_refused("review.not-allowed-now", situation="signed")


# Bulletin


def test_the_bulletin_is_told_by_the_deputy_director_of_the_agenda() -> None:
    ready = a_session.given(opened(), received(), agenda())
    ready.when(NoteBulletin(told=True)).then(
        BulletinNoted(True, "副主任甲", None, HELD, bulletin="bulletin-2021-1")
    )


def test_no_bulletin_is_told_that_was_not_issued() -> None:
    confirmed = a_session.given(opened(), agenda())
    confirmed.when(NoteBulletin(told=True)).then_refused("review.bulletin-not-issued")


@pytest.mark.parametrize("told", [True, False])
def test_the_chair_decides_about_the_bulletin_on_the_day(told: bool) -> None:
    confirmed = a_session.given(opened(), agenda()).knowing(Facts(round_before="2020-2"))
    [event] = confirmed.when(NoteBulletin(told, reason="材料未到。", decision=CHAIR)).events
    assert isinstance(event, BulletinNoted)
    assert (event.told, event.bulletin, event.decision) == (told, None, CHAIR)


def test_a_decision_that_passes_over_nothing_is_not_recorded() -> None:
    ready = a_session.given(opened(), received(), agenda())
    [event] = ready.when(NoteBulletin(told=True, decision=CHAIR)).events
    assert isinstance(event, BulletinNoted)
    assert event.decision is None


@pytest.mark.parametrize(
    ("decision", "missing"),
    [
        (Decision("", "区委书记", "材料未到。"), ["by"]),
        (Decision("书记甲", " ", ""), ["title", "reason"]),
    ],
)
def test_a_decision_names_who_decided_and_why(decision: Decision, missing: list[str]) -> None:
    confirmed = a_session.given(opened(), agenda())
    confirmed.when(NoteBulletin(told=True, decision=decision)).then_refused(
        "review.decision-incomplete", missing=missing
    )


def test_a_bulletin_is_left_out_only_where_there_is_nothing_to_tell() -> None:
    left_out = NoteBulletin(told=False, reason="不作通报。")
    a_session.given(opened(), agenda()).knowing(Facts(round_before="2020-2")).when(left_out).then_refused(
        "review.bulletin-is-due", about_session="2020-2"
    )
    a_session.given(opened(), received(), agenda()).when(left_out).then_refused(
        "review.bulletin-is-due", about_session="2020-2"
    )
    assert a_session.given(opened(), agenda()).when(left_out).events


def test_a_bulletin_that_does_not_apply_has_a_reason() -> None:
    confirmed = a_session.given(opened(), agenda())
    confirmed.when(NoteBulletin(told=False, reason="首轮，无上一轮。")).then(bulletin())
    for blank in (None, " "):
        confirmed.when(NoteBulletin(told=False, reason=blank)).then_refused(
            "review.bulletin-left-out-without-reason"
        )


# Speech


@pytest.mark.parametrize(("seconds", "overrun"), [(460, 0), (480, 0), (505, 25)])
def test_the_real_time_is_recorded_and_over_the_limit_too(seconds: int, overrun: int) -> None:
    event = spoke(LANGXIA, seconds)
    assert event.overrun_seconds == overrun
    in_the_room.when(RecordSpeech("langxia", "述法人丙", seconds)).then(event)


def test_the_time_given_is_the_policys() -> None:
    six_minutes = in_the_room.under(Policy(speech_seconds=360))
    [event] = six_minutes.when(RecordSpeech("langxia", "述法人丙", 400)).events
    assert isinstance(event, SpeechRecorded)
    assert (event.planned_seconds, event.overrun_seconds) == (360, 40)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_speech_takes_time(seconds: int) -> None:
    in_the_room.when(RecordSpeech("langxia", "述法人丙", seconds)).then_refused(
        "review.without-spoken-time", spoken_seconds=seconds
    )


def test_a_deputy_may_not_read_for_the_head() -> None:
    in_the_room.when(RecordSpeech("langxia", "副书记甲", 505)).then_refused(
        "review.deputy-may-not-read", unit="langxia", person="副书记甲", rostered="述法人丙"
    )


def test_a_reporter_speaks_once() -> None:
    after_langxia.when(RecordSpeech("langxia", "述法人丙", 300)).then_refused(
        "review.already-spoken", unit="langxia"
    )


@pytest.mark.parametrize(
    "command",
    [
        RecordSpeech("sifaju", "局长甲", 460),
        RecordSupplement("sifaju", "补充一点。"),
        RecordComment("c1", "sifaju", "领导甲", "副区长", "讲得实。"),
        MarkNotHeld("sifaju", "speech", "因病请假。"),
    ],
)
def test_all_that_is_said_is_about_rostered_units(command: Command) -> None:
    in_the_room.when(command).then_refused("review.unit-not-rostered", unit="sifaju", rostered=list(ORDER))


# Supplement


def test_a_supplement_is_recorded_for_a_reporter() -> None:
    in_the_room.when(RecordSupplement("langxia", "补充一点。")).then(supplemented("langxia"))
    in_the_room.when(RecordSupplement("langxia", "")).then_refused("review.text-missing", field="text")


# Comment


def test_a_comment_asks_the_unit_it_is_about_unless_it_names_others() -> None:
    after_langxia.when(comment(ONE_PROCEDURE, FOR_ALL)).then(
        commented("c1", "langxia", ONE_PROCEDURE, FOR_ALL)
    )
    event = commented("c1", "langxia", ONE_PROCEDURE, FOR_ALL)
    assert [one.units for one in event.requirements] == [("langxia",), ("jiaotongwei", "langxia")]


def test_praise_only_is_a_comment_without_requirements() -> None:
    after_langxia.when(comment()).then(commented("c1", "langxia"))


def test_nothing_in_the_room_is_refused_for_its_order() -> None:
    in_the_room.when(comment()).then(commented("c1", "langxia"))
    in_the_room.given(commented("c1", "langxia")).when(RecordSpeech("langxia", "述法人丙", 505)).then(
        spoke(LANGXIA, 505)
    )


@pytest.mark.parametrize(
    ("command", "field"),
    [(comment(by=""), "by"), (comment(text=" "), "text")],
)
def test_a_comment_is_somebodys_words(command: RecordComment, field: str) -> None:
    after_langxia.when(command).then_refused("review.text-missing", field=field)


def test_every_requirement_has_a_task_line() -> None:
    after_langxia.when(comment(ONE_PROCEDURE, Requirement("r2", " "))).then_refused(
        "review.task-line-missing", requirements=["r2"]
    )


def test_a_requirement_has_an_id_of_its_own() -> None:
    after_langxia.when(comment(ONE_PROCEDURE, ONE_PROCEDURE)).then_refused(
        "review.requirement-named-twice", requirements=["r1"]
    )


@pytest.mark.parametrize(
    ("command", "field"),
    [(comment(id="点评1"), "comment"), (comment(Requirement("R 1", "统一程序")), "requirement")],
)
def test_comments_and_requirements_have_ids_that_can_be_cited(command: RecordComment, field: str) -> None:
    after_langxia.when(command).then_refused("review.id-not-a-token", field=field)


def test_a_general_requirement_names_units_that_do_not_report() -> None:
    general = Requirement("r1", "健全合法性审查", None, ("langxia", "shanyang", "sifaju"))
    after_langxia.knowing(Facts(units=REGISTRY)).when(comment(general)).then(
        commented("c1", "langxia", general)
    )


def test_nothing_is_required_of_a_unit_that_nobody_registered() -> None:
    general = Requirement("r1", "健全合法性审查", None, ("langxia", "shilizhen", "sifaju"))
    after_langxia.knowing(Facts(units=REGISTRY)).when(comment(general)).then_refused(
        "review.requirement-for-a-unit-not-registered", units=["shilizhen"]
    )


def test_nothing_is_required_of_a_unit_that_nobody_answers_for() -> None:
    general = Requirement("r1", "健全合法性审查", None, ("langxia", "shilibu"))
    after_langxia.knowing(Facts(units=REGISTRY)).when(comment(general)).then_refused(
        "review.unit-without-a-head", units=["shilibu"]
    )


def test_a_note_is_replaced_until_the_leader_has_confirmed_it() -> None:
    amended = comment(ONE_PROCEDURE, text="讲得实，还要更细。")
    noted = after_langxia.given(commented("c1", "langxia"))
    noted.when(amended).then(commented("c1", "langxia", ONE_PROCEDURE, text="讲得实，还要更细。"))
    a_session.given(*checked(), confirmed_words("c1")).when(amended).then_refused(
        "review.words-already-confirmed", comment="c1"
    )


def test_a_replaced_note_keeps_its_place() -> None:
    noted = after_langxia.given(
        commented("c1", "langxia"), commented("c2", "langxia"), commented("c1", "langxia", ONE_PROCEDURE)
    )
    assert isinstance(noted.state, Running)
    assert list(noted.state.proceedings.words) == ["c1", "c2"]


# Lead reports


def test_a_lead_report_is_recorded_like_any_other() -> None:
    led = a_session.given(opened(*ROSTER, QUWEI), agenda(*ORDER, "quwei"))
    led.when(RecordSpeech("quwei", "区委书记甲", 460)).then(spoke(QUWEI))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (RecordSupplement("quwei", "补充一点。"), "review.lead-report-not-supplemented"),
        (
            RecordComment("c1", "quwei", "领导甲", "副区长", "讲得实。"),
            "review.lead-report-not-commented",
        ),
    ],
)
def test_a_lead_report_is_neither_supplemented_nor_commented_on(command: Command, code: str) -> None:
    led = a_session.given(opened(*ROSTER, QUWEI), agenda(*ORDER, "quwei"), spoke(QUWEI))
    led.when(command).then_refused(code, unit="quwei")


@pytest.mark.parametrize(
    "command",
    [RecordSupplement("quwei", "补充一点。"), RecordComment("c1", "quwei", "领导甲", "副区长", "讲得实。")],
)
def test_policy_may_open_a_lead_report_to_subordinates(command: Command) -> None:
    led = a_session.given(opened(*ROSTER, QUWEI), agenda(*ORDER, "quwei"), spoke(QUWEI))
    assert led.under(Policy(leads_answered_below=True)).when(command).events


def test_nothing_is_required_of_a_lead_reporter() -> None:
    led = a_session.given(opened(*ROSTER, QUWEI), agenda(*ORDER, "quwei"), spoke(LANGXIA))
    general = Requirement("r1", "健全合法性审查", None, ("langxia", "quwei"))
    led.when(comment(general)).then_refused("review.duty-for-a-lead-reporter", units=["quwei"])


# Classified sessions


def test_of_a_classified_session_no_words_are_kept() -> None:
    classified = a_session.given(opened(), agenda(classified=True), bulletin())
    for command in (RecordSupplement("langxia", "补充一点。"), comment(ONE_PROCEDURE)):
        classified.when(command).then_refused("review.classified-text-not-stored")
    [supplement] = classified.when(RecordSupplement("langxia", "")).events
    assert isinstance(supplement, SupplementRecorded)
    [said] = classified.when(comment(ONE_PROCEDURE, text=" ")).events
    assert isinstance(said, CommentRecorded)
    assert (supplement.text, said.text) == (None, None)
    assert [one.task_line for one in said.requirements] == ["统一执法取证程序"]


# Guests

CITY = RecordGuest("g1", "市委依法治市办", "higher_office", spoke=True)


def test_a_guest_is_recorded_and_no_observer() -> None:
    in_the_room.when(CITY).then(GuestRecorded("g1", "市委依法治市办", "higher_office", True, HELD))
    in_the_room.when(RecordGuest("g2", "示例报社", "media")).then(
        GuestRecorded("g2", "示例报社", "media", False, HELD)
    )


def test_a_guest_recorded_again_replaces_the_entry() -> None:
    [entry] = in_the_room.when(CITY).events
    noted = in_the_room.given(entry)
    noted.when(CITY).then_nothing()
    [corrected] = noted.when(RecordGuest("g1", "市委依法治市办", "higher_office")).events
    state = noted.given(corrected).state
    assert isinstance(state, Running)
    assert state.proceedings.guests == {corrected}


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (RecordGuest("来宾1", "示例报社", "media"), "review.id-not-a-token", "guest"),
        (RecordGuest("g1", " ", "media"), "review.text-missing", "organisation"),
    ],
)
def test_a_guest_comes_from_somewhere(command: RecordGuest, code: str, field: str) -> None:
    in_the_room.when(command).then_refused(code, field=field)


# Attendance


def test_a_named_observer_is_present_or_absent_with_a_reason() -> None:
    in_the_room.when(RecordAttendance("shilizhen", attended=True, reason="无关")).then(
        AttendanceRecorded("shilizhen", "示例镇", "列席人甲", True, None, HELD)
    )
    in_the_room.when(RecordAttendance("shilizhen", attended=False, reason="外出培训")).then(
        AttendanceRecorded("shilizhen", "示例镇", "列席人甲", False, "外出培训", HELD)
    )
    in_the_room.when(RecordAttendance("shilizhen", attended=False)).then_refused(
        "review.absent-without-reason"
    )


def test_only_named_observers_attend() -> None:
    in_the_room.when(RecordAttendance("langxia", attended=True)).then_refused(
        "review.not-a-named-observer", unit="langxia", named=["shilizhen"]
    )


# Not held


@pytest.mark.parametrize("what", ["speech", "supplement", "comment"])
def test_what_did_not_take_place_is_marked_with_a_reason(what: Matter) -> None:
    in_the_room.when(MarkNotHeld("langxia", what, "因时间所限。")).then(not_held("langxia", what))
    in_the_room.when(MarkNotHeld("langxia", what, "")).then_refused("review.text-missing", field="reason")


@pytest.mark.parametrize(
    ("what", "event"),
    [
        ("speech", spoke(LANGXIA)),
        ("supplement", supplemented("langxia")),
        ("comment", commented("c1", "langxia")),
    ],
)
def test_what_took_place_is_not_marked(what: Matter, event: Event) -> None:
    in_the_room.given(event).when(MarkNotHeld("langxia", what, "因时间所限。")).then_refused(
        "review.was-held", unit="langxia", what=what
    )


def test_what_is_supplied_after_all_is_no_longer_marked() -> None:
    supplied = in_the_room.given(not_held("langxia", "speech"), spoke(LANGXIA))
    assert supplied.state == after_langxia.state
