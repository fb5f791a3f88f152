"""The rules of a year's holiday calendar: its own days, from a document, corrected by another adoption."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.scheduling.domain.calendar import (
    AdoptCalendar,
    Adopted,
    CalendarAdopted,
    CalendarCorrected,
    Event,
    Facts,
    YearCalendar,
    decide,
    evolve,
    initial,
)
from shared.testing.given import Scenario, scenario
from tests.services.scheduling.telling import LAW_OFFICE

TODAY = date(2021, 11, 1)
HOLIDAYS = (date(2022, 1, 1), date(2022, 1, 2), date(2022, 1, 3))
WORKING = (date(2022, 1, 29), date(2022, 1, 30))
ADOPT = AdoptCalendar(HOLIDAYS, WORKING, "国办发明电〔2021〕11号")
ADOPTED = CalendarAdopted(2022, HOLIDAYS, WORKING, "国办发明电〔2021〕11号", on=TODAY)


def calendar_of_2022() -> Scenario[YearCalendar, AdoptCalendar, Event, Facts]:
    return scenario(decide, evolve, initial, today=TODAY, actor=LAW_OFFICE, facts=Facts(2022))


def test_a_years_calendar_is_adopted_by_its_document() -> None:
    calendar_of_2022().when(ADOPT).then(ADOPTED)


def test_the_order_in_which_days_are_listed_and_a_day_listed_twice_say_nothing() -> None:
    shuffled = replace(ADOPT, holidays=(*reversed(HOLIDAYS), HOLIDAYS[0]), working_weekend_days=WORKING[::-1])
    calendar_of_2022().when(shuffled).then(ADOPTED)


def test_the_same_calendar_again_is_nothing_new() -> None:
    calendar_of_2022().given(ADOPTED).when(ADOPT).then_nothing()


def test_a_second_adoption_is_a_correction_by_its_own_document_and_the_last_one_holds() -> None:
    longer = (*HOLIDAYS, date(2022, 1, 4))
    corrected = CalendarCorrected(
        2022, longer, WORKING, "国办发明电〔2022〕1号", "国办发明电〔2021〕11号", on=TODAY
    )
    correct = AdoptCalendar(longer, WORKING, "国办发明电〔2022〕1号")
    calendar_of_2022().given(ADOPTED).when(correct).then(corrected)
    after = calendar_of_2022().given(ADOPTED, corrected)
    assert after.state == Adopted(longer, WORKING, "国办发明电〔2022〕1号")
    after.when(correct).then_nothing()


@pytest.mark.parametrize("past", [(), (ADOPTED,)], ids=["adoption", "correction"])
def test_a_calendar_and_its_correction_name_their_document(past: tuple[Event, ...]) -> None:
    calendar_of_2022().given(*past).when(replace(ADOPT, document=" ")).then_refused(
        "scheduling.calendar-without-document"
    )


def test_a_calendar_is_the_calendar_of_a_year() -> None:
    calendar_of_2022().knowing(Facts(None)).when(ADOPT).then_refused("scheduling.calendar-year-malformed")


def test_a_year_has_holidays_and_need_not_have_make_up_days() -> None:
    calendar_of_2022().when(replace(ADOPT, holidays=())).then_refused("scheduling.calendar-without-holidays")
    calendar_of_2022().when(replace(ADOPT, working_weekend_days=())).then(
        replace(ADOPTED, working_weekend_days=())
    )


@pytest.mark.parametrize("weekday", range(7))
def test_a_holiday_may_be_any_day_of_the_week(weekday: int) -> None:
    day = date(2022, 6, 6 + weekday)
    assert day.weekday() == weekday
    assert calendar_of_2022().when(replace(ADOPT, holidays=(day,))).refusal is None


def test_a_calendar_says_nothing_of_another_years_days() -> None:
    calendar_of_2022().when(replace(ADOPT, holidays=(*HOLIDAYS, date(2021, 12, 31)))).then_refused(
        "scheduling.day-outside-the-year", year=2022, days=["2021-12-31"]
    )
    calendar_of_2022().when(replace(ADOPT, working_weekend_days=(date(2023, 1, 28),))).then_refused(
        "scheduling.day-outside-the-year", days=["2023-01-28"]
    )


def test_a_make_up_working_day_is_on_a_weekend() -> None:
    calendar_of_2022().when(replace(ADOPT, working_weekend_days=(date(2022, 1, 28), *WORKING))).then_refused(
        "scheduling.working-day-not-on-a-weekend", days=["2022-01-28"]
    )


def test_a_day_is_not_off_and_working_at_once() -> None:
    calendar_of_2022().when(replace(ADOPT, holidays=(*HOLIDAYS, date(2022, 1, 29)))).then_refused(
        "scheduling.day-both-off-and-working", days=["2022-01-29"]
    )
