"""The minutes: drafted, requirements checked, words confirmed by each leader, signed, numbered, sent.

They go on in the session's stream when the session is closed. Until they are signed, what is missing in the
proceedings can still be supplied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.review.domain import proceedings as room
from services.review.domain.policies.entries import (
    date_before_the_step_before,
    date_in_the_future,
    text_missing,
)
from services.review.domain.policies.minutes import (
    comment_unknown,
    document_number_malformed,
    number_missing,
    something_is_missing,
    words_not_confirmed,
    words_of_another,
)
from services.review.domain.proceedings import Proceedings
from services.review.domain.roster import Category, Reporter
from shared.calendar import Due
from shared.decider import Given, NotAllowedNow, refuse_if

# Commands


@dataclass(frozen=True)
class DraftMinutes:
    """The Party office has written the minutes."""


@dataclass(frozen=True)
class CheckRequirements:
    """The law office has checked the requirements of every comment."""


@dataclass(frozen=True)
class ConfirmWords:
    """A leader confirms one comment; the Party office enters it with ``entered_for``, the leader's name."""

    comment: str
    entered_for: str | None = None


@dataclass(frozen=True)
class SignMinutes:
    """The chair's signature on paper; ``signed_on`` None is today."""

    signed_by: str
    signed_on: date | None = None


@dataclass(frozen=True)
class NumberMinutes:
    document_number: str


@dataclass(frozen=True)
class SendMinutes:
    """The clock starts; ``sent_on`` None is today."""

    sent_on: date | None = None


Command = DraftMinutes | CheckRequirements | ConfirmWords | SignMinutes | NumberMinutes | SendMinutes


# Events


@dataclass(frozen=True)
class MinutesDrafted:
    drafted_on: date


@dataclass(frozen=True)
class RequirementsChecked:
    checked_on: date


@dataclass(frozen=True)
class WordsConfirmed:
    comment: str
    by: str
    entered_by: str
    confirmed_on: date


@dataclass(frozen=True)
class MinutesSigned:
    """From here on the comments are published facts."""

    signed_by: str
    signed_on: date
    entered_on: date


@dataclass(frozen=True)
class MinutesNumbered:
    document_number: str
    numbered_on: date


@dataclass(frozen=True)
class Item:
    """One line of a unit's duty, ``<unit>-<n>``, and the comment it comes from."""

    item: str
    task_line: str
    focus_area: str | None
    comment: str
    by: str


@dataclass(frozen=True)
class Excerpt:
    """What the minutes say to one reporter: the instrument. No items: no date."""

    unit: str
    unit_name: str
    category: Category
    post: str
    title: str
    person: str
    items: tuple[Item, ...]
    due_on: date | None
    due_before_rolling: date | None
    due_provisional: bool


@dataclass(frozen=True)
class MinutesSent:
    document_number: str
    signed_by: str
    signed_on: date
    sent_on: date
    entered_on: date
    excerpts: tuple[Excerpt, ...]


Event = MinutesDrafted | RequirementsChecked | WordsConfirmed | MinutesSigned | MinutesNumbered | MinutesSent


# Situations: ``on`` is the day of the step that led here, before which the next one cannot be


@dataclass(frozen=True)
class Held:
    """The session is closed, the minutes are not written."""

    proceedings: Proceedings
    on: date


@dataclass(frozen=True)
class Drafted:
    proceedings: Proceedings
    on: date


@dataclass(frozen=True)
class Checked:
    """The requirements are checked; leaders confirm their words, in any order."""

    proceedings: Proceedings
    on: date


@dataclass(frozen=True)
class Signed:
    proceedings: Proceedings
    on: date
    signed: MinutesSigned


@dataclass(frozen=True)
class Numbered:
    proceedings: Proceedings
    on: date
    signed: MinutesSigned
    document_number: str


@dataclass(frozen=True)
class Sent:
    """The clock runs; the chain goes on in rectification."""

    proceedings: Proceedings
    on: date
    sent: MinutesSent


Minutes = Held | Drafted | Checked | Signed | Numbered | Sent


