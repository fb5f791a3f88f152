"""What the terminal shows."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from benchmarks.harness import KEYS, Outcome, Samples


def table(outcomes: Iterable[Outcome]) -> Table:
    """A row a key: ours, the peer, their ratio, the limit, and whether it is met."""
    shown = Table("key", title="ours beside its peers: medians (least–most)")
    for heading in ("ours", "peer", "value", "limit", "met"):
        shown.add_column(heading, justify="right")
    keys = {key.name: key for key in KEYS}
    for outcome in outcomes:
        key = keys[outcome.key]
        limit = ""
        if key.at_least is not None:
            limit = f"≥ {key.at_least:g}"
        if key.at_most is not None:
            limit = f"≤ {key.at_most:g}"
        met = "" if not limit else "yes" if key.met(outcome.value) else "[bold]no[/]"
        shown.add_row(
            key.name,
            f"{figures(outcome.ours)} {key.unit}",
            figures(outcome.peer) if outcome.peer else "",
            f"{outcome.value:.2f}",
            limit,
            met,
        )
    return shown


def figures(samples: Samples) -> str:
    """The median, and the least and the most."""
    return f"{_number(samples.median)} ({_number(min(samples.values))}–{_number(max(samples.values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def costs(outcomes: Iterable[Outcome]) -> Table:
    """CPU milliseconds an operation, on each side."""
    shown = Table("key", title="CPU milliseconds an operation")
    for heading in ("side", "Python", "PostgreSQL", "NATS"):
        shown.add_column(heading, justify="right")
    for outcome in outcomes:
        for side, samples in (("ours", outcome.ours), ("peer", outcome.peer)):
            if samples and samples.cpu_ms:
                cpu = samples.cpu_ms
                shown.add_row(
                    outcome.key, side, f"{cpu.python:.3f}", f"{cpu.postgres:.3f}", f"{cpu.nats:.3f}"
                )
    return shown
