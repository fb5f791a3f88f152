"""A draft: what a reporter means to say, revision by revision, until the law office approves one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, assert_never

from services.review.domain import speech
from services.review.domain.policies.drafts import (
    agenda_already_confirmed,
    approval_after_the_session,
    calendar_year_missing,
    entered_for_somebody_else,
    not_the_current_revision,
)
from services.review.domain.policies.entries import text_missing
from services.review.domain.policies.people import (
    conflict_of_interest,
    not_own_unit,
    not_the_office_in_charge,
)
from services.review.domain.roster import Category
from shared.decider import FreeText, Given, NotAllowedNow, refuse_if, replace
from shared.tenancy import draft_dates, draft_owed

Why = Literal["substituted", "cancelled"]
"""Why a draft is no longer asked for: another unit steps in, or the session is called off."""


# Commands


@dataclass(frozen=True)
class ExpectDraft:
    """The session is scheduled: this head of this unit has a draft to hand in, unless none is owed here."""

    session: str
    unit: str
    unit_name: str
    post: str
    title: str
    person: str
    held_on: date
    category: Category
    lead: bool = False
    houses_offices: tuple[str, ...] = ()


@dataclass(frozen=True)
class MoveDraft:
    """The session has another day."""

    held_on: date


@dataclass(frozen=True)
class HandOverDraft:
    """The post has another head, who reports in the first person: the predecessor's text is not theirs."""

    title: str
    person: str
    effective_on: date


@dataclass(frozen=True)
class WithdrawDraft:
    """The unit does not report at this session."""

    why: Why


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


Command = ExpectDraft | MoveDraft | HandOverDraft | WithdrawDraft | SubmitDraft | ReturnDraft | ApproveDraft


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
    houses_offices: tuple[str, ...] = ()


@dataclass(frozen=True)
class DraftMoved:
    """The session was rescheduled, and the dates of the draft with it. What came late stays late."""

    held_on_before: date
    held_on: date
    due_on: date
    approve_by: date
    moved_on: date


@dataclass(frozen=True)
class DraftHandedOver:
    """A draft is expected of the new head; ``voided`` is the approved revision that is worth nothing now."""

    title: str
    person_before: str
    person: str
    effective_on: date
    voided: int | None
    handed_over_on: date


@dataclass(frozen=True)
class DraftWithdrawn:
    why: Why
    withdrawn_on: date


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


Event = (
    DraftExpected
    | DraftMoved
    | DraftHandedOver
    | DraftWithdrawn
    | DraftSubmitted
    | DraftReturned
    | DraftApproved
    | DraftApprovalVoided
)


# Situations


@dataclass(frozen=True)
class NotExpected:
    """Nobody has asked for this draft."""


@dataclass(frozen=True)
class Expected:
    """``revision`` counts on where a predecessor has handed in something."""

    asked: DraftExpected
    revision: int = 0


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


@dataclass(frozen=True)
class Withdrawn:
    """Asked for, and not any more."""

    asked: DraftExpected
    revision: int


Draft = NotExpected | Expected | Submitted | Returned | Approved | Withdrawn

initial: Draft = NotExpected()


def decide(draft: Draft, command: Command, given: Given[Facts]) -> list[Event]:
    match draft, command:
        case NotExpected() | Withdrawn(), ExpectDraft(category=category, lead=lead):
            return [_expected(command, given)] if draft_owed(category, lead, given.policy) else []

        case NotExpected() | Withdrawn(), MoveDraft() | HandOverDraft() | WithdrawDraft():
            return []  # nothing is asked for
        case _, MoveDraft(held_on):
            asked = _asked(draft)
            return [] if held_on == asked.held_on else [_moved(asked, held_on, given)]
        case _, HandOverDraft(title, person, effective_on):
            asked = _asked(draft)
            if person == asked.person:
                return []
            voided = draft.revision if isinstance(draft, Approved) else None
            return [DraftHandedOver(title, asked.person, person, effective_on, voided, given.today)]
        case _, WithdrawDraft(why):
            return [DraftWithdrawn(why, given.today)]

        case (
            Expected(asked, revision) | Submitted(asked, revision) | Returned(asked, revision),
            SubmitDraft(),
        ):
            return [_submitted(asked, revision + 1, command, given)]
        case Approved(asked, revision), SubmitDraft():
            submitted = _submitted(asked, revision + 1, command, given)
            return [DraftApprovalVoided(revision, submitted.revision, given.today), submitted]

        case Submitted(asked, revision), ReturnDraft(remarks):
            refuse_if(
                conflict_of_interest(given.actor, asked.unit, asked.unit_name),
                not_the_office_in_charge(given.actor, asked.houses_offices, given.policy, asked.unit_name),
                text_missing("remarks", remarks),
            )
            return [DraftReturned(revision, FreeText(remarks), given.today)]
        case Submitted(asked, revision), ApproveDraft():
            refuse_if(
                conflict_of_interest(given.actor, asked.unit, asked.unit_name),
                not_the_office_in_charge(given.actor, asked.houses_offices, given.policy, asked.unit_name),
                not_the_current_revision(command.revision, revision),
                approval_after_the_session(asked.held_on, given.today),
            )
            return [DraftApproved(revision, given.today, late=given.today > asked.approve_by)]

        case _:
            raise NotAllowedNow(draft, command)


def evolve(draft: Draft, event: Event) -> Draft:
    match event:
        case DraftExpected():
            return Expected(event, _revision(draft))
        case DraftMoved(held_on=held_on, due_on=due_on, approve_by=approve_by):
            asked = replace(_asked(draft), held_on=held_on, due_on=due_on, approve_by=approve_by)
            return replace(_known(draft), asked=asked)
        case DraftHandedOver(title=title, person=person):
            return Expected(replace(_asked(draft), title=title, person=person), _revision(draft))
        case DraftWithdrawn():
            return Withdrawn(_asked(draft), _revision(draft))
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
    held_on = command.held_on
    due_on, approve_by = _dates(held_on, given)
    return DraftExpected(
        session=command.session,
        unit=command.unit,
        unit_name=command.unit_name,
        post=command.post,
        title=command.title,
        person=command.person,
        held_on=held_on,
        due_on=due_on,
        approve_by=approve_by,
        expected_on=given.today,
        houses_offices=command.houses_offices,
    )


def _moved(asked: DraftExpected, held_on: date, given: Given[Facts]) -> DraftMoved:
    due_on, approve_by = _dates(held_on, given)
    return DraftMoved(asked.held_on, held_on, due_on, approve_by, moved_on=given.today)


def _dates(held_on: date, given: Given[Facts]) -> tuple[date, date]:
    """By when the draft is handed in, and by when it is approved."""
    policy, calendar = given.policy, given.calendar
    refuse_if(calendar_year_missing(calendar, held_on, policy))
    return draft_dates(held_on, policy, calendar)


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
        length=speech.length(syllables, given.policy),
        submitted_on=given.today,
        late=revision == 1 and given.today > asked.due_on,
        entered_by=given.actor.name,
        entered_for=asked.person,
    )


def _known(draft: Draft) -> Expected | Submitted | Returned | Approved | Withdrawn:
    # The first event of a draft is DraftExpected: nothing else is decided in NotExpected.
    assert not isinstance(draft, NotExpected)
    return draft


def _asked(draft: Draft) -> DraftExpected:
    return _known(draft).asked


def _revision(draft: Draft) -> int:
    return 0 if isinstance(draft, NotExpected) else draft.revision
