"""The minutes: drafted, requirements checked, words confirmed by each leader, signed, numbered, sent, corrected.

They go on in the session's stream when the session is closed. Until they are signed, what is missing in the
proceedings can still be supplied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.review.domain import proceedings as room
from services.review.domain.excerpts import Correction, Excerpt, corrected, excerpts
from services.review.domain.facts import Facts
from services.review.domain.policies.corrections import (
    item_corrected_twice,
    item_unknown,
    nothing_to_correct,
)
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
from services.review.domain.policies.people import (
    checks_own_unit,
    not_a_checking_office,
)
from services.review.domain.policies.requirements import (
    requirement_for_a_unit_not_registered,
    unit_without_a_head,
)
from services.review.domain.proceedings import Proceedings
from shared.decider import Given, NotAllowedNow, refuse_if, replace
from shared.tenancy import office_in_charge

# Commands


@dataclass(frozen=True)
class DraftMinutes:
    """The Party office has written the minutes. ``classified`` 涉密: no text of them is kept here, and those that the
    room left are blanked."""

    classified: bool = False


@dataclass(frozen=True)
class CheckRequirements:
    """The law office has checked the requirements of every comment, but for those to a unit that houses it: these
    are checked by the office that policy names."""


@dataclass(frozen=True)
class ConfirmWords:
    """A leader confirms one comment; the Party office enters it with ``entered_for``, the leader's name."""

    comment: str
    entered_for: str | None = None


@dataclass(frozen=True)
class SignMinutes:
    """The chair's signature on paper; ``signed_on`` None is today. ``scan``: the SHA-256 of the scan, or the number
    of the paper, which may stand for an upload."""

    signed_by: str
    signed_on: date | None = None
    scan: str | None = None


@dataclass(frozen=True)
class NumberMinutes:
    document_number: str


@dataclass(frozen=True)
class SendMinutes:
    """The clock starts; ``sent_on`` None is today."""

    sent_on: date | None = None


@dataclass(frozen=True)
class CorrectMinutes:
    """Wrong lines in minutes that were sent; ``document_number`` where the correction has one of its own."""

    corrections: tuple[Correction, ...]
    reason: str
    document_number: str | None = None


Command = (
    DraftMinutes
    | CheckRequirements
    | ConfirmWords
    | SignMinutes
    | NumberMinutes
    | SendMinutes
    | CorrectMinutes
)


# Events


@dataclass(frozen=True)
class MinutesDrafted:
    """``texts_blanked``: where the texts of the room lay that a classified session may not leave behind."""

    drafted_on: date
    classified: bool = False
    texts_blanked: tuple[str, ...] = ()


@dataclass(frozen=True)
class RequirementsChecked:
    """By ``office``; ``offices_missing`` have still to check theirs."""

    checked_on: date
    office: str = "law_office"
    offices_missing: tuple[str, ...] = ()


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
    scan: str | None = None


@dataclass(frozen=True)
class MinutesNumbered:
    document_number: str
    numbered_on: date


@dataclass(frozen=True)
class MinutesSent:
    document_number: str
    signed_by: str
    signed_on: date
    sent_on: date
    entered_on: date
    excerpts: tuple[Excerpt, ...]
    classified: bool = False


@dataclass(frozen=True)
class MinutesCorrected:
    """``excerpts`` are all of them, as they now read; what was sent stays in the ledger before this.

    The reason is published with them: no private matters.
    """

    document_number: str
    corrections: tuple[Correction, ...]
    reason: str
    corrected_on: date
    excerpts: tuple[Excerpt, ...]


Event = (
    MinutesDrafted
    | RequirementsChecked
    | WordsConfirmed
    | MinutesSigned
    | MinutesNumbered
    | MinutesSent
    | MinutesCorrected
)


# Situations: ``on`` is the day of the step that led here, before which the next one cannot be


@dataclass(frozen=True)
class Held:
    """The session is closed, the minutes are not written."""

    proceedings: Proceedings
    on: date


@dataclass(frozen=True)
class Drafted:
    """``checked_by``: the offices that have checked their requirements, while another has not."""

    proceedings: Proceedings
    on: date
    checked_by: frozenset[str] = frozenset()


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
    """The clock runs; the chain goes on in rectification. ``excerpts`` are as they now read."""

    proceedings: Proceedings
    on: date
    sent: MinutesSent
    excerpts: tuple[Excerpt, ...]


Minutes = Held | Drafted | Checked | Signed | Numbered | Sent


