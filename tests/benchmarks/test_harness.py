"""The arithmetic of the benchmarks, and that what is promised, explained and committed has the same keys."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from benchmarks.harness import (
    KEYS,
    Cpu,
    Lap,
    Outcome,
    Samples,
    Side,
    Watch,
    in_turns,
    missed,
    rates,
    write_results,
)
from benchmarks.stage import expect

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = [key.name for key in KEYS]


def outcome(key: str, ours: float, peer: float | None = None) -> Outcome:
    return Outcome(key, Samples((ours,)), None if peer is None else Samples((peer,)))


def test_a_value_is_the_ratio_of_the_medians() -> None:
    ours, peer = Samples((90.0, 300.0, 120.0)), Samples((1.0, 100.0, 500.0, 60.0))
    assert Outcome("append_vs_pyeventsourcing", ours, peer).value == 120 / 80


def test_without_a_peer_a_value_is_our_median() -> None:
    assert Outcome("travel_p50_ms", Samples((3.0, 9.0, 5.0))).value == 5


@pytest.mark.parametrize(
    ("key", "ours", "peer", "sentences"),
    [
        ("append_vs_pyeventsourcing", 120, 100, []),
        (
            "append_vs_pyeventsourcing",
            90,
            100,
            ["append_vs_pyeventsourcing: 0.900 where at least 1.2 is promised (-25%)"],
        ),
        ("append_vs_pyeventsourcing_one_tenant", 1, 100, []),
        ("travel_vs_bare_p50", 10, 2, []),
        ("travel_vs_bare_p50", 12, 2, ["travel_vs_bare_p50: 6.000 where at most 5 is promised (+20%)"]),
        ("rss_growth_mb_1m", 64, None, []),
        ("rss_growth_mb_1m", 96, None, ["rss_growth_mb_1m: 96.000 where at most 64 is promised (+50%)"]),
    ],
)
def test_a_limit_that_is_missed_is_told_and_by_how_much(
    key: str, ours: float, peer: float | None, sentences: list[str]
) -> None:
    assert missed([outcome(key, ours, peer)]) == sentences


def test_rates_are_a_lap_s_own_and_cpu_is_shared_over_all() -> None:
    found = rates([Lap(100, 2.0, Cpu(1.0, 0.25, 0.0)), Lap(300, 1.0, Cpu(3.0, 0.25, 0.5))])
    assert found.values == (50.0, 300.0)
    assert found.cpu_ms == Cpu(10.0, 1.25, 1.25)
    assert rates([Lap(100, 2.0)]).cpu_ms is None


async def test_every_side_is_measured_once_a_round_in_an_order_that_changes() -> None:
    order: list[str] = []

    def side(name: str, operations: int) -> Side:
        async def measure(watch: Watch) -> int:
            order.append(name)
            with watch:
                pass
            return operations

        return measure

    sides = {"ours": side("ours", 3), "peer": side("peer", 5)}
    found = await in_turns(sides, 5, None, random.Random(1))
    rounds = [tuple(order[n : n + 2]) for n in range(0, len(order), 2)]
    assert {frozenset(one) for one in rounds} == {frozenset(sides)}
    assert set(rounds) == {("ours", "peer"), ("peer", "ours")}
    assert [len(samples.values) for samples in found.values()] == [5, 5]


def test_results_hold_one_number_for_each_key_and_no_other(tmp_path: Path) -> None:
    whole, path = [outcome(name, 1, 3) for name in NAMES], tmp_path / "results.json"
    write_results(whole, path)
    assert list(json.loads(path.read_text()).items()) == [
        (key.name, -0.667 if key.overhead else 0.333) for key in KEYS
    ]
    for other in (whole[1:], [*whole, outcome("append_grouped_vs_pyeventsourcing", 1)]):
        with pytest.raises(ValueError, match="other keys"):
            write_results(other, path)


def test_what_was_not_done_is_not_counted() -> None:
    assert expect(3, 3) == 3
    with pytest.raises(RuntimeError):
        expect(3, 2)


def test_the_readme_explains_every_key_and_no_other() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    explained = [
        key
        for line in text.splitlines()
        if line.startswith("| `")
        for key in re.findall(r"`([a-z0-9_]+)`", line.split("|")[1])
    ]
    assert explained == NAMES


def test_the_committed_results_have_these_keys_and_numbers() -> None:
    results = json.loads((FOLDER / "results.json").read_text())
    assert list(results) == NAMES
    assert all(isinstance(value, int | float) for value in results.values())
