"""Forms: what a browser sends as the body of a command, and what is kept of one that was refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_STEP = re.compile(r"\[([^\[\]]*)\]")
LARGEST_FORM = 1024 * 1024
OURS = frozenset({"_csrf", "_key", "_version", "_back", "_then", "_form", "_empty"})
"""Fields that are about the form itself and no part of what it says."""


def nested(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """``a=1, b[c]=2, d[]=3, e[0][f]=4`` → ``{a: 1, b: {c: 2}, d: [3], e: [{f: 4}]}``; what is empty is left out.

    Values stay text: the owner reads a date or a number from it and says what is wrong. Entries of a list that have
    nothing in them fall away, so that a form may show more lines than are filled in. A field that ``_empty`` names is
    said to be empty: what a command asks for and a form does not.
    """
    fields = list(fields)
    tree: dict[str, Any] = {value: "" for name, value in fields if name == "_empty"}
    for name, value in fields:
        if name.startswith("_") or not (value := value.strip().replace("\r\n", "\n")):
            continue
        head, *steps = (name.partition("[")[0], *_STEP.findall(name))
        at = tree
        for step in steps:
            at = at.setdefault(head, {})
            head = step or str(len(at))
        at[head] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    """Mappings whose keys are numbers are lists."""
    if not isinstance(value, dict):
        return value
    if all(key.isdecimal() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(one) for key, one in value.items()}
