"""What every tenant of a tree begins with, by tier: registration, units, first policy, first plan."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from deploy.local.home import LocalError
from deploy.local.tree import TIERS, Branch
from shared.contracts.base import Token
from shared.contracts.scheduling import Category, ReportingBody, Tier
from shared.tenancy import Adopted, Policy, effective, parent, stricter_only, unknown_values

CATEGORY_OF_A_TIER: dict[str, str] = {"bureau": "government", "town": "town", "village": "village"}
"""Which tiers are units of the one above them, and of which category."""
BELOW_FROM = 100
"""A tier's own offices come first in its official order, then the units below it in the order of the tree."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OfficeUnit(_Strict):
    """A unit that every tenant of the tier has, and the offices of the chain that it houses."""

    unit: Token
    name: str = Field(min_length=1)
    houses_offices: list[
        Literal["party_office", "law_office", "organization_department", "supervision_office"]
    ]
    category: Category = "section"


class FirstPolicy(_Strict):
    """Values of the tier's own; everything else is inherited."""

    holds_from: date
    values: dict[str, int | bool | str | list[str]]


class FirstPlan(_Strict):
    """A year's rounds by their dates, the first being round 1."""

    plan_year: int = Field(ge=2000, le=2999)
    rounds: list[date] = Field(min_length=1)


class OfATier(_Strict):
    """All that a tenant of a tier begins with; what is left out it has not."""

    reporting_body: ReportingBody | None = None
    offices: list[OfficeUnit] = []
    policy: FirstPolicy | None = None
    plan: FirstPlan | None = None


class OpeningFile(_Strict):
    """By tier."""

    tiers: dict[Tier, OfATier]


NOTHING = OpeningFile(tiers={})


@dataclass(frozen=True)
class Opening:
    """The request that opens one tenant."""

    branch: Branch
    body: Mapping[str, Any]


def read_opening(path: Path | None) -> OpeningFile:
    """The YAML file of an opening, every complaint named; without one tenants are registered with the units below."""
    if path is None:
        return NOTHING
    try:
        opening = TypeAdapter(OpeningFile).validate_python(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise LocalError(f"The opening {path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise LocalError(f"The opening {path} is not YAML: {error}") from error
    except ValidationError as error:
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)]
        raise LocalError(f"{path}: {len(told)} to put right; nothing was sent.", tail=tuple(told)) from error
    if told := list(_contradictions(opening)):
        raise LocalError(f"{path}: {len(told)} to put right; nothing was sent.", tail=tuple(told))
    return opening


def openings(tree: Sequence[Branch], opening: OpeningFile) -> list[Opening]:
    """One request for each tenant of the tree, in its order."""
    below: dict[str, list[Branch]] = defaultdict(list)
    for branch in tree:
        if branch.tier in CATEGORY_OF_A_TIER:
            below[parent(branch.tenant) or ""].append(branch)
    return [
        Opening(branch, _body(branch, opening.tiers.get(branch.tier, OfATier()), below[branch.tenant]))  # type: ignore[call-overload]  # the tree's tiers were checked
        for branch in tree
    ]


def _body(branch: Branch, of_tier: OfATier, below: Sequence[Branch]) -> dict[str, Any]:
    units = [
        {
            "unit": one.unit,
            "name": one.name,
            "category": one.category,
            "official_order": place,
            "houses_offices": one.houses_offices,
        }
        for place, one in enumerate(of_tier.offices, start=1)
    ]
    units += [
        {
            "unit": one.token,
            "name": one.name,
            "category": CATEGORY_OF_A_TIER[one.tier],
            "official_order": BELOW_FROM + one.official_order,
        }
        for one in below
    ]
    return {
        "tenant": {
            "name": branch.name,
            "tier": branch.tier,
            "official_order": branch.official_order,
            "division_code": branch.division_code,
            "reporting_body": branch.reporting_body or of_tier.reporting_body,
        },
        "units": units,
        "policy": json.loads(of_tier.policy.model_dump_json()) if of_tier.policy else None,
        "plan": {
            "plan_year": of_tier.plan.plan_year,
            "rounds": [
                {"number": number, "planned_on": day.isoformat()}
                for number, day in enumerate(of_tier.plan.rounds, start=1)
            ],
        }
        if of_tier.plan
        else None,
    }


def _contradictions(opening: OpeningFile) -> Iterator[str]:
    """What the services would refuse of every tenant of a tier is said once, before anything is sent."""
    adopted: list[Adopted] = []
    path = ""
    for tier in TIERS:
        of_tier = opening.tiers.get(tier)  # type: ignore[call-overload]  # TIERS are the keys it may have
        above, own = path, f"{path}.{tier}".lstrip(".")
        path = above if tier == "bureau" else own  # a bureau stands beside a town
        if of_tier is None:
            continue
        units = [one.unit for one in of_tier.offices]
        for unit in sorted({one for one in units if units.count(one) > 1}):
            yield f"{tier}.offices: {unit} is there twice"
        if of_tier.plan is not None:
            yield from _of_plan(tier, of_tier.plan)
        if of_tier.policy is not None:
            values = of_tier.policy.values
            for name in unknown_values(values):
                yield f"{tier}.policy.values.{name}: is no policy value, or of another type"
            if unknown_values(values):
                continue
            holds = effective(_tiers_of(above), adopted, of_tier.policy.holds_from) if adopted else Policy()
            for name in stricter_only(holds, values) if adopted else ():
                yield f"{tier}.policy.values.{name}: is laxer than in the tier above"
            adopted.append(Adopted(own, 1, of_tier.policy.holds_from, values))


def _of_plan(tier: str, plan: FirstPlan) -> Iterator[str]:
    if plan.rounds != sorted(set(plan.rounds)):
        yield f"{tier}.plan.rounds: are not in the order of their dates"
    for day in plan.rounds:
        if day.year != plan.plan_year and (day.year, day.month) != (plan.plan_year + 1, 1):
            yield f"{tier}.plan.rounds: {day} is neither in {plan.plan_year} nor in the January after"


def _tiers_of(path: str) -> list[str]:
    tokens = path.split(".") if path else []
    return [".".join(tokens[: n + 1]) for n in range(len(tokens))]
