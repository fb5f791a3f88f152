"""The catalogue of refusals: every stable code with its status and its words in English and Chinese."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

SHARED = ("shared.runtime", "shared.security")


@dataclass(frozen=True)
class Message:
    """One code's HTTP status and its two texts; ``{placeholders}`` are the refusal's data. ``security``: whoever is
    told so tried what is not theirs, which is logged as a security event."""

    status: int
    en: str
    zh: str
    security: bool = False

    def render(self, data: Mapping[str, Any]) -> tuple[str, str]:
        """Both texts with the data filled in."""
        words = _Words({name: _word(value) for name, value in data.items()})
        return self.en.format_map(words), self.zh.format_map(words)


class _Words(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _word(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(item) for item in value)
    return str(value)


def load(packages: Iterable[str]) -> dict[str, Message]:
    """Read ``messages.toml`` of each package, and the shared ones. A code that stands twice is an error."""
    catalogue: dict[str, Message] = {}
    for package in (*SHARED, *packages):
        entries = tomllib.loads(files(package).joinpath("messages.toml").read_text("utf-8"))
        for code, entry in entries.items():
            if code in catalogue:
                raise ValueError(f"{package}: the message {code} stands twice")
            catalogue[code] = Message(
                entry.get("status", 409), entry["en"], entry["zh"], entry.get("security", False)
            )
    return catalogue
