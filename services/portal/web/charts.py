"""Charts, drawn on the server: bars whose fill, value and legend each say by themselves which is which.

A chart is a picture at its own address, shown by ``<img alt="…">`` beside the table of the same numbers. It has no
script and asks for nothing; the one style in it is named by its hash in the answer's policy, so that nothing else
counts where somebody opens the picture by itself.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import register_namespace, tostring

import pygal
from defusedxml.ElementTree import fromstring
from fastapi.responses import Response
from pygal.style import Style

SVG = "{http://www.w3.org/2000/svg}"
FONTS = "Source Han Sans SC, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
_HATCH = "patternUnits='userSpaceOnUse' width='8' height='8'"
PATTERNS = (
    f"<pattern id='fill-0' {_HATCH}><rect width='8' height='8' fill='#fff'/></pattern>",
    f"<pattern id='fill-1' {_HATCH}><rect width='8' height='8' fill='#dbe8f7'/>"
    "<path d='M0 8L8 0M-2 2L2 -2M6 10L10 6' stroke='#0b4f9e' stroke-width='2.5'/></pattern>",
    f"<pattern id='fill-2' {_HATCH}><rect width='8' height='8' fill='#f3ead5'/>"
    "<circle cx='4' cy='4' r='2' fill='#7a5200'/></pattern>",
    f"<pattern id='fill-3' {_HATCH}><rect width='8' height='8' fill='#1f2328'/></pattern>",
)
"""Hollow, hatched, dotted, full: told apart in print without colour."""
CSS = (
    f"text{{font-family:{FONTS};fill:#1f2328}}.title{{font-size:17px;font-weight:700;text-anchor:middle}}"
    ".axis text{font-size:15px;text-anchor:middle}.value{font-size:15px;text-anchor:middle}"
    ".legends text{font-size:15px}.background,.line{fill:none}"
    "rect.rect,.legends rect{stroke:#1f2328;stroke-width:1}"
    + "".join(f".color-{n} .rect,rect.color-{n}{{fill:url(#fill-{n})}}" for n in range(len(PATTERNS)))
)
POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(CSS.encode()).digest()).decode()}'"


@dataclass(frozen=True)
class Series:
    """Counts of one kind, one for each label; None where there is none to tell."""

    name: str
    counts: Sequence[int | None]


def bars(title: str, labels: Sequence[str], series: Sequence[Series]) -> bytes:
    """An SVG of bars side by side, from nothing up, every bar with its number. Up to four series."""
    if len(series) > len(PATTERNS):
        raise ValueError(f"{len(series)} series cannot be told apart")
    most = max((count or 0 for one in series for count in one.counts), default=0)
    chart = pygal.Bar(
        js=[],
        css=[f"inline:{CSS}"],
        defs=[],
        style=Style(legend_font_size=15, label_font_size=15, value_font_size=15, title_font_size=17),
        no_prefix=True,
        width=480,
        height=300,
        margin=10,
        title=title,
        legend_at_bottom=True,
        legend_at_bottom_columns=len(series) or 1,
        legend_box_size=16,
        truncate_legend=-1,
        print_values=True,
        print_values_position="top",
        range=(0, most * 1.15 or 1),
        show_y_labels=False,
        show_y_guides=False,
        show_x_guides=False,
        formatter=lambda count: f"{count:.0f}",
        no_data_text="",
    )
    chart.x_labels = list(labels)
    for one in series:
        chart.add(one.name, list(one.counts))
    return _bare(chart.render(is_unicode=True), title)


def answer(svg: bytes) -> Response:
    """The picture as it is sent: to nobody else's cache, and with nothing but its own style."""
    return Response(
        svg,
        media_type="image/svg+xml",
        headers={"Content-Security-Policy": POLICY, "Cache-Control": "private, no-cache"},
    )


def _bare(drawn: str, title: str) -> bytes:
    """What pygal draws without what it adds for scripts, and the same for the same numbers."""
    svg = fromstring(drawn)  # without its comments, which have the day
    del svg.attrib["id"]
    svg.set("role", "img")
    for parent in list(svg.iter()):
        for child in list(parent):
            tooltip = "tooltip-overlay" in child.get("class", "") or (
                child.tag == f"{SVG}title" and parent is not svg
            )
            if tooltip or child.tag in (f"{SVG}script", f"{SVG}desc"):
                parent.remove(child)
    named, defs = svg.find(f"{SVG}title"), svg.find(f"{SVG}defs")
    assert named is not None
    assert defs is not None
    named.text = title
    for style in defs:
        style.text = CSS
    defs.extend(fromstring(f"<g xmlns='{SVG[1:-1]}'>{''.join(PATTERNS)}</g>"))
    register_namespace("", SVG[1:-1])
    return tostring(svg)
