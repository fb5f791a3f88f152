"""The arithmetic of a date in words, from the register's history and the calendar: nothing is invented."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.portal.domain.due_dates import Step, Told, steps
from services.portal.domain.saying import Saying
from services.portal.web.pages import day
from shared.calendar import Calendar
from shared.calendar.china import holiday_name, published

SAY = Saying(office=str, day=day)


def row(
    *history: tuple[str, str, str] | tuple[str, str, str, int], provisional: bool = False
) -> dict[str, Any]:
    """(why, the day it was set, the date it set, suspended days)."""
    return {
        "due_provisional": provisional,
        "due_history": [
            {"why": one[0], "on": one[1], "due_on": one[2]} | ({"days": one[3]} if len(one) > 3 else {})
            for one in history
        ],
    }


def told(one: dict[str, Any], said: Told, calendar: Calendar | None = None) -> list[Step]:
    return steps(one, said, published() if calendar is None else calendar, holiday_name, SAY)


def words(one: dict[str, Any], said: Told, calendar: Calendar | None = None) -> list[str]:
    return [step.words for step in told(one, said, calendar)]


@pytest.mark.parametrize(
    ("sent", "ends", "due", "expected"),
    [
        ("2022-01-12", "2022-04-12", "2022-04-12", "纪要2022年1月12日发出，三个月至2022年4月12日。"),
        (
            "2021-07-07",
            "2021-10-07",
            "2021-10-08",
            "纪要2021年7月7日发出，三个月至2021年10月7日，适逢国庆节假期，顺延至2021年10月8日。",
        ),
        (
            "2021-11-30",
            "2022-02-28",
            "2022-02-28",
            "纪要2021年11月30日发出，三个月至2022年2月28日（2月没有30日，取月末）。",
        ),
        (
            "2022-01-30",
            "2022-04-30",
            "2022-05-05",
            "纪要2022年1月30日发出，三个月至2022年4月30日，适逢劳动节假期，顺延至2022年5月5日。",
        ),
        (
            "2021-06-11",
            "2021-08-11",
            "2021-08-11",
            "纪要2021年6月11日发出，两个月至2021年8月11日。",
        ),
        (
            "2021-06-14",
            "2021-08-14",
            "2021-08-16",
            "纪要2021年6月14日发出，两个月至2021年8月14日，适逢周末，顺延至2021年8月16日。",
        ),
    ],
)
def test_what_the_minutes_print_is_spelled_out(sent: str, ends: str, due: str, expected: str) -> None:
    said = Told(before_rolling=date.fromisoformat(ends))
    assert words(row(("minutes", sent, due)), said) == [expected]


def test_what_was_not_told_or_does_not_add_up_is_not_explained() -> None:
    one = row(("minutes", "2021-07-07", "2021-10-08"))
    assert words(one, Told()) == ["纪要2021年7月7日发出，写明期限为2021年10月8日。"]
    assert words(one, Told(before_rolling=date(2021, 10, 6))) == [
        "纪要2021年7月7日发出，写明期限为2021年10月8日。"
    ]
    later = row(("minutes", "2021-07-07", "2021-10-12"))
    assert words(later, Told(before_rolling=date(2021, 10, 7))) == [
        "纪要2021年7月7日发出，三个月至2021年10月7日，期限定为2021年10月12日。"
    ]


def test_suspended_days_are_added_and_their_sum_is_rolled() -> None:
    one = row(("minutes", "2022-01-30", "2022-05-05"), ("suspension", "2022-04-01", "2022-07-05", 61))
    period = (date(2022, 4, 1), date(2022, 5, 31))
    said = Told(date(2022, 4, 30), {date(2022, 7, 5): period})
    assert words(one, said)[1] == (
        "2022年4月1日至2022年5月31日暂停办理，期限内计61天，由2022年5月5日加61天至2022年7月5日。"
    )
    rolled = row(("minutes", "2022-01-30", "2022-05-05"), ("suspension", "2022-04-01", "2022-07-04", 58))
    assert words(rolled, Told(date(2022, 4, 30)))[1] == (
        "暂停办理，期限内计58天，由2022年5月5日加58天至2022年7月2日，适逢周末，顺延至2022年7月4日。"
    )


def test_a_second_suspension_counts_from_the_date_before_both() -> None:
    one = row(
        ("minutes", "2022-01-12", "2022-04-12"),
        ("suspension", "2022-03-01", "2022-05-05", 20),
        ("suspension", "2022-04-20", "2022-05-12", 10),
    )
    assert words(one, Told(date(2022, 4, 12)))[2] == (
        "暂停办理，期限内计10天，连同此前共30天，由2022年4月12日加30天至2022年5月12日。"
    )


def test_every_later_date_says_what_set_it_and_keeps_the_one_before() -> None:
    one = row(
        ("minutes", "2021-07-07", "2021-10-08"),
        ("extension", "2021-09-23", "2021-10-29"),
        ("return", "2021-11-01", "2021-11-26"),
        ("correction", "2021-11-05", "2021-11-25"),
    )
    assert words(one, Told())[1:] == [
        "2021年9月23日同意延期，期限由2021年10月8日延至2021年10月29日。",
        "2021年11月1日退回整改，新期限为2021年11月26日，原期限2021年10月29日仍保留在案。",
        "2021年11月5日更正记录，期限由2021年11月26日更正为2021年11月25日。",
    ]


def test_a_year_without_its_calendar_is_not_guessed() -> None:
    none_known = Calendar({})
    waiting = row(("minutes", "2030-01-12", "2030-04-12"), provisional=True)
    assert words(waiting, Told(date(2030, 4, 12)), none_known) == [
        "纪要2030年1月12日发出，三个月至2030年4月12日。2030年节假日安排尚未发布，此期限为暂定。"
    ]
    known = row(("minutes", "2030-01-12", "2030-04-13"), ("minutes", "2030-02-01", "2030-04-15"))
    assert words(known, Told(date(2030, 4, 13)))[1] == "2030年节假日安排已发布，期限确认为2030年4月15日。"
    returned = row(
        ("minutes", "2029-01-12", "2029-04-12"),
        ("return", "2029-05-01", "2030-01-12"),
        ("return", "2029-12-01", "2030-01-14"),
    )
    said = Told(date(2029, 4, 12), confirmed=frozenset({date(2030, 1, 14)}))
    assert words(returned, said)[2] == "2030年节假日安排已发布，期限确认为2030年1月14日。"


def test_the_calendar_that_governs_decides_what_is_a_holiday() -> None:
    """A day that our own table calls a holiday, and the adopted calendar calls a working day, is none."""
    working = Calendar({2021: published().years[2021].__class__(2021)})
    one = row(("minutes", "2021-07-07", "2021-10-08"))
    assert words(one, Told(date(2021, 10, 7)), working) == [
        "纪要2021年7月7日发出，三个月至2021年10月7日，期限定为2021年10月8日。"
    ]
