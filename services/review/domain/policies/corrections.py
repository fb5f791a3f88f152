"""The rules of a correction: it names lines of the minutes that were sent, and changes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.decider import Refused

if TYPE_CHECKING:
    from services.review.domain.excerpts import Correction, Excerpt


def item_unknown(corrections: Sequence[Correction], sent: Sequence[Excerpt]) -> Refused | None:
    """A correction makes no new duty and takes none away (domain.md 1, step 6)."""
    known = _lines(sent)
    if unknown := [one.item for one in corrections if one.item not in known]:
        return Refused("review.item-unknown", items=unknown)
    return None


def item_corrected_twice(corrections: Sequence[Correction]) -> Refused | None:
    """Each line has one wording (domain.md 2, bad input)."""
    counted = Counter(one.item for one in corrections)
    if twice := [item for item, times in counted.items() if times > 1]:
        return Refused("review.item-corrected-twice", items=twice)
    return None


def nothing_to_correct(corrections: Sequence[Correction], sent: Sequence[Excerpt]) -> Refused | None:
    """A correction changes a line: one that changes none would only raise doubts (domain.md 2, bad input)."""
    known = _lines(sent)
    same = [one.item for one in corrections if known.get(one.item) == one.task_line]
    if same or not corrections:
        return Refused("review.nothing-to-correct", items=same)
    return None


def _lines(sent: Sequence[Excerpt]) -> dict[str, str]:
    return {item.item: item.task_line for excerpt in sent for item in excerpt.items}
