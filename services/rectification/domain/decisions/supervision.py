"""Supervision 督查: reminders as the date comes near, the date that was missed, the notice, inspections."""

from __future__ import annotations

from datetime import date

from services.rectification.domain.commands import (
    CloseSupervision,
    NoteOverdue,
    OpenSupervision,
    RecordInspection,
    SendReminder,
)
from services.rectification.domain.decisions.meaning import without_meaning
from services.rectification.domain.events import (
    Event,
    InspectionRecorded,
    RectificationFellOverdue,
    ReminderSent,
    SupervisionClosed,
    SupervisionOpened,
)
from services.rectification.domain.facts import Facts
from services.rectification.domain.offices import acting
from services.rectification.domain.policies import people
from services.rectification.domain.policies import supervision as rule
from services.rectification.domain.policies.dates import reason_missing
from services.rectification.domain.policies.duty import text_of_a_classified_case
from services.rectification.domain.situations import ONE_DAY, Case, FedBack, Notice, Open
from shared.calendar import YearNotPublished
from shared.decider import FreeText, Given, Refused, refuse_if

Command = SendReminder | NoteOverdue | OpenSupervision | CloseSupervision | RecordInspection


def decide(case: Case, command: Command, given: Given[Facts]) -> list[Event]:
    """What fires by itself may come after the fact it was meant for: then there is nothing to say."""
    actor, policy, today = given.actor, given.policy, given.today
    match case, command:
        case Open(), SendReminder():
            return _reminder(case, command, today)
        case Open(duty, overdue_since=None), NoteOverdue() if today > duty.due_on:
            return [RectificationFellOverdue(duty.due_on, overdue_since=duty.due_on + ONE_DAY, on=today)]
        case _, SendReminder() | NoteOverdue():
            return []

        case Open(duty), OpenSupervision(number, matter):
            reply_by = command.reply_by or _reply_by(given)
            refuse_if(
                people.not_the_supervising_office(actor, duty, policy),
                people.decided_by_the_unit_itself(actor, duty),
                rule.supervised_village(duty),
                rule.date_not_missed(duty, today),
                rule.notice_open_already(duty),
                rule.notice_number_missing(number),
                rule.notice_number_taken(number, given.facts.notice_taken_by),
                text_of_a_classified_case(duty, matter),
                None if duty.classified else rule.matter_missing(matter),
                rule.reply_not_ahead(reply_by, today),
            )
            by_office = acting(policy.supervising_office, duty, policy)
            return [SupervisionOpened(number, FreeText(matter), reply_by, by_office, on=today)]

        case Open(duty) | FedBack(duty), CloseSupervision(reason):
            refuse_if(
                people.not_the_supervising_office(actor, duty, policy),
                people.decided_by_the_unit_itself(actor, duty),
                reason_missing(reason),
            )
            match duty.notice:
                case Notice(number):
                    return [SupervisionClosed(number, FreeText(reason), on=today)]
                case None:
                    raise Refused("rectification.no-notice-open")

        case Open(duty) | FedBack(duty), RecordInspection(plan_line, finding):
            inspected_on = command.on or today
            refuse_if(
                people.not_the_supervising_office(actor, duty, policy),
                people.decided_by_the_unit_itself(actor, duty),
                rule.plan_line_missing(plan_line),
                text_of_a_classified_case(duty, finding),
                None if duty.classified else rule.finding_missing(finding),
                rule.inspected_in_the_future(inspected_on, today),
                rule.inspected_before_it_was_asked(inspected_on, duty),
            )
            by_office = acting(policy.supervising_office, duty, policy)
            return [InspectionRecorded(plan_line, FreeText(finding), by_office, inspected_on, on=today)]

        case _:
            raise without_meaning(case, command)


def _reminder(case: Open, command: SendReminder, today: date) -> list[Event]:
    duty = case.duty
    due = duty.due
    day = due.reminders.on(command.kind)
    if day is None or not day <= today <= due.due_on or duty.was_reminded(command.kind):
        return []
    orange_on = due.reminders.orange_on
    if command.kind == "yellow" and orange_on is not None and today >= orange_on:
        return []  # the nearer one says it
    return [ReminderSent(command.kind, due.due_on, on=today)]


def _reply_by(given: Given[Facts]) -> date:
    """Working days are not guessed (domain.md 4): in a year without a calendar the day has to be said."""
    try:
        return given.calendar.working_days_after(given.today, given.policy.supervision_reply_working_days)
    except YearNotPublished as missing:
        raise Refused("rectification.calendar-year-missing", year=missing.year) from None
