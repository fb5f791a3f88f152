"""One trace from a person's command in one service to the duty that follows from it in another, and on."""

from __future__ import annotations

import json

import httpx

from deploy.local.credentials import SERVICES
from deploy.local.waiting import until
from tests.observability.collector import Span
from tests.observability.conftest import Watched

SENT = "POST /tenants/{tenant}/session/{id}/send-minutes"
WITHIN = 30.0
"""Spans are exported every five seconds."""


def whole(watched: Watched, root: str, *names: str) -> dict[str, Span]:
    """The spans of one trace by service and name, once those that are asked for have come."""

    def found() -> dict[str, Span] | None:
        spans = watched.collector.spans
        for top in (one for one in spans if one.name == root):
            trace = {f"{one.service}: {one.name}": one for one in spans if one.trace == top.trace}
            if trace.keys() >= set(names):
                return trace
        return None

    return until(found, within=WITHIN, what=f"{root} was not followed to {', '.join(names)}")


def test_one_trace_shows_how_a_command_becomes_a_duty_in_another_service(watched: Watched) -> None:
    command = f"review: {SENT}"
    opened, noted = "rectification: reaction MinutesIssued", "evaluation: reaction RectificationDue"
    trace = whole(watched, SENT, command, opened, noted)
    assert trace[command].parent == ""
    assert trace[opened].parent == trace[command].id
    assert trace[opened].attributes["shufa.tenant"] == "shanghai.jinshan"
    assert trace[opened].attributes["shufa.event"].startswith("review:shanghai.jinshan/1/")
    assert trace[noted].parent == trace[opened].id, "the duty was said within the reaction"
    assert trace[noted].attributes["shufa.event"].startswith("rectification:shanghai.jinshan/1/")


def test_a_trace_that_begins_outside_goes_on_in_here(watched: Watched) -> None:
    outside, above = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    url = f"{watched.cluster.service_url('scheduling')}/livez"
    httpx.get(url, headers={"traceparent": f"00-{outside}-{above}-01"}, trust_env=False)

    def followed() -> list[Span]:
        return [one for one in watched.collector.spans if one.trace == outside]

    [span] = until(followed, within=WITHIN, what="the trace did not go on")
    assert (span.service, span.name, span.parent) == ("scheduling", "GET /livez", above)


def test_no_span_holds_what_people_wrote(watched: Watched) -> None:
    written = {
        watched.scenario.body(step.do)[field]
        for step in watched.scenario.steps
        if step.do
        for field in step.do.texts
    }
    assert len(written) > 20
    told = json.dumps([vars(span) for span in watched.collector.spans], ensure_ascii=False)
    assert [text for text in [*written, "示例"] if text in told] == []


def test_a_line_that_is_logged_within_a_span_names_its_trace(watched: Watched) -> None:
    lines = [
        json.loads(line)
        for service in SERVICES
        for line in watched.cluster.home.log(service).read_text("utf-8").splitlines()
        if line.startswith("{")
    ]
    traces = {span.trace for span in watched.collector.spans}
    reactions = [line for line in lines if line["event"] == "reaction"]
    commands = [line for line in lines if line["event"] == "command"]
    assert reactions
    assert commands
    assert all(line["trace"] for line in [*reactions, *commands])
    assert traces & {line["trace"] for line in reactions} & {line["trace"] for line in commands}
