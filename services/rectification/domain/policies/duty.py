"""Rules of the duty itself: what opens a case, whose it is, what may be noted of it."""

from __future__ import annotations

from services.rectification.domain.situations import Duty, Item
from shared.decider import Actor, Refused


def nothing_is_asked(items: tuple[Item, ...]) -> Refused | None:
    """A comment with praise only makes no case (2)."""
    return None if items else Refused("rectification.no-items")


def not_own_unit(actor: Actor, duty: Duty) -> Refused | None:
    """A unit's feedback and requests come from the unit itself (1.7, 1.8)."""
    if actor.unit == duty.unit:
        return None
    return Refused("rectification.not-own-unit", unit=duty.unit, unit_name=duty.unit_name)


def progress_empty(text: str) -> Refused | None:
    """A note of progress says something (1.7)."""
    return None if text.strip() else Refused("rectification.progress-empty")


def not_an_item_of_the_case(item: str | None, duty: Duty) -> Refused | None:
    """Progress is of the whole or of one of the items that were asked (1.7), and so is what is left of them (1.9)."""
    known = [one.item for one in duty.items]
    if item is None or item in known:
        return None
    return Refused("rectification.unknown-item", item=item, items=known)


def text_of_a_classified_case(duty: Duty, *texts: str) -> Refused | None:
    """Of classified minutes only the task line and the receipt are recorded; the paper governs (1, 2)."""
    if duty.classified and any(text.strip() for text in texts):
        return Refused("rectification.classified")
    return None
