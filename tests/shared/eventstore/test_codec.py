"""Events to text and back: versions, upcasters, sealed texts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decider import FreeText
from shared.eventstore.codec import Codec, UnknownEvent, text_hash


@dataclass(frozen=True)
class Part:
    remark: FreeText
    line: int


@dataclass(frozen=True)
class Told:
    parts: tuple[Part, ...]
    on: date
    note: FreeText | None = None


@dataclass(frozen=True)
class Moved:
    """The third way of writing it: first ``day``, then ``due``, now ``due_on`` with a reason."""

    __version__: ClassVar[int] = 3

    due_on: date
    why: str


def moved_1_to_2(data: dict[str, Any]) -> dict[str, Any]:
    return {"due": data["day"]}


def moved_2_to_3(data: dict[str, Any]) -> dict[str, Any]:
    return {"due_on": data["due"], "why": "unknown"}


CODEC: Codec[Told | Moved] = Codec(Told | Moved, {("Moved", 1): moved_1_to_2, ("Moved", 2): moved_2_to_3})


@pytest.mark.parametrize(
    ("version", "data"),
    [(1, {"day": "2021-10-08"}), (2, {"due": "2021-10-08"}), (3, {"due_on": "2021-10-08", "why": "unknown"})],
)
def test_every_version_ever_written_is_read_as_today(version: int, data: dict[str, str]) -> None:
    assert CODEC.decode("Moved", version, json.dumps(data)) == Moved(date(2021, 10, 8), "unknown")


def test_what_is_written_carries_todays_version() -> None:
    encoded = CODEC.encode(Moved(date(2021, 10, 8), "holiday"))
    assert (encoded.name, encoded.schema_version) == ("Moved", 3)
    assert CODEC.decode(encoded.name, encoded.schema_version, encoded.data) == encoded.event


@pytest.mark.parametrize(("name", "version"), [("Moved", 4), ("Moved", 0), ("Unheard", 1)])
def test_what_no_chain_leads_to_is_refused_by_name(name: str, version: int) -> None:
    with pytest.raises(UnknownEvent, match=name):
        CODEC.decode(name, version, "{}")


def test_an_upcaster_that_leads_nowhere_is_refused_when_the_codec_is_made() -> None:
    with pytest.raises(UnknownEvent, match="Told v1"):
        Codec(Told, {("Told", 1): moved_1_to_2})


def test_texts_at_any_depth_are_sealed_and_leave_only_their_hash() -> None:
    told = Told((Part(FreeText("first"), 1), Part(FreeText("second"), 2)), date(2021, 6, 7))
    encoded = CODEC.encode(told)
    assert "first" not in encoded.data
    assert "second" not in encoded.data
    assert [text.body for text in encoded.texts] == ["first", "second"]
    read = CODEC.decode("Told", 1, encoded.data)
    assert isinstance(read, Told)
    for part, text in zip(read.parts, encoded.texts, strict=True):
        assert part.remark == FreeText(ref=text.ref, sha256=text.sha256)
        salted = bytes.fromhex(text.salt) + text.body.encode()
        assert (
            text.sha256
            == hashlib.sha256(salted).hexdigest()
            == text_hash(bytes.fromhex(text.salt), text.body)
        )


def test_the_same_text_twice_has_two_hashes() -> None:
    one, two = (CODEC.encode(Told((Part(FreeText("same"), 1),), date(2021, 6, 7))).texts[0] for _ in range(2))
    assert one.sha256 != two.sha256


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
bodies = st.builds(FreeText, words.map(lambda word: f"<{word}>"))
told = st.builds(
    Told,
    st.lists(st.builds(Part, bodies, st.integers(-(2**40), 2**40)), max_size=4).map(tuple),
    st.dates(),
    st.none() | bodies,
)


@given(told)
def test_whatever_is_written_is_read_again_without_its_texts(event: Told) -> None:
    encoded = CODEC.encode(event)
    assert CODEC.decode(encoded.name, encoded.schema_version, encoded.data) == encoded.event
    texts = [part.remark.body for part in event.parts] + ([event.note.body] if event.note else [])
    assert [text.body for text in encoded.texts] == texts
    assert '"body"' not in encoded.data
    assert all(text.ref in encoded.data and text.sha256 in encoded.data for text in encoded.texts)
    assert not any(body in encoded.data for body in texts if body and len(body) > 4)
