"""A unit as scheduling's registry has it: evaluation hears of it, and has a sheet for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from shared.decider import Given, replace


@dataclass(frozen=True)
class Post:
    """A head's post and who holds it."""

    post: str
    title: str
    person: str


@dataclass(frozen=True)
class Name:
    """What a unit is called, from that day on."""

    valid_from: date
    name: str


def name_on(names: Sequence[Name], day: date) -> str:
    """What it was called on a day; before its first name, that one."""
    held = [one.name for one in sorted(names, key=lambda one: one.valid_from) if one.valid_from <= day]
    return held[-1] if held else names[0].name


@dataclass(frozen=True)
class Unknown:
    """The registry has not said anything of it."""


@dataclass(frozen=True)
class Known:
    """It is registered in this place of the official order; ``names`` are its names with the day each holds from,
    ``former`` those who held a post before its present holder; ``valid_until`` its last day, where it was dissolved."""

    names: tuple[Name, ...]
    category: str
    official_order: int
    posts: tuple[Post, ...] = ()
    former: tuple[str, ...] = ()
    valid_until: date | None = None


Unit = Unknown | Known
initial: Unit = Unknown()


@dataclass(frozen=True)
class NoteUnit:
    """Scheduling says that the unit is registered; ``citation`` is its ledger entry."""

    name: str
    category: str
    official_order: int
    valid_from: date
    posts: tuple[Post, ...]
    citation: str


@dataclass(frozen=True)
class NoteName:
    """The unit bears another name from that day on."""

    name: str
    valid_from: date
    citation: str


@dataclass(frozen=True)
class NoteHolder:
    """A post of the unit went to somebody else, or is new with its first holder."""

    post: str
    title: str
    person: str
    effective_on: date
    citation: str


@dataclass(frozen=True)
class NoteEnd:
    """The unit was dissolved; ``valid_until`` is its last day."""

    valid_until: date
    citation: str


Command = NoteUnit | NoteName | NoteHolder | NoteEnd


@dataclass(frozen=True)
class UnitNoted:
    name: str
    category: str
    official_order: int
    valid_from: date
    posts: tuple[Post, ...]
    citation: str
    on: date


@dataclass(frozen=True)
class NameNoted:
    name: str
    valid_from: date
    citation: str
    on: date


@dataclass(frozen=True)
class HolderNoted:
    post: str
    title: str
    person: str
    effective_on: date
    citation: str
    on: date


@dataclass(frozen=True)
class EndNoted:
    valid_until: date
    citation: str
    on: date


Event = UnitNoted | NameNoted | HolderNoted | EndNoted


def decide(unit: Unit, command: Command, given: Given[None]) -> list[Event]:
    """What is heard again is nothing new."""
    event: Event
    match command:
        case NoteUnit():
            event = UnitNoted(
                command.name,
                command.category,
                command.official_order,
                command.valid_from,
                command.posts,
                command.citation,
                on=given.today,
            )
        case NoteName():
            event = NameNoted(command.name, command.valid_from, command.citation, on=given.today)
        case NoteHolder():
            event = HolderNoted(
                command.post,
                command.title,
                command.person,
                command.effective_on,
                command.citation,
                on=given.today,
            )
        case NoteEnd():
            event = EndNoted(command.valid_until, command.citation, on=given.today)
        case _ as unreachable:
            assert_never(unreachable)
    return [] if evolve(unit, event) == unit else [event]


def evolve(unit: Unit, event: Event) -> Unit:
    match event:
        case UnitNoted():
            names = _named(unit, Name(event.valid_from, event.name))
            former = unit.former if isinstance(unit, Known) else ()
            return Known(names, event.category, event.official_order, event.posts, former)
        case NameNoted():
            name = Name(event.valid_from, event.name)
            return replace(unit, names=_named(unit, name)) if isinstance(unit, Known) else unit
        case HolderNoted():
            return _handed_over(unit, event) if isinstance(unit, Known) else unit
        case EndNoted():
            return replace(unit, valid_until=event.valid_until) if isinstance(unit, Known) else unit
        case _ as unreachable:
            assert_never(unreachable)


def _named(unit: Unit, name: Name) -> tuple[Name, ...]:
    before = unit.names if isinstance(unit, Known) else ()
    return (*(one for one in before if one.valid_from != name.valid_from), name)


def _handed_over(unit: Known, event: HolderNoted) -> Known:
    before = [post.person for post in unit.posts if post.post == event.post and post.person != event.person]
    now = Post(event.post, event.title, event.person)
    posts = tuple({**{post.post: post for post in unit.posts}, event.post: now}.values())
    return replace(unit, posts=posts, former=(*unit.former, *before))
