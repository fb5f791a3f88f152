"""Two texts side by side: paragraph beside paragraph, and in each the characters that are only there."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

LARGEST_PAIR = 4_000_000
"""Characters of one paragraph times those of the other: beyond it the two are marked as wholes."""
WORTH_COMPARING = 0.3
"""Below this likeness two paragraphs are two texts: marks on single characters would only be noise."""
WORTH_LEAVING = 3
"""Fewer characters than this between two changes are the same by chance, and marked with them."""

Piece = tuple[bool, str]
"""A piece of a paragraph: is it on this side only, and the text."""


@dataclass(frozen=True)
class Side:
    """A row of the comparison: each side's paragraph in pieces, None where it has none."""

    before: tuple[Piece, ...] | None
    after: tuple[Piece, ...] | None


def side_by_side(before: str, after: str) -> list[Side]:
    """The rows of a comparison, in the order of the texts."""
    old, new = _paragraphs(before), _paragraphs(after)
    rows: list[Side] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            rows += [Side(((False, one),), ((False, one),)) for one in old[a:b]]
        else:
            rows += [_pair(one, other) for one, other in zip_longest(old[a:b], new[c:d])]
    return rows


def _paragraphs(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _pair(old: str | None, new: str | None) -> Side:
    if old is None or new is None:
        return Side(((True, old),) if old is not None else None, ((True, new),) if new is not None else None)
    if len(old) * len(new) > LARGEST_PAIR:
        return Side(((True, old),), ((True, new),))
    matched = SequenceMatcher(None, old, new, autojunk=False)
    if matched.quick_ratio() < WORTH_COMPARING:
        return Side(((True, old),), ((True, new),))
    before: list[Piece] = []
    after: list[Piece] = []
    opcodes = matched.get_opcodes()
    for n, (kind, a, b, c, d) in enumerate(opcodes):
        inside = 0 < n < len(opcodes) - 1
        changed = kind != "equal" or (inside and b - a < WORTH_LEAVING)
        _add(before, changed, old[a:b])
        _add(after, changed, new[c:d])
    return Side(tuple(before), tuple(after))


def _add(pieces: list[Piece], changed: bool, text: str) -> None:
    """Another piece, or more of the last one."""
    if text and pieces and pieces[-1][0] == changed:
        pieces[-1] = (changed, pieces[-1][1] + text)
    elif text:
        pieces.append((changed, text))
