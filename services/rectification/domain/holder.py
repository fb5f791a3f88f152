"""A post and who was heard to take it over: kept so that a handover heard before its case opens is not lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.decider import Given


@dataclass(frozen=True)
class HearHandover:
    """Scheduling said that the post has another holder."""

    unit: str
    post: str
    title: str
    from_person: str
    to_person: str
    effective_on: date


@dataclass(frozen=True)
class HandoverHeard:
    unit: str
    post: str
    title: str
    from_person: str
    to_person: str
    effective_on: date


@dataclass(frozen=True)
class Holder:
    """The last handover that was heard, None before the first."""

    last: HandoverHeard | None = None


Command = HearHandover
Event = HandoverHeard

initial = Holder()


def decide(holder: Holder, command: Command, given: Given[None]) -> list[Event]:
    """Every handover once."""
    heard = HandoverHeard(
        command.unit,
        command.post,
        command.title,
        command.from_person,
        command.to_person,
        command.effective_on,
    )
    return [] if heard == holder.last else [heard]


def evolve(holder: Holder, event: Event) -> Holder:
    """The post's newest holder."""
    return Holder(event)
