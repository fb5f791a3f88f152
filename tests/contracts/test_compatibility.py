"""Each way of breaking a reader is detected, and harmless changes are not."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Field, PlainSerializer

from shared.contracts import CONTRACTS
from shared.contracts.base import Contract, Token, Value
from shared.contracts.compatibility import breaking_changes
from shared.contracts.schema import schema_of

Schema = dict[str, Any]


def named(contract: type[Contract]) -> str:
    return f"{contract.__name__}.v{contract.version}"


class _Line(Value):
    item: Token
    task_line: str


class _Signature(Value):
    by: str


class _Before(Contract):
    service = "review"
    event_class = "progress"
    case: Token
    on_time: bool
    title: str
    reason: str | None = None
    outcome: Literal["passed", "partly"]
    lines: list[_Line]
    kinds: list[Literal["report", "rectification"]] = []
    values: dict[str, int | str | _Signature] = {}
    signed: _Signature | None = None
    seconds: Annotated[int, Field(ge=0)] = 0


def before() -> Schema:
    return schema_of(_Before)


def fields(schema: Schema) -> Schema:
    found: Schema = schema["properties"]["data"]["properties"]
    return found


def required(schema: Schema) -> list[str]:
    found: list[str] = schema["properties"]["data"]["required"]
    return found


def line(schema: Schema) -> Schema:
    found: Schema = schema["$defs"]["_Line"]
    return found


def remove(schema: Schema) -> None:
    del fields(schema)["reason"]


def remove_a_required_one(schema: Schema) -> None:
    del fields(schema)["title"]
    required(schema).remove("title")


def rename(schema: Schema) -> None:
    fields(schema)["cause"] = fields(schema).pop("reason")


def require_anew(schema: Schema) -> None:
    fields(schema)["office"] = {"type": "string"}
    required(schema).append("office")


def require_an_old_one(schema: Schema) -> None:
    required(schema).append("reason")


def require_no_longer(schema: Schema) -> None:
    required(schema).remove("title")


def narrow_a_choice(schema: Schema) -> None:
    fields(schema)["outcome"]["enum"] = ["passed"]


def narrow_to_a_constant(schema: Schema) -> None:
    fields(schema)["outcome"] = {"const": "passed", "type": "string"}


def narrow_by_null(schema: Schema) -> None:
    fields(schema)["reason"] = {"type": "string", "default": None}


def narrow_by_a_pattern(schema: Schema) -> None:
    fields(schema)["title"]["pattern"] = "^.{1,9}$"


def narrow_by_length(schema: Schema) -> None:
    fields(schema)["case"]["maxLength"] = 40


def narrow_a_number(schema: Schema) -> None:
    fields(schema)["seconds"]["minimum"] = 1


def narrow_a_pattern(schema: Schema) -> None:
    fields(schema)["case"]["pattern"] = "^[a-z]+$"


def bound_a_number(schema: Schema) -> None:
    fields(schema)["seconds"]["exclusiveMaximum"] = 3600


def narrow_a_choice_in_a_list(schema: Schema) -> None:
    fields(schema)["kinds"]["items"]["enum"].remove("report")


def ask_that_a_list_is_not_empty(schema: Schema) -> None:
    fields(schema)["lines"]["minItems"] = 1


def ask_that_a_list_repeats_nothing(schema: Schema) -> None:
    fields(schema)["kinds"]["uniqueItems"] = True


def narrow_a_map(schema: Schema) -> None:
    fields(schema)["values"]["additionalProperties"]["anyOf"].pop(0)


def narrow_the_keys_of_a_map(schema: Schema) -> None:
    fields(schema)["values"]["propertyNames"] = {"pattern": "^[a-z_]+$"}


def narrow_inside_a_map_and_a_part(schema: Schema) -> None:
    schema["$defs"]["_Signature"]["properties"]["by"]["maxLength"] = 20


def take_null_from_a_part(schema: Schema) -> None:
    fields(schema)["signed"] = {"$ref": "#/$defs/_Signature", "default": None}


def ask_for_more(schema: Schema) -> None:
    schema["properties"]["data"]["dependentRequired"] = {"reason": ["seconds"]}


def widen_a_choice(schema: Schema) -> None:
    fields(schema)["outcome"]["enum"].append("returned")


def widen_by_null(schema: Schema) -> None:
    fields(schema)["title"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def change_the_type(schema: Schema) -> None:
    fields(schema)["on_time"]["type"] = "string"


def change_an_alternative(schema: Schema) -> None:
    fields(schema)["reason"]["anyOf"][0]["type"] = "integer"


def change_the_default(schema: Schema) -> None:
    fields(schema)["seconds"]["default"] = 480


def change_the_items(schema: Schema) -> None:
    fields(schema)["lines"]["items"] = {"type": "string"}


def limit_the_list(schema: Schema) -> None:
    fields(schema)["lines"]["maxItems"] = 3


def remove_inside_an_item(schema: Schema) -> None:
    del line(schema)["properties"]["task_line"]


def require_inside_an_item(schema: Schema) -> None:
    line(schema)["properties"]["office"] = {"type": "string"}
    line(schema)["required"].append("office")


def close_the_object(schema: Schema) -> None:
    schema["properties"]["data"]["additionalProperties"] = False


def change_the_class(schema: Schema) -> None:
    schema["properties"]["eventclass"]["const"] = "content"


def remove_an_attribute(schema: Schema) -> None:
    del schema["properties"]["partitionkey"]


def require_an_attribute(schema: Schema) -> None:
    schema["required"].append("causationid")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (remove, ["event.data.reason: removed or renamed"]),
        (remove_a_required_one, ["event.data.title: removed or renamed"]),
        (rename, ["event.data.reason: removed or renamed"]),
        (require_anew, ["event.data.office: newly required, and old events may lack it"]),
        (require_an_old_one, ["event.data.reason: newly required, and old events may lack it"]),
        (require_no_longer, ["event.data.title: no longer required, and old readers rely on it"]),
        (narrow_a_choice, ["event.data.outcome: narrowed, and old events may not fit"]),
        (narrow_to_a_constant, ["event.data.outcome: narrowed, and old events may not fit"]),
        (narrow_by_null, ["event.data.reason: narrowed, and old events may not fit"]),
        (narrow_by_a_pattern, ["event.data.title: changed from"]),
        (narrow_by_length, ["event.data.case: changed from"]),
        (narrow_a_number, ["event.data.seconds: changed from"]),
        (narrow_a_pattern, ["event.data.case: changed from"]),
        (bound_a_number, ["event.data.seconds: changed from"]),
        (narrow_a_choice_in_a_list, ["event.data.kinds[]: narrowed, and old events may not fit"]),
        (ask_that_a_list_is_not_empty, ["event.data.lines: changed from"]),
        (ask_that_a_list_repeats_nothing, ["event.data.kinds: changed from"]),
        (narrow_a_map, ["event.data.values{}: narrowed, and old events may not fit"]),
        (narrow_the_keys_of_a_map, ["event.data.values: changed from"]),
        (
            narrow_inside_a_map_and_a_part,
            ["event.data.signed.by: changed from", "event.data.values{}.by: changed from"],
        ),
        (take_null_from_a_part, ["event.data.signed: narrowed, and old events may not fit"]),
        (ask_for_more, ["event.data: changed from"]),
        (widen_a_choice, ["event.data.outcome: widened, and old readers do not expect it"]),
        (widen_by_null, ["event.data.title: widened, and old readers do not expect it"]),
        (change_the_type, ["event.data.on_time: changed from"]),
        (change_an_alternative, ["event.data.reason: changed from"]),
        (change_the_default, ["event.data.seconds: its default changed, so old events mean something else"]),
        (change_the_items, ["event.data.lines[]: changed from"]),
        (limit_the_list, ["event.data.lines: changed from"]),
        (remove_inside_an_item, ["event.data.lines[].task_line: removed or renamed"]),
        (
            require_inside_an_item,
            ["event.data.lines[].office: newly required, and old events may lack it"],
        ),
        (close_the_object, ["event.data: changed from"]),
        (change_the_class, ["event.eventclass: changed from"]),
        (remove_an_attribute, ["event.partitionkey: removed or renamed"]),
        (require_an_attribute, ["event.causationid: newly required, and old events may lack it"]),
    ],
)
def test_what_breaks_a_reader_is_detected(change: Callable[[Schema], None], says: list[str]) -> None:
    after = copy.deepcopy(before())
    change(after)
    found = breaking_changes(before(), after)
    assert len(found) == len(says)
    for one, beginning in zip(found, says, strict=True):
        assert one.startswith(beginning)


def add_an_optional_field(schema: Schema) -> None:
    fields(schema)["remark"] = {"type": "string", "default": ""}


def add_an_optional_field_inside_an_item(schema: Schema) -> None:
    line(schema)["properties"]["focus_area"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def describe(schema: Schema) -> None:
    schema["title"] = "other"
    schema["properties"]["data"]["description"] = "Said better."
    fields(schema)["title"]["description"] = "The title of the post."


def rename_a_definition(schema: Schema) -> None:
    schema["$defs"]["Line"] = schema["$defs"].pop("_Line")
    fields(schema)["lines"]["items"] = {"$ref": "#/$defs/Line"}


def write_the_definition_out(schema: Schema) -> None:
    fields(schema)["lines"]["items"] = schema["$defs"].pop("_Line")


@pytest.mark.parametrize(
    "change",
    [
        add_an_optional_field,
        add_an_optional_field_inside_an_item,
        describe,
        rename_a_definition,
        write_the_definition_out,
    ],
)
def test_what_breaks_nobody_is_allowed(change: Callable[[Schema], None]) -> None:
    after = copy.deepcopy(before())
    change(after)
    assert breaking_changes(before(), after) == []


def test_several_changes_are_all_said() -> None:
    after = copy.deepcopy(before())
    remove(after)
    change_the_type(after)
    require_inside_an_item(after)
    assert len(breaking_changes(before(), after)) == 3


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=named)
def test_a_schema_is_compatible_with_itself(contract: type[Contract]) -> None:
    assert breaking_changes(schema_of(contract), schema_of(contract)) == []


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=named)
def test_removing_any_field_of_any_contract_is_detected(contract: type[Contract]) -> None:
    whole = schema_of(contract)
    for name in fields(whole):
        after = copy.deepcopy(whole)
        del fields(after)[name]
        assert f"event.data.{name}: removed or renamed" in breaking_changes(whole, after)


# ---- nothing in a schema can change unseen ----


def edits(schema: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places where something can be taken away: every keyword, field and entry that is not prose for people."""
    entries = enumerate(schema) if isinstance(schema, list) else schema.items()
    for key, inner in entries:
        names_a_field = path[-1:] in (("properties",), ("$defs",))
        if key not in ("title", "description") or names_a_field:
            yield (*path, key)
            if isinstance(inner, dict | list):
                yield from edits(inner, (*path, key))


