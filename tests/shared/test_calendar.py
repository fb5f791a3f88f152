"""Business dates over twenty published years: rolling, terms of months, and counting working days."""

from __future__ import annotations

import calendar as gregorian
import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import Calendar, Due, Year, YearNotPublished, months_after
from shared.calendar.china import published
from shared.eventstore.reference import calendar_with

CALENDAR = published()
TWENTY_YEARS = st.dates(date(2005, 1, 1), date(2024, 12, 31))
WORKING_DAYS = TWENTY_YEARS.filter(CALENDAR.is_working_day)
COUNTS = st.integers(0, 60)
MONTHS = st.integers(0, 24)
ONE_DAY = timedelta(days=1)


def days_between(start: date, end: date) -> list[date]:
    """Every day after ``start`` up to and including ``end``."""
    return [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]


# ---- the dates of domain.md section 4 ----


@pytest.mark.parametrize(
    ("sent_on", "before_rolling", "due_on"),
    [
        pytest.param(date(2022, 1, 12), date(2022, 4, 12), date(2022, 4, 12), id="an ordinary day"),
        pytest.param(date(2021, 11, 30), date(2022, 2, 28), date(2022, 2, 28), id="a missing day clamps"),
        pytest.param(date(2021, 7, 7), date(2021, 10, 7), date(2021, 10, 8), id="inside the National Day"),
        pytest.param(
            date(2022, 1, 30), date(2022, 4, 30), date(2022, 5, 5), id="from a make-up working Sunday"
        ),
    ],
)
def test_three_months_end_on_the_day_that_the_domain_says(
    sent_on: date, before_rolling: date, due_on: date
) -> None:
    assert CALENDAR.due_months_after(sent_on, 3) == Due(due_on, before_rolling)


def test_a_make_up_weekend_day_is_a_working_day_and_a_holiday_on_a_weekday_is_not() -> None:
    assert CALENDAR.is_working_day(date(2022, 1, 30))
    assert date(2022, 1, 30).weekday() == gregorian.SUNDAY
    assert not CALENDAR.is_working_day(date(2021, 10, 7))
    assert date(2021, 10, 7).weekday() == gregorian.THURSDAY


@pytest.mark.parametrize(
    ("held_on", "due_on", "approved_by"),
    [
        pytest.param(date(2021, 6, 24), date(2021, 6, 2), date(2021, 6, 17), id="over the Dragon Boat days"),
        pytest.param(date(2022, 1, 12), date(2021, 12, 21), date(2022, 1, 5), id="over the New Year"),
    ],
)
def test_drafts_are_due_fifteen_and_approved_five_working_days_before(
    held_on: date, due_on: date, approved_by: date
) -> None:
    assert CALENDAR.working_days_before(held_on, 15) == due_on
    assert CALENDAR.working_days_before(held_on, 5) == approved_by


@given(day=TWENTY_YEARS)
def test_a_working_day_is_a_weekday_that_is_no_holiday_or_a_make_up_weekend_day(day: date) -> None:
    year = CALENDAR.years[day.year]
    weekend = day.weekday() >= gregorian.SATURDAY
    expected = day in year.working_weekend_days if weekend else day not in year.holidays
    assert CALENDAR.is_working_day(day) == expected


# ---- terms of months ----


