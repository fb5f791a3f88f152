"""Every number and choice that domain.md leaves open, as a value with a default; the strictest along the path holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Literal

Stricter = Literal["less", "more", "true", "false", "superset", "free"]

OFFICES = ("party_office", "law_office", "organization_department", "supervision_office")
DRAFT_READERS = ("law_office", "party_office")
"""Who may read a draft may be named to review it (shared.security.permissions)."""
CATEGORIES = ("party_or_mass", "government", "town")
MONTH_AND_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


@dataclass(frozen=True)
class Bounds:
    """What a value may be: a number from ``least`` to ``most``, words ``among`` these, a text of this ``form``."""

    least: int = 0
    most: int = 0
    among: tuple[str, ...] = ()
    form: str = ""

    def holds(self, value: Any) -> bool:
        """Is the value, of the right type already, inside? A list names one at least, and none twice."""
        match value:
            case bool():
                return True
            case int():
                return self.least <= value <= self.most
            case str():
                return value in self.among if self.among else re.fullmatch(self.form, value) is not None
            case _:
                return 0 < len(value) == len({*value}) and {*value} <= {*self.among}

    def __str__(self) -> str:
        if self.form:
            return "MM-DD"
        return "|".join(self.among) if self.among else f"{self.least}…{self.most}"


YES_OR_NO = Bounds(among=("false", "true"))


@dataclass(frozen=True)
class About:
    """What is known of a policy value: its default, the direction in which it gets stricter, its place in domain.md,
    its bounds, and in one sentence what it governs."""

    name: str
    default: Any
    stricter: Stricter
    source: str
    bounds: Bounds
    en: str
    zh: str


def _value(default: Any, stricter: Stricter, source: str, bounds: Bounds, en: str, zh: str) -> Any:
    about = {"stricter": stricter, "source": source, "bounds": bounds, "en": en, "zh": zh}
    return field(default=default, metadata=about)


def _number(default: int, least: int, most: int, stricter: Stricter, source: str, en: str, zh: str) -> Any:
    return _value(default, stricter, source, Bounds(least, most), en, zh)


def _switch(default: bool, stricter: Stricter, source: str, en: str, zh: str) -> Any:
    return _value(default, stricter, source, YES_OR_NO, en, zh)


def _words(
    default: str | tuple[str, ...], among: tuple[str, ...], stricter: Stricter, source: str, en: str, zh: str
) -> Any:
    return _value(default, stricter, source, Bounds(among=among), en, zh)


@dataclass(frozen=True)
class Policy:
    """The policy values in force for one tenant on one day (domain.md sections 1, 2 and 5). Days are calendar days
    unless the name says working days. Each value is read by a rule: there is none without effect."""

    # fmt: off
    # The year, its rounds and who is on a roster: read by scheduling.
    sessions_per_year: int = _number(2, 1, 12, "more", "1.1",
        "A plan with fewer sessions is warned of.", "年度计划的述法会少于此数时提示。")
    reporters_per_session: int = _number(3, 1, 30, "free", "1.2",
        "So many reporters stand on a roster; lead reporters do not count.",
        "每轮述法对象的人数，带头述法不计在内。")
    roster_categories: tuple[str, ...] = _words(CATEGORIES, CATEGORIES, "superset", "1.2",
        "A district's roster has one of each of these categories of unit.",
        "区级每轮述法对象须各含一名的单位类别。")
    plan_gap_months: int = _number(3, 0, 12, "more", "1.1",
        "A session sooner than this after the last minutes, and the working days below, is warned of.",
        "距上次纪要不足此月数（另加下列工作日）召开述法会时提示。")
    plan_gap_working_days: int = _number(20, 0, 120, "more", "1.1",
        "Working days that are added to the months between the last minutes and the next session.",
        "上次纪要与下次述法会之间，在月数之外另加的工作日。")
    months_after_plan_year: int = _number(1, 0, 6, "less", "2, 2021/2",
        "So many months after its plan year a session may still be held.",
        "年度结束后仍可召开该年度述法会的月数。")
    repeat_warning_years: int = _number(2, 0, 10, "more", "2",
        "A unit rostered again inside so many years is warned of.", "同一单位在此年数内再次列入时提示。")
    observer_absence_blocks: bool = _switch(False, "true", "2",
        "Who did not come to observe is not called before somebody waives it by name.",
        "未列席上一轮的人员，须经署名同意后方可列为述法对象。")
    village_sessions: bool = _switch(False, "free", "1 full coverage",
        "A village may hold sessions of its own.", "村居可自行召开述法会。")
    # Drafts and what is said: read by review.
    draft_due_working_days: int = _number(15, 1, 60, "more", "1.4",
        "A draft is due so many working days before the session.", "述法稿须在会前此数工作日报送。")
    approval_due_working_days: int = _number(5, 0, 60, "more", "1.4",
        "A draft is to be approved so many working days before the session.", "述法稿须在会前此数工作日审核通过。")
    reviewing_office: str = _words("law_office", DRAFT_READERS, "free", "1.4",
        "The office that approves drafts and returns them.", "审核述法稿的办事机构。")
    village_drafts: bool = _switch(False, "free", "1 full coverage",
        "A village's reporter hands in a draft, too.", "村居述法对象也须报送述法稿。")
    speech_seconds: int = _number(480, 60, 1800, "less", "1.5b",
        "How long a report may take; what is over it is recorded, nobody is cut off.",
        "述法时长（秒）；超时如实记录，不打断。")
    bell_seconds: int = _number(420, 30, 1800, "less", "1.5b",
        "When the first bell rings.", "第一次提示铃的时间（秒）。")
    second_bell_seconds: int = _number(480, 30, 1800, "less", "1.5b",
        "When the second bell rings.", "第二次提示铃的时间（秒）。")
    syllables_a_minute_aimed_at: int = _number(180, 60, 400, "less", "5",
        "The pace a draft aims at: 1,440 syllables in eight minutes.",
        "述法稿的目标语速（每分钟音节数）：八分钟1440字。")
    syllables_a_minute_long: int = _number(200, 60, 400, "less", "5",
        "A draft that needs a quicker pace is warned of as long: 1,600 syllables in eight minutes.",
        "超过此语速的述法稿提示“偏长”：八分钟1600字。")
    syllables_a_minute_too_long: int = _number(240, 60, 400, "less", "5",
        "A draft that needs a quicker pace is warned of as too long: 1,920 syllables in eight minutes.",
        "超过此语速的述法稿提示“过长”：八分钟1920字。")
    supplement_expected: bool = _switch(True, "true", "1.5c",
        "Each report is supplemented, or the minutes wait.", "每名述法对象均须有补充汇报，否则纪要不能签发。")
    comment_expected: bool = _switch(True, "true", "1.5d",
        "Each report is commented on, or the minutes wait.", "每名述法对象均须有点评，否则纪要不能签发。")
    leads_answered_below: bool = _switch(False, "false", "1, lead reporters",
        "Subordinates may supplement a lead report and comment on it.", "带头述法可由下级补充汇报和点评。")
    # What is put right: read by rectification; the months, for the date the minutes print, by review.
    rectification_months: int = _number(3, 1, 24, "less", "1.7",
        "So many months after the minutes are sent the rectification is due.",
        "自纪要印发之日起的整改期限（月）。")
    receipt_offices: tuple[str, ...] = _words(("party_office", "law_office"), OFFICES, "superset", "1.8",
        "The offices a feedback is sent to; each receipts by itself.", "整改反馈报送的办事机构，各自签收。")
    receipt_working_days: int = _number(5, 1, 30, "less", "1.8",
        "Within so many working days an office receipts a feedback.", "办事机构签收反馈的时限（工作日）。")
    verifying_office: str = _words("law_office", OFFICES, "free", "1.9",
        "The office that verifies, or returns with a new date.", "检查评估（含退回）的办事机构。")
    standing_in_office: str = _words("supervision_office", OFFICES, "free", "1 conflict of interest",
        "The office that does another's steps about the unit that houses it.",
        "单位内设某办事机构时，代行其职责的机构（回避）。")
    extensions_at_most: int = _number(1, 0, 3, "less", "2",
        "So often a case may be extended.", "每件整改最多延期次数。")
    extension_days_at_most: int = _number(30, 1, 180, "less", "2",
        "An extension is so many days at most.", "每次延期最多天数。")
    extending_office: str = _words("law_office", OFFICES, "free", "2",
        "The office that grants an extension or refuses it.", "批准或不批准延期的办事机构。")
    suspension_days_at_most: int = _number(366, 1, 1096, "less", "2",
        "All cases of a tenant are suspended for so many days at most.", "整体暂停办理的最多天数。")
    yellow_days: int = _number(15, 1, 90, "more", "2",
        "The light is yellow, and a reminder sent, when so many days are left.",
        "剩余天数不超过此数时亮黄灯并催办。")
    orange_working_days: int = _number(5, 0, 30, "more", "2",
        "The light is orange, and a reminder sent, when so many working days are left.",
        "剩余工作日不超过此数时亮橙灯并催办。")
    supervision_working_days: int = _number(10, 0, 60, "less", "2",
        "So many working days after the date was missed the light calls for supervision.",
        "逾期满此数工作日后提示督办。")
    supervising_office: str = _words("supervision_office", OFFICES, "free", "1 supervise",
        "The office that issues supervision notices and records inspections.",
        "发督办通知单、登记督查的办事机构。")
    supervision_reply_working_days: int = _number(10, 1, 60, "less", "6",
        "A notice that names no day asks for a reply within so many working days.",
        "督办通知单未注明日期时的回复时限（工作日）。")
    village_short_form: bool = _switch(True, "free", "1 full coverage",
        "A village answers by one short form that the tier above enters; without it, by a report of its own.",
        "村居以一张简表反馈，由上级代为填报；关闭后由村居自行报告。")
    village_entry_offices: tuple[str, ...] = _words(DRAFT_READERS, DRAFT_READERS, "free", "1 full coverage",
        "The offices that enter for a village, and take back what they entered.", "可代村居填报和撤回的办事机构。")
    # The annual evaluation: read by evaluation.
    evaluation_cutoff: str = _value("12-31", "free", "1.11", Bounds(form=MONTH_AND_DAY),
        "What falls due after this day counts in the year after.", "到期日晚于此日的整改计入下一年度。")
    annual_reports_since: int = _number(2021, 2000, 2100, "less", "1.12",
        "Annual written reports are registered from this year on.", "年终述职自此年度起登记。")
    # People: read by every service.
    offices_per_person: int = _number(1, 1, 4, "free", "1, town offices",
        "One person may hold the roles of so many offices of a tenant.", "一人在同一层级最多兼任的办事机构数。")
    # fmt: on
    versions: tuple[str, ...] = ()
    """The adopted versions this policy was computed from, root first: what a decision records."""


VALUES: Mapping[str, About] = {
    one.name: About(one.name, one.default, **one.metadata) for one in fields(Policy) if one.metadata
}
"""Every policy value by its name, in the order of the work."""

NOT_AFTER: tuple[tuple[str, str], ...] = (
    ("bell_seconds", "second_bell_seconds"),
    ("second_bell_seconds", "speech_seconds"),
    ("approval_due_working_days", "draft_due_working_days"),
    ("syllables_a_minute_aimed_at", "syllables_a_minute_long"),
    ("syllables_a_minute_long", "syllables_a_minute_too_long"),
)
"""Of each pair the first is not greater than the second: no bell after the end, no approval due before the draft."""


@dataclass(frozen=True)
class Adopted:
    """One tenant's adopted values: which version, from which day they hold."""

    tenant: str
    version: int
    holds_from: date
    values: Mapping[str, Any]


