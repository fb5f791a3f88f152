"""What the commands for operators share: the --home option, how they print, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from deploy.local.home import LocalError

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Where this installation lives [default: $SHUFA_HOME, else .shufa]."),
]


_WIDE = 200


def say(text: str) -> None:
    """One line for people."""
    typer.echo(text)


def complain(text: str, tail: Iterable[str] = ()) -> None:
    """One line on standard error, after the end of the log that explains it."""
    for line in tail:
        typer.echo(f"  | {line}", err=True)
    typer.secho(f"Error: {text}", err=True, fg=typer.colors.RED)


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error that advances by one each time it is told; nothing where nobody sees it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as wide as it needs to be: an address that is cut cannot be copied."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)  # nobody sees its edge, and folded cells cannot be searched
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)


class Commands(TyperGroup):
    """Says what a person can put right in one line, and keeps tracebacks for what is our own mistake."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except LocalError as error:
            complain(str(error), error.tail)
            raise typer.Exit(1) from error
