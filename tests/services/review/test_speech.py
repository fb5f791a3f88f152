"""Counting spoken syllables."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.review.domain.speech import aimed_at, length, read_number, spoken_syllables
from shared.tenancy import Policy


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("0", "零"),
        ("7", "七"),
        ("10", "十"),
        ("12", "十二"),
        ("20", "二十"),
        ("105", "一百零五"),
        ("110", "一百一十"),
        ("1,200", "一千二百"),
        ("1005", "一千零五"),
        ("10000", "一万"),
        ("10005", "一万零五"),
        ("100000", "十万"),
        ("1000500", "一百万零五百"),
        ("100000001", "一亿零一"),
        ("1234500000000", "一万二千三百四十五亿"),
        ("007", "零零七"),
        ("11.8%", "百分之十一点八"),
        ("3‰", "千分之三"),
        ("0.05", "零点零五"),
    ],
)
def test_numbers_are_read_in_chinese(number: str, read: str) -> None:
    assert read_number(number) == read


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("", 0),
        ("我带头学法。", 5),
        ("11.8%", 7),
        ("１１．８％", 7),
        ("增长11.8%，", 9),
        ("2021年", 5),
        ("2021年6月24日", 11),
        ("3-5个工作日", 7),
        ("GDP增长", 5),
        ("微信App", 3),
        ("online平台", 4),
        ("共1,200件", 6),
        ("“五违四必”整治", 6),
        ("  \n——（）", 0),
    ],
)
def test_spoken_syllables_are_counted_not_characters(text: str, syllables: int) -> None:
    assert spoken_syllables(text) == syllables


@pytest.mark.parametrize(
    ("syllables", "judged"),
    [(1440, "fits"), (1600, "fits"), (1601, "long"), (1920, "long"), (1921, "too_long")],
)
def test_eight_minutes_hold_1600_syllables_and_at_most_1920(syllables: int, judged: str) -> None:
    assert length(syllables, Policy()) == judged


def test_a_draft_aims_at_1440_syllables_and_each_pace_is_a_policy_value() -> None:
    assert aimed_at(Policy()) == 1440
    brisk = Policy(speech_seconds=360, syllables_a_minute_aimed_at=150, syllables_a_minute_long=160)
    assert aimed_at(brisk) == 900
    assert [length(960, brisk), length(961, brisk)] == ["fits", "long"]
    short = replace(brisk, syllables_a_minute_too_long=170)
    assert [length(1020, short), length(1021, short)] == ["long", "too_long"]


@given(st.text(), st.text())
def test_two_paragraphs_take_as_long_as_each_of_them(one: str, other: str) -> None:
    apart = spoken_syllables(one) + spoken_syllables(other)
    assert spoken_syllables(f"{one}\n{other}") == apart


@given(st.integers(min_value=0, max_value=10**16 - 1))
def test_every_number_can_be_read(number: int) -> None:
    assert set(read_number(str(number))) <= set("零一二三四五六七八九十百千万亿")