def _strictest(name: str, above: Any, own: Any) -> Any:
    match VALUES[name].stricter:
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
    """Names that are no policy value, or whose value has another type than the default."""
    return [
        name
        for name, new in values.items()
        if name not in VALUES or not _same_shape(VALUES[name].default, new)
    ]


def _same_shape(default: Any, new: Any) -> bool:
    if isinstance(default, tuple):
        return isinstance(new, list | tuple) and all(isinstance(v, str) for v in new)
    return type(default) is type(new)


def out_of_bounds(values: Mapping[str, Any]) -> list[str]:
    """Names of known values that are too small, too large, or no words that the value knows."""
    return [name for name, new in values.items() if not VALUES[name].bounds.holds(new)]


def contradictions(policy: Policy) -> list[tuple[str, str]]:
    """The pairs of NOT_AFTER that this policy has the wrong way round."""
    return [
        (first, second) for first, second in NOT_AFTER if getattr(policy, first) > getattr(policy, second)
    ]


def stricter_only(above: Policy, values: Mapping[str, Any]) -> list[str]:
    """Names of values that would be laxer than the tier above: an empty list means the values may be adopted."""
    laxer = []
    for name, own in values.items():
        inherited = getattr(above, name)
        own = plain(own)
        if as_set(_strictest(name, inherited, own)) != as_set(own):
            laxer.append(name)
    return laxer


