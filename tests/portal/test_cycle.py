"""The whole cycle of a town's session through the portal's pages, by everybody who acts in it, each at a browser.

What is played is the example's own scenario (examples/jinshan/session-langxia.yaml): where a page has a form for a
step, somebody fills that form in, and then the same command is given again over HTTP with the key that stood in the
form. The owner answers a repeat with its first answer and refuses another body under the same key: so a form has said
exactly what the scenario says, or the step does not hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from deploy.local.cluster import Cluster
from deploy.local.demo.command import ready_scenario
from deploy.local.demo.day import Day
from deploy.local.demo.play import Player
from deploy.local.demo.scenario import Command, Scenario, Step
from deploy.local.demo.talk import Answer, Talk
from tests.played import EXAMPLE_USERS
from tests.portal.hands import Hands, Sent, fields_of

TOWN = "shanghai.jinshan.langxia"
FILES = {"registry.yaml", "registry-langxia.yaml", "session-langxia.yaml"}
LEADER = f"- {{ id: langxia-secretary, name: 示例·丁, grants: [{{ tenant: {TOWN}, role: leader }}] }}\n"
"""The town's secretary, with an account: in the example the Party office enters what they confirmed on paper."""

BY_KEYBOARD = {"banzi-submits"}
NARROW_WITHOUT_SCRIPTS = {
    "shiliban-submits",
    "shiliban-approved",
    "shiliban-speaks",
    "shiliban-supplemented",
    "shiliban-commented",
    "shilicun-short-form",
    "shiliban-feeds-back",
    "shiliban-receipted-1",
    "shiliban-receipted-2",
}
NOT_OFFERED = {
    # A page does not offer what will be refused by who one is or how far the matter has come.
    "stand-in-too-early",
    "stand-in-no-more",
    "shilicun-sheet",
    "shilicun-report-asked",
    "shiliban-supervised-too-early",
    "shiliban-asks-too-late",
}
WITHOUT_A_PAGE = {"stand-in-granted", "stand-in-revoked"}


def the_towns_story() -> Scenario:
    """The district as far as a town needs one, and the town's session; the secretary confirms one comment in person."""
    whole = ready_scenario()
    steps = [step for step in whole.steps if whole.files[step.id].name in FILES]
    return replace(
        whole,
        steps=tuple(_in_person(step) if step.id == "langxia-words-1" else step for step in steps),
        index=whole.index.model_copy(update={"until": date(2022, 3, 31)}),
    )


def _in_person(step: Step) -> Step:
    assert step.do is not None
    own = step.do.model_copy(update={"body": {"comment": step.do.body["comment"]}})
    return step.model_copy(update={"actor": "langxia-secretary", "do": own})


