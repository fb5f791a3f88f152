"""Every event of every version that was ever written stays readable: golden files, which only grow."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import field, make_dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from shared.decider import FreeText
from shared.eventstore.codec import Codec, Upcast
from shared.testing import goldens
from shared.testing.goldens import CannotBeMade, Goldens, samples

every_aggregate = pytest.mark.parametrize("of", goldens.everywhere(), ids=lambda of: f"{of.place}-{of.kind}")


@every_aggregate
def test_every_event_of_every_version_has_a_golden(of: Goldens) -> None:
    assert of.missing() == [], "run: make goldens"


@every_aggregate
def test_every_golden_is_read_as_it_was_written(of: Goldens) -> None:
    assert of.broken() == []


def test_no_golden_has_lost_its_event_or_its_aggregate() -> None:
    assert goldens.broken() == []


# ---- what is noticed, on an event of our own ----

Fields = dict[str, Any]


def item(**fields: Any) -> Any:
    return make_dataclass("Item", {"task_line": str, "focus_area": str | None, **fields}.items(), frozen=True)


FIELDS: Fields = {
    "unit": str,
    "outcome": Literal["passed", "partly"],
    "item": item(),
    "offices": tuple[str, ...],
    "reason": str | None,
    "seconds": int,
    "told": bool,
    "text": FreeText,
}


def codec(
    fields: Fields = FIELDS, *, version: int = 1, upcasts: dict[tuple[str, int], Upcast] | None = None
) -> Codec[Any]:
    """The codec of a release in which the event ``Told`` has these fields; a pair is a type and its default."""
    parts = [
        (name, of[0], field(default=of[1])) if isinstance(of, tuple) else (name, of)
        for name, of in fields.items()
    ]
    told = make_dataclass("Told", parts, frozen=True, kw_only=True, namespace={"__version__": version})
    return Codec(told, upcasts)


@pytest.fixture
def of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Codec[Any]], Goldens]:
    """The goldens of that one event, which the first release wrote."""
    monkeypatch.setattr(goldens, "ROOT", tmp_path)
    made = Goldens("notes", "note", codec())
    made.write()
    monkeypatch.setattr(goldens, "everywhere", lambda: [made])
    return lambda later: Goldens("notes", "note", later)


def without(name: str) -> Fields:
    return {other: of for other, of in FIELDS.items() if other != name}


def test_samples_show_every_alternative_of_every_field(of: Callable[[Codec[Any]], Goldens]) -> None:
    shown = json.loads(of(codec()).path("Told", 1).read_text("utf-8"))
    assert {one["outcome"] for one in shown} == {"passed", "partly"}
    assert {one["reason"] is None for one in shown} == {one["told"] for one in shown} == {True, False}
    assert {one["item"]["focus_area"] is None for one in shown} == {True, False}
    assert {len(one["offices"]) for one in shown} == {0, 1}
    assert all(one["text"].keys() == {"ref", "sha256"} for one in shown), "no text enters a ledger"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        (without("unit"), "sample 0.unit: removed or renamed"),
        (without("unit") | {"body": str}, "body Field required"),
        (without("reason") | {"cause": (str | None, None)}, "sample 0.reason: removed or renamed"),
        (FIELDS | {"office": str}, "office Field required"),
        (FIELDS | {"outcome": Literal["passed"]}, "sample 1 cannot be read"),
        (FIELDS | {"reason": str}, "sample 1 cannot be read"),
        (FIELDS | {"unit": int}, "sample 0 cannot be read"),
        (FIELDS | {"told": int}, "sample 0.told: reads as another value"),
        (FIELDS | {"seconds": float}, "sample 0.seconds: reads as another value"),
        (FIELDS | {"offices": tuple[int, ...]}, "sample 0 cannot be read"),
        (FIELDS | {"text": str}, "sample 0 cannot be read"),
        (FIELDS | {"item": item(office=str)}, "item.office Field required"),
        (
            FIELDS | {"item": make_dataclass("Item", [("task_line", str)])},
            "item.focus_area: removed or renamed",
        ),
    ],
)
def test_what_makes_a_ledger_unreadable_is_noticed_and_nothing_is_written(
    of: Callable[[Codec[Any]], Goldens], fields: Fields, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = of(codec(fields))
    before = later.path("Told", 1).read_bytes()
    assert complaint in "\n".join(later.broken())
    monkeypatch.setattr(goldens, "everywhere", lambda: [later])
    assert goldens._main(["check"]) == 1
    assert goldens._main(["write"]) == 1
    assert later.path("Told", 1).read_bytes() == before


def test_what_breaks_no_ledger_is_added_to_the_golden(of: Callable[[Codec[Any]], Goldens]) -> None:
    wider = of(codec(FIELDS | {"office": (str | None, None), "outcome": Literal["passed", "partly", "left"]}))
    path = wider.path("Told", 1)
    before = json.loads(path.read_text("utf-8"))
    assert wider.broken() == []
    assert wider.missing() == [path]
    assert wider.write() == [path]
    after = json.loads(path.read_text("utf-8"))
    assert after[: len(before)] == before
    assert {one["outcome"] for one in after} == {"passed", "partly", "left"}
    assert wider.missing() == []
    assert wider.write() == []
    narrower = of(codec(FIELDS | {"office": str | None, "outcome": Literal["passed", "partly", "left"]}))
    assert "office Field required" in narrower.broken()[0], "events without it lie in ledgers"


def renamed(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "unit"} | {"body": data["unit"]}


def test_a_new_version_gets_a_golden_of_its_own_and_the_old_one_stays(
    of: Callable[[Codec[Any]], Goldens],
) -> None:
    second = of(codec(without("unit") | {"body": str}, version=2, upcasts={("Told", 1): renamed}))
    first = second.path("Told", 1).read_bytes()
    assert second.broken() == []
    assert second.write() == [second.path("Told", 2)]
    assert second.path("Told", 1).read_bytes() == first
    assert (second.missing(), second.broken()) == ([], [])


def test_a_new_version_without_an_upcaster_or_with_a_wrong_one_is_noticed(
    of: Callable[[Codec[Any]], Goldens],
) -> None:
    fields = without("unit") | {"body": str}
    assert "no upcaster to v2" in of(codec(fields, version=2)).broken()[0]
    wrong = of(codec(fields, version=2, upcasts={("Told", 1): lambda data: {**data, "body": data["unti"]}}))
    assert "cannot be read" in wrong.broken()[0]


def test_a_golden_of_a_past_version_is_never_made_up(of: Callable[[Codec[Any]], Goldens]) -> None:
    second = of(codec(version=2, upcasts={("Told", 1): dict}))
    first = second.path("Told", 1)
    first.unlink()
    assert first in second.missing()
    with pytest.raises(CannotBeMade, match=r"Told\.v1\.json"):
        second.write()
    assert not second.path("Told", 2).exists()


def test_an_event_and_an_aggregate_that_have_gone_are_noticed(
    of: Callable[[Codec[Any]], Goldens], monkeypatch: pytest.MonkeyPatch
) -> None:
    other: Codec[Any] = Codec(make_dataclass("Heard", [("unit", str)], frozen=True))
    monkeypatch.setattr(goldens, "everywhere", lambda: [of(other)])
    assert goldens.broken() == ["notes/golden/note/Told.v1.json: the event has gone"]
    monkeypatch.setattr(goldens, "everywhere", list)
    assert goldens.broken() == ["notes/golden/note/Told.v1.json: its aggregate has gone"]


def test_the_command_says_what_is_missing_adds_it_and_says_how_it_is_used(
    of: Callable[[Codec[Any]], Goldens], capsys: pytest.CaptureFixture[str]
) -> None:
    path = of(codec()).path("Told", 1)
    assert goldens._main(["check"]) == 0
    path.unlink()
    assert goldens._main(["check"]) == 1
    assert "Told.v1.json does not show all of today's event: make goldens" in capsys.readouterr().err
    assert goldens._main(["write"]) == 0
    assert path.exists()
    assert goldens._main(["check"]) == 0
    assert goldens._main([]) == 2
    assert "write|check" in capsys.readouterr().err


def test_a_type_that_no_sample_is_known_of_is_named() -> None:
    with pytest.raises(KeyError, match="complex"):
        samples(complex)
