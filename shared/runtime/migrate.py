"""``python -m shared.runtime.migrate [SERVICE …]``: brings each service's database to its newest migration.

The owner's address comes from SHUFA_OWNER_DATABASE_URL_<SERVICE> (or SHUFA_OWNER_DATABASE_URL for one service).
"""

from __future__ import annotations

import os
import sys
from importlib.resources import files

from alembic import command
from alembic.config import Config

SERVICES = ("scheduling", "review", "rectification", "evaluation", "portal")


def migrate(service: str, owner_url: str) -> None:
    """Run the migrations in services/<service>/migrations. Idempotent."""
    config = Config()
    config.set_main_option("script_location", str(files("shared.runtime").joinpath("alembic")))
    config.set_main_option("version_locations", str(files(f"services.{service}").joinpath("migrations")))
    config.set_main_option("path_separator", "newline")
    config.attributes["url"] = owner_url
    config.attributes["service"] = service
    command.upgrade(config, "head")


def owner_address(service: str) -> str | None:
    """The address of a service's database as its owner, out of the environment."""
    own = os.environ.get(f"SHUFA_OWNER_DATABASE_URL_{service.upper()}")
    return own or os.environ.get("SHUFA_OWNER_DATABASE_URL") or None


def main(arguments: list[str]) -> int:
    """Migrate the services named, all when none is."""
    for service in arguments or SERVICES:
        url = owner_address(service)
        if service not in SERVICES or not url:
            print(f"migrate: no such service, or no address for it: {service}", file=sys.stderr)
            return 2
        migrate(service, url)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
