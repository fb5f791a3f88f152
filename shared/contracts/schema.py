"""JSON Schema (draft 2020-12) of every public event, envelope and all: ``python -m shared.contracts.schema``.

``write`` brings ``schemas/`` up to date and refuses a change that would break a reader; ``check`` says what differs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from shared.contracts import CONTRACTS
from shared.contracts.base import Contract
from shared.contracts.compatibility import breaking_changes
from shared.contracts.envelope import CloudEvent

SCHEMAS = Path(__file__).parent / "schemas"


class _Schema(GenerateJsonSchema):
    """Without the titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def file_name(name: str, version: int) -> str:
    """``RectificationDue.v1.json``"""
    return f"{name}.v{version}.json"


def schema_of(contract: type[Contract]) -> dict[str, Any]:
    """The schema of the whole message: what is the same in every message of this contract is constant in it."""
    name, version, service = contract.__name__, contract.version, contract.service
    envelope = CloudEvent.model_json_schema(schema_generator=_Schema)
    data = contract.model_json_schema(schema_generator=_Schema)
    definitions = data.pop("$defs", {})
    constants = {
        "dataschema": f"urn:shufa:schema:{name}:{version}",
        "eventclass": contract.event_class,
    }
    properties: dict[str, Any] = envelope["properties"]
    if service is None:  # any service may say it
        properties["type"]["pattern"] = rf"^cn\.shufa\.[a-z]+\.{name}\.v{version}$"
    else:
        constants |= {"source": f"/shufa/{service}", "type": f"cn.shufa.{service}.{name}.v{version}"}
    for attribute, value in constants.items():
        described = properties[attribute].get("description")
        properties[attribute] = {"const": value, "type": "string"}
        if described:
            properties[attribute]["description"] = described
    # Absent, not null, is how CloudEvents says that there is none.
    properties["causationid"] = {
        "type": "string",
        "minLength": 1,
        "description": properties["causationid"]["description"],
    }
    properties["data"] = {key: value for key, value in data.items() if key != "title"}
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": constants["dataschema"],
        "title": f"{name} v{version}",
        "type": "object",
        "properties": properties,
        "required": envelope["required"],
    }
    return schema | ({"$defs": definitions} if definitions else {})


def text_of(schema: Mapping[str, Any]) -> str:
    """The schema as it is committed."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def generated() -> dict[str, dict[str, Any]]:
    """file name → schema, of every contract."""
    return {file_name(name, version): schema_of(contract) for (name, version), contract in CONTRACTS.items()}


def committed() -> dict[str, str]:
    """file name → text, as it lies in ``schemas/``."""
    return {path.name: path.read_text("utf-8") for path in sorted(SCHEMAS.glob("*.json"))}


def broken() -> dict[str, list[str]]:
    """file name → what the contracts of today would break for readers of the committed schema.

    A contract that has gone altogether breaks every reader of it.
    """
    now = generated()
    found = {
        name: breaking_changes(json.loads(before), now[name]) if name in now else ["the event has gone"]
        for name, before in committed().items()
    }
    return {name: changes for name, changes in found.items() if changes}


def outdated() -> list[str]:
    """The files that differ from what would be written."""
    then = committed()
    now = {name: text_of(schema) for name, schema in generated().items()}
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))


def _main(arguments: list[str]) -> int:
    if arguments not in (["write"], ["check"]):
        print("usage: python -m shared.contracts.schema write|check", file=sys.stderr)
        return 2
    breaking = broken()
    for name, changes in breaking.items():
        print(f"{name} breaks its readers; give the event a new version instead:", file=sys.stderr)
        for change in changes:
            print(f"  {change}", file=sys.stderr)
    if breaking:
        return 1
    stale = outdated()
    if arguments == ["check"]:
        for name in stale:
            print(f"{name} is out of date: python -m shared.contracts.schema write", file=sys.stderr)
        return 1 if stale else 0
    schemas = generated()
    SCHEMAS.mkdir(exist_ok=True)
    for name in stale:
        (SCHEMAS / name).write_text(text_of(schemas[name]), "utf-8")
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
