"""How the demo speaks on a terminal: progress as it goes, then the story, the register, the counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from deploy.local.demo.play import Played
from deploy.local.demo.sentences import story

Data = dict[str, Any]

ICONS = {
    "clock": "○",
    "hourglass": "◔",
    "bell": "◑",
    "alert": "●",
    "gavel": "⚑",
    "inbox": "⇩",
    "magnifier": "◎",
    "check": "✔",
}
_MARK = "[green]✓[/]"
COLOURS = {
    "green": "green",
    "yellow": "yellow",
    "orange": "dark_orange",
    "red": "red",
    "supervision": "magenta",
}


def step(console: Console, played: Played) -> None:
    """A check mark, the day, what happened, what came of it, what was looked at."""
    if played.step.chapter is not None:
        console.rule(f"[bold]{escape(played.step.chapter)}[/]", align="left", characters="·")
    lines = Table.grid("", "", "", padding=(0, 2, 0, 0))
    match played.result:
        case None:
            lines.add_row(_MARK, _day(played), escape(played.step.say))
        case {"refused": code, "en": why}:
            lines.add_row(_MARK, _day(played), escape(played.step.say))
            lines.add_row("", "", f"[yellow]refused[/] [dim]{code}: {escape(why)}[/]")
        case result:
            came = ", ".join(result["events"])
            lines.add_row(_MARK, _day(played), f"{escape(played.step.say)}  [dim]→ {came}[/]")
    for checked in played.checked:
        lines.add_row("", "", Text(f"✓ {checked}", style="dim", no_wrap=True, overflow="ellipsis"))
    console.print(lines)


def _day(played: Played) -> str:
    return f"[cyan]{played.step.on}[/]"


def register(console: Console, rows: Iterable[Data], today: date) -> None:
    """The case register with its lights: never colour alone, the text and the days say it too."""
    table = _table(f"Case register 台账 on {today}", "unit", "state", "due", "first due", "light", "days")
    table.caption = "days left; once fed back, the days to spare when it was sent"
    for row in rows:
        table.add_row(
            row["unit_name"],
            row["state_zh"],
            row["due_on"],
            row["original_due_on"],
            f"[{COLOURS.get(row['light'], 'default')}]{ICONS.get(row['icon'], '·')} {row['text']}[/]",
            f"{_days(row):+d}",
        )
    console.print(table)


def _days(row: Data) -> int:
    if row["days_left"] is not None:
        return int(row["days_left"])
    return (date.fromisoformat(row["due_on"]) - date.fromisoformat(row["fed_back_on"])).days


def the_case(console: Console, report: Data, case: str) -> None:
    """One case's story, every line with the ledger entry that says so."""
    told = next(one for one in report["cases"] if one["case"] == case)
    console.rule(f"The story of {told['unit_name']} ({case})", align="left")
    for day, sentence, citation in story(told, report["ledgers"]):
        console.print(f"[cyan]{day}[/]  {escape(sentence)}  [dim]{citation}[/]", soft_wrap=True)


def sheets(console: Console, report: Data) -> None:
    """The published annual sheets, in official order."""
    table = _table("Annual evaluation 年度绩效考评", "year", "unit", "report", "rectification", "rests on")
    for sheet in report["evaluation_sheets"]:
        states = {line["kind"]: line["state"].replace("_", " ") for line in sheet["lines"] or ()}
        cited = sum(len(line["events"]) for line in sheet["lines"] or ())
        table.add_row(
            str(sheet["year"]),
            sheet["unit_name"],
            states.get("report", ""),
            states.get("rectification", ""),
            f"{cited} ledger entries" if cited else "不适用",
        )
    console.print(table)


def events(console: Console, report: Data) -> None:
    """How many public events of each type there were."""
    table = _table("Public events by type", "event", "count")
    for name, count in report["events_by_type"].items():
        table.add_row(name, str(count))
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, justify="right" if column in ("count", "days") else "left", overflow="fold")
    return table


def ledgers(console: Console, report: Data) -> None:
    """The verdict on every hash chain."""
    for one in report["verification"]:
        verdict = f"[red]{one['problem']}[/]" if one["problem"] else "[green]✓ holds[/]"
        console.print(f"ledger {one['ledger']}  {one['events']} events  {verdict}")
