"""Every refusal of this service has its words in both languages, with placeholders that its data fills."""

from __future__ import annotations

import ast
import string
import tomllib
from pathlib import Path

import pytest

import services.review

HERE = Path(services.review.__file__).parent
MESSAGES = tomllib.loads((HERE / "messages.toml").read_text("utf-8"))


def refusals() -> dict[str, set[str]]:
    """code → names of its data, as the source constructs them."""
    found = {"review.not-allowed-now": {"situation", "command"}}
    for module in (HERE / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Refused"
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
            ):
                found[node.args[0].value] = {keyword.arg for keyword in node.keywords if keyword.arg}
    return found


REFUSALS = refusals()


def test_every_refusal_has_a_message_and_every_message_a_refusal() -> None:
    assert set(MESSAGES) == set(REFUSALS)


@pytest.mark.parametrize("code", sorted(REFUSALS))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_message_names_only_what_the_refusal_carries(code: str, language: str) -> None:
    named = {name for _, name, _, _ in string.Formatter().parse(MESSAGES[code][language]) if name}
    assert named <= REFUSALS[code]
