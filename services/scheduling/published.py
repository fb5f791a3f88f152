"""What scheduling tells the others: the registry, policies, and a session when it is scheduled, not before."""

from __future__ import annotations

from collections.abc import Iterator

from services.scheduling.domain import policy, session, tenant, unit
from services.scheduling.domain.roster import Reporter
from shared.contracts import scheduling as contracts
from shared.eventstore import Recorded


def of_tenant(recorded: Recorded[tenant.Event], state: tenant.Tenant) -> Iterator[contracts.TenantRegistered]:
    event = recorded.event
    yield contracts.TenantRegistered(
        name=event.name,
        tier=event.tier,
        division_code=event.division_code,
        official_order=event.official_order,
        registered_on=event.on,
    )


def of_unit(
    recorded: Recorded[unit.Event], state: unit.Unit
) -> Iterator[contracts.UnitRegistered | contracts.PostHandedOver]:
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


def of_policy(recorded: Recorded[policy.Event], state: policy.OwnPolicy) -> Iterator[contracts.PolicyAdopted]:
    event = recorded.event
    yield contracts.PolicyAdopted(
        policy_version=event.policy_version,
        holds_from=event.holds_from,
        values={
            name: list(value) if isinstance(value, tuple) else value for name, value in event.values.items()
        },
    )


def of_session(
    recorded: Recorded[session.Event], state: session.Session
) -> Iterator[contracts.SessionScheduled | contracts.ObserverNamed]:
    """A roster is nobody else's business until the session is scheduled; its observers follow at once, so that
    whoever opens the session on SessionScheduled knows it when they come."""
    event = recorded.event
    if not isinstance(event, session.SessionScheduled):
        return
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


def _reporter(one: Reporter) -> contracts.Reporter:
    return contracts.Reporter(
        unit=one.unit,
        unit_name=one.unit_name,
        category=one.category,
        post=one.post,
        title=one.title,
        person=one.person,
    )
