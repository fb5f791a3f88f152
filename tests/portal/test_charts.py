"""Charts: told apart without colour, the same for the same numbers, and nothing in them but the picture."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from services.portal.web.charts import PATTERNS, POLICY, SVG, Series, answer, bars

YEARS = ["2020", "2021", "2022"]
SERIES = [Series("负责人", [244, 245, 246]), Series("其中已述法", [0, None, 130])]


def drawn(count: int = 2) -> Element:
    root: Element = fromstring(bars("村居", YEARS, [*SERIES, *SERIES][:count]))
    return root


def test_the_same_numbers_are_the_same_picture() -> None:
    assert bars("村居", YEARS, SERIES) == bars("村居", YEARS, SERIES)


def test_every_number_stands_at_its_bar_and_every_series_is_named() -> None:
    words = [text.text for text in drawn().iter(f"{SVG}text")]
    for said in ("村居", *YEARS, "244", "245", "246", "0", "130", "负责人", "其中已述法"):
        assert said in words


def test_each_series_is_filled_in_another_way() -> None:
    assert len(set(PATTERNS)) == len(PATTERNS) == 4
    style = drawn(4).find(f"{SVG}defs/{SVG}style")
    assert style is not None
    assert style.text is not None
    fills = {pattern.get("id") for pattern in drawn(4).iter(f"{SVG}pattern")}
    for number in range(4):
        assert f"fill-{number}" in fills
        assert f".color-{number} .rect" in style.text


def test_more_series_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="5 series"):
        bars("村居", YEARS, [Series("甲", [1, 2, 3])] * 5)


def test_there_is_no_script_and_no_address_in_it() -> None:
    root = drawn()
    assert not list(root.iter(f"{SVG}script"))
    for element in root.iter():
        assert "style" not in element.attrib
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
    assert b"http" not in bars("村居", YEARS, SERIES).replace(b"http://www.w3.org/2000/svg", b"")


def test_its_own_style_is_all_that_its_policy_lets_count() -> None:
    [style] = drawn().iter(f"{SVG}style")
    assert style.text is not None
    digest = b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    sent = answer(bars("村居", YEARS, SERIES))
    assert (
        sent.headers["content-security-policy"]
        == POLICY
        == f"default-src 'none'; style-src 'sha256-{digest}'"
    )
    assert sent.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("counts", [[], [0, 0, 0], [None, None, None]])
def test_nothing_is_a_picture_too(counts: list[int | None]) -> None:
    assert fromstring(bars("村居", YEARS[: len(counts)], [Series("负责人", counts)])).tag == f"{SVG}svg"
