"""results.svg: a chart for each key, ours beside its peer, with the least and the most of the rounds, and the limit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.harness import Key, Outcome, key_of, number

COLUMNS = 4
OURS, PEER, LIMIT, INK = "#1f6f8b", "#b8c4cc", "#c0392b", "#333333"


def draw(outcomes: Sequence[Outcome], path: Path, note: str) -> None:
    """Write the charts of these outcomes as one SVG, ``note`` beneath them."""
    mpl.rcParams |= {
        "svg.fonttype": "none",
        "svg.hashsalt": "shufa",
        "font.family": "sans-serif",
        "font.size": 9,
    }
    lines = -(-len(outcomes) // COLUMNS)
    figure = Figure(figsize=(4 * COLUMNS, 3.1 * lines + 0.5), layout="constrained")
    panels = list(figure.subplots(lines, COLUMNS, squeeze=False).flat)
    for panel, outcome in zip(panels, outcomes, strict=False):
        _panel(panel, key_of(outcome), outcome)
    for empty in panels[len(outcomes) :]:
        empty.set_axis_off()
    figure.supxlabel(note, fontsize=9, color="#555555")
    figure.savefig(path, format="svg", metadata={"Date": None})


def _panel(panel: Any, key: Key, outcome: Outcome) -> None:
    bars = [(key.ours, outcome.ours, OURS)]
    if outcome.peer:
        bars.append((key.peer, outcome.peer, PEER))
    for place, (_, samples, colour) in enumerate(bars):
        least, median, most = min(samples.values), samples.median, max(samples.values)
        panel.bar(place, median, color=colour, width=0.6)
        panel.errorbar(
            place, median, yerr=[[median - least], [most - median]], color=INK, capsize=4, linewidth=1
        )
        above = panel.annotate(number(median), (place, most), (0, 4), textcoords="offset points", ha="center")
        above.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})
    limit = key.limit
    if limit is not None:
        at = (limit + key.overhead) * outcome.peer.median if outcome.peer else limit
        panel.axhline(at, color=LIMIT, linewidth=1.2, linestyle="--")
        panel.annotate("limit", (1.6, at), (0, 2), textcoords="offset points", ha="right", color=LIMIT)
        panel.set_ylim(top=max(at, panel.get_ylim()[1]))
    panel.set_ylim(top=1.15 * panel.get_ylim()[1])
    panel.set_title(f"{key.name}\n{_verdict(key, outcome)}", fontsize=9, loc="left")
    panel.set_ylabel(key.unit)
    panel.yaxis.set_major_formatter("{x:,g}")
    panel.set_xlim(-0.6, 1.6)
    panel.set_xticks(range(len(bars)), [fill(label, 17) for label, _, _ in bars])
    panel.spines[["top", "right"]].set_visible(False)


def _verdict(key: Key, outcome: Outcome) -> str:
    if key.overhead:
        value = f"{outcome.value:+.0%} for {outcome.of}"
    else:
        value = f"{outcome.value:.2f} × the peer's" if outcome.peer else f"{number(outcome.value)} {key.unit}"
    if key.limit is None:
        return value
    sign = "at least" if key.at_least is not None else "at most"
    return f"{value}, {sign} {key.limit:g}: {'met' if key.met(outcome.value) else 'missed'}"
