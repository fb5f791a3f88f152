"""What the portal keeps of what it hears: read models, nothing else. It decides nothing."""

from __future__ import annotations

from services.portal.views import cases, drafts, sessions
from services.portal.views.case_choices import CASE_SESSIONS, CASE_UNITS
from services.portal.views.timeline import TIMELINE
from shared.messaging import Reactions

PROJECTIONS = (
    TIMELINE,
    *sessions.PROJECTIONS,
    *drafts.PROJECTIONS,
    *cases.PROJECTIONS,
    CASE_SESSIONS,
    CASE_UNITS,
)

reactions = Reactions("portal", PROJECTIONS)
