"""Every refusal and every warning of scheduling has its message in both languages, filled by its own data."""

from __future__ import annotations

import ast
import string
import tomllib
from pathlib import Path

import pytest

import services.scheduling

SERVICE = Path(services.scheduling.__file__).parent
MESSAGES = tomllib.loads((SERVICE / "messages.toml").read_text("utf-8"))


def refusals() -> dict[str, set[str]]:
    """Code → names of its data, from every ``Refused("…", …)`` in the service."""
    found = {"scheduling.not-allowed-now": {"situation", "command"}}
    for path in SERVICE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                code = ast.literal_eval(node.args[0])
                found[code] = {keyword.arg for keyword in node.keywords if keyword.arg}
    return found


def warnings() -> dict[str, set[str]]:
    """Code → ``subject``, from every ``f"<code>:{…}"`` in the service's warnings."""
    module = ast.parse((SERVICE / "domain" / "warnings.py").read_text("utf-8"))
    begun = [node.values[0] for node in ast.walk(module) if isinstance(node, ast.JoinedStr)]
    return {
        node.value.removesuffix(":"): {"subject"}
        for node in begun
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_is_a_message_for_every_code_and_no_other() -> None:
    assert set(MESSAGES) == {*refusals(), *warnings()}


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_both_languages_use_the_codes_own_data(code: str) -> None:
    data = {**refusals(), **warnings()}[code]
    assert placeholders(MESSAGES[code]["en"]) <= data
    assert placeholders(MESSAGES[code]["zh"]) == placeholders(MESSAGES[code]["en"])
