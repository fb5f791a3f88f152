"""What the terminal shows: the table of all keys, and where the processors' time went."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from benchmarks.harness import Outcome, Samples, key_of, number


def table(outcomes: Iterable[Outcome]) -> Table:
    """A row a key: the medians of ours and of the peer, how far the rounds lie apart, the value, its limit."""
    shown = Table("key", title="Medians of several rounds; ± is half of what the rounds lie apart")
    for heading in ("ours", "±", "peer", "±", "unit", "value", "limit", "met"):
        shown.add_column(heading, justify="left" if heading == "unit" else "right", no_wrap=True)
    for outcome in outcomes:
        key = key_of(outcome)
        limit = "" if key.limit is None else f"{'≥' if key.at_least is not None else '≤'} {key.limit:g}"
        met = "" if key.limit is None else "yes" if key.met(outcome.value) else "[bold red]no[/]"
        shown.add_row(
            key.name,
            *_figures(outcome.ours),
            *(_figures(outcome.peer) if outcome.peer else ("", "")),
            key.unit,
            f"{outcome.value:.3f}",
            limit,
            met,
        )
    return shown


def _figures(samples: Samples) -> tuple[str, str]:
    median = samples.median
    apart = (max(samples.values) - min(samples.values)) / 2 / median if median else 0.0
    return number(median), f"{apart:.0%}"


def costs(outcomes: Iterable[Outcome]) -> Table:
    """CPU milliseconds that an operation took of this process, of PostgreSQL and of NATS, on each side."""
    shown = Table("key", "side", title="CPU milliseconds an operation")
    for heading in ("Python", "PostgreSQL", "NATS"):
        shown.add_column(heading, justify="right")
    for outcome in outcomes:
        key = key_of(outcome)
        for side, samples in ((key.ours, outcome.ours), (key.peer, outcome.peer)):
            if samples and samples.cpu_ms:
                cpu = samples.cpu_ms
                shown.add_row(key.name, side, *(f"{ms:.3f}" for ms in (cpu.python, cpu.postgres, cpu.nats)))
    return shown
