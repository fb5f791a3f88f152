"""A migration only adds: the version before goes on beside it (docs/operations/upgrade.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MIGRATIONS = sorted(ROOT.glob("services/*/migrations/*.py"))
ADDS = {"get_bind", "create_table", "create_index", "add_column", "execute"}
TAKES_AWAY = re.compile(r"\b(drop|rename|truncate|set\s+not\s+null|alter\s+column)\b", re.IGNORECASE)


def wrong_with(source: str) -> Iterator[str]:
    """What a migration does that the version before would not survive."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and TAKES_AWAY.search(node.value):
            yield node.value
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "op":
            if node.func.attr not in ADDS:
                yield f"op.{node.func.attr}"
            elif node.func.attr == "add_column":
                column = ast.unparse(node.args[1])
                if "nullable=False" in column and "server_default=" not in column:
                    yield f"{column} has no default"


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_migration_only_adds(path: Path) -> None:
    assert list(wrong_with(path.read_text("utf-8"))) == []
    for beside in path.parent.glob(f"{path.stem}.sql"):
        statements = re.sub(r"--.*", "", beside.read_text("utf-8"))
        assert TAKES_AWAY.findall(statements) == []


@pytest.mark.parametrize(
    "statement",
    [
        'op.drop_column("drafts", "revisions")',
        'op.alter_column("drafts", "revisions", server_default=None)',
        'op.rename_table("drafts", "papers")',
        'op.execute("alter table drafts drop column revisions")',
        'op.execute(sa.text("alter table drafts alter column state set not null"))',
        'op.add_column("drafts", sa.Column("revisions", sa.Text, nullable=False))',
    ],
)
def test_what_takes_away_is_found(statement: str) -> None:
    assert list(wrong_with(statement)) != []
