"""The rules of evaluation: each a predicate named for its rule, saying why it refuses, or whether it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from services.evaluation.domain.lines import Facts, Handover, Kind, Line, line_of
from shared.decider import Actor, Refused
from shared.tenancy import Policy

# The sheet


def unit_unknown(facts: Facts) -> Refused | None:
    """A sheet is published of a unit in the registry only, of one never rostered too (domain.md 1, step 11)."""
    return None if facts.registered else Refused("evaluation.unit-unknown", unit=facts.unit)


def case_not_on_this_sheet(lines: Iterable[Line], case: str) -> Refused | None:
    """A rectification counts once (domain.md 1, step 11): what happens in a case is kept on the sheet on which it
    fell due. An event of a case that never did is a fault to look at, not to pass over."""
    if line_of(lines, "rectification", case) is not None:
        return None
    return Refused("evaluation.case-unknown", case=case)


def counts_in_another_year(due_on: date, facts: Facts, policy: Policy) -> Refused | None:
    """A rectification counts in the year it was due, by the cut-off that policy sets (domain.md 1, step 11)."""
    year = year_of(due_on, policy)
    if year == facts.year:
        return None
    return Refused("evaluation.counts-in-another-year", due_on=due_on.isoformat(), year=year)


def after_the_cutoff(due_on: date, policy: Policy) -> bool:
    """Due after the year's cut-off 截止日: it counts in the year after (domain.md 1, step 11)."""
    return due_on.strftime("%m-%d") > policy.evaluation_cutoff


def year_of(due_on: date, policy: Policy) -> int:
    """The year in which a rectification counts that is due on this day."""
    return due_on.year + after_the_cutoff(due_on, policy)


def nothing_of_that_kind(lines: Iterable[Line], kind: Kind) -> bool:
    """Not rostered is 不适用, not zero, and so is a year in which nothing was due (domain.md 1, step 11)."""
    return not any(line.kind == kind for line in lines)


def before_the_post_was_taken(on: date, handover: Handover) -> bool:
    """Facts before a head took the post are not the successor's (domain.md 1, step 11)."""
    return on < handover.effective_on


def village_is_not_evaluated(facts: Facts) -> Refused | None:
    """For villages no score (domain.md 1, full coverage): what they did is kept, and no sheet to score is published."""
    if facts.category != "village":
        return None
    return Refused("evaluation.village-not-evaluated", unit=facts.unit)


# Outcomes


def what_is_blank(what: str) -> Refused | None:
    """An outcome says what came about (domain.md 1, outcomes)."""
    return None if what.strip() else Refused("evaluation.outcome-blank")


def outcome_of_no_registered_unit(unit: str | None, honour: bool, units: Collection[str]) -> Refused | None:
    """A result is some unit's, and that one is in the registry (domain.md 1, outcomes)."""
    if honour or unit in units:
        return None
    return Refused("evaluation.outcome-of-no-registered-unit", unit=unit)


def honour_claimed_for_a_unit(unit: str | None, honour: bool) -> Refused | None:
    """An honour of the district belongs to no unit (domain.md 1, outcomes)."""
    return Refused("evaluation.honour-of-a-unit", unit=unit) if honour and unit is not None else None


def number_of_nothing(number: float | None, measured_in: str | None) -> Refused | None:
    """A number says what it counts: 个, 件, 万元 (domain.md 1, outcomes)."""
    if number is None or (measured_in and measured_in.strip()):
        return None
    return Refused("evaluation.number-of-nothing", number=number)


def outcome_of_another_unit(before: str | None, unit: str | None) -> Refused | None:
    """What is recorded again is the same unit's: results do not wander (domain.md 1, outcomes)."""
    if before == unit:
        return None
    return Refused("evaluation.outcome-of-another-unit", before=before, unit=unit)


def as_reported_unconfirmed(period: str | None, evidence: str | None) -> bool:
    """Without period or evidence an outcome is as reported, unconfirmed (domain.md 1, outcomes)."""
    return not (period and period.strip() and evidence and evidence.strip())


# The annual written report 年终述职


def before_annual_reports(year: int | None, policy: Policy) -> Refused | None:
    """Every head, yearly, since the year that policy says: 2021 (domain.md 1, step 12)."""
    if year is not None and year >= policy.annual_reports_since:
        return None
    return Refused("evaluation.before-annual-reports", first=policy.annual_reports_since)


def document_number_blank(document_number: str) -> Refused | None:
    """A register entry names the document; the number stands for an upload (domain.md 2, limits)."""
    return None if document_number.strip() else Refused("evaluation.document-number-blank")


def filed_in_the_future(filed_on: date, today: date) -> Refused | None:
    """What is registered was filed (domain.md 1, step 12)."""
    if filed_on <= today:
        return None
    return Refused("evaluation.filed-in-the-future", filed_on=filed_on.isoformat(), today=today.isoformat())


def filed_before_its_year(filed_on: date, year: int) -> Refused | None:
    """A year is reported on when it has begun (domain.md 1, step 12)."""
    if filed_on >= date(year, 1, 1):
        return None
    return Refused("evaluation.filed-before-its-year", filed_on=filed_on.isoformat(), year=year)


def not_a_head_of_the_unit(person: str, unit: str, heads: Collection[str]) -> Refused | None:
    """Heads report, in person: who holds a post of the unit, or held one (domain.md 1, step 12)."""
    if person in heads:
        return None
    return Refused("evaluation.not-a-head", person=person, unit=unit, heads=sorted(heads))


def annual_report_not_own_unit(actor: Actor, unit: str) -> Refused | None:
    """A unit has its own heads' reports registered; the offices those of all (domain.md 2, who enters)."""
    if actor.unit == unit or actor.roles & {"organization_department", "law_office"}:
        return None
    return Refused("evaluation.not-own-unit", unit=unit)


def registered_otherwise(before: str | None, document_number: str, person: str) -> Refused | None:
    """One report a head and year: another document in its place is another's mistake (domain.md 1, step 12)."""
    if before is None or before == document_number:
        return None
    return Refused("evaluation.registered-otherwise", person=person, document_number=before)


# Coverage


def coverage_is_the_towns(tier: str | None) -> Refused | None:
    """Villages hold no session of their own: the town's reports are what covers them, and the town is asked
    (domain.md 1, full coverage)."""
    return Refused("evaluation.coverage-is-the-towns") if tier == "village" else None
