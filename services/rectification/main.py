"""The process of the rectification service: cases, feedback, receipts, verification, supervision, bulletins."""

from __future__ import annotations

from services.rectification.api import routes
from services.rectification.application import AGGREGATES, COMMANDS, SERVICE, VIEWS
from services.rectification.deadlines import FIRES
from services.rectification.figures import FIGURES
from services.rectification.reactions import reactions
from shared.runtime.service import Service, run

RECTIFICATION = Service(
    name=SERVICE,
    aggregates=AGGREGATES,
    commands=COMMANDS,
    views=VIEWS,
    reactions=reactions,
    fires=FIRES,
    routes=routes,
    figures=FIGURES,
)

if __name__ == "__main__":
    run(RECTIFICATION)
