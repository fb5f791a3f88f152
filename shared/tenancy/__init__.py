"""Tenants as paths, and the policy that holds for one of them on a day. Pure."""

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
    "Policy",
    "ancestors_and_self",
    "as_set",
    "contradictions",
    "effective",
    "in_force",
    "is_tenant",
    "is_within",
    "origins",
    "out_of_bounds",
    "parent",
    "plain",
    "stricter_only",
    "under",
    "unknown_values",
]
