"""The work queue 待办: what one person has to do in a tenant, by when, and why. Only doing a task takes it away.

Pure: what is open, who asks and the day make the list. A date comes from the rule that owns it (shared.tenancy).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from services.portal.domain.matters import Case, Matters, Reporter, Session
from shared.calendar import Calendar, YearNotPublished
from shared.decider import Actor
from shared.tenancy import (
    Light,
    Policy,
    acting_office,
    draft_dates,
    draft_owed,
    office_in_charge,
    receipt_due_on,
    running,
    suspended,
)

Group = Literal["overdue", "soon", "later", "undated"]
GROUPS: tuple[Group, ...] = ("overdue", "soon", "later", "undated")

UNDATED = Light("none", "inbox", None, "no date", "未定期限")
VILLAGE = "village"


@dataclass(frozen=True)
class Task:
    """One thing to do. ``kind`` names it and its reason; ``about`` is the session, case or year; ``path`` the steps of
    the page, after the tenant, where it is done. ``waits``: nothing is to be done, others have it in hand."""

    kind: str
    about: str
    path: tuple[str, ...]
    light: Light
    due_on: date | None = None
    session: str | None = None
    unit: str | None = None
    unit_name: str | None = None
    count: int = 1
    waits: bool = False

    @property
    def group(self) -> Group:
        """Where it stands in the list: by its light, which has the colours of a date that is near."""
        match self.light.colour:
            case "red" | "supervision":
                return "overdue"
            case "yellow" | "orange":
                return "soon"
            case "green":
                return "later"
            case "none":
                # A suspended case has a date that does not run now.
                return "later" if self.due_on and not self.waits else "undated"

    @property
    def key(self) -> str:
        """Names the task and its date: who was told of it was told of this."""
        return f"{self.kind}/{self.about}/{self.unit or ''}/{self.due_on or ''}"


@dataclass(frozen=True)
class Asking:
    """Whose queue, on which day, under which policy. ``roles`` are those held in the tenant itself."""

    roles: frozenset[str]
    unit: str | None
    name: str
    today: date
    policy: Policy
    calendar: Calendar
    _lights: dict[tuple[date, bool], Light] = field(default_factory=dict, compare=False, repr=False)
    """Many tasks have the same date, and counting its working days takes longer than all else."""

    def light(self, due_on: date | None, *, supervised: bool = False) -> Light:
        """The light of a date; what has none says so."""
        if due_on is None:
            return UNDATED
        known = self._lights.get((due_on, supervised))
        if known is None:
            known = running(due_on, self.today, self.policy, self.calendar, supervised=supervised)
            self._lights[due_on, supervised] = known
        return known

    def reports(self, unit: str) -> bool:
        """Does the person work for this unit as its reporter or liaison?"""
        return self.unit == unit and bool(self.roles & {"reporter", "liaison"})

    def judges(self, office: str | None, unit: str) -> bool:
        """Is it the person's office, and not their own unit? Nobody judges their own item (domain.md 1)."""
        return office in self.roles and self.unit != unit


def asking(actor: Actor, today: date, policy: Policy, calendar: Calendar) -> Asking:
    """An actor as who asks for a queue: a role that only a tier above gives has no tasks here."""
    own = actor.roles - actor.roles_from_above
    return Asking(own, actor.unit, actor.name, today, policy, calendar)


def tasks(matters: Matters, who: Asking) -> list[Task]:
    """What the person has to do, in the order of the dates; what has no date comes last."""
    found = [
        *(task for session in matters.sessions for task in _of_session(session, who)),
        *(task for case in matters.cases for task in _of_case(case, who)),
        *_of_the_year(matters, who),
    ]
    return sorted(found, key=lambda one: (one.due_on or date.max, one.waits, one.kind, one.about))


# ---- the year ----


