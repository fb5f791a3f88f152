"""The parts of the demo that need no servers: what holds, when all is at rest, how patient a request is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from deploy.local.credentials import SERVICES
from deploy.local.demo.command import ready_scenario
from deploy.local.demo.day import Day, unrest
from deploy.local.demo.gather import comparable, fingerprint
from deploy.local.demo.play import Player, StepFailed, holds
from deploy.local.demo.talk import Talk
from deploy.local.home import LocalError


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}),
        ({}, {"a": 1}),
        ({"a": None}, {"a": None}),
    ],
)
def test_what_was_wanted_is_there(wanted: Any, found: Any) -> None:
    assert holds(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 1}, {}),
        ({"a": None}, {}),
        ({"a": 1}, {"a": True}),
        ({"a": []}, {"a": [1]}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
    ],
)
def test_what_was_wanted_is_not_there(wanted: Any, found: Any) -> None:
    assert not holds(wanted, found)


def clocks() -> dict[str, dict[str, Any]]:
    """Five services at rest: scheduling has said three things, and all of its listeners have applied them."""
    heard = {"scheduling": {"t": "1/3"}}
    quiet: dict[str, Any] = {"outbox": 0, "waiting": 0, "due": 0, "published": {"t": "1/0"}, "applied": heard}
    return {
        "scheduling": quiet | {"published": {"t": "1/3"}, "applied": {}},
        "review": dict(quiet),
        "rectification": dict(quiet),
        "evaluation": dict(quiet),
        "portal": dict(quiet),
    }


def test_all_is_at_rest_when_every_listener_has_applied_what_was_said() -> None:
    assert unrest(clocks()) == []


@pytest.mark.parametrize("what", ["outbox", "waiting", "due"])
def test_nothing_is_at_rest_while_something_is_on_its_way(what: str) -> None:
    moving = clocks()
    moving["review"][what] = 2
    assert unrest(moving) == [f"review: 2 {what}"]


def test_what_was_published_and_not_yet_received_shows_as_a_difference() -> None:
    moving = clocks()
    moving["scheduling"]["published"] = {"t": "1/4"}
    moving["evaluation"]["applied"] = {}
    assert unrest(moving) == [
        "review has 1/3 of scheduling's 1/4 (t)",
        "rectification has 1/3 of scheduling's 1/4 (t)",
        "evaluation has nothing of scheduling's 1/4 (t)",
        "portal has 1/3 of scheduling's 1/4 (t)",
    ]


class Street:
    """Addresses that lead to a handler in this process."""

    def service_url(self, service: str) -> str:
        return f"http://{service}.test"

    def token(self, user: str) -> str:
        return f"token-of-{user}"


def talk_to(handler: Callable[[httpx.Request], httpx.Response], patience: float = 5.0) -> Talk:
    return Talk(Street(), patience, httpx.Client(transport=httpx.MockTransport(handler)))


def test_a_request_is_repeated_with_the_same_key_until_somebody_answers() -> None:
    keys = []

    def restarting(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        match len(keys):
            case 1:
                raise httpx.ConnectError("refused")
            case 2:
                return httpx.Response(503)
            case 3:
                raise httpx.ReadError("the service was killed")
            case _:
                return httpx.Response(200, json={"events": []}, headers={"ETag": '"7"'})

    answer = talk_to(restarting).post("clerk", "review", "/x", {}, key="k", seen=6)
    assert (answer.ok, answer.version, keys) == (True, 7, ["k"] * 4)


def test_a_refusal_is_an_answer_and_not_asked_for_again() -> None:
    asked = []

    def refusing(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(409, json={"code": "review.draft-not-approved"})

    answer = talk_to(refusing).post("clerk", "review", "/x", {}, key="k")
    assert (answer.status, answer.body["code"], len(asked)) == (409, "review.draft-not-approved", 1)


def test_patience_ends_and_names_who_kept_silent() -> None:
    silent = talk_to(lambda request: httpx.Response(503), patience=0.0)
    with pytest.raises(LocalError, match="review did not answer GET /clock"):
        silent.get("clerk", "review", "/clock")


def test_a_list_is_read_to_its_last_page() -> None:
    pages = {None: (["a", "b"], "2"), "2": (["c"], None)}

    def paged(request: httpx.Request) -> httpx.Response:
        items, following = pages[request.url.params.get("after")]
        return httpx.Response(200, json={"items": [{"id": item} for item in items], "next": following})

    assert [item["id"] for item in talk_to(paged).pages("clerk", "review", "/drafts")] == ["a", "b", "c"]


def test_two_reports_are_compared_without_what_no_run_repeats() -> None:
    first = {"cases": [1], "run": {"home": "/tmp/a"}}
    second = {"cases": [1], "run": {"home": "/tmp/b"}}
    assert comparable(first) == comparable(second) == {"cases": [1]}
    assert fingerprint(first) == fingerprint(second) != fingerprint({"cases": [2]})


AT_REST: dict[str, Any] = {
    "today": "2021-03-01",
    "next_due": None,
    "outbox": 0,
    "waiting": 0,
    "due": 0,
    "parked": 0,
    "published": {},
    "applied": {},
}


def first_step_answered_by(answer: httpx.Response) -> None:
    """Play the example's first step against services that are at rest and answer every command so."""
    scenario = ready_scenario()

    def answering(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=AT_REST) if request.url.path == "/clock" else answer

    talk = talk_to(answering)
    next(Player(scenario, talk, Day(talk, scenario.index.operator)).play())


