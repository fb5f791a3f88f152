"""How a figure comes about: ours and its peers in turn, several rounds, medians, and what is promised of each key."""

from __future__ import annotations

import gc
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Key:
    """One line of the table: what is counted, against what, and the least or the most that is accepted of the
    value. The value is ours divided by the peer's, or ours alone where there is no peer. ``overhead``: it is what of
    that is above one, so that 0.1 takes a tenth longer than the peer. ``family``: which benchmark finds it."""

    name: str
    family: str
    unit: str
    ours: str
    peer: str = ""
    at_least: float | None = None
    at_most: float | None = None
    overhead: bool = False

    @property
    def limit(self) -> float | None:
        """What the value is held against, None where it is only reported."""
        return self.at_least if self.at_least is not None else self.at_most

    def met(self, value: float) -> bool:
        """Is the value within its limit? Without a limit it is only reported."""
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


_AT_A_TIME = "16 commands at a time"
_SCAN = "scan and decode"
KEYS = (
    Key(
        "append_vs_pyeventsourcing",
        "append",
        "commands/s",
        f"{_AT_A_TIME}, 16 tenants",
        "eventsourcing, 16 threads",
        at_least=1.2,
    ),
    Key(
        "append_vs_pyeventsourcing_one_tenant",
        "append",
        "commands/s",
        f"{_AT_A_TIME}, one tenant",
        "eventsourcing, 16 threads",
    ),
    Key(
        "append_vs_plain_sqlalchemy",
        "append",
        "commands/s",
        f"{_AT_A_TIME}, 16 tenants",
        "one row by SQLAlchemy, 16 tasks",
        at_least=0.55,
    ),
    Key("bulk_vs_copy", "ledgers", "events/s", "import with chain", "COPY of the same rows", at_least=0.6),
    Key("rebuild_vs_scan", "ledgers", "events/s", "rebuild of a view", _SCAN, at_least=0.4),
    Key("verify_vs_scan", "ledgers", "events/s", "ledger verify", _SCAN, at_least=0.7),
    Key("relay_vs_atomic_batch", "relay", "messages/s", "relay", "bare atomic batches", at_least=0.5),
    Key("apply_catch_up_vs_scan", "apply", "effects/s", "catching up", _SCAN, at_least=0.3),
    Key("apply_live_vs_plain", "apply", "effects/s", "live, one by one", "plain transaction", at_least=0.5),
    Key("travel_p50_ms", "travel", "ms", "commit to effect"),
    Key("travel_p99_ms", "travel", "ms", "commit to effect"),
    Key("travel_vs_bare_p50", "travel", "ms", "commit to effect", "bare publish to receive", at_most=5.0),
    Key(
        "rls_overhead",
        "isolation",
        "ms",
        "row security and permission",
        "plain query as superuser",
        at_most=0.2,
        overhead=True,
    ),
    Key("rss_growth_mb_1m", "memory", "MB", "rebuild of 1 M events", at_most=64.0),
)


@dataclass(frozen=True)
class Cpu:
    """CPU seconds spent so far: by this process, by PostgreSQL with all its processes, by NATS."""

    python: float
    postgres: float
    nats: float

    def __add__(self, other: Cpu) -> Cpu:
        return Cpu(self.python + other.python, self.postgres + other.postgres, self.nats + other.nats)

    def __sub__(self, other: Cpu) -> Cpu:
        return Cpu(self.python - other.python, self.postgres - other.postgres, self.nats - other.nats)

    def milliseconds(self, operations: int) -> Cpu:
        """The share of one of so many operations, in milliseconds."""
        each = 1000 / operations
        return Cpu(self.python * each, self.postgres * each, self.nats * each)


