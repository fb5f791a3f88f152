"""The committed schemas are those of the contracts, and the golden examples stay readable and valid for ever."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import Field, create_model

from shared.contracts import CONTRACTS, newest, schema
from shared.contracts.base import Contract, Token, Value
from shared.contracts.compatibility import breaking_changes
from shared.contracts.envelope import decode
from shared.contracts.rectification import DutyItem, RectificationDue
from shared.contracts.scheduling import Category

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = sorted(GOLDEN.glob("*.json"))


def named(path: Path) -> str:
    return path.stem


def committed(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((schema.SCHEMAS / name).read_text("utf-8"))
    return read


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(committed(name), format_checker=FormatChecker())


def test_the_committed_schemas_are_up_to_date() -> None:
    assert schema.outdated() == [], "run: python -m shared.contracts.schema write"


def test_no_contract_of_today_breaks_a_committed_schema() -> None:
    assert schema.broken() == {}


@pytest.mark.parametrize("path", sorted(schema.SCHEMAS.glob("*.json")), ids=named)
def test_a_committed_schema_is_a_schema(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text("utf-8")))


def test_generating_twice_gives_the_same_text() -> None:
    first = {name: schema.text_of(one) for name, one in schema.generated().items()}
    second = {name: schema.text_of(one) for name, one in schema.generated().items()}
    assert first == second


def test_every_contract_has_a_golden_example() -> None:
    assert {path.name for path in EXAMPLES} >= {schema.file_name(*key) for key in CONTRACTS}


def assert_holds(read: Any, written: Any) -> None:
    """Everything that was written is read as it was; a part may have gained fields since, with their defaults."""
    match read, written:
        case dict(), dict():
            for name, value in written.items():
                assert_holds(read[name], value)
        case list(), list():
            for one, value in zip(read, written, strict=True):
                assert_holds(one, value)
        case _:
            assert read == written


@pytest.mark.parametrize("path", EXAMPLES, ids=named)
def test_a_golden_example_stays_readable(path: Path) -> None:
    written = json.loads(path.read_text("utf-8"))
    event, contract = decode(path.read_bytes())
    assert event.id == written["id"]
    name, version = path.stem.split(".v")
    assert type(contract).__name__ == name
    as_sent = CONTRACTS[name, int(version)].model_validate(written["data"])
    assert_holds(as_sent.model_dump(mode="json"), written["data"])
    assert newest(as_sent) == contract


@pytest.mark.parametrize("path", EXAMPLES, ids=named)
def test_a_golden_example_is_valid_by_the_committed_schema(path: Path) -> None:
    validator(path.name).validate(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("path", EXAMPLES, ids=named)
def test_the_schema_is_of_the_whole_message_and_of_this_event_only(path: Path) -> None:
    message: dict[str, Any] = json.loads(path.read_text("utf-8"))
    check = validator(path.name)
    for attribute in committed(path.name)["required"]:
        less = {name: value for name, value in message.items() if name != attribute}
        assert not check.is_valid(less), attribute
    assert not check.is_valid(message | {"type": "cn.shufa.review.SomethingElse.v1"})
    assert not check.is_valid(message | {"sequence": "1"})
    assert not check.is_valid(message | {"businessdate": "2021-02-30"})
    assert check.is_valid(
        message | {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    )


def test_write_refuses_what_breaks_a_reader_and_check_says_what_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schema, "SCHEMAS", tmp_path / "schemas")
    assert schema._main(["check"]) == 1
    assert schema._main(["write"]) == 0
    assert schema._main(["check"]) == 0
    path = tmp_path / "schemas" / "RectificationDue.v1.json"
    before = path.read_text("utf-8")

    renamed = before.replace('"due_on"', '"due_date"')
    path.write_text(renamed, "utf-8")
    assert schema._main(["write"]) == 1
    assert "event.data.due_date: removed or renamed" in capsys.readouterr().err
    assert path.read_text("utf-8") == renamed, "a refused write leaves the file alone"

    described = before.replace("The version of CloudEvents.", "Which CloudEvents.")
    path.write_text(described, "utf-8")
    assert schema._main(["check"]) == 1
    assert schema._main(["write"]) == 0
    assert path.read_text("utf-8") == before

    path.with_name("Forgotten.v1.json").write_text(before, "utf-8")
    assert schema._main(["check"]) == 1
    assert "the event has gone" in capsys.readouterr().err


def changed(**fields: Any) -> type[Contract]:
    """RectificationDue with other fields: ``...`` leaves one out, a pair is a type and a default (``...`` for none)."""
    kept = {name: (field.annotation, field) for name, field in RectificationDue.model_fields.items()}
    wanted = {name: of for name, of in (kept | fields).items() if of is not ...}
    due = create_model("RectificationDue", __base__=Contract, __doc__=RectificationDue.__doc__, **wanted)
    due.service, due.event_class = RectificationDue.service, RectificationDue.event_class
    return due


def test_the_contract_itself_is_up_to_date_when_it_is_made_again() -> None:
    committed_ = committed("RectificationDue.v1.json")
    assert breaking_changes(committed_, schema.schema_of(changed())) == []


class ItemOfAFocusArea(Value):
    item: Token
    task_line: str
    focus_area: str


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"unit_name": ...}, "unit_name: removed or renamed"),
        ({"due_on": ..., "due_date": (date, ...)}, "due_on: removed or renamed"),
        ({"by_office": (str, ...)}, "by_office: newly required"),
        ({"official_order": (int, ...)}, "official_order: newly required"),
        ({"plan_year": (int, Field(ge=2000))}, "plan_year: changed from"),
        ({"title": (str, Field(max_length=20))}, "title: changed from"),
        ({"unit_name": (Token, ...)}, "unit_name: changed from"),
        ({"category": (Category, "town")}, "category: changed from"),
        ({"items": (list[ItemOfAFocusArea], ...)}, "items[].focus_area: newly required"),
        ({"items": (list[DutyItem], Field(min_length=1))}, "items: changed from"),
    ],
)
def test_a_contract_that_breaks_its_readers_passes_neither_check_nor_write(
    fields: dict[str, Any],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    schemas = tmp_path / "schemas"
    shutil.copytree(schema.SCHEMAS, schemas)
    monkeypatch.setattr(schema, "SCHEMAS", schemas)
    monkeypatch.setitem(CONTRACTS, ("RectificationDue", 1), changed(**fields))
    before = (schemas / "RectificationDue.v1.json").read_bytes()
    for command in ("check", "write", "write"):
        assert schema._main([command]) == 1
        assert f"event.data.{complaint}" in capsys.readouterr().err
    assert (schemas / "RectificationDue.v1.json").read_bytes() == before


def test_a_version_that_is_said_no_more_may_not_be_forgotten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(CONTRACTS, ("RectificationVerified", 1))
    assert schema._main(["write"]) == 1
    assert "RectificationVerified.v1.json breaks its readers" in capsys.readouterr().err


def test_the_command_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema._main([]) == 2
    assert "write|check" in capsys.readouterr().err
