"""What scheduling tells the others: the registry, policies, and a session when it is scheduled, not before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from services.scheduling.domain import access, calendar, policy, tenant, unit
from services.scheduling.domain import session_events as session
from services.scheduling.domain.roster import Reporter
from services.scheduling.domain.situations import Session
from shared.contracts import Contract
from shared.contracts import scheduling as contracts
from shared.eventstore import Recorded


def of_tenant(recorded: Recorded[tenant.Event], state: tenant.Tenant) -> Iterator[Contract]:
    """What is said of a tenant says its name, tier and order each time: whoever keeps one row of it needs no other."""
    match recorded.event, state:
        case tenant.TenantRegistered() as event, _:
            yield contracts.TenantRegistered(
                name=event.name,
                tier=event.tier,
                division_code=event.division_code,
                official_order=event.official_order,
                registered_on=event.on,
                reporting_body=event.reporting_body,
            )
        case tenant.TenantRenamed() as event, tenant.Registered() as known:
            yield contracts.TenantRenamed(
                name_before=event.name_before,
                name=event.name,
                tier=known.tier,
                official_order=known.official_order,
                valid_from=event.valid_from,
            )
        case tenant.TenantClosed() as event, tenant.Closed(registered=known):
            yield contracts.TenantClosed(
                name=known.name,
                tier=known.tier,
                official_order=known.official_order,
                reason=event.reason,
                closed_on=event.on,
            )
        case _:
            return


def of_unit(recorded: Recorded[unit.Event], state: unit.Unit) -> Iterator[Contract]:
    match recorded.event:
        case unit.UnitRegistered() as event:
            yield contracts.UnitRegistered(
                unit=recorded.id,
                name=event.name,
                category=event.category,
                official_order=event.official_order,
                houses_offices=list(event.houses_offices),
                posts=[
                    contracts.Post(post=post.post, title=post.title, person=post.person)
                    for post in event.posts
                ],
                valid_from=event.valid_from,
            )
        case unit.PostHandedOver() as event:
            yield contracts.PostHandedOver(
                unit=recorded.id,
                post=event.post,
                title=event.title,
                from_person=event.from_person,
                to_person=event.to_person,
                effective_on=event.effective_on,
            )
        case unit.UnitRenamed() as event:
            yield contracts.UnitRenamed(
                unit=recorded.id,
                name_before=event.name_before,
                name=event.name,
                valid_from=event.valid_from,
            )
        case unit.PostAdded() as event:
            yield contracts.PostAdded(
                unit=recorded.id, post=event.post, title=event.title, person=event.person, since=event.since
            )
        case unit.UnitClosed() as event:
            yield contracts.UnitClosed(unit=recorded.id, reason=event.reason, valid_until=event.valid_until)
        case _ as unreachable:
            assert_never(unreachable)


def of_policy(recorded: Recorded[policy.Event], state: policy.OwnPolicy) -> Iterator[contracts.PolicyAdopted]:
    event = recorded.event
    yield contracts.PolicyAdopted(
        policy_version=event.policy_version,
        holds_from=event.holds_from,
        values={
            name: list(value) if isinstance(value, tuple) else value for name, value in event.values.items()
        },
    )


def of_calendar(
    recorded: Recorded[calendar.Event], state: calendar.YearCalendar
) -> Iterator[contracts.CalendarAdopted]:
    """A correction is told as the calendar that holds from now on: the last one said is the one to go by."""
    event = recorded.event
    yield contracts.CalendarAdopted(
        year=event.year,
        holidays=list(event.holidays),
        working_weekend_days=list(event.working_weekend_days),
        document=event.document,
    )


def of_access(
    recorded: Recorded[access.Event], state: access.Access
) -> Iterator[contracts.RoleGranted | contracts.RoleRevoked]:
    match recorded.event:
        case access.RoleGranted() as event:
            yield contracts.RoleGranted(
                person=event.person,
                name=event.name,
                role=event.role,
                unit=event.unit,
                subtree=event.subtree,
                valid_from=event.valid_from,
                valid_until=event.valid_until,
                reason=event.reason,
                granted_on=event.on,
            )
        case access.RoleRevoked() as event:
            yield contracts.RoleRevoked(
                person=event.person, role=event.role, reason=event.reason, revoked_on=event.on
            )
        case _ as unreachable:
            assert_never(unreachable)


def of_session(recorded: Recorded[session.Event], state: Session) -> Iterator[Contract]:
    """A roster is nobody else's business until the session is scheduled; its observers follow at once, so that
    whoever opens the session on SessionScheduled knows it when they come. What was never told is not called off."""
    match recorded.event:
        case session.SessionScheduled() as event:
            yield contracts.SessionScheduled(
                session=recorded.id,
                plan_year=event.plan_year,
                number=event.number,
                held_on=event.held_on,
                reporters=[_reporter(one) for one in event.reporters],
            )
            for one in event.observers:
                yield contracts.ObserverNamed(
                    session=recorded.id, observer=_reporter(one), provisional_for=event.observers_for
                )
        case session.SessionRescheduled() as event:
            yield contracts.SessionRescheduled(
                session=recorded.id,
                held_on_before=event.held_on_before,
                held_on=event.held_on,
                reason=event.reason,
            )
        case session.SessionCancelled(held_on=held_on, reason=reason) if held_on is not None:
            yield contracts.SessionCancelled(session=recorded.id, reason=reason)
        case session.ReporterSubstituted() as event:
            yield contracts.ReporterSubstituted(
                session=recorded.id,
                unit_out=event.out.unit,
                reporter=_reporter(event.reporter),
                reason=event.reason,
                moved_to=event.moved_to,
            )
        case _:
            return


def _reporter(one: Reporter) -> contracts.Reporter:
    return contracts.Reporter(
        unit=one.unit,
        unit_name=one.unit_name,
        category=one.category,
        post=one.post,
        title=one.title,
        person=one.person,
        lead=one.lead,
        houses_offices=list(one.houses_offices),
        official_order=one.official_order,
    )
