"""Whether a changed schema still serves everybody: old readers of new events, and new readers of old events.

Both exist at once. Services are upgraded one after another, and a ledger is republished years later. So within a
version a field keeps its name and its meaning exactly; only a new field that nobody must know may be added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_PROSE = ("title", "description", "examples", "$comment")


def breaking_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What breaks, each as ``<where>: <what>``; empty when the change is harmless."""
    return list(_compare(_plain(before, before), _plain(after, after), "event"))


def _compare(before: Any, after: Any, where: str) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        if "properties" in before and "properties" in after:
            yield from _compare_fields(before, after, where)
            return
        for inner, mark in (("items", "[]"), ("additionalProperties", "{}")):
            if _alike(before, after, inner):
                yield from _compare(before[inner], after[inner], where + mark)
                return
        if _alike(before, after, "anyOf") and len(before["anyOf"]) == len(after["anyOf"]):
            for old, new in zip(before["anyOf"], after["anyOf"], strict=True):
                yield from _compare(old, new, where)
            return
        if _without(before, "default") == _without(after, "default"):
            yield f"{where}: its default changed, so old events mean something else"
            return
    yield f"{where}: {_what_changed(before, after)}"


def _alike(before: dict[str, Any], after: dict[str, Any], but_for: str) -> bool:
    return but_for in before and but_for in after and _without(before, but_for) == _without(after, but_for)


def _compare_fields(before: dict[str, Any], after: dict[str, Any], where: str) -> Iterator[str]:
    old, new = before["properties"], after["properties"]
    required_before, required_after = set(before.get("required", ())), set(after.get("required", ()))
    for name in sorted(old.keys() - new.keys()):
        yield f"{where}.{name}: removed or renamed"
    for name in sorted(required_after - required_before):
        yield f"{where}.{name}: newly required, and old events may lack it"
    for name in sorted((required_before - required_after) & new.keys()):
        yield f"{where}.{name}: no longer required, and old readers rely on it"
    for name in sorted(old.keys() & new.keys()):
        yield from _compare(old[name], new[name], f"{where}.{name}")
    rest = ("properties", "required")
    if _without(before, *rest) != _without(after, *rest):
        yield f"{where}: {_what_changed(_without(before, *rest), _without(after, *rest))}"


def _what_changed(before: Any, after: Any) -> str:
    old, new = _allowed(before), _allowed(after)
    if old is not None and new is not None:
        if new < old:
            return "narrowed, and old events may not fit"
        if new > old:
            return "widened, and old readers do not expect it"
    return f"changed from {_said(before)} to {_said(after)}"


def _allowed(schema: Any) -> frozenset[str] | None:
    """The alternatives a schema allows, where it is no more than a list of them."""
    if not isinstance(schema, dict):
        return None
    if "enum" in schema:
        return frozenset(map(repr, schema["enum"]))
    if "const" in schema:
        return frozenset({repr(schema["const"])})
    if "anyOf" in schema:
        return frozenset(_said(one) for one in schema["anyOf"])
    return frozenset({_said(_without(schema, "default"))})


def _said(schema: Any) -> str:
    if isinstance(schema, dict):
        return "{" + ", ".join(f"{key}: {_said(schema[key])}" for key in sorted(schema)) + "}"
    return repr(schema)


def _without(schema: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in names}


def _plain(schema: Any, root: Mapping[str, Any], *, names_fields: bool = False) -> Any:
    """The schema with every reference replaced by what it means and without words for people.

    ``names_fields``: the keys are names of fields, among them perhaps a field called ``title``.
    """
    if isinstance(schema, list):
        return [_plain(one, root) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        target = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return _plain({**target, **_without(dict(schema), "$ref")}, root)
    return {
        key: _plain(value, root, names_fields=key == "properties" and not names_fields)
        for key, value in schema.items()
        if names_fields or (key not in _PROSE and key != "$defs")
    }