def decide(
    minutes: Minutes, command: Command | room.Command, given: Given[object]
) -> Sequence[Event | room.Event]:
    actor, today = given.actor, given.today
    match minutes, command:
        case Held(), DraftMinutes():
            return [MinutesDrafted(today)]

        case Drafted(), CheckRequirements():
            return [RequirementsChecked(today)]

        case Checked(proceedings), ConfirmWords(comment, entered_for):
            refuse_if(comment_unknown(comment, proceedings))
            words = proceedings.words[comment]
            refuse_if(words_of_another(words, entered_for, actor))
            if comment in proceedings.confirmed:
                return []
            return [WordsConfirmed(comment, words.by, entered_by=actor.name, confirmed_on=today)]

        case Checked(proceedings, on), SignMinutes(signed_by, date_on_paper):
            signed_on = date_on_paper or today
            refuse_if(
                text_missing("signed_by", signed_by),
                something_is_missing(proceedings, given.policy),
                words_not_confirmed(proceedings),
                date_in_the_future("signed_on", signed_on, today),
                date_before_the_step_before("signed_on", signed_on, on),
            )
            return [MinutesSigned(signed_by, signed_on, entered_on=today)]

        case Signed(), NumberMinutes(document_number):
            refuse_if(document_number_malformed(document_number))
            return [MinutesNumbered(document_number, today)]

        case Signed(), SendMinutes():
            raise number_missing()

        case Numbered(proceedings, on, signed, document_number), SendMinutes(date_on_paper):
            sent_on = date_on_paper or today
            refuse_if(
                date_in_the_future("sent_on", sent_on, today),
                date_before_the_step_before("sent_on", sent_on, on),
            )
            return [
                MinutesSent(
                    document_number=document_number,
                    signed_by=signed.signed_by,
                    signed_on=signed.signed_on,
                    sent_on=sent_on,
                    entered_on=today,
                    excerpts=_excerpts(proceedings, sent_on, given),
                )
            ]

        case Held(proceedings) | Drafted(proceedings) | Checked(proceedings), _ if isinstance(
            command, room.Command
        ):
            return room.decide(proceedings, command, given)

        case _:
            raise NotAllowedNow(minutes, command)


def evolve(minutes: Minutes, event: Event | room.Event) -> Minutes:
    proceedings = minutes.proceedings
    match event:
        case MinutesDrafted(on):
            return Drafted(proceedings, on)
        case RequirementsChecked(on):
            return Checked(proceedings, on)
        case WordsConfirmed(comment, confirmed_on=on):
            return Checked(replace(proceedings, confirmed=proceedings.confirmed | {comment}), on)
        case MinutesSigned(signed_on=on):
            return Signed(proceedings, on, event)
        case MinutesNumbered(document_number, on):
            assert isinstance(minutes, Signed)  # only signed minutes are numbered
            return Numbered(proceedings, on, minutes.signed, document_number)
        case MinutesSent(sent_on=on):
            return Sent(proceedings, on, event)
        case room.CommentRecorded(recorded_on=on) if isinstance(minutes, Checked):
            # A comment that came after the check has not been checked.
            return Drafted(room.evolve(proceedings, event), on)
        case _:
            return replace(minutes, proceedings=room.evolve(proceedings, event))


def _excerpts(proceedings: Proceedings, sent_on: date, given: Given[object]) -> tuple[Excerpt, ...]:
    due = given.calendar.due_months_after(sent_on, given.policy.rectification_months)
    return tuple(
        _excerpt(reporter, _items(reporter.unit, proceedings), due) for reporter in proceedings.reporters
    )


def _excerpt(reporter: Reporter, items: tuple[Item, ...], due: Due) -> Excerpt:
    return Excerpt(
        unit=reporter.unit,
        unit_name=reporter.unit_name,
        category=reporter.category,
        post=reporter.post,
        title=reporter.title,
        person=reporter.person,
        items=items,
        due_on=due.on if items else None,
        due_before_rolling=due.before_rolling if items else None,
        due_provisional=due.provisional if items else False,
    )


def _items(unit: str, proceedings: Proceedings) -> tuple[Item, ...]:
    lines = [
        (comment, requirement)
        for comment in proceedings.comments
        for requirement in comment.requirements
        if unit in requirement.units
    ]
    return tuple(
        Item(f"{unit}-{n}", requirement.task_line, requirement.focus_area, comment.comment, comment.by)
        for n, (comment, requirement) in enumerate(lines, start=1)
    )
