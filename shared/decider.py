"""The words every decider speaks: what it is given, how it refuses, and text that lives beside the ledger.

Pure: the standard library only. A service's ``domain/`` may import this module, ``shared.calendar`` and
``shared.tenancy``; nothing else of shared (see docs/decisions/0002).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shared.calendar import Calendar
from shared.tenancy import Policy

if TYPE_CHECKING:
    from dataclasses import replace as replace  # type checkers know its arguments
else:

    def replace(value, /, **changes):
        """A copy of a dataclass's value with these fields changed, taken over as it is: to run ``__init__`` again, as
        dataclasses.replace does, took a third of the time of folding a stream."""
        fields = value.__dict__ | changes
        if len(fields) > len(value.__dict__):
            raise TypeError(f"{type(value).__name__} has not all of {', '.join(changes)}")
        copy = object.__new__(type(value))
        object.__setattr__(copy, "__dict__", fields)
        return copy


F = TypeVar("F", covariant=True)

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Refused(Exception):
    """A rule said no. ``code`` is stable (``<service>.<rule>``); ``data`` is JSON-ready and fills the messages.

    Predicates in ``policies.py`` return one (or None); ``refuse_if`` raises the first.
    """

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code, data)
        self.code = code
        self.data = data

    def __str__(self) -> str:
        return f"{self.code} {self.data}" if self.data else self.code


class NotAllowedNow(Refused):
    """The command has no meaning in the situation the stream is in (``<service>.not-allowed-now``)."""

    def __init__(self, situation: object, command: object) -> None:
        service = type(command).__module__.split(".")[1]
        super().__init__(
            f"{service}.not-allowed-now",
            situation=words(type(situation).__name__),
            command=words(type(command).__name__),
        )


def refuse_if(*reasons: Refused | None) -> None:
    """Raise the first refusal among the predicates' answers, if there is one."""
    for reason in reasons:
        if reason is not None:
            raise reason


def words(camel: str) -> str:
    """``ConfirmAgenda`` → ``confirm-agenda``: the name of a command in URLs, permissions and refusals."""
    return _CAPITAL.sub("-", camel).lower()


@dataclass(frozen=True)
class FreeText:
    """Text that people wrote. The body never enters the ledger: it is sealed beside it, and the event keeps
    ``ref`` (where it lies) and ``sha256`` (salted), so that it can be blanked without breaking the chain.

    In a decider that makes an event only ``body`` is set; in an event read back only ``ref`` and ``sha256`` are.
    """

    body: str | None = None
    ref: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Actor:
    """Who acts: ``id`` from the token (or ``deadline``/``reaction``), roles as held in the tenant acted on;
    ``roles_from_above`` are those of them that only a grant of a tier above gives."""

    id: str
    name: str
    roles: frozenset[str] = frozenset()
    unit: str | None = None
    roles_from_above: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Decision:
    """Somebody who may decide otherwise did so, by name and with a reason (domain.md section 1: the chair decides
    on the day). A command that carries one passes over the rules it names; the event keeps it."""

    by: str
    title: str
    reason: str


@dataclass(frozen=True)
class Given(Generic[F]):
    """What a decision is given besides state and command. ``today`` is the business date (Asia/Shanghai), ``tier``
    the tenant's (district, bureau, town, …), None where the tenant's registration has not been heard of yet."""

    today: date
    actor: Actor
    policy: Policy
    calendar: Calendar
    tier: str | None = None
    facts: F = field(default=None)  # type: ignore[assignment]  # aggregates without facts are Given[None]
