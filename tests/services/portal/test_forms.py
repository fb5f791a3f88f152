"""Bracket names of a form: what comes out is what was put in, and no name breaks anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.web.forms import DEEPEST, LARGEST_FORM, nested
from shared.decider import Refused

WORDS = st.text("abcxyz_述", min_size=1, max_size=6).filter(lambda word: not word.startswith("_"))
VALUES = st.text("ab 述\n", min_size=1, max_size=8).filter(lambda text: text == text.strip() and text != "")
NESTED = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4) | st.dictionaries(WORDS, inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)
ODD = st.text("ab01[]_.٣²\x00 ", max_size=12)


def flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """As the fields of a form say it."""
    match value:
        case dict():
            for key, one in value.items():
                yield from flat(one, f"{name}[{key}]")
        case list():
            for place, one in enumerate(value):
                yield from flat(one, f"{name}[{place}]")
        case _:
            yield name, value


@given(st.dictionaries(WORDS, NESTED, max_size=4))
def test_what_a_form_says_is_what_was_put_into_it(said: dict[str, Any]) -> None:
    fields = [field for name, value in said.items() for field in flat(value, name)]
    if any(name.count("[") > DEEPEST for name, _ in fields):
        with pytest.raises(Refused):
            nested(fields)
    else:
        assert nested(fields) == said


@given(st.lists(VALUES, min_size=1, max_size=30), st.integers(0, 5))
def test_a_list_keeps_its_order_whether_its_places_are_numbered_or_not(values: list[str], step: int) -> None:
    assert nested([("a[]", one) for one in values]) == {"a": values}
    far = [(f"a[{place * (step + 1) + 7}]", one) for place, one in enumerate(values)]
    assert nested(far) == {"a": values}
    assert nested([*far, ("a[]", "last")]) == {"a": [*values, "last"]}


@given(st.lists(st.tuples(ODD, VALUES), max_size=8))
def test_no_name_breaks_anything(fields: list[tuple[str, str]]) -> None:
    with suppress(Refused):  # never anything else
        said = nested(fields)
        json.dumps(said)
        assert not any(name.startswith("_") for name in said)


@pytest.mark.parametrize(
    "names",
    [("a", "a[b]"), ("a[b]", "a"), ("a[b][c]", "a[b]"), ("a" + "[b]" * (DEEPEST + 1),), ("a" + "[]" * 9999,)],
)
def test_what_contradicts_itself_or_is_too_deep_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        nested([(name, "1") for name in names])
    assert refused.value.code == "http.invalid-body"


def test_a_field_that_is_said_to_be_empty_is_what_was_typed_into_it() -> None:
    assert nested([("_empty", "a"), ("_empty", "b"), ("a[x]", "1")]) == {"a": {"x": "1"}, "b": ""}
    assert nested([("a", " \r\n "), ("b[0]", ""), ("c", "x\r\ny")]) == {"c": "x\ny"}


def test_a_place_of_thousands_of_digits_is_a_name_and_a_form_may_be_full() -> None:
    assert nested([("a[" + "9" * 5000 + "]", "1")]) == {"a": {"9" * 5000: "1"}}
    full = [("a[]", "1")] * (LARGEST_FORM // 6)
    assert len(nested(full)["a"]) == len(full)
