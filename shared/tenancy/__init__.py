"""Tenants as paths, the policy that holds for one of them on a day, and what several services compute by it. Pure."""

from shared.tenancy.drafts import draft_dates, draft_owed
from shared.tenancy.lights import Colour, Light, receipt_due_on, running, suspended, working_days
from shared.tenancy.offices import acting_office, office_in_charge
from shared.tenancy.policy import (
    VALUES,
    About,
    Adopted,
    Policy,
    as_set,
    contradictions,
    effective,
    in_force,
    origins,
    out_of_bounds,
    plain,
    stricter_only,
    under,
    unknown_values,
)
from shared.tenancy.tenant import ancestors_and_self, is_tenant, is_within, parent

__all__ = [
    "VALUES",
    "About",
    "Adopted",
    "Colour",
    "Light",
    "Policy",
    "acting_office",
    "ancestors_and_self",
    "as_set",
    "contradictions",
    "draft_dates",
    "draft_owed",
    "effective",
    "in_force",
    "is_tenant",
    "is_within",
    "office_in_charge",
    "origins",
    "out_of_bounds",
    "parent",
    "plain",
    "receipt_due_on",
    "running",
    "stricter_only",
    "suspended",
    "under",
    "unknown_values",
    "working_days",
]
