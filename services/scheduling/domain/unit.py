"""A unit of a tenant: its names, its category, the offices it houses, and who held each of its posts since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies.closing import (
    cases_still_open,
    dissolved_before_its_last_change,
    dissolved_in_the_future,
    unit_on_a_coming_roster,
)
from services.scheduling.domain.policies.decisions import reason_missing
from services.scheduling.domain.policies.registry import (
    handover_before_the_last,
    handover_in_the_future,
    name_already_borne,
    name_is_blank,
    post_added_in_the_future,
    post_added_twice,
    post_already_held,
    post_id_malformed,
    post_listed_twice,
    post_older_than_its_unit,
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
    """It is in the registry; ``names`` from the first to the one it bears, ``terms`` every holder of every post in
    the order in which they were entered: of one post each from the day of its ``since`` on."""

    names: tuple[Name, ...]
    category: Category
    official_order: int
    houses_offices: tuple[Office, ...]
    terms: tuple[HeldPost, ...]

    @property
    def posts(self) -> tuple[HeldPost, ...]:
        """The posts as they are held now."""
        return tuple({one.post: one for one in self.terms}.values())

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


@dataclass(frozen=True)
class Closed:
    """It was dissolved; ``valid_until`` is the last day on which it was there."""

    registered: Registered
    valid_until: date
    reason: str


Unit = NotRegistered | Registered | Closed
initial: Unit = NotRegistered()


@dataclass(frozen=True)
class Facts:
    """What keeps a unit from being dissolved: coming sessions that it is to report or observe at, its open cases."""

    rostered_for: tuple[str, ...] = ()
    open_cases: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class AddPost:
    """The unit has another head's post, held by this person from ``since`` (None = today)."""

    post: str
    title: str
    person: str
    since: date | None = None


@dataclass(frozen=True)
class CloseUnit:
    """The unit is dissolved; ``valid_until`` is its last day (None = today). It is not rostered any more."""

    reason: str
    valid_until: date | None = None


Command = RegisterUnit | HandOverPost | RenameUnit | AddPost | CloseUnit


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


@dataclass(frozen=True)
class PostAdded:
    post: str
    title: str
    person: str
    since: date
    on: date


@dataclass(frozen=True)
class UnitClosed:
    reason: str
    valid_until: date
    on: date


Event = UnitRegistered | PostHandedOver | UnitRenamed | PostAdded | UnitClosed


def decide(unit: Unit, command: Command, given: Given[Facts]) -> list[Event]:
    """Registering the same again is nothing new; a post is handed over as often as its holder changes, and the
    unit is renamed as often as it bears another name. What was dissolved stays dissolved."""
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
        case Registered(), AddPost(post, title, person, since) if (
            HeldPost(post, title, person, since or given.today) in unit.posts
        ):
            return []
        case Registered(), AddPost():
            return [_added(unit, command, given.today)]
        case Registered(), CloseUnit():
            return [_closed(unit, command, given)]
        case Closed(), CloseUnit(reason, valid_until) if (reason, valid_until or unit.valid_until) == (
            unit.reason,
            unit.valid_until,
        ):
            return []
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


def _added(unit: Registered, command: AddPost, today: date) -> PostAdded:
    since = command.since or today
    refuse_if(
        post_id_malformed([Post(command.post, command.title, command.person)]),
        post_added_twice(command.post, (post.post for post in unit.posts)),
        name_is_blank(title=command.title, person=command.person),
        post_added_in_the_future(since, today),
        post_older_than_its_unit(since, unit.valid_from),
    )
    return PostAdded(command.post, command.title, command.person, since, on=today)


def _closed(unit: Registered, command: CloseUnit, given: Given[Facts]) -> UnitClosed:
    valid_until = command.valid_until or given.today
    changed_on = max([unit.name.valid_from, *(one.since for one in unit.terms)])
    refuse_if(
        reason_missing(command.reason),
        dissolved_in_the_future(valid_until, given.today),
        dissolved_before_its_last_change(valid_until, changed_on),
        unit_on_a_coming_roster(given.facts.rostered_for),
        cases_still_open(given.facts.open_cases),
    )
    return UnitClosed(command.reason, valid_until, on=given.today)


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
            held = HeldPost(event.post, event.title, event.to_person, event.effective_on)
            return replace(unit, terms=(*unit.terms, held))
        case UnitRenamed():
            assert isinstance(unit, Registered)  # only what has a name gets another
            return replace(unit, names=(*unit.names, Name(event.name, event.valid_from)))
        case PostAdded():
            assert isinstance(unit, Registered)  # posts are added to registered units only
            held = HeldPost(event.post, event.title, event.person, event.since)
            return replace(unit, terms=(*unit.terms, held))
        case UnitClosed():
            assert isinstance(unit, Registered)  # only what is there is dissolved
            return Closed(unit, event.valid_until, event.reason)
        case _ as unreachable:
            assert_never(unreachable)