def decide(
    minutes: Minutes, command: Command | room.Command, given: Given[Facts]
) -> Sequence[Event | room.Event]:
    actor, today = given.actor, given.today
    match minutes, command:
        case Held(proceedings), DraftMinutes(classified):
            blanked = tuple(sorted(proceedings.texts)) if classified else ()
            return [MinutesDrafted(today, classified or proceedings.classified, blanked)]

        case Drafted(), CheckRequirements():
            return [_requirements_checked(minutes, given)]

        case Checked(proceedings), ConfirmWords(comment, entered_for):
            refuse_if(comment_unknown(comment, proceedings))
            words = proceedings.words[comment]
            refuse_if(words_of_another(words, entered_for, actor))
            if comment in proceedings.confirmed:
                return []
            return [WordsConfirmed(comment, words.by, entered_by=actor.name, confirmed_on=today)]

        case Checked(proceedings, on), SignMinutes(signed_by, date_on_paper, scan):
            signed_on = date_on_paper or today
            refuse_if(
                text_missing("signed_by", signed_by),
                text_missing("scan", scan) if scan is not None else None,
                something_is_missing(proceedings, given.policy),
                words_not_confirmed(proceedings),
                date_in_the_future("signed_on", signed_on, today),
                date_before_the_step_before("signed_on", signed_on, on),
            )
            return [MinutesSigned(signed_by, signed_on, entered_on=today, scan=scan)]

        case Signed(), NumberMinutes(document_number):
            refuse_if(document_number_malformed(document_number))
            return [MinutesNumbered(document_number, today)]

        case Signed(), SendMinutes():
            raise number_missing()

        case Numbered(proceedings, on, signed, document_number), SendMinutes(date_on_paper):
            sent_on = date_on_paper or today
            asked = [one for comment in proceedings.comments for one in comment.requirements]
            refuse_if(
                requirement_for_a_unit_not_registered(asked, proceedings.roster, given.facts.units),
                unit_without_a_head(asked, proceedings.roster, given.facts.units),
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
                    excerpts=excerpts(
                        proceedings,
                        given.facts.units,
                        given.calendar.due_months_after(sent_on, given.policy.rectification_months),
                    ),
                    classified=proceedings.classified,
                )
            ]

        case Sent(sent=sent, excerpts=before), CorrectMinutes(corrections, reason, document_number):
            refuse_if(
                item_unknown(corrections, before),
                item_corrected_twice(corrections),
                *(text_missing("task_line", one.task_line) for one in corrections),
                nothing_to_correct(corrections, before),
                text_missing("reason", reason),
                document_number_malformed(document_number) if document_number is not None else None,
            )
            return [
                MinutesCorrected(
                    document_number=document_number or sent.document_number,
                    corrections=corrections,
                    reason=reason,
                    corrected_on=today,
                    excerpts=corrected(before, corrections),
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
        case MinutesDrafted(on, classified):
            return Drafted(replace(proceedings, classified=classified, texts=frozenset()), on)
        case RequirementsChecked(on, office, missing):
            assert isinstance(minutes, Drafted)  # what is checked is a draft
            if missing:
                return replace(minutes, on=on, checked_by=minutes.checked_by | {office})
            return Checked(proceedings, on)
        case WordsConfirmed(comment, confirmed_on=on):
            return Checked(replace(proceedings, confirmed=proceedings.confirmed | {comment}), on)
        case MinutesSigned(signed_on=on):
            return Signed(proceedings, on, event)
        case MinutesNumbered(document_number, on):
            assert isinstance(minutes, Signed)  # only signed minutes are numbered
            return Numbered(proceedings, on, minutes.signed, document_number)
        case MinutesSent(sent_on=on):
            return Sent(proceedings, on, event, event.excerpts)
        case MinutesCorrected():
            assert isinstance(minutes, Sent)  # what is corrected was sent
            return replace(minutes, excerpts=event.excerpts)
        case room.CommentRecorded(recorded_on=on) if isinstance(minutes, Checked | Drafted):
            # A comment that came after a check has not been checked.
            return Drafted(room.evolve(proceedings, event), on)
        case _:
            return replace(minutes, proceedings=room.evolve(proceedings, event))


def _requirements_checked(minutes: Drafted, given: Given[Facts]) -> RequirementsChecked:
    """Offices check in any order. Whoever holds the roles of two checks for the law office first."""
    housing = _units_asked_that_house_the_law_office(minutes.proceedings, given.facts)
    standing_in = office_in_charge("law_office", ("law_office",), given.policy)
    offices = {"law_office": None} | ({standing_in: None} if housing else {})
    waiting = [office for office in offices if office not in minutes.checked_by]
    refuse_if(not_a_checking_office(given.actor, waiting))
    office = next(office for office in waiting if office in given.actor.roles)
    if office == standing_in:
        refuse_if(checks_own_unit(given.actor, housing))
    missing = tuple(one for one in waiting if one != office)
    return RequirementsChecked(given.today, office, missing)


def _units_asked_that_house_the_law_office(proceedings: Proceedings, facts: Facts) -> dict[str, str]:
    """unit → name, of those of whom something is asked."""
    asked = {unit for comment in proceedings.comments for one in comment.requirements for unit in one.units}
    reporting = {one.unit: (one.unit_name, one.houses_offices) for one in proceedings.reporters}
    registered = {unit: (known.name, known.houses_offices) for unit, known in facts.units.items()}
    return {
        unit: name
        for unit, (name, houses) in (registered | reporting).items()
        if unit in asked and "law_office" in houses
    }
