"""What scheduling publishes: the registry, policies, calendars, sessions and their rosters."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from shared.contracts.base import Contract, EventClass, Token, Value

Tier = Literal["nation", "province", "city", "district", "bureau", "town", "village"]
ReportingBody = Literal["standing_committee", "party_committee", "party_work_committee", "party_group"]
Category = Literal["party_or_mass", "government", "town", "leadership", "section", "village"]


class Post(Value):
    """A head's post in a unit and who holds it."""

    post: Token
    title: str
    person: str


class Reporter(Value):
    """Who reports: the duty is keyed to unit and post, the person held it on the day."""

    unit: Token
    unit_name: str
    category: Category
    post: Token
    title: str
    person: str
    lead: bool = False
    """A lead report 带头述法, outside the quota."""
    houses_offices: list[str] = []
    """Offices of the chain that the unit houses: their steps pass to another office where the unit's own item is it."""
    official_order: int = 0


class _Scheduling(Contract):
    service: ClassVar[str] = "scheduling"
    event_class: ClassVar[EventClass] = "progress"


class TenantRegistered(_Scheduling):
    name: str
    tier: Tier
    division_code: str | None = None
    official_order: int
    registered_on: date
    reporting_body: ReportingBody | None = None


class TenantRenamed(_Scheduling):
    """The tenant bears another name from that day on; tier and order as they are."""

    name_before: str
    name: str
    tier: Tier
    official_order: int
    valid_from: date


class TenantClosed(_Scheduling):
    """Nothing is done in the tenant any more from that day on; what it did stays readable."""

    name: str
    tier: Tier
    official_order: int
    reason: str
    closed_on: date


class UnitRegistered(_Scheduling):
    unit: Token
    name: str
    category: Category
    official_order: int
    houses_offices: list[str] = []
    posts: list[Post] = []
    valid_from: date


class UnitRenamed(_Scheduling):
    """The unit bears another name from that day on; before it, the names it had stay right."""

    unit: Token
    name_before: str
    name: str
    valid_from: date


class PostHandedOver(_Scheduling):
    unit: Token
    post: Token
    title: str
    from_person: str
    to_person: str
    effective_on: date


class PostAdded(_Scheduling):
    """The unit has another head's post, held by this person from that day on."""

    unit: Token
    post: Token
    title: str
    person: str
    since: date


class UnitClosed(_Scheduling):
    """The unit was dissolved; ``valid_until`` is its last day."""

    unit: Token
    reason: str
    valid_until: date


class PolicyAdopted(_Scheduling):
    policy_version: int
    holds_from: date
    values: dict[str, int | bool | str | list[str]]


class CalendarAdopted(_Scheduling):
    year: int
    holidays: list[date]
    working_weekend_days: list[date]
    document: str


class RoleGranted(_Scheduling):
    """How a person (a token's ``sub``) holds a role in the tenant; it replaces what was said of that role before."""

    event_class: ClassVar[EventClass] = "content"
    person: str
    name: str
    role: str
    unit: Token | None = None
    subtree: bool = False
    valid_from: date
    valid_until: date | None = None
    """The last day; None: until it is taken back."""
    reason: str
    granted_on: date


class RoleRevoked(_Scheduling):
    """The person does not hold the role in the tenant any more, also where their token still says so."""

    event_class: ClassVar[EventClass] = "content"
    person: str
    role: str
    reason: str
    revoked_on: date


class SessionScheduled(_Scheduling):
    session: Token
    plan_year: int
    number: int
    held_on: date
    reporters: list[Reporter]


class SessionRescheduled(_Scheduling):
    session: Token
    held_on_before: date
    held_on: date
    reason: str


class SessionCancelled(_Scheduling):
    session: Token
    reason: str


class ReporterSubstituted(_Scheduling):
    session: Token
    unit_out: Token
    reporter: Reporter
    reason: str
    moved_to: Token | None = None
    """The later session on whose provisional roster the unit now stands: who does not read is not let off."""


class ObserverNamed(_Scheduling):
    session: Token
    observer: Reporter
    provisional_for: Token | None = None
    """The next round's session this person is provisionally rostered for."""
