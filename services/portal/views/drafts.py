"""How far each draft is by what review says of it, and who took over a post since; joined when read."""

from __future__ import annotations

import sqlalchemy as sa

from shared.contracts.evaluation import EvaluationPublished
from shared.contracts.review import DraftApprovalVoided, DraftApproved, DraftReturned, DraftSubmitted
from shared.contracts.scheduling import PostHandedOver
from shared.eventstore.aggregate import Row
from shared.eventstore.projection import Cause, Projection

_TOKEN = sa.Text(collation="C")

draft_standings = sa.Table(
    "draft_standings",
    sa.MetaData(),
    sa.Column("tenant", _TOKEN, primary_key=True),
    sa.Column("session", _TOKEN, primary_key=True),
    sa.Column("unit", _TOKEN, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)
"""``state``: expected (again), submitted, returned, approved. One older than its reporter's call is a predecessor's."""

post_handovers = sa.Table(
    "post_handovers",
    sa.MetaData(),
    sa.Column("tenant", _TOKEN, primary_key=True),
    sa.Column("unit", _TOKEN, primary_key=True),
    sa.Column("post", _TOKEN, primary_key=True),
    sa.Column("effective_on", sa.Date, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)
"""The last handover of each post: a predecessor's draft is not the new head's."""

evaluations = sa.Table(
    "evaluations",
    sa.MetaData(),
    sa.Column("tenant", _TOKEN, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("unit", _TOKEN, primary_key=True),
    sa.Column("published_on", sa.Date, nullable=False),
)


def _draft(event: DraftSubmitted | DraftReturned | DraftApproved | DraftApprovalVoided, cause: Cause) -> Row:
    match event:
        case DraftSubmitted() | DraftApprovalVoided():
            # A handover voids the revision itself and puts none in its place.
            voided = isinstance(event, DraftApprovalVoided) and event.revision == event.approved_revision
            state = "expected" if voided else "submitted"
        case DraftReturned():
            state = "returned"
        case DraftApproved():
            state = "approved"
    return {"session": event.session, "unit": event.unit, "state": state, "recorded_at": cause.recorded_at}


def _handover(event: PostHandedOver, cause: Cause) -> Row:
    return {
        "unit": event.unit,
        "post": event.post,
        "effective_on": event.effective_on,
        "recorded_at": cause.recorded_at,
    }


def _evaluation(event: EvaluationPublished, cause: Cause) -> Row:
    return {"year": event.year, "unit": event.unit, "published_on": event.published_on}


PROJECTIONS = (
    Projection(draft_standings, (DraftSubmitted, DraftReturned, DraftApproved, DraftApprovalVoided), _draft),
    Projection(post_handovers, (PostHandedOver,), _handover),
    Projection(evaluations, (EvaluationPublished,), _evaluation),
)
