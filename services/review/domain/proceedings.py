"""The proceedings: what was said and who was there, taken down in the room or supplied until the minutes are signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from services.review.domain.policies.entries import id_not_a_token, text_missing
from services.review.domain.policies.requirements import (
    requirement_for_a_unit_not_rostered,
    requirement_named_twice,
    task_line_missing,
)
from services.review.domain.policies.room import (
    absent_without_reason,
    already_spoken,
    before_the_session_day,
    bulletin_left_out_without_reason,
    comment_before_the_speech,
    deputy_may_not_read,
    not_a_named_observer,
    unit_not_rostered,
    was_held,
    without_spoken_time,
    words_already_confirmed,
)
from services.review.domain.roster import Matter, Reporter, Roster
from shared.decider import FreeText, Given, refuse_if


@dataclass(frozen=True)
class Requirement:
    """A requirement of a comment. The task line is unclassified; without units it is for the unit commented on."""

    requirement: str
    task_line: str
    focus_area: str | None = None
    units: tuple[str, ...] = ()


# Commands


@dataclass(frozen=True)
class NoteBulletin:
    """Was the bulletin on the round before told? If not, why it does not apply."""

    told: bool
    reason: str | None = None


@dataclass(frozen=True)
class RecordSpeech:
    unit: str
    person: str
    spoken_seconds: int


@dataclass(frozen=True)
class RecordSupplement:
    unit: str
    text: str


@dataclass(frozen=True)
class RecordComment:
    """A working note of what a leader said; recorded again under the same id it replaces the note.

    No requirements: praise only.
    """

    comment: str
    unit: str
    by: str
    by_title: str
    text: str
    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True)
class RecordAttendance:
    """Did the observer of this unit come? ``reason`` of an absence is published: no illness, no private matters."""

    unit: str
    attended: bool
    reason: str | None = None


@dataclass(frozen=True)
class MarkNotHeld:
    """What was expected did not take place 未进行."""

    unit: str
    what: Matter
    reason: str


Command = NoteBulletin | RecordSpeech | RecordSupplement | RecordComment | RecordAttendance | MarkNotHeld


# Events


@dataclass(frozen=True)
class BulletinNoted:
    """``told`` by the law office's deputy director, or not applicable with the reason."""

    told: bool
    by: str
    reason: FreeText | None
    noted_on: date


@dataclass(frozen=True)
class SpeechRecorded:
    """The real time, never cut; ``overrun_seconds`` is what it is over the time given."""

    unit: str
    unit_name: str
    post: str
    title: str
    person: str
    lead: bool
    held_on: date
    planned_seconds: int
    spoken_seconds: int
    overrun_seconds: int
    recorded_on: date


@dataclass(frozen=True)
class SupplementRecorded:
    unit: str
    text: FreeText
    recorded_on: date


@dataclass(frozen=True)
class CommentRecorded:
    """A working note, private until the minutes are signed. Every requirement names its units."""

    comment: str
    unit: str
    by: str
    by_title: str
    text: FreeText
    requirements: tuple[Requirement, ...]
    made_on: date
    recorded_on: date


@dataclass(frozen=True)
class AttendanceRecorded:
    unit: str
    unit_name: str
    person: str
    attended: bool
    reason: str | None
    recorded_on: date


@dataclass(frozen=True)
class MarkedNotHeld:
    unit: str
    what: Matter
    reason: FreeText
    marked_on: date


Event = (
    BulletinNoted | SpeechRecorded | SupplementRecorded | CommentRecorded | AttendanceRecorded | MarkedNotHeld
)


# State


@dataclass(frozen=True)
class Proceedings:
    """What has been taken down so far. ``order``: the units as the confirmed agenda calls them."""

    roster: Roster
    order: tuple[str, ...]
    deputy_director: str
    bulletin: BulletinNoted | None = None
    speeches: tuple[SpeechRecorded, ...] = ()
    supplements: frozenset[str] = frozenset()
    comments: tuple[CommentRecorded, ...] = ()
    confirmed: frozenset[str] = frozenset()
    not_held: frozenset[tuple[str, Matter]] = frozenset()

    @property
    def reporters(self) -> tuple[Reporter, ...]:
        """In the order of the agenda."""
        return tuple(self.roster.reporter(unit) for unit in self.order)

    @property
    def units_heard(self) -> tuple[str, ...]:
        """The units that have spoken, in the order of the agenda."""
        return tuple(unit for unit in self.order if self.took_place(unit, "speech"))

    @property
    def words(self) -> Mapping[str, CommentRecorded]:
        """The comments by their ids."""
        return {comment.comment: comment for comment in self.comments}

    def took_place(self, unit: str, what: Matter) -> bool:
        match what:
            case "speech":
                return any(speech.unit == unit for speech in self.speeches)
            case "supplement":
                return unit in self.supplements
            case "comment":
                return any(comment.unit == unit for comment in self.comments)
            case _ as unreachable:
                assert_never(unreachable)


