"""Every refusal has words in English and Chinese, filled by its own data; every message has a refusal that says it."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from shared.runtime.messages import load
from shared.runtime.migrate import SERVICES

ROOT = Path(__file__).parents[2]
CATALOGUE = load([f"services.{service}" for service in SERVICES])


def _refusals(text: str) -> dict[str, set[str]]:
    """Code → names of its data, from ``Refused("…", …)`` and from ``super().__init__("…", …)`` of its subclasses."""
    tree = ast.parse(text)
    subclasses = any(
        isinstance(node, ast.ClassDef)
        and any(isinstance(b, ast.Name) and b.id == "Refused" for b in node.bases)
        for node in ast.walk(tree)
    )
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        code = node.args[0].value
        named = isinstance(node.func, ast.Name) and node.func.id == "Refused"
        inherited = subclasses and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"
        if isinstance(code, str) and (named or inherited):
            data = {keyword.arg for keyword in node.keywords if keyword.arg}
            found[code] = found.get(code, data) & data
    return found


def _warnings(text: str) -> dict[str, set[str]]:
    """Warnings of plans and rosters are ``f"<code>:{subject}"`` and have their words in the same catalogue."""
    begun = [node.values[0] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.JoinedStr)]
    return {
        node.value.removesuffix(":"): {"subject"}
        for node in begun
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _said() -> dict[str, set[str]]:
    said: dict[str, set[str]] = {}
    for folder in ("shared", "services"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text("utf-8")
            for code, data in _refusals(text).items():
                said[code] = said.get(code, data) & data
            if folder == "services" and "NotAllowedNow(" in text:
                said[f"{path.relative_to(ROOT).parts[1]}.not-allowed-now"] = {"situation", "command"}
    return said | _warnings((ROOT / "services/scheduling/domain/warnings.py").read_text("utf-8"))


SAID = _said()


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _share_of_chinese(text: str) -> float:
    return sum("\u4e00" <= letter <= "\u9fff" for letter in text) / len(text)


def test_every_refusal_has_a_message_and_every_message_a_refusal() -> None:
    assert set(SAID) == set(CATALOGUE)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_both_languages_say_it_with_the_data_the_refusal_carries(code: str) -> None:
    message, data = CATALOGUE[code], SAID.get(code, set())
    for text in (message.en, message.zh):
        assert _placeholders(text) <= data
    assert _share_of_chinese(message.zh) > 0.2
    assert _share_of_chinese(message.en) < 0.1  # an example of a document number stays Chinese
