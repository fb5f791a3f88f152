"""Plays a scenario step by step: the command, what must follow from it, and what must then be readable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.local.demo.day import Day
from deploy.local.demo.scenario import Check, Command, Expectation, Scenario, Step, plain
from deploy.local.demo.talk import Answer, Talk
from deploy.local.home import LocalError


class StepFailed(LocalError):
    """A step did not hold: which, what was expected, what came."""

    def __init__(self, step: Step, expected: str, came: str) -> None:
        super().__init__(
            f"step '{step.id}' ({step.on}) does not hold\n  expected  {expected}\n  came      {came}"
        )
        self.step = step


@dataclass(frozen=True)
class Played:
    """What came of a step, as data."""

    step: Step
    result: dict[str, Any] | None
    checked: tuple[str, ...]

    @property
    def as_data(self) -> dict[str, Any]:
        do = self.step.do
        return {
            "id": self.step.id,
            "tenant": self.step.tenant,
            "on": self.step.on.isoformat(),
            "as": self.step.actor,
            "source": self.step.source,
            "say": self.step.say,
            "say_zh": self.step.say_zh,
            "command": f"{do.service} {do.kind}/{do.id}/{do.command}" if do else None,
            "result": self.result,
            "checked": list(self.checked),
        }


@dataclass
class Player:
    """One playing of one scenario. ``before_step`` is told number and step before each."""

    scenario: Scenario
    talk: Talk
    day: Day
    before_step: Callable[[int, Step], None] = lambda number, step: None
    played: list[Played] = field(default_factory=list)
    _versions: dict[str, int] = field(default_factory=dict)

    def play(self) -> Iterator[Played]:
        """Each step as it is played. Raises StepFailed at the first that does not hold."""
        for number, step in enumerate(self.scenario.steps):
            self.before_step(number, step)
            self.day.advance(step.on)
            result = self._command(step, step.do, step.expect) if step.do and step.expect else None
            played = Played(step, result, tuple(self._checked(step, check) for check in step.check))
            self.played.append(played)
            yield played
        self.day.advance(self.scenario.index.until)

    def _command(self, step: Step, do: Command, expect: Expectation) -> dict[str, Any]:
        # What another service was told may decide here, and the order of the ledger must not depend on chance.
        self.day.calm(at=do.service)
        answer = self.talk.post(
            step.actor,
            do.service,
            f"/tenants/{step.tenant}/{do.kind}/{do.id}/{do.command}",
            self.scenario.body(do),
            key=f"{self.scenario.index.id}/{step.id}",
            seen=self._seen(step, do),
        )
        if answer.ok:
            self.day.stir(do.service)
            self._versions[step.id] = answer.body["version"]
        return _expected(step, expect, answer)

    def _seen(self, step: Step, do: Command) -> int | None:
        """The version that the user saw: read once, so that a repeated request is the same request."""
        if do.seen is None:
            return None
        if do.seen.after is not None:
            return self._versions[do.seen.after]
        path = f"/tenants/{step.tenant}/{do.seen.view}/{do.stream}"
        answer = self.talk.get(step.actor, do.service, path)
        if not answer.ok or answer.version is None:
            raise StepFailed(step, f"{step.actor} reads {path}", _told(answer))
        return answer.version

    def _checked(self, step: Step, check: Check) -> str:
        self.day.calm(at=check.service)
        if check.refused is not None:
            return self._refused(step, check, check.refused)
        found = [item for item in self._read(step, check) if holds(plain(check.where), item)]
        if len(found) != check.count:
            raise StepFailed(step, check.what, f"{len(found)} of them")
        wanted = plain(check.equals)
        for item in found:
            if not holds(wanted, item):
                raise StepFailed(step, check.what, _shown(differing(wanted, item)))
            for column, text in check.texts.items():
                self._check_text(step, check, item.get(column), text)
        return check.what

    def _refused(self, step: Step, check: Check, code: str) -> str:
        within = {"within": check.within} if check.within else {}
        path = f"/tenants/{check.tenant or step.tenant}/{check.view}"
        answer = self.talk.get(self._reader(step, check), check.service, path, within)
        if answer.ok or answer.body.get("code") != code:
            raise StepFailed(step, check.what, _told(answer))
        return check.what

    def _check_text(self, step: Step, check: Check, ref: str | None, text: str) -> None:
        path = f"/tenants/{check.tenant or step.tenant}/texts/{ref}"
        answer = self.talk.get(self._reader(step, check), check.service, path)
        if answer.body.get("body") != self.scenario.texts[text].text.strip():
            raise StepFailed(step, f"the text '{text}'", _told(answer))

    def _read(self, step: Step, check: Check) -> Iterator[dict[str, Any]]:
        reader, tenant = self._reader(step, check), f"/tenants/{check.tenant or step.tenant}"
        if check.as_of is not None:
            path, day = f"{tenant}/{check.view}/{check.stream}", {"as_of": check.as_of.isoformat()}
            answer = self.talk.get(reader, check.service, path, day)
            if answer.ok:
                yield answer.body
            elif answer.status != 404:
                raise StepFailed(step, check.what, _told(answer))
        elif check.view is not None:
            within = {"within": check.within} if check.within else {}
            yield from self.talk.pages(reader, check.service, f"{tenant}/{check.view}", **within)
        else:
            stream = check.ledger or ""
            yield from self.talk.pages(reader, check.service, f"{tenant}/ledger", stream=stream)

    def _reader(self, step: Step, check: Check) -> str:
        played = self.scenario.played(check.tenant or step.tenant)
        return check.reader or (played.readers[check.service] if check.view else played.ledger_reader)


def holds(wanted: Any, found: Any) -> bool:
    """Is what was wanted there? Of a mapping the keys named, of a list every entry, else equality."""
    match wanted, found:
        case dict(), dict():
            return all(key in found and holds(value, found[key]) for key, value in wanted.items())
        case list(), list():
            return len(wanted) == len(found) and all(map(holds, wanted, found))
        case _:
            return type(wanted) is type(found) and bool(wanted == found)


def differing(wanted: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What was found under the keys that do not hold."""
    return {
        key: found.get(key, "(absent)") for key, value in wanted.items() if not holds(value, found.get(key))
    }


def _expected(step: Step, expect: Expectation, answer: Answer) -> dict[str, Any]:
    if expect.refused is not None:
        data = answer.body.get("data", {})
        if answer.ok or answer.body.get("code") != expect.refused or not holds(plain(expect.data), data):
            wanted = f"refused {expect.refused}" + (f" {_shown(plain(expect.data))}" if expect.data else "")
            raise StepFailed(step, wanted, _told(answer))
        return {
            "refused": expect.refused,
            "status": answer.status,
            "data": data,
            "en": answer.body["detail"],
            "zh": answer.body["detail_zh"],
        }
    if not answer.ok or answer.body["events"] != expect.events:
        raise StepFailed(step, ", ".join(expect.events or ()), _told(answer))
    body = answer.body
    return {
        "events": body["events"],
        "version": body["version"],
        "citation": f"{body['service']}:{body['tenant']}#{body['sequence']}",
    }


def _told(answer: Answer) -> str:
    body = answer.body
    if "events" in body:
        return ", ".join(body["events"]) or "nothing"
    if "code" in body:
        return f"refused {body['code']} ({answer.status}) {_shown(body.get('data'))} {body.get('detail')}"
    return f"{answer.status} {_shown(body)}"


def _shown(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)
