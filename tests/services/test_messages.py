"""Every refusal has words in English and Chinese, and every message has a refusal that says it."""

from __future__ import annotations

import ast
import string
from pathlib import Path

from shared.runtime.messages import load
from shared.runtime.migrate import SERVICES

ROOT = Path(__file__).parents[2]
CATALOGUE = load([f"services.{service}" for service in SERVICES])


def _codes(tree: ast.AST) -> set[str]:
    """Codes that a module can refuse with: the first argument of Refused, and of its subclasses' super().__init__."""
    classes = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if _is_refusal(base)
    }
    found = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            named = isinstance(node.func, ast.Name) and node.func.id == "Refused"
            inherited = isinstance(node.func, ast.Attribute) and node.func.attr == "__init__" and classes
            if named or inherited:
                found.add(first.value)
    return found


def _is_refusal(base: ast.expr) -> bool:
    return isinstance(base, ast.Name) and base.id == "Refused"


def _refused_somewhere() -> set[str]:
    codes = set()
    for folder in ("shared", "services"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            codes |= _codes(ast.parse(text))
            if folder == "services" and "NotAllowedNow(" in text:
                codes.add(f"{path.relative_to(ROOT).parts[1]}.not-allowed-now")
    return codes


def test_every_refusal_has_a_message() -> None:
    assert _refused_somewhere() - set(CATALOGUE) == set()


def test_both_languages_say_as_much() -> None:
    for code, message in CATALOGUE.items():
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (message.en, message.zh)
        ]
        assert len(fields[0]) == len(fields[1]), code  # which may be names in one and ids in the other


def test_chinese_is_chinese_and_english_is_english() -> None:
    def share_of_chinese(text: str) -> float:
        return sum("\u4e00" <= letter <= "\u9fff" for letter in text) / len(text)

    for code, message in CATALOGUE.items():
        assert share_of_chinese(message.zh) > 0.2, code
        assert share_of_chinese(message.en) < 0.1, code  # an example of a document number stays Chinese
