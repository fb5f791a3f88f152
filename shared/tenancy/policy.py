"""Every number and choice that domain.md leaves open, as a value with a default; the strictest along the path holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Literal

Stricter = Literal["less", "more", "true", "false", "superset", "free"]


MONTH_AND_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


def value(default: Any, *, stricter: Stricter, source: str, form: str = "") -> Any:
    """A policy value: its default, which direction is stricter, and the place in domain.md it comes from. ``form``
    is the pattern that a text must match."""
    return field(default=default, metadata={"stricter": stricter, "source": source, "form": form})


@dataclass(frozen=True)
class Policy:
    """The policy values in force for one tenant on one day (domain.md sections 1 and 2). Days are calendar days
    unless the name says working days."""

    sessions_per_year: int = value(2, stricter="more", source="1.1")
    reporters_per_session: int = value(3, stricter="free", source="1.2")  # a bureau's round may be two
    plan_gap_months: int = value(3, stricter="more", source="1.1")
    plan_gap_working_days: int = value(20, stricter="more", source="1.1")
    repeat_warning_years: int = value(2, stricter="more", source="2")
    draft_due_working_days: int = value(15, stricter="more", source="1.4")
    approval_due_working_days: int = value(5, stricter="more", source="1.4")
    speech_seconds: int = value(480, stricter="less", source="1.5b")
    bell_seconds: int = value(420, stricter="less", source="1.5b")
    supplement_expected: bool = value(True, stricter="true", source="1.5c")
    comment_expected: bool = value(True, stricter="true", source="1.5d")
    rectification_months: int = value(3, stricter="less", source="1.7")
    receipt_offices: tuple[str, ...] = value(
        ("party_office", "law_office"), stricter="superset", source="1.8"
    )
    receipt_working_days: int = value(5, stricter="less", source="1.8")
    verifying_office: str = value("law_office", stricter="free", source="1.9")
    standing_in_office: str = value("supervision_office", stricter="free", source="1 conflict of interest")
    extensions_at_most: int = value(1, stricter="less", source="2")
    extension_days_at_most: int = value(30, stricter="less", source="2")
    extending_office: str = value("law_office", stricter="free", source="2")
    suspension_days_at_most: int = value(366, stricter="less", source="2")
    yellow_days: int = value(15, stricter="more", source="2")
    orange_working_days: int = value(5, stricter="more", source="2")
    supervision_working_days: int = value(10, stricter="less", source="2")
    supervising_office: str = value("supervision_office", stricter="free", source="1 supervise")
    supervision_reply_working_days: int = value(10, stricter="less", source="6")
    observer_absence_blocks: bool = value(False, stricter="true", source="2")
    evaluation_cutoff: str = value("12-31", stricter="free", source="1.11", form=MONTH_AND_DAY)
    village_sessions: bool = value(False, stricter="free", source="1 full coverage")
    offices_per_person: int = value(1, stricter="free", source="1, town offices")
    village_drafts: bool = value(False, stricter="free", source="1 full coverage")
    versions: tuple[str, ...] = ()
    """The adopted versions this policy was computed from, root first: what a decision records."""


@dataclass(frozen=True)
class Adopted:
    """One tenant's adopted values: which version, from which day they hold."""

    tenant: str
    version: int
    holds_from: date
    values: Mapping[str, Any]


_VALUES = {f.name: f for f in fields(Policy) if f.name != "versions"}


def _strictest(name: str, above: Any, own: Any) -> Any:
    match _VALUES[name].metadata["stricter"]:
        case "less":
            return min(above, own)
        case "more":
            return max(above, own)
        case "true":
            return above or own
        case "false":
            return above and own
        case "superset":
            return tuple(above) + tuple(v for v in own if v not in above)
        case _:
            return own


def unknown_values(values: Mapping[str, Any]) -> list[str]:
    """Names that are no policy value, or whose value has another type or form than the default."""
    wrong = []
    for name, new in values.items():
        known = _VALUES.get(name)
        if known is None or not (_same_shape(known.default, new) and _of_form(known.metadata["form"], new)):
            wrong.append(name)
    return wrong


def _same_shape(default: Any, new: Any) -> bool:
    if isinstance(default, tuple):
        return isinstance(new, list | tuple) and all(isinstance(v, str) for v in new)
    return type(default) is type(new)


def _of_form(form: str, new: Any) -> bool:
    return not form or re.fullmatch(form, new) is not None


def stricter_only(above: Policy, values: Mapping[str, Any]) -> list[str]:
    """Names of values that would be laxer than the tier above: an empty list means the values may be adopted."""
    laxer = []
    for name, own in values.items():
        inherited = getattr(above, name)
        own = tuple(own) if isinstance(own, list) else own
        if set_or_value(_strictest(name, inherited, own)) != set_or_value(own):
            laxer.append(name)
    return laxer


def set_or_value(item: Any) -> Any:
    """Offices compare as a set: their order says nothing."""
    return frozenset(item) if isinstance(item, tuple) else item


def _in_force(adopted: Iterable[Adopted], on: date) -> dict[str, Adopted]:
    """Of each tenant the newest version that holds on the day."""
    latest: dict[str, Adopted] = {}
    for one in adopted:
        if one.holds_from <= on:
            held = latest.get(one.tenant)
            if held is None or (one.holds_from, one.version) > (held.holds_from, held.version):
                latest[one.tenant] = one
    return latest


def origins(path: Iterable[str], adopted: Iterable[Adopted], on: date) -> dict[str, Adopted]:
    """From which adopted version each value of the policy on a day comes: the highest tier that set what holds.

    A name that is missing has its default. Offices that two tiers added up come from the last that added one.
    """
    versions, found = list(adopted), dict[str, Adopted]()
    above = Policy()
    walked: list[str] = []
    latest = _in_force(versions, on)
    for tenant in path:
        walked.append(tenant)
        own = latest.get(tenant)
        if own is None:
            continue
        policy = effective(walked, versions, on)
        for name, raw in own.values.items():
            holds, set_here = getattr(policy, name), tuple(raw) if isinstance(raw, list) else raw
            if holds != getattr(above, name) or (name not in found and holds == set_here):
                found[name] = own
        above = policy
    return found


def effective(path: Iterable[str], adopted: Iterable[Adopted], on: date) -> Policy:
    """The policy on a day: of each tenant on the path (root first) the newest version that holds, the strictest
    value winning. The root tier may set any value; below it nothing gets laxer."""
    latest = _in_force(adopted, on)
    policy = Policy()
    versions: list[str] = []
    for tenant in path:
        own = latest.get(tenant)
        if own is None:
            continue
        changes: dict[str, Any] = {}
        for name, raw in own.values.items():
            new = tuple(raw) if isinstance(raw, list) else raw
            changes[name] = _strictest(name, getattr(policy, name), new) if versions else new
        policy = replace(policy, **changes)
        versions.append(f"{tenant}/{own.version}")
    return replace(policy, versions=tuple(versions))
