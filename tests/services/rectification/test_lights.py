"""The light at each of its boundaries, and the bulletin's four words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rectification.domain.lights import BulletinWord, bulletin_word, light
from services.rectification.domain.situations import Standing
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.tenancy import Colour, Policy, receipt_due_on

CALENDAR = published()
POLICY = Policy()
DUE = date(2022, 2, 28)
"""廊下镇's session: a Monday; the Spring Festival lies before its last fifteen days."""


def colour_on(today: date, due_on: date = DUE, policy: Policy = POLICY, calendar: Calendar = CALENDAR) -> str:
    return light("open", due_on, today, policy, calendar).colour


@pytest.mark.parametrize(
    ("today", "colour"),
    [
        (date(2021, 11, 30), "green"),
        (date(2022, 2, 12), "green"),  # 16 days left
        (date(2022, 2, 13), "yellow"),  # 15
        (date(2022, 2, 18), "yellow"),  # 6 working days left
        (date(2022, 2, 21), "orange"),  # 5
        (date(2022, 2, 28), "orange"),  # the day itself
        (date(2022, 3, 1), "red"),
        (date(2022, 3, 13), "red"),  # a Sunday, 9 working days after
        (date(2022, 3, 14), "supervision"),  # 10
        (date(2023, 3, 14), "supervision"),
    ],
)
def test_the_light_changes_on_its_day(today: date, colour: Colour) -> None:
    assert colour_on(today) == colour


def test_holidays_make_the_orange_light_come_earlier() -> None:
    due = date(2021, 10, 8)  # 1 to 7 October are the holiday; 26 September is a make-up working Sunday
    assert colour_on(date(2021, 9, 25), due) == "yellow"  # 9-26 to 9-30 and 10-08: six
    assert colour_on(date(2021, 9, 26), due) == "orange"


def test_the_boundaries_are_policy_values() -> None:
    strict = Policy(yellow_days=30, orange_working_days=10, supervision_working_days=3)
    assert colour_on(date(2022, 1, 29), policy=strict) == "yellow"
    assert colour_on(date(2022, 2, 14), policy=strict) == "orange"
    assert colour_on(date(2022, 3, 3), policy=strict) == "supervision"


def test_days_left_are_signed() -> None:
    assert light("open", DUE, date(2022, 2, 25), POLICY, CALENDAR).days_left == 3
    assert light("open", DUE, DUE, POLICY, CALENDAR).days_left == 0
    assert light("returned", DUE, date(2022, 3, 2), POLICY, CALENDAR).days_left == -2


@pytest.mark.parametrize(
    ("today", "en", "zh"),
    [
        (date(2022, 2, 26), "2 days left", "剩余2天"),
        (date(2022, 2, 27), "1 day left", "剩余1天"),
        (date(2022, 2, 28), "due today", "今日到期"),
        (date(2022, 3, 1), "overdue by 1 day", "逾期1天"),
        (date(2022, 3, 14), "overdue by 14 days, to be supervised", "逾期14天，应予督办"),
    ],
)
def test_the_light_says_in_words_what_it_shows(today: date, en: str, zh: str) -> None:
    shown = light("open", DUE, today, POLICY, CALENDAR)
    assert (shown.en, shown.zh) == (en, zh)


def test_every_colour_of_a_running_date_has_an_icon_of_its_own() -> None:
    days = [date(2022, 1, 1), date(2022, 2, 13), date(2022, 2, 21), date(2022, 3, 1), date(2022, 3, 14)]
    shown = [light("open", DUE, day, POLICY, CALENDAR) for day in days]
    assert {one.colour for one in shown} == set(get_args(Colour)) - {"none"}
    assert len({one.icon for one in shown}) == len(shown)


@pytest.mark.parametrize(
    ("standing", "zh"),
    [
        ("awaiting_receipt", "已反馈，待签收"),
        ("awaiting_verification", "已签收，待核查"),
        ("completed", "已完成"),
    ],
)
def test_once_fed_back_no_date_runs_against_the_unit(standing: Standing, zh: str) -> None:
    shown = light(standing, DUE, date(2022, 6, 1), POLICY, CALENDAR)
    assert (shown.colour, shown.days_left, shown.zh) == ("none", None, zh)


@pytest.mark.parametrize(
    ("today", "zh"),
    [
        (date(2021, 9, 28), "已反馈，待签收，已0个工作日（签收时限5个工作日）"),
        (date(2021, 9, 30), "已反馈，待签收，已2个工作日（签收时限5个工作日）"),
        (
            date(2021, 10, 13),
            "已反馈，待签收，已7个工作日（签收时限5个工作日）",
        ),  # 10-09 is a make-up Saturday
    ],
)
def test_while_the_offices_have_it_the_words_say_how_long_and_no_colour_blames_the_unit(
    today: date, zh: str
) -> None:
    shown = light("awaiting_receipt", date(2021, 9, 29), today, POLICY, CALENDAR, sent_on=date(2021, 9, 28))
    assert (shown.colour, shown.days_left, shown.zh) == ("none", None, zh)
    assert bulletin_word("awaiting_receipt", date(2021, 9, 29), today) == "fed_back_unverified"


def test_by_when_the_offices_should_receipt_is_policy() -> None:
    sent_on = date(2021, 9, 28)
    assert receipt_due_on(sent_on, POLICY, CALENDAR) == date(2021, 10, 11)
    assert receipt_due_on(sent_on, Policy(receipt_working_days=2), CALENDAR) == date(2021, 9, 30)
    assert receipt_due_on(sent_on, POLICY, Calendar({})) is None


@pytest.mark.parametrize("standing", ["open", "returned"])
def test_in_a_suspension_no_date_runs(standing: Standing) -> None:
    shown = light(standing, DUE, DUE, POLICY, CALENDAR, suspended_until=date(2022, 2, 27))
    assert (shown.colour, shown.icon, shown.zh) == ("none", "pause", "暂停办理至2022年2月27日")
    done = light("completed", DUE, DUE, POLICY, CALENDAR, suspended_until=date(2022, 2, 27))
    assert done.icon == "check"


def test_working_days_of_an_unknown_year_are_not_guessed() -> None:
    known = Calendar({2021: CALENDAR.years[2021]})
    assert colour_on(date(2022, 2, 27), calendar=known) == "yellow"
    assert colour_on(date(2022, 3, 14), calendar=known) == "red"
    assert colour_on(date(2021, 11, 30), calendar=known) == "green"


SEVERITY = ("green", "yellow", "orange", "red", "supervision")


@given(
    due=st.dates(date(2010, 1, 1), date(2024, 12, 31)).map(CALENDAR.roll),
    day=st.integers(min_value=-120, max_value=60),
)
def test_a_light_never_gets_milder_as_days_pass(due: date, day: int) -> None:
    today = due + timedelta(days=day)
    before, after = (SEVERITY.index(colour_on(d, due)) for d in (today, today + timedelta(days=1)))
    assert before <= after


@pytest.mark.parametrize(
    ("standing", "today", "word"),
    [
        ("open", DUE, "not_due"),
        ("open", date(2022, 3, 1), "overdue"),
        ("returned", DUE, "not_due"),
        ("returned", date(2022, 3, 1), "overdue"),
        ("awaiting_receipt", date(2022, 6, 1), "fed_back_unverified"),
        ("awaiting_verification", date(2022, 6, 1), "fed_back_unverified"),
        ("completed", date(2022, 6, 1), "completed"),
    ],
)
def test_the_bulletin_has_four_words(standing: Standing, today: date, word: BulletinWord) -> None:
    assert bulletin_word(standing, DUE, today) == word