def at(schema: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        schema = schema[key]
    return schema


VARIED = [
    CONTRACTS[key] for key in (("EvaluationPublished", 1), ("PolicyAdopted", 1), ("RectificationVerified", 2))
]


@pytest.mark.parametrize("contract", VARIED, ids=named)
def test_whatever_is_taken_out_of_a_schema_or_put_otherwise_is_detected(contract: type[Contract]) -> None:
    whole = schema_of(contract)
    seen = 0
    for *path, key in edits(whole):
        without, otherwise = copy.deepcopy(whole), copy.deepcopy(whole)
        del at(without, tuple(path))[key]
        at(otherwise, tuple(path))[key] = "otherwise"
        for after in (without, otherwise):
            try:
                assert breaking_changes(whole, after), (path, key)
            except (KeyError, AttributeError, TypeError):
                pass  # no schema any more
            else:
                seen += 1
    assert seen > 100


@pytest.mark.parametrize("contract", VARIED, ids=named)
@pytest.mark.parametrize(
    "more",
    [{"maxLength": 9}, {"minimum": 1}, {"enum": ["a"]}, {"pattern": "a"}, {"not": {}}, {"minProperties": 1}],
)
def test_whatever_is_asked_of_a_field_besides_is_detected(contract: type[Contract], more: Schema) -> None:
    whole = schema_of(contract)
    for name in fields(whole):
        after = copy.deepcopy(whole)
        fields(after)[name] |= more
        assert breaking_changes(whole, after), name


# ---- what a schema cannot say ----


def functions(core: Any) -> Iterator[str]:
    """The validators and serializers written in Python in a model's core schema, at any depth."""
    if isinstance(core, dict):
        if str(core.get("type", "")).startswith("function-"):
            yield core["type"]
        for inner in core.values():
            yield from functions(inner)
    elif isinstance(core, list | tuple):
        for inner in core:
            yield from functions(inner)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=named)
def test_a_contract_asks_for_nothing_that_its_schema_does_not_say(contract: type[Contract]) -> None:
    assert list(functions(contract.__pydantic_core_schema__)) == []


def test_a_validator_is_seen_however_deep_it_lies() -> None:
    class Narrow(Value):
        task_line: Annotated[str, AfterValidator(str.strip)]

    class Said(Contract):
        service = "review"
        event_class = "progress"
        lines: dict[str, list[Narrow | None]]
        on: Annotated[str, PlainSerializer(str.upper)]

    assert list(functions(Said.__pydantic_core_schema__)) == ["function-after", "function-plain"]
