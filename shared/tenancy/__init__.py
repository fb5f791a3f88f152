"""Tenants as paths, and the policy that holds for one of them on a day. Pure."""

from shared.tenancy.policy import Adopted, Policy, effective, origins, stricter_only, unknown_values
from shared.tenancy.tenant import ancestors_and_self, is_tenant, is_within, parent

__all__ = [
    "Adopted",
    "Policy",
    "ancestors_and_self",
    "effective",
    "is_tenant",
    "is_within",
    "origins",
    "parent",
    "stricter_only",
    "unknown_values",
]
