"""The rules of adopting policy values (domain.md 2, sub-tiers' numbers)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from shared.decider import Refused
from shared.tenancy import Policy, stricter_only, unknown_values


def policy_value_unknown(values: Mapping[str, object]) -> Refused | None:
    """Only values that the software knows, each of its own type, can be adopted."""
    unknown = unknown_values(values)
    return Refused("scheduling.policy-value-unknown", unknown=unknown) if unknown else None


def policy_value_out_of_range(values: Mapping[str, object]) -> Refused | None:
    """No number is negative, and a list of offices names one at least: a rule cannot be emptied by its value."""
    wrong = [
        name
        for name, value in values.items()
        if (isinstance(value, int) and value < 0) or (isinstance(value, str | tuple | list) and not value)
    ]
    return Refused("scheduling.policy-value-out-of-range", values=wrong) if wrong else None


def policy_laxer_than_above(above: Policy, values: Mapping[str, object]) -> Refused | None:
    """Inherited from the tier above, may be made stricter, never laxer (domain.md 2).

    ``above`` without a version means that no tier above has adopted anything: then this one sets the values.
    """
    laxer = stricter_only(above, values) if above.versions else []
    return Refused("scheduling.policy-laxer-than-above", laxer=laxer) if laxer else None


def policy_holds_too_early(holds_from: date, today: date, first: bool) -> Refused | None:
    """A new version never changes what was decided under the old one; only the first may reach back."""
    if first or holds_from >= today:
        return None
    return Refused(
        "scheduling.policy-holds-too-early", holds_from=holds_from.isoformat(), today=today.isoformat()
    )
