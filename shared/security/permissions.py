"""Who may do and read what: one table of commands, one of reads. What is not in it is not permitted.

A line says who may and how far: in the whole tenant, for the own unit alone, and, of those who hold the role in a tier
above by a grant that reaches the subtree, who may from there. That somebody does not verify their own item, or acts for
their own unit only, is a rule of the domain and refused there with its name; ``own_unit`` says so here, for the reader
of the table. docs/permissions.md and ``shufa permissions`` are printed from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from shared.decider import Actor, Refused
from shared.security.tokens import Caller


class Scope(Enum):
    """What a role reaches."""

    TENANT = "tenant"
    OWN_UNIT = "own unit"
    SUBTREE = "subtree"
    """The whole tenant too, with a role that is held in a tier above."""


@dataclass(frozen=True)
class Permitted:
    """The roles that may: ``tenant`` in the whole tenant, ``own_unit`` for the unit they work in, ``subtree`` also
    where a tier above gives them. A role that only a tier above gives counts for nothing else."""

    tenant: frozenset[str] = frozenset()
    own_unit: frozenset[str] = frozenset()
    subtree: frozenset[str] = frozenset()

    def scope_of(self, actor: Actor) -> Scope | None:
        """How far the actor reaches by its best role; None when no role of its is named."""
        here = actor.roles - actor.roles_from_above
        if here & self.tenant:
            return Scope.TENANT
        if actor.roles_from_above & self.subtree:
            return Scope.SUBTREE
        if here & self.own_unit and actor.unit is not None:
            return Scope.OWN_UNIT
        return None

    @property
    def roles(self) -> list[str]:
        """Every role named, for the answer to who was refused."""
        return sorted(self.tenant | self.own_unit)


def by(*roles: str, own_unit: tuple[str, ...] = (), subtree: tuple[str, ...] = ()) -> Permitted:
    """One line of the table. ``subtree`` are those of ``roles`` that may from a tier above as well."""
    unknown = {*roles, *own_unit} - ROLES
    if unknown:
        raise ValueError(f"no such role: {sorted(unknown)}")
    if not {*subtree} <= {*roles} & REACHING_BELOW:
        raise ValueError(f"do not reach below: {sorted({*subtree} - ({*roles} & REACHING_BELOW))}")
    return Permitted(frozenset(roles), frozenset(own_unit), frozenset(subtree))


ROLES = frozenset(
    {
        "law_office",
        "party_office",
        "leader",
        "reporter",
        "liaison",
        "organization_department",
        "supervision_office",
        "auditor",
        "tenant_admin",
        "operator",
        "inspector",
        "service",
    }
)
REACHING_BELOW = frozenset({"tenant_admin", "auditor", "operator", "service"})
"""Roles that a grant with ``subtree`` lets reach the tenants below: they enter, audit and look after; they judge and
read texts nowhere but where they hold a role."""
THE_UNIT = ("reporter", "liaison")
OFFICES = ("law_office", "party_office", "supervision_office", "organization_department")
CASE_OFFICES = ("law_office", "party_office", "supervision_office")
ADMIN = ("tenant_admin",)

PROGRESS = by(*sorted(ROLES - {"inspector"}), subtree=tuple(sorted(REACHING_BELOW)))
"""Progress and inherited views: anybody who holds a role in the tenant. An inspector looks at content, no more."""

PRIVATE = by("law_office", "party_office")
"""A view of content that READS has no line for: the two offices alone, until somebody decides."""

# fmt: off
COMMANDS: dict[tuple[str, str], Permitted] = {
    # scheduling: registry, policies, plan, rosters
    ("scheduling", "register-tenant"):        by("tenant_admin", subtree=ADMIN),
    ("scheduling", "rename-tenant"):          by("tenant_admin", subtree=ADMIN),
    ("scheduling", "close-tenant"):           by("tenant_admin", subtree=ADMIN),
    ("scheduling", "register-unit"):          by("tenant_admin", subtree=ADMIN),
    ("scheduling", "hand-over-post"):         by("tenant_admin", subtree=ADMIN),
    ("scheduling", "rename-unit"):            by("tenant_admin", subtree=ADMIN),
    ("scheduling", "add-post"):               by("tenant_admin", subtree=ADMIN),
    ("scheduling", "close-unit"):             by("tenant_admin", subtree=ADMIN),
    ("scheduling", "import-registry"):        by("tenant_admin", subtree=ADMIN),
    ("scheduling", "open-tenant"):            by("tenant_admin", subtree=ADMIN),  # with its first policy and plan
    ("scheduling", "grant-role"):             by("tenant_admin", subtree=ADMIN),
    ("scheduling", "revoke-role"):            by("tenant_admin", subtree=ADMIN),
    ("scheduling", "adopt-policy"):           by("law_office"),
    ("scheduling", "adopt-calendar"):         by("law_office", "tenant_admin", subtree=ADMIN),
    ("scheduling", "adopt-plan"):             by("law_office"),
    ("scheduling", "amend-plan"):             by("law_office"),
    ("scheduling", "record-past-session"):    by("law_office"),
    ("scheduling", "draft-roster"):           by("law_office"),
    ("scheduling", "name-observers"):         by("law_office"),
    ("scheduling", "waive-absence"):          by("law_office"),
    ("scheduling", "schedule-session"):       by("law_office"),
    ("scheduling", "reschedule-session"):     by("law_office"),
    ("scheduling", "cancel-session"):         by("law_office"),
    ("scheduling", "substitute-reporter"):    by("law_office"),
    # review: drafts, the session, the minutes
    ("review", "submit-draft"):               by(own_unit=THE_UNIT),
    ("review", "return-draft"):               by(*OFFICES),  # law_office; for the unit that
    ("review", "approve-draft"):              by(*OFFICES),  # houses it: policy.standing_in_office
    ("review", "confirm-agenda"):             by("law_office"),
    ("review", "reopen-agenda"):              by("law_office"),
    ("review", "note-bulletin"):              by("law_office"),
    ("review", "record-speech"):              by("party_office"),
    ("review", "record-supplement"):          by("law_office"),
    ("review", "record-comment"):             by("party_office"),
    ("review", "record-attendance"):          by("law_office"),
    ("review", "record-guest"):               by("law_office"),
    ("review", "mark-not-held"):              by("law_office", "party_office"),
    ("review", "close-session"):              by("law_office"),
    ("review", "draft-minutes"):              by("party_office"),
    ("review", "check-requirements"):         by(*OFFICES),  # likewise
    ("review", "confirm-words"):              by("leader", "party_office"),
    ("review", "sign-minutes"):               by("party_office"),
    ("review", "number-minutes"):             by("party_office"),
    ("review", "send-minutes"):               by("party_office"),
    ("review", "correct-minutes"):            by("party_office"),
    # rectification: feedback, receipts, verification, extension
    ("rectification", "submit-feedback"):     by(own_unit=THE_UNIT),
    ("rectification", "receipt-feedback"):    by(*OFFICES),  # which of them: policy.receipt_offices
    ("rectification", "verify-rectification"): by(*OFFICES),  # which of them: policy.verifying_office
    ("rectification", "return-rectification"): by(*OFFICES),  # likewise
    ("rectification", "request-extension"):   by(own_unit=THE_UNIT),
    ("rectification", "grant-extension"):     by(*OFFICES),  # which of them: policy.extending_office
    ("rectification", "refuse-extension"):    by(*OFFICES),  # likewise
    ("rectification", "note-progress"):       by(own_unit=THE_UNIT),
    ("rectification", "submit-short-form"):   by("law_office", "party_office"),  # for villages alone
    ("rectification", "withdraw-feedback"):   by("law_office", "party_office", own_unit=THE_UNIT),  # who sent it
    ("rectification", "open-supervision"):    by(*OFFICES),  # which of them: policy.supervising_office
    ("rectification", "close-supervision"):   by(*OFFICES),  # likewise
    ("rectification", "record-inspection"):   by(*OFFICES),  # likewise
    ("rectification", "correct-record"):      by("law_office", "party_office"),
    ("rectification", "suspend-cases"):       by("law_office", "party_office"),
    ("rectification", "issue-bulletin"):      by("law_office"),
    # evaluation
    ("evaluation", "publish-evaluation"):     by("organization_department"),
    ("evaluation", "record-outcome"):         by("organization_department", "law_office"),
    ("evaluation", "register-annual-report"): by("organization_department", "law_office", own_unit=THE_UNIT),
}

READS: dict[tuple[str, str], Permitted] = {
    # what is not a view
    ("*", "ledger"):           by("law_office", "party_office", "auditor", "operator", subtree=("auditor", "operator")),
    ("*", "texts"):            by("law_office", "party_office", "leader", "inspector", own_unit=THE_UNIT),
    ("scheduling", "policy"):  PROGRESS,
    ("scheduling", "rotation"): PROGRESS,
    ("scheduling", "holders"): PROGRESS,
    ("review", "entrusted"):   by(*OFFICES),  # which of them: policy.standing_in_office
    ("evaluation", "coverage"): PROGRESS,
    ("rectification", "progress"): by(*sorted(ROLES - {"inspector"})),  # each tier asks for its own subtree
    ("rectification", "extension-requests"): by(*OFFICES),  # which of them answers: policy.extending_office
    # who gives roles sees who has them, and so does audit
    ("scheduling", "granted-roles"): by("tenant_admin", "auditor", subtree=("tenant_admin", "auditor")),
    # drafts are their unit's too; what a clerk takes down in the room is a working note of the Party office and that
    # leader until the minutes are signed: review withholds it from the others here, the law office reads what it checks
    # (services/review/working_notes.py); the units hear of it by the minutes (domain.md 1).
    # An office that stands in for the law office reads only what it is to judge: GET .../entrusted of review
    ("review", "drafts"):      by("law_office", "party_office", "leader", "inspector", own_unit=THE_UNIT),
    ("review", "proceedings"): by("law_office", "party_office", "leader", "inspector"),
    ("review", "comments"):    by("law_office", "party_office", "leader", "inspector"),
    # supervision reads what it supervises, and what it verifies where it stands in for another office
    ("rectification", "texts"): by(*CASE_OFFICES, "leader", "inspector", own_unit=THE_UNIT),
    ("rectification", "progress-notes"): by(*CASE_OFFICES, own_unit=THE_UNIT),
    ("rectification", "supervision-notices"): by(*CASE_OFFICES, own_unit=THE_UNIT),
    ("rectification", "inspections"): by(*CASE_OFFICES, own_unit=THE_UNIT),
    # the sheet is seen by the organisation department and the unit, by nobody else
    ("evaluation", "sheets"):  by("organization_department", own_unit=THE_UNIT),
    ("evaluation", "annual-reports"): by("organization_department", "law_office", own_unit=THE_UNIT),
}
# fmt: on

OPERATIONS = by("operator")
"""The clock and what was parked belong to a service, not to a tenant: an operator of any tenant may."""

_UNIT_STREAM = re.compile(
    r"(?:draft|case)-[0-9]{4}-[0-9]+-(?P<a>.+)|(?:sheet|yearend)-[0-9]{4}-(?P<b>.+)|unit-(?P<c>.+)"
)


class NotPermitted(Refused):
    """403: none of the actor's roles in the tenant may. ``roles`` are those that may."""

    def __init__(self, service: str, what: str, permitted: Permitted | None) -> None:
        roles = permitted.roles if permitted else []
        super().__init__("security.not-permitted", service=service, what=what, roles=roles)


