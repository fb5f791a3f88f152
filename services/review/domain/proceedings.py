"""The proceedings: what was said and who was there, taken down in the room or supplied until the minutes are signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.review.domain.facts import Facts
from services.review.domain.policies.bulletin import (
    bulletin_is_due,
    bulletin_left_out_without_reason,
    bulletin_not_issued,
)
from services.review.domain.policies.entries import (
    classified_text_not_stored,
    decision_incomplete,
    id_not_a_token,
    text_missing,
)
from services.review.domain.policies.requirements import (
    duty_for_a_lead_reporter,
    requirement_for_a_unit_not_registered,
    requirement_named_twice,
    task_line_missing,
    unit_without_a_head,
)
from services.review.domain.policies.room import (
    absent_without_reason,
    already_spoken,
    before_the_session_day,
    deputy_may_not_read,
    lead_report_not_commented,
    lead_report_not_supplemented,
    not_a_named_observer,
    unit_not_rostered,
    was_held,
    without_spoken_time,
    words_already_confirmed,
)
from services.review.domain.roster import GuestKind, Matter, Reporter, Roster
from shared.decider import Decision, FreeText, Given, Refused, refuse_if, replace


@dataclass(frozen=True)
class Requirement:
    """A requirement of a comment. The task line is unclassified; without units it is for the unit commented on.

    A general requirement 共性要求 names its units, of this roster or of the registry, and makes duties for no other.
    """

    requirement: str
    task_line: str
    focus_area: str | None = None
    units: tuple[str, ...] = ()


# Commands


@dataclass(frozen=True)
class NoteBulletin:
    """Was the bulletin on the round before told? If not, why it does not apply.

    ``decision``: the chair's, where it is told from paper alone, or left out though it is due.
    """

    told: bool
    reason: str | None = None
    decision: Decision | None = None


@dataclass(frozen=True)
class RecordSpeech:
    unit: str
    person: str
    spoken_seconds: int


@dataclass(frozen=True)
class RecordSupplement:
    """``text`` is left blank where the session is classified 涉密."""

    unit: str
    text: str


@dataclass(frozen=True)
class RecordComment:
    """A working note of what a leader said; recorded again under the same id it replaces the note.

    No requirements: praise only. ``text`` is left blank where the session is classified 涉密.
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
class RecordGuest:
    """A guest 观摩, no observer; recorded again under the same id it replaces the entry. ``spoke``: it was heard."""

    guest: str
    organisation: str
    kind: GuestKind
    spoke: bool = False


@dataclass(frozen=True)
class MarkNotHeld:
    """What was expected did not take place 未进行."""

    unit: str
    what: Matter
    reason: str


Command = (
    NoteBulletin
    | RecordSpeech
    | RecordSupplement
    | RecordComment
    | RecordAttendance
    | RecordGuest
    | MarkNotHeld
)


# Events


@dataclass(frozen=True)
class BulletinNoted:
    """``told`` by the law office's deputy director, or not applicable with the reason.

    ``bulletin`` is the one that was issued for this session; ``decision`` the chair's, where it passed over a rule.
    """

    told: bool
    by: str
    reason: FreeText | None
    noted_on: date
    bulletin: str | None = None
    decision: Decision | None = None


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
    """``text`` None: the session is classified, the paper governs."""

    unit: str
    text: FreeText | None
    recorded_on: date


@dataclass(frozen=True)
class CommentRecorded:
    """A working note, private until the minutes are signed. Every requirement names its units.

    ``text`` None: the session is classified, the paper governs.
    """

    comment: str
    unit: str
    by: str
    by_title: str
    text: FreeText | None
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
class GuestRecorded:
    guest: str
    organisation: str
    kind: GuestKind
    spoke: bool
    recorded_on: date


@dataclass(frozen=True)
class MarkedNotHeld:
    unit: str
    what: Matter
    reason: FreeText
    marked_on: date


Event = (
    BulletinNoted
    | SpeechRecorded
    | SupplementRecorded
    | CommentRecorded
    | AttendanceRecorded
    | GuestRecorded
    | MarkedNotHeld
)


# State