def test_a_step_that_is_refused_against_expectation_says_what_was_expected_and_what_came() -> None:
    refusal = {"code": "security.not-permitted", "data": {"roles": []}, "detail": "You may not."}
    with pytest.raises(StepFailed) as failed:
        first_step_answered_by(httpx.Response(403, json=refusal))
    assert str(failed.value).splitlines() == [
        "step 'jinshan-register-tenant' (2021-03-01) does not hold",
        "  expected  TenantRegistered",
        '  came      refused security.not-permitted (403) {"roles": []} You may not.',
    ]


def test_a_step_that_makes_other_events_does_not_hold() -> None:
    done = {"events": [], "version": 1, "service": "scheduling", "tenant": "shanghai.jinshan", "sequence": 1}
    with pytest.raises(StepFailed, match="came      nothing"):
        first_step_answered_by(httpx.Response(200, json=done))


def test_an_event_that_was_parked_ends_the_demo_at_once() -> None:
    talk = talk_to(lambda request: httpx.Response(200, json={"parked": 1}))
    with pytest.raises(LocalError, match="scheduling has parked an event"):
        Day(talk, "operator").settle()


class Clockwork:
    """Five services at rest, each with its day and its next date; counts how often a clock is looked at."""

    def __init__(self, next_due: dict[str, str]) -> None:
        self.today = dict.fromkeys(SERVICES, "2021-03-01")
        self.next_due = next_due
        self.looked = 0
        self.days: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        service = request.url.host.partition(".")[0]
        if request.method == "POST":
            self.today[service] = json.loads(request.content)["today"]
            if service == SERVICES[0]:
                self.days.append(self.today[service])
        else:
            self.looked += 1
        due = self.next_due.get(service)
        return httpx.Response(
            200,
            json=clocks()[service]
            | {
                "today": self.today[service],
                "next_due": due if due and due > self.today[service] else None,
                "parked": 0,
            },
        )


def day_of(clockwork: Clockwork) -> Day:
    return Day(talk_to(clockwork), "operator")


def test_the_day_moves_by_way_of_every_date_that_is_due_before_it() -> None:
    clockwork = Clockwork({"rectification": "2021-03-05"})
    day_of(clockwork).advance(date(2021, 3, 9))
    assert clockwork.days == ["2021-03-05", "2021-03-09"]
    assert set(clockwork.today.values()) == {"2021-03-09"}


def test_a_day_on_which_nothing_falls_due_is_not_waited_for() -> None:
    clockwork = Clockwork({})
    day = day_of(clockwork)
    day.settle()
    clockwork.looked = 0
    day.advance(date(2021, 3, 2))
    day.advance(date(2021, 3, 2))
    assert (clockwork.days, clockwork.looked) == (["2021-03-02"], 0)


def test_what_a_service_said_is_waited_for_by_the_others_alone() -> None:
    clockwork = Clockwork({})
    day = day_of(clockwork)
    day.settle()
    day.stir("review")
    clockwork.looked = 0
    day.calm(at="review")
    assert clockwork.looked == 0
    day.calm(at="rectification")
    day.calm(at="rectification")
    assert clockwork.looked == len(SERVICES)


def test_the_day_does_not_move_before_what_was_said_has_arrived() -> None:
    clockwork = Clockwork({})
    day = day_of(clockwork)
    day.settle()
    day.stir("review")
    clockwork.looked = 0
    day.advance(date(2021, 3, 2))
    assert clockwork.looked == len(SERVICES)


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (httpx.Response(403, json={"code": "http.not-shown-from-above"}), None),
        (httpx.Response(403, json={"code": "security.not-permitted", "detail": "No."}), "not-permitted"),
        (httpx.Response(200, json={"items": [], "next": None}), "200"),
    ],
)
def test_a_check_that_something_may_not_be_read_holds_by_its_code(
    answer: httpx.Response, came: str | None
) -> None:
    asked: list[dict[str, str]] = []

    def answering(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/clock":
            return httpx.Response(200, json=AT_REST)
        asked.append(dict(request.url.params))
        return answer

    scenario = ready_scenario()
    [step] = [step for step in scenario.steps if step.id == "district-sees-the-town-late"]
    [drafts] = [check for check in step.check if check.within and check.refused]
    talk = talk_to(answering)
    player = Player(scenario, talk, Day(talk, scenario.index.operator))
    if came is None:
        told = player._checked(step, drafts)
        assert told == "drafts within the subtree: refused http.not-shown-from-above"
    else:
        with pytest.raises(StepFailed, match=came):
            player._checked(step, drafts)
    assert asked == [{"within": "subtree"}]


def test_a_row_as_of_a_day_is_asked_for_by_its_stream() -> None:
    asked = []

    def answering(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/clock":
            return httpx.Response(200, json=AT_REST)
        asked.append((request.url.path, dict(request.url.params)))
        return httpx.Response(200, json={"light": "red"})

    scenario = ready_scenario()
    [step] = [step for step in scenario.steps if step.id == "shiliban-supervised"]
    [_, as_of, _] = step.check
    talk = talk_to(answering)
    player = Player(scenario, talk, Day(talk, scenario.index.operator))
    with pytest.raises(StepFailed, match='"light": "red"'):
        player._checked(step, as_of)
    path = "/tenants/shanghai.jinshan.langxia/case-register/case-2021-1-shiliban"
    assert asked == [(path, {"as_of": "2022-02-28"})]
