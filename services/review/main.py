"""The process of the review service: drafts, session, comments, minutes."""

from __future__ import annotations

from services.review.api import routes
from services.review.application import AGGREGATES, COMMANDS, SERVICE, VIEWS
from services.review.deadlines import FIRES
from services.review.reactions import reactions
from services.review.working_notes import WITHHELD
from shared.runtime.service import Service, run

REVIEW = Service(
    name=SERVICE,
    aggregates=AGGREGATES,
    commands=COMMANDS,
    views=VIEWS,
    reactions=reactions,
    fires=FIRES,
    routes=routes,
    withheld=WITHHELD,
)

if __name__ == "__main__":
    run(REVIEW)
