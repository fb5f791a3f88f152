"""Sessions as the work queue knows them: who is called for which day, who observes, how far the minutes are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from shared.contracts.rectification import BulletinIssued
from shared.contracts.review import (
    CommentIssued,
    MinutesCorrected,
    MinutesIssued,
    ReportDelivered,
    SessionHeld,
)
from shared.contracts.scheduling import (
    ObserverNamed,
    ReporterSubstituted,
    SessionCancelled,
    SessionRescheduled,
    SessionScheduled,
)
from shared.eventstore.aggregate import Row
from shared.eventstore.projection import Cause, Drop, Projection

_TOKEN = sa.Text(collation="C")


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, sa.MetaData(), sa.Column("tenant", _TOKEN, primary_key=True), *columns)


session_calls = _table(
    "session_calls",
    sa.Column("session", _TOKEN, primary_key=True),
    sa.Column("plan_year", sa.Integer, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("reporters", JSONB, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)
"""``reporters`` as they were called; who stepped in for whom is in ``session_substitutions``."""

session_days = _table(
    "session_days",
    sa.Column("session", _TOKEN, primary_key=True),
    sa.Column("held_on", sa.Date, nullable=False),
)
session_substitutions = _table(
    "session_substitutions",
    sa.Column("session", _TOKEN, primary_key=True),
    sa.Column("ledger_sequence", sa.BigInteger, primary_key=True),
    sa.Column("unit_out", _TOKEN, nullable=False),
    sa.Column("reporter", JSONB, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)
session_observers = _table(
    "session_observers",
    sa.Column("session", _TOKEN, primary_key=True),
    sa.Column("unit", _TOKEN, primary_key=True),
    sa.Column("unit_name", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
)
session_standings = _table(
    "session_standings",
    sa.Column("session", _TOKEN, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("on", sa.Date, nullable=False),
    sa.Column("houses", JSONB, nullable=False),
)
"""``state``: held, signed, sent. ``houses``: of minutes that were sent, ``{unit: [office]}`` where there are any."""

session_bulletins = _table(
    "session_bulletins",
    sa.Column("session", _TOKEN, primary_key=True),
    sa.Column("about_session", _TOKEN, nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
)
session_reports = _table(
    "session_reports",
    sa.Column("session", _TOKEN, primary_key=True),
    sa.Column("unit", _TOKEN, primary_key=True),
    sa.Column("plan_year", sa.Integer, nullable=False),
)


def _called(event: SessionScheduled | SessionCancelled, cause: Cause) -> Row | Drop:
    if isinstance(event, SessionCancelled):
        return Drop({"session": event.session})
    return {
        "session": event.session,
        "plan_year": event.plan_year,
        "number": event.number,
        "reporters": [one.model_dump(mode="json") for one in event.reporters],
        "recorded_at": cause.recorded_at,
    }


def _day(event: SessionScheduled | SessionRescheduled | SessionCancelled, cause: Cause) -> Row | Drop:
    if isinstance(event, SessionCancelled):
        return Drop({"session": event.session})
    return {"session": event.session, "held_on": event.held_on}


def _substituted(event: ReporterSubstituted, cause: Cause) -> Row:
    return {
        "session": event.session,
        "ledger_sequence": int(cause.citation.rpartition("#")[2]),
        "unit_out": event.unit_out,
        "reporter": event.reporter.model_dump(mode="json"),
        "recorded_at": cause.recorded_at,
    }


def _observer(event: ObserverNamed, cause: Cause) -> Row:
    observer = event.observer
    return {
        "session": event.session,
        "unit": observer.unit,
        "unit_name": observer.unit_name,
        "person": observer.person,
    }


def _standing(event: SessionHeld | CommentIssued | MinutesIssued | MinutesCorrected, cause: Cause) -> Row:
    houses: dict[str, list[str]] = {}
    match event:
        case SessionHeld():
            state = "held"
        case CommentIssued():
            state = "signed"  # comments are published when the minutes are signed
        case MinutesIssued() | MinutesCorrected():
            state = "sent"
            houses = {one.unit: one.houses_offices for one in event.excerpts if one.houses_offices}
    return {"session": event.session, "state": state, "on": cause.business_date, "houses": houses}


def _bulletin(event: BulletinIssued, cause: Cause) -> Row:
    return {"session": event.session, "about_session": event.about_session, "issued_on": event.issued_on}


def _report(event: ReportDelivered, cause: Cause) -> Row:
    return {"session": event.session, "unit": event.unit, "plan_year": event.plan_year}


PROJECTIONS = (
    Projection(session_calls, (SessionScheduled, SessionCancelled), _called),
    Projection(session_days, (SessionScheduled, SessionRescheduled, SessionCancelled), _day),
    Projection(session_substitutions, (ReporterSubstituted,), _substituted),
    Projection(session_observers, (ObserverNamed,), _observer),
    Projection(session_standings, (SessionHeld, CommentIssued, MinutesIssued, MinutesCorrected), _standing),
    Projection(session_bulletins, (BulletinIssued,), _bulletin),
    Projection(session_reports, (ReportDelivered,), _report),
)
