"""The process of the evaluation service: annual sheets, outcomes, coverage."""

from __future__ import annotations

from services.evaluation.api import routes
from services.evaluation.application import AGGREGATES, COMMANDS, SERVICE, VIEWS
from services.evaluation.deadlines import FIRES
from services.evaluation.figures import FIGURES
from services.evaluation.reactions import reactions
from shared.runtime.service import Service, run

EVALUATION = Service(
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
    run(EVALUATION)
