"""A session before it is held: its roster, the observers that the next round sends, its day, and who is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import assert_never

from services.scheduling.domain.policies.decisions import decision_incomplete, reason_missing, unless
from services.scheduling.domain.policies.plan import date_outside_plan_year, village_holds_no_session
from services.scheduling.domain.policies.registry import name_is_blank
from services.scheduling.domain.policies.roster import (
    absent_observer_not_waived,
    category_missing,
    entry_listed_twice,
    moved_unit_left_out,
    next_roster_missing,
    no_absence_recorded,
    observed_for_no_later_round,
    observers_are_not_the_next_roster,
    post_not_registered,
    roster_quota_missed,
    session_named_otherwise,
    unit_dissolved,
    unit_not_registered,
)
from services.scheduling.domain.policies.session import (
    calendar_year_missing,
    observers_not_named,
    other_category_steps_in,
    past_session_not_past,
    roster_still_provisional,
    round_not_planned,
    session_in_the_past,
    unit_already_on_the_roster,
    unit_not_on_the_roster,
)
from services.scheduling.domain.roster import (
    Absence,
    Facts,
    RosterEntry,
    in_official_order,
    once_each,
    reporters,
)
from services.scheduling.domain.session_commands import (
    CancelSession,
    Command,
    DraftRoster,
    MoveReporterIn,
    NameObservers,
    NoteAbsence,
    NoteAttendance,
    NoteHeld,
    NoteMinutes,
    RecordPastSession,
    RescheduleSession,
    ScheduleSession,
    SubstituteReporter,
    WaiveAbsence,
)
from services.scheduling.domain.session_events import (
    AbsenceNoted,
    AbsenceWaived,
    AbsenceWithdrawn,
    AttendanceNoted,
    Event,
    HoldingNoted,
    MinutesNoted,
    ObserversNamed,
    PastSessionRecorded,
    ReporterMovedIn,
    ReporterSubstituted,
    RosterDrafted,
    SessionCancelled,
    SessionRescheduled,
    SessionScheduled,
)
from services.scheduling.domain.situations import (
    Cancelled,
    Drafted,
    Held,
    MinutesSent,
    NotDrafted,
    Past,
    Scheduled,
    Session,
)
from services.scheduling.domain.warnings import gap_too_short, lead_time_too_short, unit_rostered_again
from shared.decider import Given, NotAllowedNow, refuse_if, replace

initial: Session = NotDrafted()

# ---- decide ----


def decide(session: Session, command: Command, given: Given[Facts]) -> list[Event]:
    """A roster may be drafted anew until its session is scheduled; after that a reporter is substituted, the day
    moved or the session cancelled, until it is held."""
    match session, command:
        case NotDrafted() | Drafted(), DraftRoster():
            drafted = _roster_drafted(session, command, given)
            return [] if _same_roster(session, drafted) else [drafted]
        case NotDrafted() | Past(), RecordPastSession():
            past = _past_session_recorded(command, given)
            return [] if session == Past(past.held_on, past.reporters) else [past]
        case Drafted(), NameObservers():
            named = _observers_named(session, command, given)
            same = (session.observers_for, session.observers) == (named.for_session, named.observers)
            return [] if same else [named]
        case Drafted(), WaiveAbsence(unit, decision):
            refuse_if(no_absence_recorded(unit, session.absences), decision_incomplete(decision))
            waived = any(one.unit == unit and one.waived == decision for one in session.absences)
            return [] if waived else [AbsenceWaived(unit, decision, on=given.today)]
        case Drafted(), ScheduleSession():
            return [_scheduled(session, command, given)]
        case Scheduled(held_on=held_on), RescheduleSession() if command.held_on == held_on:
            return []
        case Scheduled(), RescheduleSession():
            return [_rescheduled(session, command, given)]
        case Drafted(), CancelSession(reason):
            refuse_if(reason_missing(reason))
            return [SessionCancelled(None, reason, on=given.today)]
        case Scheduled(), CancelSession(reason):
            refuse_if(reason_missing(reason))
            return [SessionCancelled(session.held_on, reason, on=given.today)]
        case Scheduled(), SubstituteReporter():
            return [_substituted(session, command, given)]
        case Drafted(), MoveReporterIn():
            return [_moved_in(session, command, given)]
        case Drafted(), NoteAbsence():
            return _absence(session, command, given.today)
        case _, NoteAbsence():
            return []  # its people are called, or it is called off: the absence stays on the session it was from
        case _, NoteAttendance() | NoteHeld() | NoteMinutes():
            return _heard(session, command, given.today)
        case _:
            raise NotAllowedNow(session, command)


def _heard(session: Session, command: NoteAttendance | NoteHeld | NoteMinutes, today: date) -> list[Event]:
    """What review says of a session once its people were called; the same said twice is nothing new."""
    match session, command:
        case Scheduled() | Held(), NoteAttendance(unit, person, attended, reason):
            if not any(one.unit == unit for one in session.observers):
                return []  # stepped in as a reporter since
            return [AttendanceNoted(unit, person, attended, reason, session.observers_for, on=today)]
        case Scheduled(), NoteHeld(held_on):
            return [HoldingNoted(held_on, on=today)]
        case Held(held_on=held_on) | MinutesSent(held_on=held_on), NoteHeld() if held_on == command.held_on:
            return []
        case Scheduled() | Held(), NoteMinutes(document_number, sent_on, duties):
            return [MinutesNoted(document_number, sent_on, on=today, duties=duties)]
        case MinutesSent(sent_on=sent_on), NoteMinutes() if sent_on == command.sent_on:
            return []
        case _:
            raise NotAllowedNow(session, command)


def _roster_drafted(
    session: NotDrafted | Drafted, command: DraftRoster, given: Given[Facts]
) -> RosterDrafted:
    facts = given.facts
    entries, leads = once_each(command.reporters, facts.units), once_each(command.leads, facts.units)
    everybody = (*entries, *leads)
    refuse_if(
        village_holds_no_session(given.tier, given.policy),
        session_named_otherwise(facts.session, command.plan_year, command.number),
        decision_incomplete(command.decision),
        entry_listed_twice(everybody),
        unit_not_registered(everybody, facts.units),
        post_not_registered(everybody, facts.units),
        unit_dissolved(everybody, facts.units),
        unless(
            command.decision,
            roster_quota_missed(entries, given.policy),
            category_missing(entries, facts.units, given.tier, given.policy),
            moved_unit_left_out(entries, facts),
        ),
    )
    rostered = reporters(entries, facts.units, leads)
    absences = session.absences if isinstance(session, Drafted) else ()
    refuse_if(absent_observer_not_waived(rostered, absences, given.policy))
    # The day is not fixed yet: the plan's is the best known, and the warning is given again with the real one.
    about = (facts.rounds or {}).get(command.number, given.today)
    return RosterDrafted(
        command.plan_year,
        command.number,
        rostered,
        command.provisional,
        unit_rostered_again(entries, about, facts.sessions, given.policy),
        on=given.today,
        decision=command.decision,
    )


def _same_roster(session: NotDrafted | Drafted, drafted: RosterDrafted) -> bool:
    return isinstance(session, Drafted) and (session.reporters, session.provisional) == (
        drafted.reporters,
        drafted.provisional,
    )


def _past_session_recorded(command: RecordPastSession, given: Given[Facts]) -> PastSessionRecorded:
    units = given.facts.units
    entries = [RosterEntry(one.unit, one.post) for one in command.reporters]
    refuse_if(
        session_named_otherwise(given.facts.session, command.plan_year, command.number),
        past_session_not_past(command.held_on, given.today),
        date_outside_plan_year(command.held_on, command.plan_year, given.policy),
        entry_listed_twice(entries),
        unit_not_registered(entries, units),
        post_not_registered(entries, units),
        *(name_is_blank(person=one.person) for one in command.reporters),
    )
    people = {one.unit: one.person for one in command.reporters}
    # Who holds the posts today may be somebody else, and hold others: only the rostered post's title is said.
    titles = {one: post.title for one in entries if (post := units[one.unit].held(one.post)) is not None}
    then = tuple(
        replace(one, person=people[one.unit], title=titles[one.entry]) for one in reporters(entries, units)
    )
    return PastSessionRecorded(command.plan_year, command.number, command.held_on, then, on=given.today)


def _observers_named(session: Drafted, command: NameObservers, given: Given[Facts]) -> ObserversNamed:
    facts, entries = given.facts, command.observers
    refuse_if(
        observed_for_no_later_round(command.for_session, session.plan_year, session.number),
        entry_listed_twice(entries),
        unit_not_registered(entries, facts.units),
        post_not_registered(entries, facts.units),
        next_roster_missing(command.for_session, facts),
        observers_are_not_the_next_roster(entries, command.for_session, facts),
    )
    return ObserversNamed(command.for_session, reporters(entries, facts.units), on=given.today)


def _scheduled(session: Drafted, command: ScheduleSession, given: Given[Facts]) -> SessionScheduled:
    facts, held_on = given.facts, command.held_on
    entries = [one.entry for one in session.reporters if not one.lead]
    leads = [one.entry for one in session.reporters if one.lead]
    observers = [one.entry for one in session.observers]
    refuse_if(
        decision_incomplete(command.decision),
        roster_still_provisional(session.provisional),
        unless(command.decision, observers_not_named(observers)),
        round_not_planned(session.number, session.plan_year, facts.rounds),
        date_outside_plan_year(held_on, session.plan_year, given.policy),
        session_in_the_past(held_on, given.today),
        calendar_year_missing(given.calendar, held_on, given.policy),
    )
    if session.observers_for is not None:
        # The next roster may have been drafted anew, or called off, since the observers were named.
        refuse_if(
            unless(
                command.decision,
                next_roster_missing(session.observers_for, facts),
                observers_are_not_the_next_roster(observers, session.observers_for, facts),
            )
        )
    called = reporters(entries, facts.units, leads)
    refuse_if(absent_observer_not_waived(called, session.absences, given.policy))
    return SessionScheduled(
        session.plan_year,
        session.number,
        held_on,
        called,
        reporters(observers, facts.units),
        session.observers_for,
        tuple(_warnings(entries, held_on, given)),
        on=given.today,
        decision=command.decision,
    )


def _rescheduled(session: Scheduled, command: RescheduleSession, given: Given[Facts]) -> SessionRescheduled:
    refuse_if(
        reason_missing(command.reason),
        date_outside_plan_year(command.held_on, session.plan_year, given.policy),
        session_in_the_past(command.held_on, given.today),
        calendar_year_missing(given.calendar, command.held_on, given.policy),
    )
    entries = [one.entry for one in session.reporters if not one.lead]
    return SessionRescheduled(
        session.held_on,
        command.held_on,
        command.reason,
        tuple(_warnings(entries, command.held_on, given)),
        on=given.today,
    )


def _substituted(session: Scheduled, command: SubstituteReporter, given: Given[Facts]) -> ReporterSubstituted:
    facts, entry = given.facts, RosterEntry(command.unit_in, command.post)
    refuse_if(
        reason_missing(command.reason),
        decision_incomplete(command.decision),
        unit_not_on_the_roster(command.unit_out, session.reporters),
        unit_not_registered((entry,), facts.units),
        post_not_registered((entry,), facts.units),
        unit_dissolved((entry,), facts.units),
        unit_already_on_the_roster(command.unit_in, session.reporters),
    )
    out = session.reporter(command.unit_out)
    refuse_if(unless(command.decision, other_category_steps_in(out, facts.units[command.unit_in])))
    later = facts.next_drafted
    # Who steps in leaves the later roster: it is no repetition.
    elsewhere = [other for other in facts.sessions if other is not later]
    [reporter] = reporters((entry,), facts.units)
    return ReporterSubstituted(
        out,
        reporter,
        command.reason,
        later.session if later is not None else None,
        unit_rostered_again((entry,), session.held_on, elsewhere, given.policy),
        on=given.today,
        decision=command.decision,
    )


def _moved_in(session: Drafted, command: MoveReporterIn, given: Given[Facts]) -> ReporterMovedIn:
    [reporter] = reporters((RosterEntry(command.unit, command.post),), given.facts.units)
    steps_out = any(one.unit == command.unit_in and not one.lead for one in session.reporters)
    return ReporterMovedIn(
        reporter, command.from_session, command.unit_in if steps_out else None, on=given.today
    )


def _absence(session: Drafted, command: NoteAbsence, today: date) -> list[Event]:
    known = next(
        (one for one in session.absences if (one.unit, one.session) == (command.unit, command.session)),
        None,
    )
    if command.attended:
        return [] if known is None else [AbsenceWithdrawn(command.unit, command.session, on=today)]
    if known is not None and (known.person, known.reason) == (command.person, command.reason):
        return []
    return [AbsenceNoted(command.unit, command.person, command.session, command.reason, on=today)]


def _warnings(rostered: list[RosterEntry], held_on: date, given: Given[Facts]) -> Iterator[str]:
    facts, calendar, policy = given.facts, given.calendar, given.policy
    yield from unit_rostered_again(rostered, held_on, facts.sessions, policy)
    before = [
        other.minutes_sent_on or other.held_on
        for other in facts.sessions
        if other.held_on is not None and other.held_on < held_on
    ]
    last = max((day for day in before if day is not None), default=None)
    yield from gap_too_short(last, held_on, calendar, policy)
    yield from lead_time_too_short(held_on, given.today, calendar, policy)


# ---- evolve ----


def evolve(session: Session, event: Event) -> Session:
    match event:
        case RosterDrafted():
            if not isinstance(session, Drafted):
                return Drafted(event.plan_year, event.number, event.reporters, event.provisional)
            return replace(session, reporters=event.reporters, provisional=event.provisional)
        case ObserversNamed():
            assert isinstance(session, Drafted)  # observers are named for a session that has a roster
            return replace(session, observers=event.observers, observers_for=event.for_session)
        case ReporterMovedIn():
            assert isinstance(session, Drafted)  # nobody moves onto a roster that was called
            gone = {event.reporter.unit, event.instead_of}
            stay = (one for one in session.reporters if one.unit not in gone)
            # A settled roster is settled anew: the quota and the categories may not fit any more.
            return replace(session, reporters=in_official_order((*stay, event.reporter)), provisional=True)
        case AbsenceNoted() | AbsenceWithdrawn() | AbsenceWaived():
            assert isinstance(session, Drafted)  # a called roster keeps no account of absences
            return replace(session, absences=_absences(session.absences, event))
        case SessionScheduled():
            return Scheduled(
                event.plan_year,
                event.number,
                event.held_on,
                event.reporters,
                event.observers,
                event.observers_for,
            )
        case SessionRescheduled():
            assert isinstance(session, Scheduled)  # only a scheduled session has a day to move
            return replace(session, held_on=event.held_on)
        case ReporterSubstituted():
            assert isinstance(session, Scheduled)  # until then the roster is drafted anew
            stay = (one for one in session.reporters if one.unit != event.out.unit)
            return replace(
                session,
                reporters=in_official_order((*stay, event.reporter)),
                observers=tuple(one for one in session.observers if one.unit != event.reporter.unit),
            )
        case SessionCancelled():
            return Cancelled(event.reason)
        case AttendanceNoted():
            return session  # kept for the next roster and the observers' list; nothing is decided by it here
        case PastSessionRecorded():
            return Past(event.held_on, event.reporters)
        case HoldingNoted():
            assert isinstance(session, Scheduled)  # only a scheduled session is held
            return Held(event.held_on, session.observers, session.observers_for)
        case MinutesNoted():
            assert isinstance(session, Scheduled | Held)  # minutes are those of a scheduled session
            return MinutesSent(session.held_on, event.sent_on)
        case _ as unreachable:
            assert_never(unreachable)


def _absences(
    absences: tuple[Absence, ...], event: AbsenceNoted | AbsenceWithdrawn | AbsenceWaived
) -> tuple[Absence, ...]:
    match event:
        case AbsenceNoted(unit, person, session, reason):
            others = (one for one in absences if (one.unit, one.session) != (unit, session))
            return (*others, Absence(unit, person, session, reason))
        case AbsenceWithdrawn(unit, session):
            return tuple(one for one in absences if (one.unit, one.session) != (unit, session))
        case AbsenceWaived(unit, decision):
            return tuple(replace(one, waived=decision) if one.unit == unit else one for one in absences)
        case _ as unreachable:
            assert_never(unreachable)
