"""What the work queue is read from: sessions, drafts and cases as small tables, each row made by one event."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.eventstore.schema import protect

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _create(
        "session_calls", "session", _integer("plan_year"), _integer("number"), _json("reporters"), _instant()
    )
    _create("session_days", "session", _date("held_on"))
    _create(
        "session_substitutions",
        "session",
        sa.Column("ledger_sequence", sa.BigInteger(), primary_key=True),
        _token("unit_out"),
        _json("reporter"),
        _instant(),
    )
    _create(
        "session_observers", "session", _token("unit", primary_key=True), _text("unit_name"), _text("person")
    )
    _create("session_standings", "session", _text("state"), _date("on"), _json("houses"))
    _create("session_bulletins", "session", _token("about_session"), _date("issued_on"))
    _create("session_reports", "session", _token("unit", primary_key=True), _integer("plan_year"))
    _create("draft_standings", "session", _token("unit", primary_key=True), _text("state"), _instant())
    _create("post_handovers", "unit", _token("post", primary_key=True), _date("effective_on"), _instant())
    _create(
        "evaluations",
        None,
        sa.Column("year", sa.Integer(), primary_key=True),
        _token("unit", primary_key=True),
        _date("published_on"),
    )
    _create(
        "case_heads",
        "case",
        _token("session"),
        _token("unit"),
        _text("unit_name"),
        _text("category"),
        _integer("official_order"),
    )
    _create("case_dates", "case", _date("due_on"))
    _create("case_standings", "case", _token("unit"), _text("state"), _date("on"), _json("offices_missing"))
    _create("case_feedbacks", "case", _date("sent_on"))
    _create("case_suspensions", "case", _date("suspended_from"), _date("suspended_until"))
    _create("case_notices", "case", _text("notice_number"), _date("reply_by"))
    op.create_index("case_heads_by_session", "case_heads", ["tenant", "session"])
    op.create_index("case_dates_by_day", "case_dates", ["tenant", "due_on"])
    op.create_index("case_standings_by_state", "case_standings", ["tenant", "state", "on"])
    op.create_index("case_standings_by_unit", "case_standings", ["tenant", "unit", "state"])
    op.create_index("timeline_by_instant", "timeline", ["tenant", "recorded_at"])


def _create(name: str, key: str | None, *columns: sa.Column[Any]) -> None:
    keys = [_token("tenant", primary_key=True), *([_token(key, primary_key=True)] if key else [])]
    op.create_table(name, *keys, *columns)
    protect(op.get_bind(), name, "private")


def _token(name: str, *, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(collation="C"), primary_key=primary_key, nullable=False)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _integer(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _date(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, postgresql.JSONB(), nullable=False)


def _instant() -> sa.Column[Any]:
    return sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False)
