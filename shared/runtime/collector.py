"""The garbage collector of a process that makes many small values: it leaves what was imported, and seldom looks."""

from __future__ import annotations

import gc

YOUNG = 20_000
"""Values made before the youngest are searched for cycles; Python's 700 is reached by half a page of events."""


def collect_seldom(young: int = YOUNG) -> None:
    """Set the collector of this process, once everything is imported. Values of the domain refer to no cycles, and go
    when nothing refers to them any more; searching for what is not there took a twentieth of a rebuild."""
    gc.freeze()
    _, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, old)
