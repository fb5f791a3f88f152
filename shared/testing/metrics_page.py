"""``python -m shared.testing.metrics_page write``: docs/operations/metrics.md, from the metrics that code declares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from shared.observability import metrics
from shared.runtime.migrate import SERVICES

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "metrics.md"
_HEAD = """\
# Metrics

Written by `make rules` from the code that declares them. Labels are bounded: names of commands, rules, routes, services
and tiers; never a tenant, a case or a person (`tests/services/test_metrics.py` goes through ten thousand of each).
Gauges are asked for when somebody scrapes, at most every two seconds; where a part does not answer, its gauges have no
number.
`process_…` and `python_…` are prometheus-client's own.

| metric | kind | labels | |
|---|---|---|---|
"""

Declared = Counter | Gauge | Histogram


def declared() -> Iterator[Declared]:
    """Every metric, in the order of the code: those of all services, then those of one."""
    yield from (one for one in vars(metrics).values() if isinstance(one, Declared))
    for service in SERVICES:
        name = f"services.{service}.figures"
        if find_spec(name) is not None:
            yield from import_module(name).GAUGES.values()


def page() -> str:
    """The page as it should be."""
    return _HEAD + "".join(_row(one) for one in declared())


def _row(metric: Declared) -> str:
    [family] = metric.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = ", ".join(f"`{label}`" for label in metric._labelnames) or "—"
    return f"| `{name}` | {family.type} | {labels} | {family.documentation} |\n"


if __name__ == "__main__":
    if sys.argv[1:] != ["write"]:
        sys.exit(f"usage: {__doc__}")
    PAGE.write_text(page(), "utf-8")
