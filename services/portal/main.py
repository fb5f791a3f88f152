"""The process of the portal: pages for people, read models of what all services say."""

from __future__ import annotations

from services.portal.reactions import reactions
from services.portal.settings import PortalSettings
from services.portal.site import site
from shared.runtime.service import Service, run

PORTAL = Service(
    name="portal",
    aggregates=(),
    commands=(),
    views=(),
    reactions=reactions,
    settings=PortalSettings,
    site=site,
    young=2_000,  # drawing pages leaves cycles behind, which would lie about by the megabyte
)

if __name__ == "__main__":
    run(PORTAL)
