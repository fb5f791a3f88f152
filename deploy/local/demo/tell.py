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
from deploy.local.demo.scenario import Scenario
from deploy.local.demo.sentences import story

Data = dict[str, Any]

ICONS = {
    "clock": "○",
    "hourglass": "◔",
    "bell": "◑",
    "alert": "●",
    "gavel": "⚑",
    "pause": "‖",
    "inbox": "⇩",
    "magnifier": "◎",
    "check": "✔",
}
_MARK = "[green]✓[/]"
_NUMBERS = ("count", "days", "tenants", "covered", "heads", "heard", "entries")
COLOURS = {
    "green": "green",
    "yellow": "yellow",
    "orange": "dark_orange",
    "red": "red",
    "supervision": "magenta",
}


def step(console: Console, played: Played, scenario: Scenario) -> None:
    """A check mark, the day, where but in the topmost tenant, what happened, what came of it, what was looked at."""
    if played.step.chapter is not None:
        console.rule(f"[bold]{escape(played.step.chapter)}[/]", align="left", characters="·")
    lines = Table.grid("", "", "", padding=(0, 2, 0, 0))
    top, tenant = scenario.index.tenants[0].tenant, played.step.tenant
    where = "" if tenant == top else f"[magenta]{tenant.rpartition('.')[2]}[/] "
    said = where + escape(played.step.say)
    match played.result:
        case None:
            lines.add_row(_MARK, _day(played), said)
        case {"refused": code, "en": why}:
            lines.add_row(_MARK, _day(played), said)
            lines.add_row("", "", f"[yellow]refused[/] [dim]{code}: {escape(why)}[/]")
        case result:
            came = ", ".join(result["events"])
            lines.add_row(_MARK, _day(played), f"{said}  [dim]→ {came}[/]")
    for checked in played.checked:
        lines.add_row("", "", Text(f"✓ {checked}", style="dim", no_wrap=True, overflow="ellipsis"))
    console.print(lines)


def _day(played: Played) -> str:
    return f"[cyan]{played.step.on}[/]"


def register(console: Console, tenant: str, rows: Iterable[Data], today: date) -> None:
    """The case register with its lights: never colour alone, the text and the days say it too."""
    title = f"Case register 台账 of {tenant} on {today}"
    table = _table(title, "session", "unit", "state", "due", "first due", "light", "days")
    table.caption = "days left; once fed back, the days to spare when it was sent"
    for row in rows:
        table.add_row(
            row["session"],
            row["unit_name"],
            row["state_zh"],
            row["due_on"],
            row["original_due_on"],
            f"[{COLOURS.get(row['light'], 'default')}]{ICONS.get(row['icon'], '·')} {row['text']}[/]",
            f"{_days(row, today):+d}",
        )
    console.print(table)


def _days(row: Data, today: date) -> int:
    """In a suspension too the date is known, though it does not run."""
    until = date.fromisoformat(row["fed_back_on"]) if row["fed_back_on"] else today
    return (date.fromisoformat(row["due_on"]) - until).days


def the_case(console: Console, report: Data, tenant: str, case: str) -> None:
    """One case's story, every line with the ledger entry that says so."""
    left = report["tenants"][tenant]
    told = next(one for one in left["cases"] if one["case"] == case)
    console.rule(f"The story of {told['unit_name']} ({tenant} {case})", align="left")
    for day, sentence, citation in story(told, left["ledgers"]):
        console.print(f"[cyan]{day}[/]  {escape(sentence)}  [dim]{citation}[/]", soft_wrap=True)


def bulletins(console: Console, rows: Iterable[Data]) -> None:
    """What was told at a session about the round before."""
    for row in rows:
        title = f"Bulletin 通报 at {row['session']} about {row['about_session']}, issued {row['issued_on']}"
        table = _table(title, "unit", "case", "due", "told as")
        for line in row["lines"]:
            word = line["state"].replace("_", " ") + (", carried on" if line["carried_on"] else "")
            table.add_row(line["unit_name"], line["case"], line["due_on"], word)
        console.print(table)


def sheets(console: Console, tenant: str, rows: Iterable[Data]) -> None:
    """The published annual sheets, in official order, each line with how many ledger entries it rests on; then the
    entries that a corrected line opens."""
    title = f"Annual evaluation 年度绩效考评 of {tenant}"
    table = _table(title, "year", "unit", "line", "state", "of", "entries")
    corrected = []
    for sheet in rows:
        for line in sheet["lines"] or ():
            state = "不适用 not applicable" if line["state"] == "not_applicable" else line["state"]
            table.add_row(
                str(sheet["year"]),
                sheet["unit_name"],
                line["kind"],
                state + (", record corrected" if line["corrected"] else ""),
                line["subject"] or "",
                str(len(line["events"]) or ""),
            )
            corrected += [(sheet, line)] if line["corrected"] else []
    if table.row_count:
        console.print(table)
    for sheet, line in corrected:
        console.print(f"{sheet['unit_name']}: {line['kind']} {line['subject']} rests on")
        for citation in line["events"]:
            opened = sheet["evidence"][citation]
            console.print(
                f"[cyan]{opened['business_date']}[/]  {opened['name']}  [dim]{citation}[/]", soft_wrap=True
            )


def outcomes(console: Console, tenant: str, rows: Iterable[Data]) -> None:
    """Outcomes 成效, each with what it is worth as evidence."""
    for row in rows:
        worth = "confirmed" if row["confirmed"] else "as reported, unconfirmed"
        whose = f"{tenant}, {row['unit']}" if row["unit"] else tenant
        kind = "Honour" if row["honour"] else "Outcome"
        console.print(f"{kind} 成效 of {whose}: {escape(row['what'])} [dim]{worth}[/]", soft_wrap=True)


def coverage(console: Console, data: Data) -> None:
    """Full coverage 全覆盖, from the top tier down: counts, and nothing is ranked."""
    title = f"Coverage 全覆盖 of {data['tenant']} in {data['year']}"
    table = _table(title, "tier", "tenants", "covered", "heads", "heard")
    for row in data["tiers"]:
        table.add_row(*(str(row[name]) for name in ("tier", "tenants", "covered", "heads", "heard")))
    table.caption = "the country's other tiers are not loaded"
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
        table.add_column(column, justify="right" if column in _NUMBERS else "left", overflow="fold")
    return table


def ledgers(console: Console, report: Data) -> None:
    """The verdict on every hash chain and its seal: one by one for the tenants of the story, and where one does not
    hold."""
    others, entries = 0, 0
    for one in report["verification"]:
        wrong = one["problem"] or (None if one["sealed"] else "is not sealed")
        if wrong or one["ledger"].partition(":")[2] in report["tenants"]:
            verdict = f"[red]{wrong}[/]" if wrong else "[green]✓ holds, sealed[/]"
            console.print(f"ledger {one['ledger']}  {one['events']} events  {verdict}")
        else:
            others, entries = others + 1, entries + one["events"]
    console.print(f"{others} ledgers of the rest of the tree  {entries} events  [green]✓ hold, sealed[/]")
    for service, problems in report["roots"].items():
        for problem in problems:
            console.print(f"{service}  [red]{problem}[/]")
