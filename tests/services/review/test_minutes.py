"""The rules of the minutes: one step after the other, whole, in the leaders' own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from services.review.domain.excerpts import Correction, Excerpt
from services.review.domain.facts import Facts
from services.review.domain.minutes import (
    Checked,
    CheckRequirements,
    ConfirmWords,
    CorrectMinutes,
    Drafted,
    DraftMinutes,
    MinutesCorrected,
    MinutesDrafted,
    MinutesNumbered,
    MinutesSent,
    MinutesSigned,
    NumberMinutes,
    RequirementsChecked,
    SendMinutes,
    SignMinutes,
    WordsConfirmed,
)
from services.review.domain.policies.minutes import expected_of
from services.review.domain.proceedings import MarkNotHeld, RecordSupplement, Requirement
from services.review.domain.roster import Reporter
from services.review.domain.session import Command, Event
from services.review.domain.unit import Handover, Known
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import FreeText
from shared.tenancy import Policy
from tests.services.review.telling import (
    DAY_AFTER,
    FOR_ALL,
    GONGSHANGLIAN,
    HELD,
    JIAOTONGWEI,
    LAW_OFFICE,
    LEADER,
    NUMBER,
    ONE_PROCEDURE,
    ORDER,
    OTHER_LEADER,
    PARTY_OFFICE,
    QUWEI,
    REGISTRY,
    ROSTER,
    SENT,
    SIFAJU,
    SIGNED,
    SUPERVISION,
    SessionScenario,
    a_session,
    agenda,
    all_confirmed,
    bulletin,
    checked,
    closed,
    commented,
    confirmed_words,
    drafted,
    held,
    not_held,
    numbered,
    opened,
    sent,
    signed,
    spoke,
    supplemented,
)

on_signing_day: SessionScenario = a_session.today(SIGNED)
STEPS: list[Command] = [
    DraftMinutes(),
    CheckRequirements(),
    ConfirmWords("c1", entered_for="领导甲"),
    SignMinutes("书记甲"),
    NumberMinutes(NUMBER),
]


def held_with(*events: Event) -> SessionScenario:
    """Only what the test says was said; then closed, drafted and checked."""
    return on_signing_day.given(
        opened(),
        agenda(),
        bulletin(),
        *events,
        closed(),
        MinutesDrafted(date(2021, 6, 28)),
        RequirementsChecked(date(2021, 6, 30)),
    )


# Order


def test_each_step_follows_the_one_before() -> None:
    on_signing_day.given(*held()).when(DraftMinutes()).then(MinutesDrafted(SIGNED))
    on_signing_day.by(LAW_OFFICE).given(*drafted()).when(CheckRequirements()).then(
        RequirementsChecked(SIGNED)
    )
    on_signing_day.given(*all_confirmed()).when(SignMinutes("书记甲")).then(
        MinutesSigned("书记甲", SIGNED, SIGNED)
    )
    on_signing_day.given(*signed()).when(NumberMinutes(NUMBER)).then(MinutesNumbered(NUMBER, SIGNED))
    on_signing_day.today(SENT).given(*numbered()).when(SendMinutes()).then(sent())


@pytest.mark.parametrize(
    ("past", "situation", "allowed"),
    [
        (held(), "held", {0}),
        (drafted(), "drafted", {1}),
        (checked(), "checked", {2, 3}),
        (signed(), "signed", {4}),
        (numbered(), "numbered", set[int]()),
        ((*numbered(), sent()), "sent", set[int]()),
    ],
)
def test_no_step_is_skipped_or_repeated(past: tuple[Event, ...], situation: str, allowed: set[int]) -> None:
    for n, step in enumerate(STEPS):
        if n not in allowed:
            on_signing_day.given(*past).when(step).then_refused("review.not-allowed-now", situation=situation)


def test_minutes_are_not_sent_before_they_are_numbered() -> None:
    on_signing_day.given(*signed()).when(SendMinutes()).then_refused("review.number-missing")
    on_signing_day.given(*checked()).when(SendMinutes()).then_refused("review.not-allowed-now")


def test_minutes_are_sent_once() -> None:
    on_signing_day.given(*numbered(), sent()).when(SendMinutes()).then_refused("review.not-allowed-now")


# The leaders' words


def test_a_leader_confirms_own_words() -> None:
    on_signing_day.by(LEADER).given(*checked()).when(ConfirmWords("c1")).then(
        WordsConfirmed("c1", "领导甲", "领导甲", SIGNED)
    )


def test_the_party_office_enters_it_in_the_leaders_name() -> None:
    waiting = on_signing_day.by(PARTY_OFFICE).given(*checked())
    waiting.when(ConfirmWords("c1", entered_for="领导甲")).then(
        WordsConfirmed("c1", "领导甲", "区委办", SIGNED)
    )
    for entered_for in (None, "领导乙", "区委办"):
        waiting.when(ConfirmWords("c1", entered_for=entered_for)).then_refused(
            "review.words-of-another", comment="c1", by="领导甲", entered_for=entered_for
        )


@pytest.mark.parametrize("entered_for", [None, "领导甲"])
def test_a_leader_does_not_confirm_the_words_of_another(entered_for: str | None) -> None:
    on_signing_day.by(OTHER_LEADER).given(*checked()).when(ConfirmWords("c1", entered_for)).then_refused(
        "review.words-of-another", by="领导甲"
    )


def test_words_that_were_not_said_are_not_confirmed() -> None:
    on_signing_day.by(LEADER).given(*checked()).when(ConfirmWords("c9")).then_refused(
        "review.comment-unknown", comment="c9"
    )


def test_words_are_confirmed_once() -> None:
    on_signing_day.by(LEADER).given(*checked(), confirmed_words("c1")).when(ConfirmWords("c1")).then_nothing()


def test_signing_waits_for_every_leader() -> None:
    on_signing_day.given(*checked(), confirmed_words("c1")).when(SignMinutes("书记甲")).then_refused(
        "review.words-not-confirmed", comments=["c2", "c3"], leaders=["领导乙", "领导甲"]
    )


def test_a_comment_that_comes_after_the_check_is_checked_too() -> None:
    supplied = on_signing_day.given(*checked(), confirmed_words("c1"), commented("c4", "langxia"))
    assert isinstance(supplied.state, Drafted)
    assert supplied.state.proceedings.confirmed == {"c1"}
    supplied.when(SignMinutes("书记甲")).then_refused("review.not-allowed-now", situation="drafted")


def test_a_supplement_that_comes_after_the_check_changes_no_requirement() -> None:
    assert isinstance(on_signing_day.given(*checked(), supplemented("langxia")).state, Checked)


# What is missing


def test_signing_names_everything_that_is_missing() -> None:
    held_with(spoke(JIAOTONGWEI), supplemented("jiaotongwei"), spoke(GONGSHANGLIAN)).when(
        SignMinutes("书记甲")
    ).then_refused(
        "review.something-is-missing",
        missing=[
            "comment:jiaotongwei",
            "supplement:gongshanglian",
            "comment:gongshanglian",
            "speech:langxia",
            "supplement:langxia",
            "comment:langxia",
        ],
        missing_zh=[
            "区交通委点评",
            "区工商联补充汇报",
            "区工商联点评",
            "廊下镇述法",
            "廊下镇补充汇报",
            "廊下镇点评",
        ],
    )


def test_what_is_missing_is_supplied_or_marked_as_not_held() -> None:
    lacking = held_with(
        *[event for unit in ROSTER for event in (spoke(unit), commented(f"c-{unit.unit}", unit.unit))],
        supplemented("jiaotongwei"),
        supplemented("gongshanglian"),
    ).given(*[confirmed_words(f"c-{unit.unit}") for unit in ROSTER])
    lacking.when(SignMinutes("书记甲")).then_refused(
        "review.something-is-missing", missing=["supplement:langxia"]
    )
    assert lacking.given(supplemented("langxia")).when(SignMinutes("书记甲")).events
    [marked] = lacking.when(MarkNotHeld("langxia", "supplement", "因时间所限。")).events
    assert lacking.given(marked).when(SignMinutes("书记甲")).events


def test_who_did_not_speak_is_neither_supplemented_nor_commented_on() -> None:
    held_with(not_held("langxia", "speech")).when(SignMinutes("书记甲")).then_refused(
        "review.something-is-missing",
        missing=[f"{what}:{unit}" for unit in ORDER[:2] for what in ("speech", "supplement", "comment")],
    )


@pytest.mark.parametrize(
    ("policy", "lead", "expected"),
    [
        (Policy(), False, ["speech", "supplement", "comment"]),
        (Policy(supplement_expected=False), False, ["speech", "comment"]),
        (Policy(comment_expected=False), False, ["speech", "supplement"]),
        (Policy(), True, ["speech"]),
    ],
)
def test_what_is_expected_is_policy_and_less_for_lead_reporters(
    policy: Policy, lead: bool, expected: list[str]
) -> None:
    reporter = Reporter("quwei", "区委", "leadership", "head", "书记", "书记甲", lead)
    assert expected_of(reporter, frozenset(), policy) == expected


# Who checks the requirements

CHECK_DAY = date(2021, 6, 30)


def drafted_with(*requirements: Requirement) -> SessionScenario:
    """区司法局, which houses the law office, reports too; one comment asks what the test says."""
    return on_signing_day.today(CHECK_DAY).given(
        opened(*ROSTER, SIFAJU),
        agenda(*ORDER, "sifaju"),
        bulletin(),
        commented("c1", "langxia", *requirements),
        closed(),
        MinutesDrafted(date(2021, 6, 28)),
    )


def test_requirements_to_the_unit_that_houses_the_law_office_are_checked_by_another_too() -> None:
    waiting = drafted_with(Requirement("r1", "健全合法性审查", None, ("langxia", "sifaju")))
    waiting.by(PARTY_OFFICE).when(CheckRequirements()).then_refused(
        "review.not-a-checking-office", offices=["law_office", "supervision_office"]
    )
    [first] = waiting.by(LAW_OFFICE).when(CheckRequirements()).events
    assert first == RequirementsChecked(CHECK_DAY, "law_office", ("supervision_office",))
    half = waiting.given(first)
    assert isinstance(half.state, Drafted)
    half.by(LAW_OFFICE).when(CheckRequirements()).then_refused(
        "review.not-a-checking-office", offices=["supervision_office"]
    )
    [second] = half.by(SUPERVISION).when(CheckRequirements()).events
    assert second == RequirementsChecked(CHECK_DAY, "supervision_office", ())
    assert isinstance(half.given(second).state, Checked)


def test_the_offices_check_in_any_order() -> None:
    waiting = drafted_with(Requirement("r1", "健全合法性审查", None, ("sifaju",)))
    [first] = waiting.by(SUPERVISION).when(CheckRequirements()).events
    [second] = waiting.given(first).by(LAW_OFFICE).when(CheckRequirements()).events
    assert isinstance(waiting.given(first, second).state, Checked)


def test_who_stands_in_is_not_of_the_unit_that_is_asked() -> None:
    waiting = drafted_with(Requirement("r1", "健全合法性审查", None, ("sifaju",)))
    waiting.by(replace(SUPERVISION, unit="sifaju")).when(CheckRequirements()).then_refused(
        "review.conflict-of-interest", unit="sifaju", unit_name="区司法局"
    )


def test_where_nothing_is_asked_of_that_unit_the_law_office_checks_alone() -> None:
    alone = drafted_with(ONE_PROCEDURE).knowing(Facts(units=REGISTRY))
    alone.by(LAW_OFFICE).when(CheckRequirements()).then(RequirementsChecked(CHECK_DAY))
    alone.by(SUPERVISION).when(CheckRequirements()).then_refused(
        "review.not-a-checking-office", offices=["law_office"]
    )


def test_a_unit_that_does_not_report_may_house_the_law_office_as_well() -> None:
    general = Requirement("r1", "健全合法性审查", None, ("langxia", "sifaju"))
    said = (opened(), agenda(), bulletin(), commented("c1", "langxia", general), closed())
    waiting = a_session.given(*said, MinutesDrafted(date(2021, 6, 28))).knowing(Facts(units=REGISTRY))
    [event] = waiting.by(LAW_OFFICE).when(CheckRequirements()).events
    assert isinstance(event, RequirementsChecked)
    assert event.offices_missing == ("supervision_office",)


def test_a_comment_that_comes_between_two_checks_is_checked_by_both() -> None:
    waiting = drafted_with(Requirement("r1", "健全合法性审查", None, ("sifaju",)))
    half = waiting.given(
        RequirementsChecked(CHECK_DAY, "law_office", ("supervision_office",)),
        commented("c2", "langxia", ONE_PROCEDURE),
    )
    half.by(PARTY_OFFICE).when(CheckRequirements()).then_refused(
        "review.not-a-checking-office", offices=["law_office", "supervision_office"]
    )


# Classified minutes


def test_classified_minutes_leave_no_text_of_the_room_behind() -> None:
    said = (
        supplemented("langxia", text=FreeText(ref="t1", sha256="0" * 64)),
        commented("c1", "langxia", text=FreeText(ref="t3", sha256="0" * 64)),
        commented("c1", "langxia", text=FreeText(ref="t2", sha256="0" * 64)),
    )
    session = on_signing_day.given(opened(), agenda(), bulletin(), *said, closed())
    session.when(DraftMinutes()).then(MinutesDrafted(SIGNED))
    session.when(DraftMinutes(classified=True)).then(MinutesDrafted(SIGNED, True, ("t1", "t2", "t3")))


def test_once_the_minutes_are_classified_no_text_is_taken() -> None:
    classified = on_signing_day.given(*held(), MinutesDrafted(date(2021, 6, 28), True))
    for said in ("补充一点。", ""):
        outcome = classified.when(RecordSupplement("langxia", said))
        if said:
            outcome.then_refused("review.classified-text-not-stored")
        else:
            outcome.then(supplemented("langxia", text=None, on=SIGNED))


def test_minutes_of_a_classified_session_are_classified() -> None:
    classified = on_signing_day.given(opened(), agenda(classified=True), bulletin(), closed())
    classified.when(DraftMinutes()).then(MinutesDrafted(SIGNED, True))


@pytest.mark.parametrize("classified", [True, False])
def test_the_minutes_that_are_sent_say_whether_they_are_classified(classified: bool) -> None:
    past = (*held(), MinutesDrafted(date(2021, 6, 28), classified), *numbered()[len(drafted()) :])
    [event] = a_session.today(SENT).given(*past).when(SendMinutes()).events
    assert isinstance(event, MinutesSent)
    assert event.classified is classified


# Corrections

LINE = Correction("langxia-1", "健全重大决策合法性审查")
CORRECT = CorrectMinutes((LINE,), "事项表述有误。")
DAY_OF_CORRECTION = date(2021, 7, 12)
was_sent: SessionScenario = a_session.today(DAY_OF_CORRECTION).given(*numbered(), sent())


def test_a_wrong_line_is_corrected_and_all_excerpts_are_told_again() -> None:
    [event] = was_sent.when(CORRECT).events
    assert isinstance(event, MinutesCorrected)
    assert (event.document_number, event.corrected_on) == (NUMBER, DAY_OF_CORRECTION)
    before, after = sent().excerpts, event.excerpts
    assert after[:2] == before[:2]
    assert [item.task_line for item in after[2].items] == ["健全重大决策合法性审查"]
    assert replace(after[2], items=before[2].items) == before[2]


def test_a_correction_may_have_a_number_of_its_own() -> None:
    [event] = was_sent.when(replace(CORRECT, document_number="金委办〔2021〕5号")).events
    assert isinstance(event, MinutesCorrected)
    assert event.document_number == "金委办〔2021〕5号"
    was_sent.when(replace(CORRECT, document_number="5")).then_refused("review.document-number-malformed")


def test_what_is_corrected_again_starts_from_the_line_as_it_reads() -> None:
    [event] = was_sent.when(CORRECT).events
    again = was_sent.given(event)
    again.when(CORRECT).then_refused("review.nothing-to-correct", items=["langxia-1"])
    assert again.when(replace(CORRECT, corrections=(Correction("langxia-1", "健全合法性审查"),))).events


@pytest.mark.parametrize(
    ("corrections", "reason", "code"),
    [
        ((), "误。", "review.nothing-to-correct"),
        ((Correction("langxia-1", "健全合法性审查"),), "误。", "review.nothing-to-correct"),
        ((Correction("langxia-2", "新的一项"),), "误。", "review.item-unknown"),
        ((LINE, LINE), "误。", "review.item-corrected-twice"),
        ((Correction("langxia-1", " "),), "误。", "review.text-missing"),
        ((LINE,), "", "review.text-missing"),
    ],
)
def test_a_correction_changes_lines_that_are_there(
    corrections: tuple[Correction, ...], reason: str, code: str
) -> None:
    was_sent.when(CorrectMinutes(corrections, reason)).then_refused(code)


def test_what_was_not_sent_is_not_corrected() -> None:
    a_session.given(*numbered()).when(CORRECT).then_refused("review.not-allowed-now", situation="numbered")


# Dates and number


def test_a_signature_is_kept_with_its_scan_or_the_number_of_its_paper() -> None:
    signing = on_signing_day.given(*all_confirmed())
    [event] = signing.when(SignMinutes("书记甲", scan="签批单〔2021〕17号")).events
    assert event == MinutesSigned("书记甲", SIGNED, SIGNED, scan="签批单〔2021〕17号")
    signing.when(SignMinutes("书记甲", scan=" ")).then_refused("review.text-missing", field="scan")


def test_the_minutes_are_signed_by_somebody() -> None:
    on_signing_day.given(*all_confirmed()).when(SignMinutes(" ")).then_refused(
        "review.text-missing", field="signed_by"
    )


def test_the_signature_has_the_date_that_stands_on_the_paper() -> None:
    today = on_signing_day.today(date(2021, 7, 6)).given(*all_confirmed())
    today.when(SignMinutes("书记甲", SIGNED)).then(MinutesSigned("书记甲", SIGNED, date(2021, 7, 6)))
    today.when(SignMinutes("书记甲", date(2021, 7, 7))).then_refused(
        "review.date-in-the-future", field="signed_on", on="2021-07-07", today="2021-07-06"
    )
    today.when(SignMinutes("书记甲", date(2021, 7, 1))).then_refused(
        "review.date-before-the-step-before", field="signed_on", on="2021-07-01", step_before="2021-07-02"
    )


def test_the_minutes_are_sent_on_a_day_that_has_come_and_after_they_were_numbered() -> None:
    today = on_signing_day.today(date(2021, 7, 9)).given(*numbered())
    [event] = today.when(SendMinutes(SENT)).events
    assert isinstance(event, MinutesSent)
    assert (event.sent_on, event.entered_on) == (SENT, date(2021, 7, 9))
    today.when(SendMinutes(date(2021, 7, 10))).then_refused("review.date-in-the-future", field="sent_on")
    today.when(SendMinutes(date(2021, 7, 5))).then_refused(
        "review.date-before-the-step-before", field="sent_on", step_before="2021-07-06"
    )


@pytest.mark.parametrize("number", ["金委办〔2021〕3号", "金委办发〔2022〕1024号", "金法〔2021〕10号"])
def test_a_document_number_as_the_standard_writes_it(number: str) -> None:
    on_signing_day.given(*signed()).when(NumberMinutes(number)).then(MinutesNumbered(number, SIGNED))


@pytest.mark.parametrize(
    "number",
    [
        "金委办[2021]3号",
        "金委办(2021)3号",
        "金委办（2021）3号",
        "金委办〔2021〕03号",
        "金委办〔2021〕0号",
        "金委办〔21〕3号",
        "金委办〔2021〕第3号",
        "金委办〔2021〕3",
        "金委办〔２０２１〕3号",
        "委〔2021〕3号",
        "金委办〔2021〕12345号",
        "",
    ],
)
def test_a_document_number_of_another_form_is_refused_with_the_standard(number: str) -> None:
    on_signing_day.given(*signed()).when(NumberMinutes(number)).then_refused(
        "review.document-number-malformed", document_number=number, rule="GB/T 9704-2012"
    )


# Excerpts


def excerpts(of: SessionScenario) -> dict[str, Excerpt]:
    [event] = of.when(SendMinutes()).events
    assert isinstance(event, MinutesSent)
    return {excerpt.unit: excerpt for excerpt in event.excerpts}


@pytest.mark.parametrize(
    ("sent_on", "months", "due_on", "before_rolling"),
    [
        (date(2021, 7, 7), 3, date(2021, 10, 8), date(2021, 10, 7)),  # National Day
        (date(2021, 11, 30), 3, date(2022, 2, 28), date(2022, 2, 28)),  # no 30 February
        (date(2022, 1, 30), 3, date(2022, 5, 5), date(2022, 4, 30)),  # Labour Day
        (date(2021, 7, 7), 2, date(2021, 9, 7), date(2021, 9, 7)),  # a stricter policy
    ],
)
def test_the_term_is_counted_from_the_day_the_minutes_are_sent(
    sent_on: date, months: int, due_on: date, before_rolling: date
) -> None:
    sending = a_session.today(sent_on).under(Policy(rectification_months=months)).given(*numbered())
    langxia = excerpts(sending)["langxia"]
    assert (langxia.due_on, langxia.due_before_rolling, langxia.due_provisional) == (
        due_on,
        before_rolling,
        False,
    )


def test_a_due_date_in_a_year_without_a_calendar_is_provisional() -> None:
    years = {year: data for year, data in published().years.items() if year != 2022}
    sending = a_session.today(date(2022, 1, 30)).within(Calendar(years)).given(*numbered())
    langxia = excerpts(sending)["langxia"]
    assert (langxia.due_on, langxia.due_provisional) == (date(2022, 4, 30), True)


def test_praise_only_makes_no_item_and_no_date() -> None:
    gongshanglian = excerpts(a_session.today(SENT).given(*numbered()))["gongshanglian"]
    assert (gongshanglian.items, gongshanglian.due_on, gongshanglian.due_before_rolling) == ((), None, None)


def test_a_general_requirement_makes_items_for_the_units_it_names_only() -> None:
    by_unit = excerpts(a_session.today(SENT).given(*numbered()))
    assert {unit: [item.item for item in one.items] for unit, one in by_unit.items()} == {
        "jiaotongwei": ["jiaotongwei-1", "jiaotongwei-2"],
        "gongshanglian": [],
        "langxia": ["langxia-1"],
    }


def sending(*requirements: Requirement, units: Mapping[str, Known] = REGISTRY) -> SessionScenario:
    """One comment on 廊下镇 asks what the test says; the minutes are about to be sent."""
    return (
        a_session.today(SENT)
        .given(
            opened(*ROSTER, QUWEI),
            agenda(*ORDER, "quwei"),
            bulletin(),
            commented("c1", "langxia", *requirements),
            closed(),
            *numbered()[len(held()) :],
        )
        .knowing(Facts(units=units))
    )


def test_a_unit_that_did_not_report_has_an_excerpt_where_the_minutes_name_it() -> None:
    general = Requirement("r1", "健全合法性审查", None, ("shanyang", "langxia", "sifaju"))
    *reporting, first, second = excerpts(
        sending(general, Requirement("r2", "清理文件", None, ("shanyang",)))
    ).values()
    assert not any(one.general for one in reporting)
    assert (first.unit, first.official_order, first.houses_offices) == ("sifaju", 30, ("law_office",))
    assert (second.unit, second.unit_name, second.category) == ("shanyang", "山阳镇", "town")
    assert (second.post, second.title, second.person) == ("secretary", "书记", "书记乙")
    assert [item.item for item in second.items] == ["shanyang-1", "shanyang-2"]
    assert (second.general, second.due_on, second.due_before_rolling) == (
        True,
        date(2021, 10, 8),
        date(2021, 10, 7),
    )


def test_no_excerpt_is_made_for_a_unit_that_nobody_answers_for() -> None:
    general = Requirement("r1", "健全合法性审查", None, ("shanyang",))
    sending(general, units={}).when(SendMinutes()).then_refused(
        "review.requirement-for-a-unit-not-registered", units=["shanyang"]
    )
    headless = replace(REGISTRY["shanyang"], heads=())
    sending(general, units={"shanyang": headless}).when(SendMinutes()).then_refused(
        "review.unit-without-a-head", units=["shanyang"]
    )


def test_a_lead_reporter_has_an_excerpt_without_items() -> None:
    lead = excerpts(sending(ONE_PROCEDURE))["quwei"]
    assert (lead.items, lead.due_on, lead.general) == ((), None, False)


@pytest.mark.parametrize(("effective_on", "person"), [(HELD, "书记乙"), (DAY_AFTER, "书记丁")])
def test_an_excerpt_names_who_held_the_post_on_the_day_of_the_session(
    effective_on: date, person: str
) -> None:
    general = Requirement("r1", "健全合法性审查", None, ("shanyang",))
    handover = Handover("secretary", "书记丁", effective_on)
    shanyang = replace(REGISTRY["shanyang"], handovers=(handover,))
    assert excerpts(sending(general, units={"shanyang": shanyang}))["shanyang"].person == person


def test_excerpts_come_in_the_order_of_the_agenda() -> None:
    said = (
        opened(),
        agenda("langxia", "jiaotongwei", "gongshanglian"),
        bulletin(),
        *[event for unit in ROSTER for event in (spoke(unit), supplemented(unit.unit))],
        *[commented(f"c-{unit.unit}", unit.unit, ONE_PROCEDURE) for unit in (JIAOTONGWEI, GONGSHANGLIAN)],
        commented("c-langxia", "langxia", FOR_ALL),
    )
    later = numbered()[len(held()) - 1 :]
    assert list(excerpts(a_session.today(SENT).given(*said, *later))) == [
        "langxia",
        "jiaotongwei",
        "gongshanglian",
    ]
