"""A draft: what a reporter means to say, revision by revision, until the law office approves one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from services.review.domain import speech
from services.review.domain.policies.drafts import (
    agenda_already_confirmed,
    approval_after_the_session,
    calendar_year_missing,
    entered_for_somebody_else,
    not_the_current_revision,
)
from services.review.domain.policies.entries import text_missing
from services.review.domain.policies.people import conflict_of_interest, not_own_unit
from shared.decider import FreeText, Given, NotAllowedNow, refuse_if

# Commands


@dataclass(frozen=True)
class ExpectDraft:
    """The session is scheduled: this head of this unit has a draft to hand in."""

    session: str
    unit: str
    unit_name: str
    post: str
    title: str
    person: str
    held_on: date


@dataclass(frozen=True)
class SubmitDraft:
    """A revision. The head answers for it, whoever types: ``entered_for`` None means the head."""

    text: str
    entered_for: str | None = None


@dataclass(frozen=True)
class ReturnDraft:
    remarks: str


@dataclass(frozen=True)
class ApproveDraft:
    """``revision`` is the one that was read; None means the newest."""

    revision: int | None = None


Command = ExpectDraft | SubmitDraft | ReturnDraft | ApproveDraft


@dataclass(frozen=True)
class Facts:
    """What lies outside the stream: is the agenda of the draft's session confirmed?"""

    agenda_confirmed: bool = False


# Events


@dataclass(frozen=True)
class DraftExpected:
    """A draft is due on ``due_on``, and to be approved by ``approve_by``."""

    session: str
    unit: str
    unit_name: str
    post: str
    title: str
    person: str
    held_on: date
    due_on: date
    approve_by: date
    expected_on: date


@dataclass(frozen=True)
class DraftSubmitted:
    """``characters`` are spoken syllables; ``late`` is said of the first revision only, a return sets no date."""

    revision: int
    text: FreeText
    characters: int
    length: speech.Length
    submitted_on: date
    late: bool
    entered_by: str
    entered_for: str


@dataclass(frozen=True)
class DraftReturned:
    revision: int
    remarks: FreeText
    returned_on: date


@dataclass(frozen=True)
class DraftApproved:
    revision: int
    approved_on: date
    late: bool


@dataclass(frozen=True)
class DraftApprovalVoided:
    """What was approved is no longer what will be said: ``revision`` has taken its place."""

    approved_revision: int
    revision: int
    voided_on: date


Event = DraftExpected | DraftSubmitted | DraftReturned | DraftApproved | DraftApprovalVoided


# Situations


@dataclass(frozen=True)
class NotExpected:
    """Nobody has asked for this draft."""


@dataclass(frozen=True)
class Expected:
    asked: DraftExpected


@dataclass(frozen=True)
class Submitted:
    asked: DraftExpected
    revision: int


@dataclass(frozen=True)
class Returned:
    asked: DraftExpected
    revision: int


@dataclass(frozen=True)
class Approved:
    asked: DraftExpected
    revision: int


Draft = NotExpected | Expected | Submitted | Returned | Approved

initial: Draft = NotExpected()


def decide(draft: Draft, command: Command, given: Given[Facts]) -> list[Event]:
    match draft, command:
        case NotExpected(), ExpectDraft():
            return [_expected(command, given)]

        case Expected(asked), SubmitDraft():
            return [_submitted(asked, 1, command, given)]
        case Submitted(asked, revision) | Returned(asked, revision), SubmitDraft():
            return [_submitted(asked, revision + 1, command, given)]
        case Approved(asked, revision), SubmitDraft():
            submitted = _submitted(asked, revision + 1, command, given)
            return [DraftApprovalVoided(revision, submitted.revision, given.today), submitted]

        case Submitted(asked, revision), ReturnDraft(remarks):
            refuse_if(
                conflict_of_interest(given.actor, asked.unit, asked.unit_name),
                text_missing("remarks", remarks),
            )
            return [DraftReturned(revision, FreeText(remarks), given.today)]
        case Submitted(asked, revision), ApproveDraft():
            refuse_if(
                conflict_of_interest(given.actor, asked.unit, asked.unit_name),
                not_the_current_revision(command.revision, revision),
                approval_after_the_session(asked.held_on, given.today),
            )
            return [DraftApproved(revision, given.today, late=given.today > asked.approve_by)]

        case _:
            raise NotAllowedNow(draft, command)


def evolve(draft: Draft, event: Event) -> Draft:
    match event:
        case DraftExpected():
            return Expected(event)
        case DraftSubmitted(revision=revision):
            return Submitted(_asked(draft), revision)
        case DraftReturned(revision=revision):
            return Returned(_asked(draft), revision)
        case DraftApproved(revision=revision):
            return Approved(_asked(draft), revision)
        case DraftApprovalVoided(approved_revision=revision):
            return Submitted(_asked(draft), revision)
        case _ as unreachable:
            assert_never(unreachable)


def _expected(command: ExpectDraft, given: Given[Facts]) -> DraftExpected:
    policy, calendar, held_on = given.policy, given.calendar, command.held_on
    refuse_if(calendar_year_missing(calendar, held_on, policy))
    return DraftExpected(
        session=command.session,
        unit=command.unit,
        unit_name=command.unit_name,
        post=command.post,
        title=command.title,
        person=command.person,
        held_on=held_on,
        due_on=calendar.working_days_before(held_on, policy.draft_due_working_days),
        approve_by=calendar.working_days_before(held_on, policy.approval_due_working_days),
        expected_on=given.today,
    )


def _submitted(
    asked: DraftExpected, revision: int, command: SubmitDraft, given: Given[Facts]
) -> DraftSubmitted:
    refuse_if(
        not_own_unit(given.actor, asked.unit, asked.unit_name),
        entered_for_somebody_else(command.entered_for, asked.person),
        text_missing("text", command.text),
        agenda_already_confirmed(given.facts.agenda_confirmed, asked.session),
    )
    syllables = speech.spoken_syllables(command.text)
    return DraftSubmitted(
        revision=revision,
        text=FreeText(command.text),
        characters=syllables,
        length=speech.length(syllables, given.policy.speech_seconds),
        submitted_on=given.today,
        late=revision == 1 and given.today > asked.due_on,
        entered_by=given.actor.name,
        entered_for=asked.person,
    )


def _asked(draft: Draft) -> DraftExpected:
    # The first event of a draft is DraftExpected: nothing else is decided in NotExpected.
    assert not isinstance(draft, NotExpected)
    return draft.asked