def _of_the_year(matters: Matters, who: Asking) -> Iterator[Task]:
    if "law_office" in who.roles:
        if matters.plan_missing is not None:
            year = str(matters.plan_missing)
            yield Task("adopt-plan", year, ("plan",), UNDATED)
        for one in matters.rounds:
            due_on = _draft_dates(one.planned_on, who)[0] or one.planned_on
            yield Task("call-session", one.session, ("plan",), who.light(due_on), due_on, session=one.session)
    if "organization_department" in who.roles:
        for sheets in matters.sheets:
            year = str(sheets.year)
            yield Task("publish-evaluation", year, ("evaluation", year), UNDATED, count=sheets.units)


# ---- a session ----


def _of_session(session: Session, who: Asking) -> Iterator[Task]:
    if session.state == "sent" or (session.room is not None and session.room.state == "sent"):
        return
    if session.state == "called":
        for reporter in session.reporters:
            yield from _of_draft(session, reporter, who)
        yield from _of_the_people(session, who)
    yield from _of_the_offices(session, who)


def _of_draft(session: Session, reporter: Reporter, who: Asking) -> Iterator[Task]:
    """The unit hands in, the office in charge approves (domain.md 1, steps 3 and 4)."""
    if not draft_owed(reporter.category, reporter.lead, who.policy):
        return
    due_on, approve_by = _draft_dates(session.held_on, who)
    path = ("drafts", f"{session.session}-{reporter.unit}")
    kind: str | None = None
    match reporter.draft:
        case "expected" if who.reports(reporter.unit):
            kind = "submit-draft"
        case "returned" if who.reports(reporter.unit):
            kind, due_on = "revise-draft", approve_by  # a return sets no date: it is to be approved by then
        case "submitted":
            office = office_in_charge(who.policy.reviewing_office, reporter.houses, who.policy)
            if who.judges(office, reporter.unit):
                kind, due_on = "approve-draft", approve_by
    if kind is not None:
        yield Task(
            kind,
            session.session,
            path,
            who.light(due_on),
            due_on,
            session.session,
            reporter.unit,
            reporter.unit_name,
        )


def _of_the_people(session: Session, who: Asking) -> Iterator[Task]:
    """Who reports and who observes knows the day."""
    for reporter in session.reporters:
        if who.reports(reporter.unit):
            yield _on_the_day("report", session, who, reporter.unit)
    for unit in sorted(session.observers):
        if who.reports(unit):
            yield _on_the_day("observe", session, who, unit)


def _on_the_day(kind: str, session: Session, who: Asking, unit: str | None = None, count: int = 1) -> Task:
    path = ("sessions", session.session)
    light = who.light(session.held_on)
    return Task(kind, session.session, path, light, session.held_on, session.session, unit, count=count)


def _of_the_offices(session: Session, who: Asking) -> Iterator[Task]:
    law, party = "law_office" in who.roles, "party_office" in who.roles
    if law and session.state == "called" and session.bulletin_about is not None:
        yield _on_the_day("issue-bulletin", session, who)
    if who.roles & session.to_check:
        yield _step("check-requirements", session)
    room = session.room
    if room is None:
        if party and session.state in ("held", "signed"):
            yield _step("finish-minutes", session)
        return
    if law:
        yield from _of_the_law_office(session, who)
    if party:
        yield from _of_the_party_office(session, who)
    waiting = sum(one.by == who.name for one in room.words)
    if "leader" in who.roles and room.state == "checked" and waiting:
        yield _step("confirm-own-words", session, waiting)


_IN_THE_ROOM = ("agenda_confirmed", "running")
_BEFORE_SIGNING = (*_IN_THE_ROOM, "held", "drafted", "checked")


def _of_the_law_office(session: Session, who: Asking) -> Iterator[Task]:
    room = session.room
    assert room is not None  # the caller has looked
    on_the_day = who.today >= session.held_on
    if room.state == "rostered":
        yield _on_the_day("confirm-agenda", session, who)
    if room.state in _IN_THE_ROOM and on_the_day:
        if not room.bulletin_noted:
            yield _on_the_day("tell-bulletin", session, who)
        yield _on_the_day("close-session", session, who)
    if room.state in _BEFORE_SIGNING and on_the_day and room.supplements:
        yield _on_the_day("record-supplement", session, who, count=len(room.supplements))
    if room.state == "drafted" and "law_office" not in room.checked_by:
        yield _step("check-requirements", session)