@dataclass(frozen=True)
class Proceedings:
    """What has been taken down so far. ``order``: the units as the confirmed agenda calls them.

    ``texts``: where the texts of the room lie, replaced ones too; ``classified`` 涉密: no more are taken.
    """

    roster: Roster
    order: tuple[str, ...]
    deputy_director: str
    bulletin: BulletinNoted | None = None
    speeches: tuple[SpeechRecorded, ...] = ()
    supplements: frozenset[str] = frozenset()
    comments: tuple[CommentRecorded, ...] = ()
    confirmed: frozenset[str] = frozenset()
    not_held: frozenset[tuple[str, Matter]] = frozenset()
    guests: frozenset[GuestRecorded] = frozenset()
    classified: bool = False
    texts: frozenset[str] = frozenset()

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


def decide(proceedings: Proceedings, command: Command, given: Given[Facts]) -> Sequence[Event]:
    """Nothing is refused for its order: a clerk takes down what happens as it happens."""
    roster, today, classified = proceedings.roster, given.today, proceedings.classified
    refuse_if(before_the_session_day(roster.held_on, today))
    match command:
        case NoteBulletin():
            return [_bulletin_noted(proceedings, command, given)]

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
            refuse_if(
                unit_not_rostered(unit, roster),
                lead_report_not_supplemented(unit, roster, given.policy),
                _text_as_it_should_be(text, classified),
            )
            return [SupplementRecorded(unit, None if classified else FreeText(text), today)]

        case RecordComment(comment, unit, by, by_title, text, requirements):
            refuse_if(
                id_not_a_token("comment", comment),
                unit_not_rostered(unit, roster),
                lead_report_not_commented(unit, roster, given.policy),
                words_already_confirmed(comment, proceedings),
                text_missing("by", by),
                text_missing("by_title", by_title),
                _text_as_it_should_be(text, classified),
                *(id_not_a_token("requirement", one.requirement) for one in requirements),
                requirement_named_twice(requirements),
                task_line_missing(requirements),
                requirement_for_a_unit_not_registered(requirements, roster, given.facts.units),
                unit_without_a_head(requirements, roster, given.facts.units),
                duty_for_a_lead_reporter(requirements, roster),
            )
            return [
                CommentRecorded(
                    comment=comment,
                    unit=unit,
                    by=by,
                    by_title=by_title,
                    text=None if classified else FreeText(text),
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

        case RecordGuest(guest, organisation, kind, spoke):
            refuse_if(id_not_a_token("guest", guest), text_missing("organisation", organisation))
            recorded = GuestRecorded(guest, organisation, kind, spoke, today)
            same = (replace(one, recorded_on=today) for one in proceedings.guests)
            return [] if recorded in same else [recorded]

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
        case SupplementRecorded(unit, text):
            held = _with_text(_without_mark(proceedings, unit, "supplement"), text)
            return replace(held, supplements=held.supplements | {unit})
        case CommentRecorded(comment, unit, text=text):
            held = _with_text(_without_mark(proceedings, unit, "comment"), text)
            return replace(held, comments=tuple({**held.words, comment: event}.values()))
        case AttendanceRecorded():
            return proceedings
        case GuestRecorded(guest):
            others = {one for one in proceedings.guests if one.guest != guest}
            return replace(proceedings, guests=frozenset({*others, event}))
        case MarkedNotHeld(unit, what):
            return replace(proceedings, not_held=proceedings.not_held | {(unit, what)})
        case _ as unreachable:
            assert_never(unreachable)


def _bulletin_noted(proceedings: Proceedings, command: NoteBulletin, given: Given[Facts]) -> BulletinNoted:
    issued, decision = proceedings.roster.bulletin, command.decision
    refuse_if(bulletin_left_out_without_reason(command.told, command.reason), decision_incomplete(decision))
    passed_over = bulletin_not_issued(command.told, issued) or bulletin_is_due(
        command.told, issued, given.facts.round_before
    )
    if decision is None:
        refuse_if(passed_over)
    return BulletinNoted(
        told=command.told,
        by=proceedings.deputy_director,
        reason=FreeText(command.reason) if command.reason and not command.told else None,
        noted_on=given.today,
        bulletin=issued.bulletin if issued and command.told else None,
        decision=decision if passed_over else None,
    )


def _text_as_it_should_be(text: str, classified: bool) -> Refused | None:
    return classified_text_not_stored(text) if classified else text_missing("text", text)


def _without_mark(proceedings: Proceedings, unit: str, what: Matter) -> Proceedings:
    """What is supplied after all is no longer 未进行."""
    return replace(proceedings, not_held=proceedings.not_held - {(unit, what)})


def _with_text(proceedings: Proceedings, text: FreeText | None) -> Proceedings:
    if text is None or text.ref is None:
        return proceedings
    return replace(proceedings, texts=proceedings.texts | {text.ref})
