"""What a public event is: a versioned Pydantic model with a class, *progress* or *content* (docs/design.md 1)."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

EventClass = Literal["progress", "content"]

_TOKEN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_TOKEN = 80

Token = Annotated[str, Field(pattern=f"^{_TOKEN.pattern}$", max_length=LONGEST_TOKEN)]
"""An id that may stand in a subject: lower-case letters, digits, hyphens."""

Citation = Annotated[str, Field(pattern=r"^[a-z]+:[a-z0-9.]+#[0-9]+$")]
"""``rectification:shanghai.jinshan#42``: one event in one ledger."""


class Value(BaseModel):
    """A part of a contract. Frozen; unknown fields are ignored, so that an old reader reads a newer publisher."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Contract(Value):
    """A public event. Subclasses say ``service``, ``version`` and ``event_class``; the class name is the event.
    ``service`` is None where any service may say it."""

    service: ClassVar[str | None]
    version: ClassVar[int] = 1
    event_class: ClassVar[EventClass]


class TextLink(Value):
    """A text that its owner keeps: the salted hash and where it may be read with permission; never the text."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    href: str


def is_token(text: str) -> bool:
    """May this text be an id? See Token."""
    return len(text) <= LONGEST_TOKEN and _TOKEN.fullmatch(text) is not None
