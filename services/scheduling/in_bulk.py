"""Many commands of one tenant in one transaction: a table imported into its registry, a tenant opened.

They are the commands that people give one by one, decided by the same deciders: all of it holds, or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa

from services.scheduling.application import PLANS, POLICIES, TENANTS, UNITS
from services.scheduling.domain.importing import Imported, WrongCell, column_of, read_table
from services.scheduling.domain.plan import AdoptPlan
from services.scheduling.domain.policy import AdoptPolicy
from services.scheduling.domain.tenant import NoteImport, RegisterTenant
from services.scheduling.domain.unit import RegisterUnit
from services.scheduling.views.adopted_policies import adopted_policies
from services.scheduling.views.plans import plans
from services.scheduling.views.units import registered_unit, units
from shared.decider import Refused
from shared.documents.sheet import Sheet
from shared.eventstore import Answer, Context, EventStore, Key, UnitOfWork
from shared.eventstore.failures import KeyReused

# ---- a table ----


class _NotThisTime(Exception):
    """Carries what was found out of a transaction that is rolled back."""

    def __init__(self, imported: Imported) -> None:
        self.imported = imported


async def import_table(
    store: EventStore, context: Context, sheet: Sheet, sha256: str, key: Key | None
) -> tuple[Imported, Answer | None]:
    """Make the registry say what the table says; without a key only try it. When a row is wrong nothing is done, and
    every row is looked at all the same. Raises Refused where it is not about a row: the tenant, the key."""

    async def once(work: UnitOfWork) -> tuple[Imported, Answer]:
        await work.enter()
        known = await work.connection.execute(sa.select(units).where(units.c.tenant == work.tenant))
        registry = {row["unit"]: registered_unit(row) for row in known.mappings()}
        lines = [(line.number, line.cells) for line in sheet.lines]
        imported = read_table(sheet.header, lines, registry, sheet.header_row)
        not_entered: set[str] = set()
        for step in imported.steps:
            if step.unit in not_entered:
                continue  # what follows on a unit that is not there says nothing new
            try:
                await work.execute(UNITS, step.unit, step.command, tenant_must_exist=True)
            except Refused as refused:
                if not refused.code.startswith("scheduling."):
                    raise
                cell = column_of(refused)
                value = str(getattr(step.command, cell, "") or step.unit)
                imported.wrong.append(WrongCell(step.row, cell, value, refused))
                if isinstance(step.command, RegisterUnit):
                    not_entered.add(step.unit)
        imported.wrong.sort(key=lambda one: one.row)
        changes = len(imported.steps) if not imported.wrong else 0
        note = NoteImport(sha256, len(sheet.lines), changes)
        answer = await work.execute(TENANTS, "self", note, key=key, tenant_must_exist=True)
        if imported.wrong or key is None:
            raise _NotThisTime(imported)
        if answer.repeated and imported.steps:
            # Done before by this key, and undone by hand since: with one key nothing is done twice.
            raise KeyReused(key.value)
        return imported, answer

    try:
        return await store.in_transaction(context, once)
    except _NotThisTime as tried:
        return tried.imported, None


# ---- a tenant from its first day ----


@dataclass(frozen=True)
class FirstPlan:
    """The plan of a year with which a tenant begins."""

    plan_year: int
    plan: AdoptPlan


@dataclass(frozen=True)
class Opening:
    """All that a tenant begins with: what is not given it has not, or inherits."""

    tenant: RegisterTenant
    units: Sequence[tuple[str, RegisterUnit]] = ()
    policy: AdoptPolicy | None = None
    plan: FirstPlan | None = None


Standing = Literal["new", "kept"]


@dataclass
class Opened:
    """What of an opening was new, and what was there already and was kept as it is."""

    answer: Answer
    tenant: Standing
    units_new: list[str] = field(default_factory=list)
    units_kept: list[str] = field(default_factory=list)
    policy: Standing | None = None
    plan: Standing | None = None


async def open_tenant(store: EventStore, context: Context, opening: Opening, key: Key) -> Opened:
    """Register a tenant with its units, its first policy and its first plan, in one transaction. A unit, a policy or a
    plan of that year that is there already is the tenant's own business by now and stays as it is."""

    async def once(work: UnitOfWork) -> Opened:
        answer = await work.execute(TENANTS, "self", opening.tenant, key=key)
        if answer.repeated:  # what was committed with the key was the whole opening
            return Opened(
                answer,
                "kept",
                units_kept=[id for id, _ in opening.units],
                policy="kept" if opening.policy else None,
                plan="kept" if opening.plan else None,
            )
        opened = Opened(answer, "new" if answer.events else "kept")
        if not (opening.units or opening.policy or opening.plan):
            return opened
        known, has_policy, planned = await _known(work)
        for id, register in opening.units:
            if id in known:
                opened.units_kept.append(id)
            else:
                answer = await work.execute(UNITS, id, register)
                opened.units_new.append(id)
        if opening.policy is not None:
            opened.policy = "kept" if has_policy else "new"
            if not has_policy:
                answer = await work.execute(POLICIES, "self", opening.policy)
        if opening.plan is not None:
            year = opening.plan.plan_year
            opened.plan = "kept" if year in planned else "new"
            if year not in planned:
                answer = await work.execute(PLANS, str(year), opening.plan.plan)
        opened.answer = answer
        return opened

    return await store.in_transaction(context, once)


async def _known(work: UnitOfWork) -> tuple[set[str], bool, set[int]]:
    """The units that are registered, whether the tenant has adopted a policy, and the years that have a plan."""
    found = await work.connection.execute(
        sa.select(
            sa.select(sa.func.array_agg(units.c.unit))
            .where(units.c.tenant == work.tenant)
            .scalar_subquery()
            .label("units"),
            sa.exists().where(adopted_policies.c.tenant == work.tenant).label("policy"),
            sa.select(sa.func.array_agg(plans.c.plan_year))
            .where(plans.c.tenant == work.tenant)
            .scalar_subquery()
            .label("plans"),
        )
    )
    row = found.one()
    return set(row.units or ()), row.policy, set(row.plans or ())
