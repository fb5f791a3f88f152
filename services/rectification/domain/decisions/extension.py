"""More time 延期: asked by the unit before the date is over, answered by the office that policy names."""

from __future__ import annotations

from services.rectification.domain.commands import GrantExtension, RefuseExtension, RequestExtension
from services.rectification.domain.decisions.meaning import without_meaning
from services.rectification.domain.events import (
    Event,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
)
from services.rectification.domain.facts import Facts
from services.rectification.domain.policies import dates as rule
from services.rectification.domain.policies import people
from services.rectification.domain.policies.duty import not_own_unit
from services.rectification.domain.situations import Case, ExtensionAsked, Open
from services.rectification.domain.terms import reminders
from shared.decider import FreeText, Given, Refused, refuse_if

Command = RequestExtension | GrantExtension | RefuseExtension


def decide(case: Case, command: Command, given: Given[Facts]) -> list[Event]:
    """A request waiting for its answer does not stop the date; granted later, the new date governs as if always."""
    actor, policy, today = given.actor, given.policy, given.today
    match case, command:
        case Open(duty), RequestExtension(reason, due_on):
            refuse_if(
                not_own_unit(actor, duty),
                rule.reason_missing(reason),
                rule.extension_asked_too_late(today, duty),
                rule.extension_already_asked(case),
                rule.extended_often_enough(duty, policy),
                rule.extension_not_later(due_on, duty),
                rule.extension_too_long(due_on, duty, policy),
                rule.not_a_working_day(due_on, given.calendar),
            )
            return [ExtensionRequested(FreeText(reason), due_on, on=today)]

        case Open(asked=None), GrantExtension() | RefuseExtension():
            raise Refused("rectification.no-extension-asked")

        case Open(duty, asked=ExtensionAsked(asked_on, due_on)), GrantExtension():
            refuse_if(
                people.not_the_extending_office(actor, duty, policy),
                people.decided_by_the_unit_itself(actor, duty),
                rule.extended_often_enough(duty, policy),
                rule.extension_not_later(due_on, duty),
                rule.extension_too_long(due_on, duty, policy),
            )
            return [
                ExtensionGranted(
                    requested_on=asked_on,
                    due_on_before=duty.due_on,
                    due_on=due_on,
                    due_provisional=given.calendar.due(due_on).provisional,
                    on=today,
                    reminders=reminders(due_on, today, policy, given.calendar, duty.suspended),
                )
            ]

        case Open(duty), RefuseExtension(reason):
            refuse_if(
                people.not_the_extending_office(actor, duty, policy),
                people.decided_by_the_unit_itself(actor, duty),
                rule.reason_missing(reason),
            )
            return [ExtensionRefused(FreeText(reason), on=today)]

        case _:
            raise without_meaning(case, command)
