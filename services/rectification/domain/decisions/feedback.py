"""Feedback and what the offices make of it: submit, withdraw, receipt, verify, return."""

from __future__ import annotations

from services.rectification.domain.commands import (
    ReceiptFeedback,
    ReturnRectification,
    SubmitFeedback,
    SubmitShortForm,
    VerifyRectification,
    WithdrawFeedback,
)
from services.rectification.domain.decisions.meaning import without_meaning
from services.rectification.domain.decisions.suspension import suspended_meanwhile
from services.rectification.domain.events import (
    Event,
    FeedbackReceipted,
    FeedbackSubmitted,
    FeedbackWithdrawn,
    RectificationReturned,
    RectificationVerified,
    SupervisionClosed,
)
from services.rectification.domain.evolve import evolve
from services.rectification.domain.facts import Facts
from services.rectification.domain.offices import acting, receiving
from services.rectification.domain.policies import dates, feedback, people
from services.rectification.domain.policies.duty import (
    not_an_item_of_the_case,
    not_own_unit,
    text_of_a_classified_case,
)
from services.rectification.domain.situations import Case, FedBack, Open
from services.rectification.domain.terms import reminders
from shared.decider import FreeText, Given, refuse_if

Command = (
    SubmitFeedback
    | SubmitShortForm
    | WithdrawFeedback
    | ReceiptFeedback
    | VerifyRectification
    | ReturnRectification
)


def decide(case: Case, command: Command, given: Given[Facts]) -> list[Event]:
    """On time or late is judged by the day it was sent, once and for all (domain.md 1.8)."""
    actor, policy, today = given.actor, given.policy, given.today
    match case, command:
        case Open(duty), SubmitFeedback():
            sent_on = command.sent_on or today
            refuse_if(
                not_own_unit(actor, duty),
                text_of_a_classified_case(duty, command.text),
                feedback.paper_not_named(command.document_number)
                if duty.classified
                else feedback.feedback_empty(command.text),
                feedback.signer_missing(command.signer),
                feedback.sent_in_the_future(sent_on, today),
                feedback.sent_before_it_was_asked(sent_on, case.asked_on),
            )
            return [
                FeedbackSubmitted(
                    text=FreeText(command.text),
                    signer=command.signer,
                    document_number=command.document_number,
                    sent_on=sent_on,
                    due_on=duty.due_on,
                    on_time=sent_on <= duty.due_on,
                    offices=receiving(duty, policy),
                    on=today,
                )
            ]

        case Open(duty), SubmitShortForm():
            sent_on = command.sent_on or today
            refuse_if(
                feedback.not_a_village(duty),
                feedback.short_form_not_open(policy),
                feedback.not_an_entering_office(actor, policy),
                text_of_a_classified_case(duty, command.text),
                feedback.feedback_empty(command.text),
                feedback.entered_for_nobody(command.entered_for),
                feedback.sent_in_the_future(sent_on, today),
                feedback.sent_before_it_was_asked(sent_on, case.asked_on),
            )
            return [
                FeedbackSubmitted(
                    text=FreeText(command.text),
                    signer=command.entered_for,
                    document_number=None,
                    sent_on=sent_on,
                    due_on=duty.due_on,
                    on_time=sent_on <= duty.due_on,
                    offices=receiving(duty, policy),
                    on=today,
                    entered_for=command.entered_for,
                )
            ]

        case FedBack(duty), WithdrawFeedback(reason):
            refuse_if(
                feedback.withdrawn_by_somebody_else(actor, duty, policy),
                dates.reason_missing(reason),
                feedback.receipted_before_it_was_withdrawn(case),
            )
            withdrawn = FeedbackWithdrawn(FreeText(reason), case.sent_on, on=today)
            return [withdrawn, *suspended_meanwhile(evolve(case, withdrawn), given)]

        case FedBack(), ReceiptFeedback(office):
            refuse_if(
                people.not_an_office_of_the_feedback(office, case),
                people.not_own_office(office, actor),
                feedback.already_receipted(office, case),
            )
            return [FeedbackReceipted(office, on=today)]

        case FedBack(duty), VerifyRectification(outcome, unfinished):
            refuse_if(
                people.not_the_verifying_office(actor, duty, policy),
                people.decided_by_the_unit_itself(actor, duty),
                feedback.feedback_not_receipted_by_every_office(case),
                feedback.outcome_contradicts_the_items(outcome, unfinished),
                *(not_an_item_of_the_case(item, duty) for item in unfinished),
            )
            by_office = acting(policy.verifying_office, duty, policy)
            left = tuple(one.item for one in duty.items if one.item in unfinished)
            verified: list[Event] = [RectificationVerified(outcome, by_office, left, on=today)]
            if duty.notice is not None:
                verified.append(SupervisionClosed(duty.notice.notice_number, reason=None, on=today))
            return verified

        case FedBack(duty), ReturnRectification(remarks, due_on):
            refuse_if(
                people.not_the_verifying_office(actor, duty, policy),
                people.decided_by_the_unit_itself(actor, duty),
                feedback.feedback_not_receipted_by_every_office(case),
                text_of_a_classified_case(duty, remarks),
                None if duty.classified else dates.remarks_missing(remarks),
                dates.return_date_not_ahead(due_on, today),
                dates.return_takes_time_away(due_on, duty),
                dates.not_a_working_day(due_on, given.calendar),
            )
            return [
                RectificationReturned(
                    remarks=FreeText(remarks),
                    by_office=acting(policy.verifying_office, duty, policy),
                    due_on_before=duty.due_on,
                    due_on=due_on,
                    due_provisional=given.calendar.due(due_on).provisional,
                    on=today,
                    reminders=reminders(due_on, today, policy, given.calendar, duty.suspended),
                )
            ]

        case _:
            raise without_meaning(case, command)