@given(day=TWENTY_YEARS, months=MONTHS)
def test_months_later_is_the_same_day_or_the_end_of_a_shorter_month(day: date, months: int) -> None:
    later = months_after(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == min(day.day, gregorian.monthrange(later.year, later.month)[1])


@given(day=TWENTY_YEARS, months=MONTHS)
def test_months_later_keeps_the_order_of_days(day: date, months: int) -> None:
    assert months_after(day, months) <= months_after(day + ONE_DAY, months)


@given(day=TWENTY_YEARS.filter(lambda day: day.day <= 28), months=MONTHS)
def test_months_back_undo_months_forward_where_nothing_was_clamped(day: date, months: int) -> None:
    assert months_after(months_after(day, months), -months) == day


# ---- rolling ----


@given(day=TWENTY_YEARS)
def test_a_rolled_day_is_the_first_working_day_from_there(day: date) -> None:
    rolled = CALENDAR.roll(day)
    assert rolled >= day
    assert CALENDAR.is_working_day(rolled)
    assert not any(CALENDAR.is_working_day(skipped) for skipped in days_between(day - ONE_DAY, rolled)[:-1])


@given(day=WORKING_DAYS)
def test_a_working_day_is_not_rolled(day: date) -> None:
    assert CALENDAR.due(day) == Due(day, day)


@given(day=TWENTY_YEARS, months=MONTHS)
def test_a_due_date_is_never_on_a_day_off_and_remembers_the_day_before_rolling(
    day: date, months: int
) -> None:
    due = CALENDAR.due_months_after(day, months)
    assert CALENDAR.is_working_day(due.on)
    assert due.before_rolling == months_after(day, months)
    assert due.on == CALENDAR.roll(due.before_rolling)
    assert not due.provisional


# ---- counting working days ----


@given(day=WORKING_DAYS, count=COUNTS)
def test_so_many_days_before_and_after_undo_each_other_on_working_days(day: date, count: int) -> None:
    assert CALENDAR.working_days_after(CALENDAR.working_days_before(day, count), count) == day
    assert CALENDAR.working_days_before(CALENDAR.working_days_after(day, count), count) == day


@given(day=TWENTY_YEARS, count=st.integers(1, 60))
def test_a_count_ends_on_a_working_day_with_so_many_between(day: date, count: int) -> None:
    after, before = CALENDAR.working_days_after(day, count), CALENDAR.working_days_before(day, count)
    assert CALENDAR.is_working_day(after)
    assert CALENDAR.is_working_day(before)
    assert CALENDAR.working_days_between(day, after) == count
    assert CALENDAR.working_days_between(before - ONE_DAY, day - ONE_DAY) == count


@given(day=TWENTY_YEARS)
def test_no_working_days_before_or_after_is_the_day_itself(day: date) -> None:
    assert CALENDAR.working_days_before(day, 0) == CALENDAR.working_days_after(day, 0) == day


@given(start=TWENTY_YEARS, end=TWENTY_YEARS, further=st.integers(0, 400))
def test_what_lies_between_adds_up_and_changes_sign_with_direction(
    start: date, end: date, further: int
) -> None:
    farther = min(end + timedelta(days=further), date(2025, 12, 31))
    between = CALENDAR.working_days_between
    assert between(start, end) + between(end, farther) == between(start, farther)
    assert between(start, end) == -between(end, start)
    assert between(start, start) == 0


_ABOUT = st.dates(date(2020, 12, 1), date(2023, 1, 31))
_SOME_DAYS = st.frozensets(_ABOUT, max_size=40)


@given(
    known=st.sets(st.sampled_from([2021, 2022])),
    off=st.lists(_SOME_DAYS, min_size=2, max_size=2),
    back=st.lists(_SOME_DAYS, min_size=2, max_size=2),
    start=_ABOUT,
    end=_ABOUT,
)
def test_working_days_are_counted_as_one_would_day_by_day(
    known: set[int], off: list[frozenset[date]], back: list[frozenset[date]], start: date, end: date
) -> None:
    """Whatever a year's arrangement names: weekends that are off, weekdays that are made up, days of other years."""
    years = {year: Year(year, off[n], back[n]) for n, year in enumerate((2021, 2022)) if year in known}
    calendar, (first, last) = Calendar(years), sorted((start, end))
    unknown = [day.year for day in days_between(first, last) if day.year not in known]
    if unknown:
        with pytest.raises(YearNotPublished) as refused:
            calendar.working_days_between(start, end)
        assert refused.value.year == unknown[0]
    else:
        by_hand = sum(map(calendar.is_working_day, days_between(first, last)))
        assert calendar.working_days_between(start, end) == (by_hand if start <= end else -by_hand)


@given(day=TWENTY_YEARS, count=st.integers(max_value=-1))
def test_a_negative_count_is_a_mistake_of_the_caller(day: date, count: int) -> None:
    with pytest.raises(ValueError, match="one direction"):
        CALENDAR.working_days_after(day, count)


# ---- years without data ----


KNOWN_2021 = Calendar({2021: CALENDAR.years[2021]})


@given(day=st.dates(date(2022, 1, 1), date(2031, 12, 31)))
def test_a_due_date_in_an_unknown_year_is_the_date_before_rolling_and_provisional(day: date) -> None:
    assert KNOWN_2021.due(day) == Due(day, day, provisional=True)


def without(year: int) -> Calendar:
    """The calendar before that year's holidays were published."""
    return Calendar({known: data for known, data in CALENDAR.years.items() if known != year})


@given(day=TWENTY_YEARS, months=MONTHS)
def test_a_provisional_due_date_is_confirmed_or_moved_later_when_the_year_is_known(
    day: date, months: int
) -> None:
    last = months_after(day, months)
    provisional = without(last.year).due_months_after(day, months)
    assert provisional == Due(last, last, provisional=True)
    known = CALENDAR.due_months_after(day, months)
    assert known.before_rolling == provisional.before_rolling
    assert known.on >= provisional.on
    assert (known.on == provisional.on) == CALENDAR.is_working_day(last)


@given(day=TWENTY_YEARS, count=st.integers(1, 60))
def test_lead_times_that_touch_an_unknown_year_name_it_and_others_do_not_need_it(
    day: date, count: int
) -> None:
    before = CALENDAR.working_days_before(day, count)
    year = (day - ONE_DAY).year
    with pytest.raises(YearNotPublished) as missing:
        without(year).working_days_before(day, count)
    assert missing.value.year == year
    assert without(before.year - 1).working_days_before(day, count) == before


def test_a_date_that_would_roll_into_an_unknown_year_is_provisional_as_well() -> None:
    all_december_off = Year(2021, holidays=frozenset(days_between(date(2021, 11, 30), date(2021, 12, 31))))
    calendar = Calendar({2021: all_december_off})
    assert calendar.due(date(2021, 12, 20)) == Due(date(2021, 12, 20), date(2021, 12, 20), provisional=True)


@pytest.mark.parametrize(
    "ask",
    [
        lambda calendar: calendar.is_working_day(date(2022, 1, 4)),
        lambda calendar: calendar.roll(date(2022, 1, 4)),
        lambda calendar: calendar.working_days_after(date(2021, 12, 30), 5),
        lambda calendar: calendar.working_days_before(date(2022, 1, 12), 15),
        lambda calendar: calendar.working_days_between(date(2021, 12, 1), date(2022, 1, 12)),
    ],
)
def test_counting_in_an_unknown_year_names_the_year_and_never_guesses(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(YearNotPublished) as missing:
        ask(KNOWN_2021)
    assert missing.value.year == 2022


def test_counting_stays_inside_the_known_year_where_it_can() -> None:
    assert KNOWN_2021.working_days_before(date(2022, 1, 1), 1) == date(2021, 12, 31)


def test_every_year_from_2005_on_is_published_with_its_holidays() -> None:
    for year in range(2005, 2025):
        known = CALENDAR.years[year]
        assert len(known.holidays) >= 10
        assert all(day.year == year for day in known.holidays | known.working_weekend_days)
        assert not known.holidays & known.working_weekend_days
        assert all(day.weekday() >= gregorian.SATURDAY for day in known.working_weekend_days)


# ---- a calendar that is imported over the published one ----


def imported(year: int, holidays: list[date], working_weekend_days: list[date]) -> tuple[int, str]:
    """A year as a service keeps it: the year and its days as JSON."""
    days = {"holidays": holidays, "working_weekend_days": working_weekend_days}
    return year, json.dumps({kind: [day.isoformat() for day in listed] for kind, listed in days.items()})


def test_an_imported_year_replaces_the_whole_published_one_and_no_other() -> None:
    calendar = calendar_with([imported(2022, [date(2022, 4, 12)], [])])
    assert calendar.due_months_after(date(2022, 1, 12), 3) == Due(date(2022, 4, 13), date(2022, 4, 12))
    assert not calendar.is_working_day(date(2022, 1, 30)), "a make-up day of the published year"
    assert calendar.is_working_day(date(2022, 5, 2)), "a holiday of the published year"
    assert calendar.years[2021] == CALENDAR.years[2021]


def test_of_two_imports_of_a_year_the_last_holds() -> None:
    first, second = imported(2022, [date(2022, 4, 12)], []), imported(2022, [date(2022, 4, 13)], [])
    assert calendar_with([first, second]).is_working_day(date(2022, 4, 12))
    assert not calendar_with([first, second]).is_working_day(date(2022, 4, 13))


def test_an_import_makes_a_year_known_that_was_not_published_yet() -> None:
    year = max(CALENDAR.years) + 1
    day = date(year, 6, 6)
    assert CALENDAR.due(day).provisional
    assert calendar_with([imported(year, [day], [])]).due(day).before_rolling == day
    assert not calendar_with([imported(year, [day], [])]).due(day).provisional


@given(year=st.integers(2005, 2024))
def test_importing_a_published_year_as_it_is_changes_nothing(year: int) -> None:
    known = CALENDAR.years[year]
    again = imported(year, sorted(known.holidays), sorted(known.working_weekend_days))
    assert calendar_with([again]) == CALENDAR
