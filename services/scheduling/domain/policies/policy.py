"""The rules of adopting policy values (domain.md 2, sub-tiers' numbers)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from shared.decider import Refused
from shared.tenancy import (
    VALUES,
    Adopted,
    Policy,
    contradictions,
    out_of_bounds,
    stricter_only,
    under,
    unknown_values,
)


def policy_value_unknown(values: Mapping[str, object]) -> Refused | None:
    """Only values that the software knows, each of its own type, can be adopted."""
    unknown = unknown_values(values)
    return Refused("scheduling.policy-value-unknown", unknown=unknown) if unknown else None


def policy_value_out_of_range(values: Mapping[str, object]) -> Refused | None:
    """A rule cannot be emptied by its value: no session without a reporter, no duty without time, no office that is
    none (shared.tenancy.policy has the bounds; domain.md 2)."""
    wrong = out_of_bounds(values)
    if not wrong:
        return None
    bounds = [f"{name} {VALUES[name].bounds}" for name in wrong]
    return Refused("scheduling.policy-value-out-of-range", values=wrong, bounds=bounds)


def policy_laxer_than_above(
    above: Policy, comes_from: Mapping[str, Adopted], values: Mapping[str, object]
) -> Refused | None:
    """Inherited from the tier above, may be made stricter, never laxer (domain.md 2).

    ``above`` without a version means that no tier above has adopted anything: then this one sets the values.
    ``comes_from`` says of each value above who set it; what nobody set is the default.
    """
    laxer = stricter_only(above, values) if above.versions else []
    if not laxer:
        return None
    against = [_against(name, values[name], getattr(above, name), comes_from.get(name)) for name in laxer]
    held = [
        f"{one['value']} {_told(one['asked'])} / {_told(one['holds'])} ({one['tenant'] or 'default'})"
        for one in against
    ]
    return Refused("scheduling.policy-laxer-than-above", laxer=laxer, against=against, held=held)


def _against(name: str, asked: object, holds: object, origin: Adopted | None) -> dict[str, Any]:
    return {
        "value": name,
        "asked": asked,
        "holds": list(holds) if isinstance(holds, tuple) else holds,
        "tenant": origin.tenant if origin else None,
        "policy_version": origin.version if origin else None,
    }


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def policy_contradicts_itself(
    above: Policy, values: Mapping[str, object], holds_from: date
) -> Refused | None:
    """With what is inherited the values make sense together: no bell after the end, no approval due before the draft
    (domain.md 1, steps 4 and 5b; 5)."""
    wrong = contradictions(under(above, Adopted("", 0, holds_from, values)))
    pairs = [f"{first} > {second}" for first, second in wrong]
    return Refused("scheduling.policy-contradicts-itself", pairs=pairs) if pairs else None


def policy_holds_too_early(holds_from: date, today: date, first: bool) -> Refused | None:
    """A new version never changes what was decided under the old one; only the first may reach back."""
    if first or holds_from >= today:
        return None
    return Refused(
        "scheduling.policy-holds-too-early", holds_from=holds_from.isoformat(), today=today.isoformat()
    )
