"""Given–when–then for deciders: past events, a command, and the events or the refusal that must follow.

In a test::

    draft = scenario(decide, evolve, initial, today=date(2021, 6, 2), actor=LIAISON)

    draft.given(expected()).when(SubmitDraft("…")).then(DraftSubmitted(...))
    draft.by(STRANGER).given(expected()).when(SubmitDraft("…")).then_refused("review.not-own-unit")
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from pprint import pformat
from typing import Any, Generic, TypeVar

from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import Actor, Given, Refused
from shared.tenancy import Policy

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E")
F = TypeVar("F")

SOMEBODY = Actor(id="somebody", name="somebody")
DEFAULTS = Policy()


def scenario(
    decide: Callable[[S, C, Given[F]], Sequence[E]],
    evolve: Callable[[S, E], S],
    initial: S,
    *,
    today: date,
    actor: Actor = SOMEBODY,
    policy: Policy = DEFAULTS,
    calendar: Calendar | None = None,
    tier: str | None = "district",
    facts: F = None,  # type: ignore[assignment]  # as in Given: an aggregate without facts is Given[None]
) -> Scenario[S, C, E, F]:
    """A scenario without a past. ``calendar`` is every published year unless another is passed."""
    return Scenario(
        decide, evolve, initial, Given(today, actor, policy, calendar or published(), tier, facts)
    )


@dataclass(frozen=True)
class Scenario(Generic[S, C, E, F]):
    """A decider, what it is given, and its past. Every method returns a changed copy, so scenarios can be shared."""

    decide: Callable[[S, C, Given[F]], Sequence[E]]
    evolve: Callable[[S, E], S]
    initial: S
    context: Given[F]
    history: tuple[E, ...] = field(default=())

    def given(self, *events: E) -> Scenario[S, C, E, F]:
        """These events have also happened."""
        return replace(self, history=(*self.history, *events))

    def today(self, today: date) -> Scenario[S, C, E, F]:
        return replace(self, context=replace(self.context, today=today))

    def by(self, actor: Actor) -> Scenario[S, C, E, F]:
        return replace(self, context=replace(self.context, actor=actor))

    def under(self, policy: Policy) -> Scenario[S, C, E, F]:
        return replace(self, context=replace(self.context, policy=policy))

    def within(self, calendar: Calendar) -> Scenario[S, C, E, F]:
        """Only these years' holidays are known."""
        return replace(self, context=replace(self.context, calendar=calendar))

    def knowing(self, facts: F) -> Scenario[S, C, E, F]:
        return replace(self, context=replace(self.context, facts=facts))

    @property
    def state(self) -> S:
        """The situation the past has led to."""
        return reduce(self.evolve, self.history, self.initial)

    def when(self, command: C) -> Outcome[E]:
        """Decide. What was decided is also evolved: an event that the decider makes but cannot read is an error."""
        state = self.state
        try:
            events = tuple(self.decide(state, command, self.context))
        except Refused as refusal:
            return Outcome(command, self.history, (), refusal)
        reduce(self.evolve, events, state)
        return Outcome(command, self.history, events)


@dataclass(frozen=True)
class Outcome(Generic[E]):
    """What came of a command: events, nothing, or a refusal."""

    command: object
    history: tuple[E, ...]
    events: tuple[E, ...]
    refusal: Refused | None = None

    def then(self, *expected: E) -> None:
        """Exactly these events, in this order."""
        __tracebackhide__ = True
        if self.refusal is not None or self.events != expected:
            raise AssertionError(self._told(expected="\n".join(map(_shown, expected)) or "nothing"))

    def then_nothing(self) -> None:
        """Accepted without an event: the same thing said twice."""
        self.then()

    def then_refused(self, code: str, **data: Any) -> None:
        """Refused with this code; ``data`` is a subset of the refusal's data."""
        __tracebackhide__ = True
        if (
            self.refusal is None
            or self.refusal.code != code
            or any(name not in self.refusal.data or self.refusal.data[name] != data[name] for name in data)
        ):
            raise AssertionError(self._told(expected=_refusal(code, data)))

    def _told(self, expected: str) -> str:
        got = (
            _refusal(self.refusal.code, self.refusal.data)
            if self.refusal is not None
            else "\n".join(map(_shown, self.events)) or "nothing"
        )
        compared = difflib.ndiff(expected.splitlines(), got.splitlines())
        return "\n".join(
            [
                "",
                "given:",
                *(_indented(_shown(event)) for event in self.history),
                "when:",
                _indented(_shown(self.command)),
                "then (- expected, + got):",
                *(f"  {line.rstrip()}" for line in compared if not line.startswith("?")),
            ]
        )


def _shown(item: object) -> str:
    return pformat(item, width=100)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _refusal(code: str, data: dict[str, Any]) -> str:
    return "\n".join(
        [f"refused: {code}", *(f"    {name} = {value!r}" for name, value in sorted(data.items()))]
    )