def plain(item: Any) -> Any:
    """A value as a policy holds it: JSON's lists are tuples here."""
    return tuple(item) if isinstance(item, list) else item


def as_set(item: Any) -> Any:
    """Offices compare as a set: their order says nothing."""
    return frozenset(item) if isinstance(item, tuple) else item


def in_force(adopted: Iterable[Adopted], on: date) -> dict[str, Adopted]:
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
    found = dict[str, Adopted]()
    above = Policy()
    latest = in_force(adopted, on)
    for tenant in path:
        own = latest.get(tenant)
        if own is None:
            continue
        policy = under(above, own)
        for name, raw in own.values.items():
            holds, set_here = as_set(getattr(policy, name)), as_set(plain(raw))
            if holds != as_set(getattr(above, name)) or (name not in found and holds == set_here):
                found[name] = own
        above = policy
    return found


def effective(path: Iterable[str], adopted: Iterable[Adopted], on: date) -> Policy:
    """The policy on a day: of each tenant on the path (root first) the newest version that holds, the strictest
    value winning. The first tier that adopts may set any value; below it nothing gets laxer."""
    latest = in_force(adopted, on)
    policy = Policy()
    for tenant in path:
        if tenant in latest:
            policy = under(policy, latest[tenant])
    return policy


def under(above: Policy, own: Adopted) -> Policy:
    """The policy of a tier that has adopted these values, below a tier with that policy."""
    changes: dict[str, Any] = {}
    for name, raw in own.values.items():
        new = plain(raw)
        changes[name] = _strictest(name, getattr(above, name), new) if above.versions else new
    return replace(above, **changes, versions=(*above.versions, f"{own.tenant}/{own.version}"))
