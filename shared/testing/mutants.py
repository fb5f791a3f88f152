"""``python -m shared.testing.mutants``: leaves out each rule in turn; a given–when–then test has to notice.

Every predicate of the rulebook becomes one that always answers None (allowed) or False (does not hold), and its
service's tests run until one fails. The tests are collected once; each mutant has a process of its own, forked from
there. Tests that need a server are left out: a rule is held by its decider's tests. Exit status 1 if a mutant survives.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType

import pytest
from hypothesis import Phase, settings

from shared.testing import rulebook
from shared.testing.rulebook import Predicate, Rulebook

NEEDS_A_SERVER = "servers"
SECONDS_AT_MOST = 120
"""A mutant whose tests never end was noticed too."""


@dataclass(frozen=True)
class Verdict:
    """What came of a mutant: ``noticed_by`` is the test that failed, empty if it never ended, None if none did."""

    predicate: Predicate | None
    noticed_by: str | None


@dataclass
class Mutants:
    """A pytest plugin that runs the collected tests once as they are, and once for each mutant."""

    book: Rulebook
    workers: int
    tell: Callable[[Verdict], None]
    verdicts: list[Verdict] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if NEEDS_A_SERVER not in getattr(item, "fixturenames", ())]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge every mutant of the services whose tests pass as they are. The answer tells pytest to do no more."""
        if session.testsfailed:
            self.broken.append("the tests cannot be collected")
            return True
        sound = [service for service in self._services() if self._passes(session, service)]
        mutants = [one for one in self.book.predicates if one.service in sound]
        self.verdicts = self._each([(one, self._tests(session, one.service, one)) for one in mutants])
        return True

    def _services(self) -> list[str]:
        return list(dict.fromkeys(one.service for one in self.book.predicates))

    def _passes(self, session: pytest.Session, service: str) -> bool:
        """Do the service's tests pass as they are? If not, a mutant that fails them proves nothing."""
        [verdict] = self._each([(None, self._tests(session, service))])
        if verdict.noticed_by is not None:
            self.broken.append(f"{service}: {verdict.noticed_by or 'never ends'}")
        return verdict.noticed_by is None

    def _tests(
        self, session: pytest.Session, service: str, first_of: Predicate | None = None
    ) -> list[pytest.Item]:
        """The service's tests, those that name the predicate first."""
        folder = self.book.root / "tests" / "services" / service
        named = set(self.book.tests_of(first_of)) if first_of else set()
        of_service = [item for item in session.items if folder in item.path.parents]
        return sorted(of_service, key=lambda item: item.nodeid.partition("[")[0] not in named)

    def _each(self, runs: Sequence[tuple[Predicate | None, Sequence[pytest.Item]]]) -> list[Verdict]:
        """The verdict on each predicate left out (None: on the tests as they are), some at the same time."""
        found: list[Verdict] = []
        running: dict[int, tuple[Predicate | None, int]] = {}

        def reap() -> None:
            pid, _ = os.wait()
            predicate, answer = running.pop(pid)
            with os.fdopen(answer, encoding="utf-8") as said:
                text = said.read()
            verdict = Verdict(predicate, None if text == "survived" else text)
            found.append(verdict)
            if predicate is not None:
                self.tell(verdict)

        for predicate, tests in runs:
            if len(running) == self.workers:
                reap()
            answer, tell = os.pipe()
            pid = os.fork()
            if pid == 0:
                _child(predicate, tests, tell)
            os.close(tell)
            running[pid] = predicate, answer
        while running:
            reap()
        return found


def _child(predicate: Predicate | None, items: Sequence[pytest.Item], tell: int) -> None:
    """Run the tests with the predicate left out until one fails, say which, and end this process."""
    try:
        signal.alarm(SECONDS_AT_MOST)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if predicate is not None:
            leave_out(predicate)
        os.write(tell, (_first_failure(items) or "survived").encode())
    finally:
        os._exit(0)  # without the parent's own ending: its files and fixtures are not this process's


def _first_failure(items: Sequence[pytest.Item]) -> str | None:
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return item.nodeid
    return None


def leave_out(predicate: Predicate) -> None:
    """Make the predicate allow everything, wherever a reference to it is held."""
    module = importlib.import_module(predicate.path.removesuffix(".py").replace("/", "."))
    function = getattr(module, predicate.name)
    if not isinstance(function, FunctionType):
        raise TypeError(f"{predicate.path}: {predicate.name} is no plain function")
    function.__code__ = (_allowed if predicate.refuses else _does_not_hold).__code__


def _allowed(*arguments: object, **named: object) -> None:
    return None


def _does_not_hold(*arguments: object, **named: object) -> bool:
    return False


def judge(root: Path, workers: int, tell: Callable[[Verdict], None], service: str | None = None) -> Mutants:
    """Every predicate of the project in this folder, or of one service of it, left out in turn."""
    book = rulebook.read(root)
    if service is not None:
        chosen = [one for one in book.predicates if one.service == service]
        book = Rulebook(chosen, book.values, book.said_in, root)
    sys.path.insert(0, str(root))
    settings.register_profile(
        "mutants",
        max_examples=50,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
    )
    settings.load_profile("mutants")
    mutants = Mutants(book, workers, tell)
    folders = sorted({str(root / "tests" / "services" / one.service) for one in book.predicates})
    options = [
        "--rootdir",
        str(root),
        "--import-mode=importlib",
        "-s",
        "-p",
        "no:terminal",
        "-p",
        "no:cacheprovider",
    ]
    pytest.main([*options, *folders], plugins=[mutants])
    return mutants


def _told(verdict: Verdict) -> None:
    predicate = verdict.predicate
    if predicate is None:
        return
    by = "SURVIVED" if verdict.noticed_by is None else verdict.noticed_by or "its tests never end"
    print(f"{predicate.service:<14} {predicate.name:<44} {by}", flush=True)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m shared.testing.mutants", description=__doc__)
    parser.add_argument("--root", type=Path, default=rulebook.ROOT, help="a project's folder")
    parser.add_argument("--service", help="one service only")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 4))
    asked = parser.parse_args()
    began = time.monotonic()
    done = judge(asked.root.resolve(), asked.workers, _told, asked.service)
    survivors = [one.predicate for one in done.verdicts if one.predicate and one.noticed_by is None]
    for problem in done.broken:
        print(f"its tests fail as they are: {problem}", file=sys.stderr)
    for predicate in survivors:
        print(f"nobody notices without {predicate.path}: {predicate.name}", file=sys.stderr)
    seconds = time.monotonic() - began
    print(f"{len(done.verdicts)} predicates, {len(survivors)} survivors, {seconds:.0f} s.")
    return 1 if survivors or done.broken or not done.verdicts else 0


if __name__ == "__main__":
    sys.exit(_main())