@dataclass
class AtThePages(Talk):
    """A Talk whose commands are given on the pages where these have a form for them."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    hands: dict[str, Hands] = field(default_factory=dict)
    step: Step | None = None
    by_form: dict[str, Sent] = field(default_factory=dict)
    not_offered: set[str] = field(default_factory=set)
    without_a_link: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """What the scenario calls a comment → what the page called it."""

    def told(self, number: int, step: Step) -> None:
        self.step = step

    def post(
        self,
        user: str,
        service: str,
        path: str,
        body: dict[str, Any],
        *,
        key: str | None = None,
        seen: int | None = None,
    ) -> Answer:
        step = self.step
        if key is None or step is None or step.do is None or step.tenant != TOWN or not on_a_page(step.do):
            return super().post(user, service, path, body, key=key, seen=seen)
        body = self._as_on_the_form(step.do.command, body)
        # The pages of a browser belong to the loop of the test; the play waits in a thread of its own.
        sent = asyncio.run_coroutine_threadsafe(self._by_form(step, step.do, body), self.loop).result(120)
        if sent is None:
            self.not_offered.add(step.id)
            return super().post(user, service, path, body, key=key, seen=seen)
        self.by_form[step.id] = sent
        before = self._entries(step.do)
        same = {**body, **_chosen_by_the_page(step.do.command, body, sent.fields)}
        if "comment" in same:
            self.names[body["comment"]] = same["comment"]
        answer = super().post(user, service, path, same, key=sent.key, seen=sent.seen)
        assert answer.ok is not sent.refused, (step.id, sent.words, answer.body)
        if sent.refused:
            assert answer.body["detail_zh"] in sent.words, (step.id, sent.words)
        assert self._entries(step.do) == before, f"{step.id}: the form had not done it"
        return answer

    def _as_on_the_form(self, command: str, body: dict[str, Any]) -> dict[str, Any]:
        if command == "confirm-words":
            return {**body, "comment": self.names[body["comment"]]}
        if command == "draft-roster":
            # Who holds two posts stands on the form once, and reports once.
            once = {one["unit"]: one for one in reversed(body["reporters"])}
            return {**body, "reporters": [one for one in body["reporters"] if once[one["unit"]] is one]}
        return body

    async def _by_form(self, step: Step, do: Command, body: dict[str, Any]) -> Sent | None:
        hands = self.hands[_kind_of_hands(step)]
        typed = len(hands.typed)
        form = await hands.form_of(step.actor, step.tenant, do, body)
        if hands.typed[typed:]:
            self.without_a_link[step.id] = hands.typed[typed:]
        return None if form is None else await hands.send(form, fields_of(do.command, body))

    def _entries(self, do: Command) -> list[int]:
        found = self.pages("auditor", do.service, f"/tenants/{TOWN}/ledger", stream=do.stream)
        return [one["sequence"] for one in found]


def _kind_of_hands(step: Step) -> str:
    if step.id in BY_KEYBOARD:
        return "keyboard"
    return "narrow" if step.id in NARROW_WITHOUT_SCRIPTS else "wide"


def on_a_page(do: Command) -> bool:
    """Has the portal a page for commands of this kind?"""
    return do.kind in ("plan", "policy", "session", "draft", "case", "sheet")


def _chosen_by_the_page(command: str, body: dict[str, Any], fields: dict[str, str]) -> dict[str, str]:
    """What a form says that nobody typed: the id of a new comment, whose draft it is."""
    hidden = {"record-comment": ("comment",), "submit-draft": ("entered_for",)}
    return {name: fields[name] for name in hidden.get(command, ())}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return the_towns_story()


@pytest.fixture(scope="module")
def cluster(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A system with days of its own."""
    folder = tmp_path_factory.mktemp("cycle")
    users = folder / "users.yaml"
    users.write_text(EXAMPLE_USERS.read_text("utf-8") + LEADER, "utf-8")
    started = Cluster.start(folder / "home", clock="simulated", today=scenario.first_day, users=users)
    try:
        yield started
    finally:
        started.stop(purge=True)


@pytest.fixture
async def talk(cluster: Cluster, context_of: Any) -> AsyncIterator[AtThePages]:
    portal = cluster.service_url("portal")
    talk = AtThePages(
        cluster,
        hands={
            "wide": Hands(portal, context_of),
            "narrow": Hands(portal, context_of, width=390, javascript=False),
            "keyboard": Hands(portal, context_of, keyboard=True),
        },
    )
    yield talk
    talk.close()


async def test_everybody_plays_their_part_at_the_pages(
    scenario: Scenario, cluster: Cluster, talk: AtThePages
) -> None:
    day = Day(talk, scenario.index.operator)
    player = Player(scenario, talk, day, talk.told)
    played = await asyncio.to_thread(lambda: list(player.play()))
    assert len(played) == len(scenario.steps)
    town = [
        step for step in scenario.steps if scenario.files[step.id].name == "session-langxia.yaml" and step.do
    ]
    assert talk.not_offered == NOT_OFFERED
    assert talk.by_form.keys() == {step.id for step in town} - NOT_OFFERED - WITHOUT_A_PAGE
    assert talk.without_a_link.keys() <= NOT_OFFERED, "every form is reached by links"
    assert {step.actor for step in town if step.id in talk.by_form} >= {
        "langxia-justice",
        "langxia-office",
        "langxia-organization",
        "langxia-secretary",
        "liaison-banzi",
        "liaison-shiliban",
        "stand-in-shiliban",
    }