class Meter:
    """Reads the CPU time of the processes that take part."""

    def __init__(self, postgres: int, nats: int) -> None:
        self._own, self._postgres, self._nats = (
            psutil.Process(),
            psutil.Process(postgres),
            psutil.Process(nats),
        )

    def read(self) -> Cpu:
        """Backends that have ended count in their parent."""
        postgres = sum(self._postgres.cpu_times()[:4])
        for child in self._postgres.children():
            try:
                postgres += sum(child.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue  # it has just ended
        return Cpu(sum(self._own.cpu_times()[:2]), postgres, sum(self._nats.cpu_times()[:2]))


class Watch:
    """Takes the time, with a meter also the CPU time, of what is done inside ``with``; the rest is preparation."""

    def __init__(self, meter: Meter | None = None) -> None:
        self._meter = meter
        self._started, self._before = 0.0, Cpu(0, 0, 0)
        self.seconds = 0.0
        self.cpu = Cpu(0, 0, 0) if meter else None

    def __enter__(self) -> None:
        if self._meter:
            self._before = self._meter.read()
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._started
        if self._meter and self.cpu:
            self.cpu += self._meter.read() - self._before


@dataclass(frozen=True)
class Lap:
    """One measurement: so many operations in so many seconds, for so much CPU where it was metered."""

    operations: int
    seconds: float
    cpu: Cpu | None = None


@dataclass(frozen=True)
class Samples:
    """One side's figures, a value a round; where CPU was metered, milliseconds an operation over all rounds."""

    values: tuple[float, ...]
    cpu_ms: Cpu | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)


@dataclass(frozen=True)
class Outcome:
    """What a run found for one key. ``of``: in which of several measurements, where the key is about the worst."""

    key: str
    ours: Samples
    peer: Samples | None = None
    of: str = ""

    @property
    def value(self) -> float:
        """The ratio of the medians or what of it is above one, or our median where there is no peer."""
        if self.peer is None:
            return self.ours.median
        return self.ours.median / self.peer.median - key_of(self).overhead


Side = Callable[[Watch], Awaitable[int]]
"""Does its work, what counts of it inside the watch, and answers how many operations that was."""


async def in_turns(
    sides: Mapping[str, Side], rounds: int, meter: Meter | None, order: random.Random
) -> dict[str, Samples]:
    """Measure every side once a round, in an order drawn anew for each, so that what else the machine does falls
    on all alike."""
    laps: dict[str, list[Lap]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name in order.sample(list(sides), len(sides)):
            gc.collect()
            watch = Watch(meter)
            operations = await sides[name](watch)
            laps[name].append(Lap(operations, watch.seconds, watch.cpu))
    return {name: rates(of_one) for name, of_one in laps.items()}


def rates(laps: Sequence[Lap]) -> Samples:
    """Operations a second in each lap; CPU of an operation over all of them."""
    spent = [lap.cpu for lap in laps if lap.cpu]
    operations = sum(lap.operations for lap in laps)
    cpu = sum(spent, start=Cpu(0, 0, 0)).milliseconds(operations) if spent else None
    return Samples(tuple(lap.operations / lap.seconds for lap in laps), cpu)


def key_of(outcome: Outcome) -> Key:
    """The line of the table that an outcome belongs to."""
    return next(key for key in KEYS if key.name == outcome.key)


def number(value: float) -> str:
    """A figure as people read it: whole from a hundred on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def missed(outcomes: Iterable[Outcome]) -> list[str]:
    """A sentence for each limit that was not met, saying by how much."""
    sentences = []
    for outcome in outcomes:
        key, value = key_of(outcome), outcome.value
        if key.limit is not None and not key.met(value):
            word = "at least" if key.at_least is not None else "at most"
            apart = value / key.limit - 1
            sentences.append(f"{key.name}: {value:.3f} where {word} {key.limit:g} is promised ({apart:+.0%})")
    return sentences


def write_results(outcomes: Iterable[Outcome], path: Path) -> None:
    """One number a key, in the order of KEYS. Raises ValueError unless every key is there, and no other."""
    found = {outcome.key: outcome.value for outcome in outcomes}
    if set(found) != {key.name for key in KEYS}:
        raise ValueError(f"a whole run has other keys: {sorted(found)}")
    path.write_text(json.dumps({key.name: round(found[key.name], 3) for key in KEYS}, indent=2) + "\n")