def _of_the_party_office(session: Session, who: Asking) -> Iterator[Task]:
    room = session.room
    assert room is not None  # the caller has looked
    on_the_day = who.today >= session.held_on
    if room.state in _IN_THE_ROOM and on_the_day and room.speeches:
        yield _on_the_day("record-speech", session, who, count=len(room.speeches))
    if room.state in _BEFORE_SIGNING and on_the_day and room.comments:
        yield _on_the_day("record-comment", session, who, count=len(room.comments))
    match room.state:
        case "held":
            yield _step("draft-minutes", session)
        case "checked" if room.words:
            yield _step("confirm-words", session, len(room.words))
        case "checked":
            yield _step("sign-minutes", session)
        case "signed":
            yield _step("number-minutes", session)
        case "numbered":
            yield _step("send-minutes", session)


def _step(kind: str, session: Session, count: int = 1) -> Task:
    path = ("sessions", session.session)
    return Task(kind, session.session, path, UNDATED, session=session.session, count=count)


# ---- a case ----


def _of_case(case: Case, who: Asking) -> Iterator[Task]:
    match case.state:
        case "open" | "returned":
            yield from _of_running(case, who)
        case "awaiting_receipt":
            due_on = None if case.sent_on is None else receipt_due_on(case.sent_on, who.policy, who.calendar)
            if who.roles & {*case.offices_missing}:
                yield _task("receipt-feedback", case, who.light(due_on), due_on)
            if who.reports(case.unit):
                light = Light("none", "inbox", None, "fed back, awaiting receipt", "已反馈，待签收")
                yield _task("await-receipt", case, light, waits=True)
        case "awaiting_verification":
            if who.judges(acting_office(who.policy.verifying_office, case.houses, who.policy), case.unit):
                yield _task("verify-rectification", case, UNDATED)


def _of_running(case: Case, who: Asking) -> Iterator[Task]:
    policy, village = who.policy, case.category == VILLAGE
    by_the_tier_above = village and policy.village_short_form
    if case.suspended_until is not None:
        light = suspended(case.suspended_until)
    else:
        light = who.light(case.due_on, supervised=not village)
    if by_the_tier_above and who.roles & {*policy.village_entry_offices}:
        yield _task("submit-short-form", case, light, case.due_on)
    if not by_the_tier_above and who.reports(case.unit):
        kind = "submit-feedback" if case.state == "open" else "submit-feedback-again"
        yield _task(kind, case, light, case.due_on)
        if case.reply_by is not None:
            yield _task("reply-to-notice", case, who.light(case.reply_by), case.reply_by)
    if case.extension_asked and who.judges(
        acting_office(policy.extending_office, case.houses, policy), case.unit
    ):
        yield _task("answer-extension", case, who.light(case.due_on), case.due_on)
    if village or not who.judges(acting_office(policy.supervising_office, case.houses, policy), case.unit):
        return
    if case.reply_by is not None:
        yield _task("follow-notice", case, who.light(case.reply_by), case.reply_by)
    elif light.colour == "supervision":
        since = who.calendar.working_days_after(case.due_on, policy.supervision_working_days)
        yield _task("open-supervision", case, who.light(since), since)


def _task(kind: str, case: Case, light: Light, due_on: date | None = None, waits: bool = False) -> Task:
    path = ("short-form" if kind == "submit-short-form" else "cases", case.case)
    return Task(kind, case.case, path, light, due_on, case.session, case.unit, case.unit_name, waits=waits)


def _draft_dates(held_on: date, who: Asking) -> tuple[date | None, date | None]:
    try:
        return draft_dates(held_on, who.policy, who.calendar)
    except YearNotPublished:
        return None, None
