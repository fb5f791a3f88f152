"""The process of the scheduling service: registry, policies, plan, rosters, calendars."""

from __future__ import annotations

from services.scheduling.api import routes
from services.scheduling.application import AGGREGATES, COMMANDS, SERVICE, VIEWS
from services.scheduling.deadlines import FIRES
from services.scheduling.reactions import reactions
from shared.runtime.service import Service, run

SCHEDULING = Service(
    name=SERVICE,
    aggregates=AGGREGATES,
    commands=COMMANDS,
    views=VIEWS,
    reactions=reactions,
    fires=FIRES,
    routes=routes,
)

if __name__ == "__main__":
    run(SCHEDULING)
