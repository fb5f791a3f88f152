"""Two habits that a reader relies on: a module says first what it is, and SQL text lives in .sql files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("services", "shared", "deploy", "tests", "benchmarks")
MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))

# The beginning of a statement, with enough of its grammar that prose ("update the register") does not match.
SQL = re.compile(
    r"""\s*(?:
        select\s.+\sfrom\s | with\s+\w+\s+as\s*\( | insert\s+into\s | update\s+[\w."]+\s+set\s
      | delete\s+from\s
      | (?:create|alter|drop)\s+(?:or\s+replace\s+)?
        (?:table|role|database|schema|function|policy|(?:unique\s+)?index|trigger|extension|view|sequence)\s
      | truncate\s+\w | lock\s+table\s | grant\s.+\sto\s | revoke\s.+\sfrom\s | set\s+(?:local|session|role)\s
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def strings(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every string of a module that is not a docstring or a statement by itself."""
    prose = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_first_what_it_is(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert said, f"{named(path)} does not begin with a docstring"


@pytest.mark.parametrize("path", [path for path in MODULES if "tests" not in path.parts], ids=named)
def test_sql_text_lives_in_sql_files(path: Path) -> None:
    found = [
        f"{named(path)}:{line}"
        for line, text in strings(ast.parse(path.read_text("utf-8")))
        if SQL.match(text)
    ]
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM b",
        "insert into events values (1)",
        "update heads set sequence = 1",
        "set local app.tenant = 'a'",
        "CREATE OR REPLACE FUNCTION f() returns int",
    ],
)
def test_the_pattern_knows_sql(text: str) -> None:
    assert SQL.match(text)


@pytest.mark.parametrize(
    "text", ["update the register", "select a unit", "create a table of lights", "with care"]
)
def test_the_pattern_leaves_prose_alone(text: str) -> None:
    assert not SQL.match(text)
