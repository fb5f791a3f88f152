"""What runs besides the two servers, as data: steps that run once, then programs for the life of the home."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.credentials import SERVICES
from deploy.local.home import Home, with_project
from deploy.local.servers import Servers
from deploy.local.state import Settings

PORTAL = "portal"
AUDIENCE = "shufa"
ISSUER = "issuer"
PORTAL = "portal"
"""The client that people sign in through."""


@dataclass(frozen=True)
class Step:
    """A program that runs to its end before any service starts; repeating it does no harm."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    """A program that serves HTTP on a socket it is given; ready when ``probe`` answers 200."""

    name: str
    argv: tuple[str, ...]
    probe: str = "/readyz"


@dataclass(frozen=True)
class Backoff:
    """How long a program that died waits, in seconds: longer each time, from the start again once it has lived."""

    first: float = 0.2
    growth: float = 2.0
    most: float = 10.0
    healthy_after: float = 30.0

    def after(self, last: float | None, lived: float) -> float:
        """The wait after a life of ``lived`` seconds, when the wait before it was ``last``."""
        if last is None or lived >= self.healthy_after:
            return self.first
        return min(last * self.growth, self.most)


@dataclass(frozen=True)
class Plan:
    """Everything that one `up` runs, in order; all steps run side by side, then all programs."""

    steps: tuple[Step, ...]
    programs: tuple[Program, ...]
    backoff: Backoff = Backoff()
    ready_within: float = 60.0


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)


MIGRATE = Step("migrate", _module("shared.runtime.migrate"))
PROVISION = Step("provision", _module("shared.messaging.provision"))
STANDARD = Plan(
    steps=(MIGRATE, PROVISION),
    programs=(
        Program(ISSUER, _module("deploy.local.issuer"), probe="/jwks.json"),
        *(Program(service, _module(f"services.{service}.main")) for service in SERVICES),
    ),
)


def step_environment(servers: Servers) -> dict[str, str]:
    """For a step: the owners' addresses, and the broker's."""
    owners = {
        f"SHUFA_OWNER_DATABASE_URL_{service.upper()}": servers.database_url(service, "owner")
        for service in SERVICES
    }
    return {**_inherited(), **owners, "SHUFA_NATS_URL": servers.nats_url}


_FOR_ALL = ("SHUFA_OTLP_URL",)
"""What whoever starts us may say to every program."""


def program_environment(
    name: str, home: Home, servers: Servers, settings: Settings, addresses: Mapping[str, str], listener: int
) -> dict[str, str]:
    """For a program: only what it needs, so that the issuer sees no database and a service only its own."""
    issuer = f"http://{addresses[ISSUER]}" if ISSUER in addresses else ""
    environment = {
        **_inherited(),
        "SHUFA_SERVICE": name,
        "SHUFA_MODE": "development",
        "SHUFA_LOG_LEVEL": os.environ.get("SHUFA_LOG_LEVEL", "info"),
        **{name: os.environ[name] for name in _FOR_ALL if name in os.environ},
        "SHUFA_LISTEN_FD": str(listener),
        "SHUFA_ISSUER": issuer,
        "SHUFA_AUDIENCE": AUDIENCE,
    }
    if name == ISSUER:
        environment |= {"SHUFA_HOME": str(home.root), "SHUFA_USERS": str(settings.users)}
        if PORTAL in addresses:
            portal = f"http://{addresses[PORTAL]}"
            environment["SHUFA_REDIRECTS"] = f"{portal}/signin/callback"
            environment["SHUFA_SIGNED_OUT_REDIRECTS"] = f"{portal}/"
        return environment
    environment |= {"SHUFA_JWKS_URL": f"{issuer}/jwks.json", "SHUFA_CLOCK": settings.clock}
    if settings.today is not None:
        environment["SHUFA_SIMULATED_START"] = settings.today.isoformat()
    if name in SERVICES:
        environment |= {
            "SHUFA_DATABASE_URL": servers.database_url(name, "app"),
            "SHUFA_RELAY_DATABASE_URL": servers.database_url(name, "relay"),
            "SHUFA_NATS_URL": servers.nats_url,
            "SHUFA_TOKEN_URL": f"{issuer}/oauth/token",
            "SHUFA_CLIENT_ID": name,
            "SHUFA_CLIENT_SECRET": servers.credentials.accounts[name],
            "SHUFA_SEAL_KEY": str(home.signing_key(name)),
            "SHUFA_ROOTS": str(home.roots(name)),
        }
    if name == PORTAL:
        environment |= {
            "SHUFA_PUBLIC_URL": f"http://{addresses[PORTAL]}",
            "SHUFA_SIGNIN_KEY": servers.credentials.signin,
            **{
                f"SHUFA_{service.upper()}_URL": f"http://{addresses[service]}"
                for service in SERVICES
                if service != PORTAL
            },
        }
    return environment


def _inherited() -> dict[str, str]:
    """Our environment without what would speak for another installation, and with the way to the project's modules
    and to this machine, past any proxy."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("SHUFA_", "PG", "NATS_"))
    }
    return with_project({**kept, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"})