def decide(proceedings: Proceedings, command: Command, given: Given[object]) -> Sequence[Event]:
    roster, today = proceedings.roster, given.today
    refuse_if(before_the_session_day(roster.held_on, today))
    match command:
        case NoteBulletin(told, reason):
            refuse_if(bulletin_left_out_without_reason(told, reason))
            why = FreeText(reason) if reason and not told else None
            return [BulletinNoted(told, by=proceedings.deputy_director, reason=why, noted_on=today)]

        case RecordSpeech(unit, person, spoken):
            refuse_if(unit_not_rostered(unit, roster))
            reporter, planned = roster.reporter(unit), given.policy.speech_seconds
            refuse_if(
                deputy_may_not_read(person, reporter),
                already_spoken(unit, proceedings),
                without_spoken_time(spoken),
            )
            return [
                SpeechRecorded(
                    unit=unit,
                    unit_name=reporter.unit_name,
                    post=reporter.post,
                    title=reporter.title,
                    person=reporter.person,
                    lead=reporter.lead,
                    held_on=roster.held_on,
                    planned_seconds=planned,
                    spoken_seconds=spoken,
                    overrun_seconds=max(0, spoken - planned),
                    recorded_on=today,
                )
            ]

        case RecordSupplement(unit, text):
            refuse_if(unit_not_rostered(unit, roster), text_missing("text", text))
            return [SupplementRecorded(unit, FreeText(text), today)]

        case RecordComment(comment, unit, by, by_title, text, requirements):
            refuse_if(
                id_not_a_token("comment", comment),
                unit_not_rostered(unit, roster),
                comment_before_the_speech(unit, proceedings),
                words_already_confirmed(comment, proceedings),
                text_missing("by", by),
                text_missing("by_title", by_title),
                text_missing("text", text),
                *(id_not_a_token("requirement", one.requirement) for one in requirements),
                requirement_named_twice(requirements),
                task_line_missing(requirements),
                requirement_for_a_unit_not_rostered(requirements, roster),
            )
            return [
                CommentRecorded(
                    comment=comment,
                    unit=unit,
                    by=by,
                    by_title=by_title,
                    text=FreeText(text),
                    requirements=tuple(replace(one, units=one.units or (unit,)) for one in requirements),
                    made_on=roster.held_on,
                    recorded_on=today,
                )
            ]

        case RecordAttendance(unit, attended, reason):
            refuse_if(not_a_named_observer(unit, roster), absent_without_reason(attended, reason))
            observer = roster.observer(unit)
            return [
                AttendanceRecorded(
                    unit=unit,
                    unit_name=observer.unit_name,
                    person=observer.person,
                    attended=attended,
                    reason=None if attended else reason,
                    recorded_on=today,
                )
            ]

        case MarkNotHeld(unit, what, reason):
            refuse_if(
                unit_not_rostered(unit, roster),
                was_held(unit, what, proceedings),
                text_missing("reason", reason),
            )
            return [MarkedNotHeld(unit, what, FreeText(reason), today)]

        case _ as unreachable:
            assert_never(unreachable)


def evolve(proceedings: Proceedings, event: Event) -> Proceedings:
    match event:
        case BulletinNoted():
            return replace(proceedings, bulletin=event)
        case SpeechRecorded(unit):
            held = _without_mark(proceedings, unit, "speech")
            return replace(held, speeches=(*held.speeches, event))
        case SupplementRecorded(unit):
            held = _without_mark(proceedings, unit, "supplement")
            return replace(held, supplements=held.supplements | {unit})
        case CommentRecorded(comment, unit):
            held = _without_mark(proceedings, unit, "comment")
            return replace(held, comments=tuple({**held.words, comment: event}.values()))
        case AttendanceRecorded():
            return proceedings
        case MarkedNotHeld(unit, what):
            return replace(proceedings, not_held=proceedings.not_held | {(unit, what)})
        case _ as unreachable:
            assert_never(unreachable)


def _without_mark(proceedings: Proceedings, unit: str, what: Matter) -> Proceedings:
    """What is supplied after all is no longer 未进行."""
    return replace(proceedings, not_held=proceedings.not_held - {(unit, what)})