def may(service: str, command: str, actor: Actor) -> Refused | None:
    """May the actor give this command (kebab name) of this service, by role? None means yes."""
    permitted = COMMANDS.get((service, command))
    if permitted is None or permitted.scope_of(actor) is None:
        return NotPermitted(service, command, permitted)
    return None


def may_operate(what: str, caller: Caller) -> Refused | None:
    """May the caller look after the services themselves (``clock``, ``parked``)?"""
    if any(grant.role in OPERATIONS.tenant for grant in caller.grants):
        return None
    return NotPermitted("runtime", what, OPERATIONS)


Tier = Literal["private", "progress", "inherited"]


def may_read(
    service: str, what: str, actor: Actor, *, tier: Tier = "private", unit: str | None = None
) -> Refused | None:
    """May the actor read ``what``: a view's kebab name, or ``ledger`` or ``texts``?

    ``unit`` is the unit that the thing read is about, where it is one thing (``unit_of(stream)`` for a text):
    who reaches no further than the own unit is refused another's. For a list leave it out and filter by
    ``only_unit``.
    """
    permitted = reading(service, what, tier)
    scope = permitted.scope_of(actor)
    if scope is None:
        return NotPermitted(service, what, permitted)
    if unit is not None and scope is Scope.OWN_UNIT and unit != actor.unit:
        return NotPermitted(service, what, permitted)
    return None


def only_unit(service: str, what: str, actor: Actor, *, tier: Tier = "private") -> str | None:
    """The unit whose rows alone this actor may see in a list that ``may_read`` allowed; None means every row.

    A view that has no column ``unit`` cannot be narrowed and must be refused to such an actor.
    """
    if reading(service, what, tier).scope_of(actor) is Scope.OWN_UNIT:
        return actor.unit
    return None


def unit_of(stream: str) -> str | None:
    """The unit a stream is about: ``draft-2021-1-jiaotongwei`` → ``jiaotongwei``; None for a session or a plan."""
    named = _UNIT_STREAM.fullmatch(stream)
    return next((unit for unit in named.groups() if unit is not None), None) if named else None


def reading(service: str, what: str, tier: Tier) -> Permitted:
    """The line that says who may read ``what``: its own, else the one of its class."""
    own_line = READS.get((service, what)) or READS.get(("*", what))
    return own_line or (PRIVATE if tier == "private" else PROGRESS)
