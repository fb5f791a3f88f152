"""The warnings of a row in words: their codes are looked up in messages.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from shared.runtime import messages
from shared.runtime.messages import Message


@cache
def _catalogue() -> dict[str, Message]:
    return messages.load(["services.scheduling"])


def in_words(warnings: Iterable[str], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """``<code>:<subject>`` as ``{code, subject, en, zh}``; a unit that is the subject is called by its name."""
    said = []
    for warning in warnings:
        code, _, subject = warning.partition(":")
        en, zh = _catalogue()[code].render({"subject": names.get(subject, subject)})
        said.append({"code": code, "subject": subject, "en": en, "zh": zh})
    return said
