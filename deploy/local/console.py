"""What the ``shufa`` command's parts share: the --home option, and how they print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Where this installation lives [default: $SHUFA_HOME, else .shufa]."),
]


def say(text: str) -> None:
    """One line for people."""
    typer.echo(text)


def complain(text: str, tail: Iterable[str] = ()) -> None:
    """One line on standard error, after the end of the log that explains it."""
    for line in tail:
        typer.echo(f"  | {line}", err=True)
    typer.secho(f"Error: {text}", err=True, fg=typer.colors.RED)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as wide as it needs to be: an address that is cut cannot be copied."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console().print(table)
