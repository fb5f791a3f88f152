"""Random histories of the store beside a plain model of it: commands, repeats, crashes, retries, dates, blanked texts,
rebuilds.

``python -m tests.shared.eventstore.test_model 5000`` runs so many steps and prints what they did.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from deploy.local.home import Home
from deploy.local.servers import Servers, embedded_servers
from shared.eventstore import View, tables
from shared.eventstore.failures import is_unavailable
from shared.eventstore.rebuild import rebuild
from shared.eventstore.verify import verify_service
from tests.shared.conftest import SERVICE
from tests.shared.eventstore.model import Asked, Ledger, Outcome
from tests.shared.eventstore.notebook import NOTEBOOK
from tests.shared.eventstore.world import World
from tests.shared.wire import Moment, nth

HISTORIES, STEPS = 12, 30
FIRST_DAY = date(2021, 6, 1)

WORLD: list[World] = []
COUNTED: Counter[str] = Counter()

asked = st.builds(
    Asked,
    actor=st.sampled_from(["alice", "bob"]),
    id=st.sampled_from(["a", "b", "c"]),
    note=st.sampled_from([*range(1, 13), None]),
    key=st.sampled_from([*[None] * 6, *(f"k{n}" for n in range(12))]),
    seen_version=st.sampled_from([*[None] * 6, 0, 1, 2]),
)
levels = st.sampled_from([0, 1])
moments: st.SearchStrategy[Moment] = st.sampled_from(["before", "during", "after"])


class Histories(RuleBasedStateMachine):
    """Two tenants, one below the other, in a database that holds the tenants of all histories before."""

    numbers: ClassVar[Iterator[int]] = itertools.count(1)

    @initialize()
    def begin(self) -> None:
        self.world = WORLD[0]
        root = f"t{next(self.numbers)}"
        self.ledgers = [Ledger(root), Ledger(f"{root}.below")]
        self.asked: list[tuple[int, Asked]] = []
        self.today = FIRST_DAY
        self.world.run(self.world.set_day(self.today))

    @rule(level=levels, asked=asked, first=st.booleans(), alone=st.booleans())
    def somebody_asks(self, level: int, asked: Asked, first: bool, alone: bool) -> None:
        self._ask(level, asked, first, alone)

    @rule(n=st.integers(0, 1000), first=st.booleans(), other_body=st.booleans())
    def somebody_asks_again(self, n: int, first: bool, other_body: bool) -> None:
        """The same with the same key; or with the same key another note."""
        if self.asked:
            level, asked = self.asked[n % len(self.asked)]
            self._ask(level, replace(asked, note=0) if other_body else asked, first, alone=True)

    @rule(
        level=levels,
        together=st.lists(asked, min_size=2, max_size=3),
        same=st.booleans(),
        alone=st.booleans(),
    )
    def several_ask_at_once(self, level: int, together: list[Asked], same: bool, alone: bool) -> None:
        """What they are told, and what is kept, is what one after the other would have been, in some order."""
        if same:
            together = [together[0]] * len(together)
        self.asked += [(level, one) for one in together]
        ledger = self.ledgers[level]
        stores = itertools.cycle([self.world.second, self.world.first])

        async def ask() -> list[Outcome]:
            asking = (
                self.world.execute(store, ledger.tenant, one, alone)
                for one, store in zip(together, stores, strict=False)
            )
            return await asyncio.gather(*asking)

        outcomes = self.world.run(ask())
        COUNTED["asked at once"] += len(together)
        possible = []
        for order in itertools.permutations(range(len(together))):
            then = deepcopy(ledger)
            if {n: then.execute(together[n], self.today) for n in order} == dict(enumerate(outcomes)):
                possible.append(then)
        assert possible, f"in no order {together} are told {outcomes}"
        self._kept(level, *possible)

    @rule(
        level=levels,
        asked=asked,
        spoken=st.integers(1, 5),
        moment=moments,
        for_good=st.booleans(),
        alone=st.booleans(),
        connected=st.booleans(),
    )
    def the_connection_is_cut(
        self,
        level: int,
        asked: Asked,
        spoken: int,
        moment: Moment,
        for_good: bool,
        alone: bool,
        connected: bool,
    ) -> None:
        """With a key the command takes effect once; without one it does or does not, and this may be left open."""
        self.asked.append((level, asked))
        world, ledger = self.world, self.ledgers[level]
        if connected:  # else connecting may be what is cut
            spoken = spoken % 2 + 1 if alone else spoken
            world.run(world.kept(world.first, ledger.tenant))
        cuts = world.wire.cuts
        world.wire.cut(nth(spoken), moment, for_good=for_good)
        expected = self._after(level, asked)
        try:
            outcome = world.run(world.execute(world.first, ledger.tenant, asked, alone))
        except Exception as error:
            if not is_unavailable(error):
                raise
            COUNTED["outcome not known"] += 1
            world.run(world.let_the_server_finish())
            self._kept(level, ledger, expected[0])
        else:
            assert outcome == expected[1]
            self._kept(level, expected[0])
        finally:
            world.wire.mend()
        COUNTED[f"cut {moment}"] += world.wire.cuts - cuts
        if asked.key:
            self._ask(level, asked, first=False, alone=alone)

    @rule(days=st.sampled_from([1, 4, 9, 12]), first=st.booleans(), second=st.booleans(), cut=st.booleans())
    def days_pass(self, days: int, first: bool, second: bool, cut: bool) -> None:
        """What is due fires once, whoever fires it, at the same time and across a cut connection."""
        world = self.world
        self.today += timedelta(days=days)
        world.run(world.set_day(self.today))
        if cut:
            world.wire.cut(nth(days), "after", for_good=second)

        async def fire() -> None:
            stores = [world.first] * first + [world.second] * second
            outcomes = await asyncio.gather(*map(world.fire_due, stores), return_exceptions=True)
            assert all(outcome is None or is_unavailable(outcome) for outcome in outcomes), outcomes
            world.wire.mend()
            await world.let_the_server_finish()  # a date that a dead connection still holds is passed over
            await world.fire_due(world.second)  # what was left

        world.run(fire())
        for level, ledger in enumerate(self.ledgers):
            due = ledger.due(self.today)
            COUNTED["deadlines fired"] += len(due)
            possible = []
            for order in itertools.permutations(due):
                possible.append(deepcopy(ledger))
                possible[-1].fire(order, self.today)
            self._kept(level, *possible)

    @rule(level=levels, n=st.integers(0, 1000))
    def a_text_is_blanked(self, level: int, n: int) -> None:
        ledger = self.ledgers[level]
        if written := ledger.written():
            sequence, event = written[n % len(written)]
            ref = sa.select(sa.cast(tables.events.c.data, sa.JSON)["text"]["ref"].as_string())
            ref = ref.where(tables.events.c.tenant == ledger.tenant, tables.events.c.sequence == sequence)
            blank = (
                sa.update(tables.texts).where(tables.texts.c.ref == ref.scalar_subquery()).values(body=None)
            )
            self.world.run(self.world.change(ledger.tenant, blank))
            event.text = None
            COUNTED["texts blanked"] += 1
            self._kept(level, ledger)

    @rule(view=st.sampled_from(NOTEBOOK.views), level=levels, meanwhile=st.lists(asked, max_size=3))
    def a_view_is_rebuilt(self, view: View, level: int, meanwhile: list[Asked]) -> None:
        """Commands go on beside it, and afterwards the view is what it was, and they are in it."""
        self.asked += [(level, one) for one in meanwhile]
        world, then = self.world, deepcopy(self.ledgers[level])
        expected = [then.execute(one, self.today) for one in meanwhile]

        async def go_on() -> list[Outcome]:
            return [await world.execute(world.second, then.tenant, one) for one in meanwhile]

        async def both() -> list[Outcome]:
            _, outcomes = await asyncio.gather(rebuild(world.place.owner_url, NOTEBOOK, view), go_on())
            return outcomes

        assert world.run(both()) == expected
        COUNTED["rebuilt"] += 1
        COUNTED["asked while rebuilding"] += len(meanwhile)
        self._kept(level, then)

    def _ask(self, level: int, asked: Asked, first: bool, alone: bool) -> None:
        self.asked.append((level, asked))
        expected = self._after(level, asked)
        store = self.world.first if first else self.world.second
        outcome = self.world.run(self.world.execute(store, expected[0].tenant, asked, alone))
        assert outcome == expected[1]
        COUNTED["refused" if isinstance(outcome, str) else "accepted"] += 1
        self._kept(level, expected[0])

    def _after(self, level: int, asked: Asked) -> tuple[Ledger, Outcome]:
        then = deepcopy(self.ledgers[level])
        return then, then.execute(asked, self.today)

    def _kept(self, level: int, *possible: Ledger) -> None:
        """The database holds what one of these ledgers says, and from now on this is the ledger."""
        found = self.world.run(self.world.kept(self.world.second, possible[0].tenant))
        [self.ledgers[level]] = [one for one in possible if one.kept() == found][:1] or [possible[-1]]
        assert self.ledgers[level].kept() == found

    def teardown(self) -> None:
        """Nothing has changed that was not looked at, and every ledger verifies."""
        for level, ledger in enumerate(getattr(self, "ledgers", ())):
            self._kept(level, ledger)
            self.world.run(self._verify(ledger))
            self.world.run(self.world.change(ledger.tenant, sa.delete(tables.deadlines)))

    async def _verify(self, ledger: Ledger) -> None:
        place = self.world.place
        verified = [
            one async for one in verify_service(place.app_url, place.relay_url, SERVICE, ledger.tenant)
        ]
        assert [(one.events, one.problem) for one in verified] == [(len(ledger.events), None)] * bool(
            ledger.events
        )
        COUNTED["events"] += len(ledger.events)


def run(servers: Servers, new_database: Callable[[str], str], histories: int) -> Counter[str]:
    """Run so many histories in a database of their own; what was done in them."""
    world = World(servers, new_database)
    WORLD.append(world)
    COUNTED.clear()
    try:
        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=histories,
                stateful_step_count=STEPS,
                deadline=None,
                phases=[Phase.generate],  # reading a history is quicker than making it shorter
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
    finally:
        WORLD.clear()
        world.close()
    return COUNTED.copy()


def test_the_store_does_what_the_model_does_over_random_histories(
    servers: Servers, new_database: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    counted = run(servers, new_database, HISTORIES)
    with capsys.disabled():
        print(f"\nmodel: {HISTORIES} histories of {STEPS} steps, {dict(counted)}")
    for kind in ("accepted", "refused", "asked at once", "cut before", "cut during", "cut after"):
        assert counted[kind], kind


if __name__ == "__main__":
    databases = -(-int(sys.argv[1]) // (HISTORIES * STEPS))
    numbers = itertools.count(1)
    with tempfile.TemporaryDirectory() as folder, embedded_servers(Home(Path(folder) / "servers")) as started:

        def one_more(service: str) -> str:
            started.create_database(service, name := f"{service}_model_{next(numbers)}")
            return name

        total = sum((run(started, one_more, HISTORIES) for _ in range(databases)), Counter[str]())
    print(f"{databases * HISTORIES * STEPS} steps: {dict(total)}")
