"""The clients that people sign in through, and the addresses each may send them back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit


@dataclass(frozen=True)
class Client:
    """What is registered of a client: addresses are compared letter by letter (OAuth 2.0 Security BCP, 2.1)."""

    redirects: frozenset[str]
    signed_out: frozenset[str] = field(default=frozenset())
    """Where it may ask to be sent to after signing out."""


def addresses(listed: str) -> frozenset[str]:
    """Addresses separated by commas, as they come from the environment."""
    return frozenset(address for part in listed.split(",") if (address := part.strip()))


def extended(address: str, parameters: Mapping[str, str | None]) -> str:
    """An address with parameters added to those it has; None is left out."""
    parts = urlsplit(address)
    added = urlencode({name: value for name, value in parameters.items() if value is not None})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def origin(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
