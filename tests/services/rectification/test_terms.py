"""Suspended days: whatever periods come in whatever order, as many days are left to run as there were."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rectification.domain.situations import Reminders, Suspension
from services.rectification.domain.terms import days_of, moved_by, reminders
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.tenancy import Policy

CALENDAR = published()
FIRST, DUE = date(2022, 1, 31), date(2022, 5, 5)
ONE_DAY = timedelta(days=1)


def period(first: date, last: date) -> Suspension:
    return Suspension("s", first, last)


SPRING = period(date(2022, 4, 1), date(2022, 5, 31))


def test_sixty_one_suspended_days_move_the_fifth_of_may_to_the_fifth_of_july() -> None:
    assert len(days_of([SPRING])) == 61
    assert moved_by(DUE, FIRST, days_of([SPRING])) == date(2022, 7, 5)


@pytest.mark.parametrize(
    ("first", "last", "moved"),
    [
        (date(2022, 5, 5), date(2022, 5, 5), date(2022, 5, 6)),  # the last day alone
        (date(2022, 5, 5), date(2022, 5, 6), date(2022, 5, 7)),  # and the day it would move to
        (date(2022, 5, 6), date(2022, 6, 30), DUE),  # after the date: nothing ran then
        (date(2022, 1, 1), date(2022, 1, 30), DUE),  # before the term: the first day is not counted
        (date(2022, 1, 1), date(2022, 1, 31), date(2022, 5, 6)),  # its first running day
        (date(2022, 3, 1), date(2022, 3, 10), date(2022, 5, 15)),
    ],
)
def test_only_days_of_the_term_count(first: date, last: date, moved: date) -> None:
    assert moved_by(DUE, FIRST, days_of([period(first, last)])) == moved


def test_a_day_in_two_periods_is_suspended_once() -> None:
    twice = [SPRING, period(date(2022, 5, 1), date(2022, 6, 10))]
    assert moved_by(DUE, FIRST, days_of(twice)) == date(2022, 7, 15)


days = st.dates(date(2021, 12, 1), date(2022, 9, 30))
periods = st.lists(
    st.builds(lambda first, length: period(first, first + timedelta(days=length)), days, st.integers(0, 70)),
    max_size=4,
)
terms = st.tuples(st.dates(date(2022, 1, 1), date(2022, 4, 30)), st.integers(0, 120)).map(
    lambda term: (term[0], term[0] + timedelta(days=term[1]))
)


@given(terms, periods)
def test_as_many_days_run_as_without_a_stop_and_the_last_of_them_is_not_suspended(
    term: tuple[date, date], suspended: list[Suspension]
) -> None:
    first, due = term
    stopped = days_of(suspended)
    moved = moved_by(due, first, stopped)
    running = [
        day for n in range((moved - first).days + 1) if (day := first + timedelta(days=n)) not in stopped
    ]
    assert len(running) == (due - first).days + 1
    assert moved not in stopped
    assert moved >= due


@given(terms, periods)
def test_the_order_of_the_periods_says_nothing(term: tuple[date, date], suspended: list[Suspension]) -> None:
    first, due = term
    assert len({moved_by(due, first, days_of(order)) for order in permutations(suspended)}) == 1


@given(terms, periods, periods)
def test_more_suspension_never_gives_less_time(
    term: tuple[date, date], some: list[Suspension], more: list[Suspension]
) -> None:
    first, due = term
    assert moved_by(due, first, days_of(some)) <= moved_by(due, first, days_of([*some, *more]))


# ---- reminders ----


def test_a_unit_is_reminded_when_yellow_and_when_orange_comes() -> None:
    # 1 to 7 October are the holiday, 26 September is a make-up working Sunday
    assert reminders(date(2021, 10, 8), date(2021, 7, 7), Policy(), CALENDAR) == Reminders(
        yellow_on=date(2021, 9, 23), orange_on=date(2021, 9, 26)
    )


def test_the_days_are_policy_values() -> None:
    early = Policy(yellow_days=30, orange_working_days=10)
    assert reminders(date(2022, 2, 28), date(2021, 11, 30), early, CALENDAR) == Reminders(
        yellow_on=date(2022, 1, 29), orange_on=date(2022, 2, 14)
    )


def test_who_is_told_the_date_is_not_reminded_of_it_on_the_same_day() -> None:
    due = date(2021, 10, 8)
    assert reminders(due, date(2021, 9, 23), Policy(), CALENDAR).yellow_on is None
    assert reminders(due, date(2021, 9, 26), Policy(), CALENDAR) == Reminders()


def test_yellow_says_nothing_where_orange_has_come() -> None:
    # the Spring Festival of 2022 ends on 6 February: five working days before the 7th lie in January
    tight = Policy(yellow_days=10)
    assert reminders(date(2022, 2, 7), date(2021, 11, 30), tight, CALENDAR) == Reminders(
        orange_on=date(2022, 1, 26)
    )


def test_in_a_year_without_a_calendar_only_the_calendar_days_are_counted() -> None:
    known = Calendar({2021: CALENDAR.years[2021]})
    assert reminders(date(2022, 2, 28), date(2021, 11, 30), Policy(), known) == Reminders(
        yellow_on=date(2022, 2, 13)
    )


def test_nobody_is_reminded_in_a_suspension() -> None:
    due = date(2022, 6, 10)
    assert reminders(due, date(2022, 4, 1), Policy(), CALENDAR, [SPRING]) == Reminders(
        yellow_on=date(2022, 6, 1), orange_on=date(2022, 6, 2)
    )


@given(st.dates(date(2021, 1, 1), date(2022, 12, 1)), st.integers(1, 200), periods)
def test_a_reminder_comes_after_the_date_was_set_not_after_it_is_over_and_not_in_a_suspension(
    set_on: date, ahead: int, suspended: list[Suspension]
) -> None:
    due = CALENDAR.roll(set_on + timedelta(days=ahead))
    found = reminders(due, set_on, Policy(), CALENDAR, suspended)
    for day in (found.yellow_on, found.orange_on):
        assert day is None or (set_on < day <= due and day not in days_of(suspended))
    if found.yellow_on is not None and found.orange_on is not None:
        assert found.yellow_on < found.orange_on
