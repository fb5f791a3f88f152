"""A rectification case: what a unit was told to put right, by when, and who says that it is done.

What may be said to it is in ``commands``, what happened to it in ``events``, where it stands in ``situations``;
``decisions`` says by topic what follows, ``policies`` what refuses, ``evolve`` where that leads, ``deadlines`` what
fires by itself.
"""

from __future__ import annotations

from typing import assert_never

from services.rectification.domain.commands import (
    CloseSupervision,
    Command,
    ConfirmDueDate,
    CorrectItems,
    CorrectRecord,
    GrantExtension,
    NoteOverdue,
    NoteProgress,
    OpenCase,
    OpenSupervision,
    ReceiptFeedback,
    RecordHandover,
    RecordInspection,
    RefuseExtension,
    RequestExtension,
    ReturnRectification,
    SendReminder,
    SubmitFeedback,
    SubmitShortForm,
    SuspendCase,
    VerifyRectification,
    WithdrawFeedback,
)
from services.rectification.domain.decisions import (
    correction,
    duty,
    extension,
    feedback,
    supervision,
    suspension,
)
from services.rectification.domain.events import Event
from services.rectification.domain.evolve import evolve
from services.rectification.domain.facts import Facts
from services.rectification.domain.situations import Case
from shared.decider import Given


def decide(case: Case, command: Command, given: Given[Facts]) -> list[Event]:
    """What follows from the command. A provisional date whose calendar is known by now is confirmed first, so that
    no rule ever judges by a date that would have rolled."""
    confirmed = suspension.due_date_confirmed(case, given)
    for event in confirmed:
        case = evolve(case, event)
    return [*confirmed, *_decide(case, command, given)]


def _decide(case: Case, command: Command, given: Given[Facts]) -> list[Event]:
    match command:
        case ConfirmDueDate():
            return []  # it was, above, if it could be
        case OpenCase() | CorrectItems() | RecordHandover() | NoteProgress():
            return duty.decide(case, command, given)
        case (
            SubmitFeedback()
            | SubmitShortForm()
            | WithdrawFeedback()
            | ReceiptFeedback()
            | VerifyRectification()
            | ReturnRectification()
        ):
            return feedback.decide(case, command, given)
        case RequestExtension() | GrantExtension() | RefuseExtension():
            return extension.decide(case, command, given)
        case SuspendCase():
            return suspension.decide(case, command, given)
        case SendReminder() | NoteOverdue() | OpenSupervision() | CloseSupervision() | RecordInspection():
            return supervision.decide(case, command, given)
        case CorrectRecord():
            return correction.decide(case, command, given)
        case _ as unreachable:
            assert_never(unreachable)
