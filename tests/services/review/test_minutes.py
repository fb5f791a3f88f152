"""The rules of the minutes: one step after the other, whole, in the leaders' own words."""

from __future__ import annotations

from datetime import date

import pytest

from services.review.domain.minutes import (
    Checked,
    CheckRequirements,
    ConfirmWords,
    Drafted,
    DraftMinutes,
    Excerpt,
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
from services.review.domain.proceedings import MarkNotHeld, Proceedings
from services.review.domain.roster import Reporter, Roster
from services.review.domain.session import Command, Event
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.tenancy import Policy
from tests.services.review.telling import (
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
    ROSTER,
    SENT,
    SIGNED,
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
    roster = Roster("2021-2", 2021, 2, HELD, (reporter,), ())
    assert expected_of(reporter, Proceedings(roster, ("quwei",), "副主任甲"), policy) == expected


# Dates and number


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
