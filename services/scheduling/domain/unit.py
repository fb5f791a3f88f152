"""A unit of a tenant: its names, its category, the offices it houses, its posts and who holds them since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies.registry import (
    handover_before_the_last,
    handover_in_the_future,
    name_already_borne,
    name_is_blank,
    post_already_held,
    post_id_malformed,
    post_listed_twice,
    post_unknown_in_unit,
    renaming_before_the_last,
    renaming_in_the_future,
)
from services.scheduling.domain.registry import Category, Office, Post
from shared.decider import Given, NotAllowedNow, refuse_if, replace


@dataclass(frozen=True)
class NotRegistered:
    """Nothing is known of it."""


@dataclass(frozen=True)
class HeldPost:
    """A post, its holder, and the day from which the holder answers for it."""

    post: str
    title: str
    person: str
    since: date


@dataclass(frozen=True)
class Name:
    """A name, and the first day on which the unit bore it."""

    name: str
    valid_from: date


@dataclass(frozen=True)
class Registered:
    """It is in the registry; ``posts`` as they are held now, ``names`` from the first to the one it bears."""

    names: tuple[Name, ...]
    category: Category
    official_order: int
    houses_offices: tuple[Office, ...]
    posts: tuple[HeldPost, ...]

    @property
    def name(self) -> Name:
        """The name it bears."""
        return self.names[-1]

    @property
    def valid_from(self) -> date:
        """The day from which it is in the registry."""
        return self.names[0].valid_from

    def held(self, post: str) -> HeldPost | None:
        """The post of that id, or None."""
        return next((one for one in self.posts if one.post == post), None)


Unit = NotRegistered | Registered
initial: Unit = NotRegistered()


@dataclass(frozen=True)
class RegisterUnit:
    """Enter a unit; ``valid_from`` is the day from which it bears this name (None = today)."""

    name: str
    category: Category
    official_order: int
    houses_offices: tuple[Office, ...] = ()
    posts: tuple[Post, ...] = ()
    valid_from: date | None = None


@dataclass(frozen=True)
class HandOverPost:
    """The post has a new holder from ``effective_on`` (None = today)."""

    post: str
    to_person: str
    effective_on: date | None = None


@dataclass(frozen=True)
class RenameUnit:
    """The unit bears this name from ``valid_from`` (None = today); what was written before says the old one."""

    name: str
    valid_from: date | None = None


Command = RegisterUnit | HandOverPost | RenameUnit


@dataclass(frozen=True)
class UnitRegistered:
    name: str
    category: Category
    official_order: int
    houses_offices: tuple[Office, ...]
    posts: tuple[Post, ...]
    valid_from: date
    on: date


@dataclass(frozen=True)
class PostHandedOver:
    post: str
    title: str
    from_person: str
    to_person: str
    effective_on: date
    on: date


@dataclass(frozen=True)
class UnitRenamed:
    name_before: str
    name: str
    valid_from: date
    on: date


Event = UnitRegistered | PostHandedOver | UnitRenamed


def decide(unit: Unit, command: Command, given: Given[None]) -> list[Event]:
    """Registering the same again is nothing new; a post is handed over as often as its holder changes, and the
    unit is renamed as often as it bears another name."""
    match unit, command:
        case NotRegistered(), RegisterUnit():
            refuse_if(
                name_is_blank(name=command.name),
                post_id_malformed(command.posts),
                post_listed_twice(command.posts),
                *(name_is_blank(title=post.title, person=post.person) for post in command.posts),
            )
            return [_registered(command, given.today)]
        case Registered(), RegisterUnit() if unit == evolve(initial, _registered(command, unit.valid_from)):
            return []
        case Registered(), HandOverPost():
            return [_handed_over(unit, command, given.today)]
        case Registered(), RenameUnit(name, valid_from) if unit.name == Name(name, valid_from or given.today):
            return []
        case Registered(), RenameUnit():
            return [_renamed(unit, command, given.today)]
        case _:
            raise NotAllowedNow(unit, command)


def _registered(command: RegisterUnit, today: date) -> UnitRegistered:
    return UnitRegistered(
        command.name,
        command.category,
        command.official_order,
        command.houses_offices,
        command.posts,
        valid_from=command.valid_from or today,
        on=today,
    )


def _handed_over(unit: Registered, command: HandOverPost, today: date) -> PostHandedOver:
    effective_on = command.effective_on or today
    refuse_if(post_unknown_in_unit(command.post, (post.post for post in unit.posts)))
    held = unit.held(command.post)
    assert held is not None  # the predicate above has looked
    refuse_if(
        name_is_blank(person=command.to_person),
        post_already_held(command.to_person, held.person),
        handover_in_the_future(effective_on, today),
        handover_before_the_last(effective_on, held.since),
    )
    return PostHandedOver(
        held.post, held.title, held.person, command.to_person, effective_on=effective_on, on=today
    )


def _renamed(unit: Registered, command: RenameUnit, today: date) -> UnitRenamed:
    valid_from = command.valid_from or today
    refuse_if(
        name_is_blank(name=command.name),
        name_already_borne(command.name, unit.name.name),
        renaming_in_the_future(valid_from, today),
        renaming_before_the_last(valid_from, unit.name.valid_from),
    )
    return UnitRenamed(unit.name.name, command.name, valid_from, on=today)


def evolve(unit: Unit, event: Event) -> Unit:
    match event:
        case UnitRegistered():
            return Registered(
                (Name(event.name, event.valid_from),),
                event.category,
                event.official_order,
                event.houses_offices,
                tuple(HeldPost(post.post, post.title, post.person, event.valid_from) for post in event.posts),
            )
        case PostHandedOver():
            assert isinstance(unit, Registered)  # posts are handed over in registered units only
            changed = HeldPost(event.post, event.title, event.to_person, event.effective_on)
            return replace(
                unit, posts=tuple(changed if post.post == event.post else post for post in unit.posts)
            )
        case UnitRenamed():
            assert isinstance(unit, Registered)  # only what has a name gets another
            return replace(unit, names=(*unit.names, Name(event.name, event.valid_from)))
        case _ as unreachable:
            assert_never(unreachable)
