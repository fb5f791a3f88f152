"""The whole demo on real servers, once; then everything it must have left behind, seen from outside."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema
import nats
import pytest
import sqlalchemy as sa
from rich.console import Console

from deploy.local.cluster import Cluster
from deploy.local.credentials import SERVICES
from deploy.local.demo.command import demo, ready_scenario
from deploy.local.status import Status, status
from shared.contracts.schema import SCHEMAS, file_name
from shared.eventstore import tables
from shared.eventstore.store import APP_CONNECTIONS, RELAY_CONNECTIONS, engine

MEMORY_AT_MOST = 900_000_000
LANGXIA = "2021-1-langxia"


@dataclass(frozen=True)
class Played:
    """The demo's report, what it printed, and its system, still up."""

    report: dict[str, Any]
    printed: str
    cluster: Cluster

    def case(self, unit: str) -> dict[str, Any]:
        [found] = [case for case in self.report["cases"] if case["unit"] == unit]
        return dict(found)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """One run of ``shufa demo --keep --json``."""
    folder = tmp_path_factory.mktemp("demo")
    terminal = io.StringIO()
    demo(folder / "home", folder / "report.json", keep=True, console=Console(file=terminal, width=120))
    cluster = Cluster.running(folder / "home")
    try:
        yield Played(json.loads((folder / "report.json").read_text("utf-8")), terminal.getvalue(), cluster)
    finally:
        cluster.stop(purge=True)


def test_each_of_the_five_events_of_the_chain_was_published(played: Played) -> None:
    chain = (
        "SessionScheduled",
        "DraftApproved",
        "CommentIssued",
        "RectificationDue",
        "RectificationVerified",
    )
    counts = played.report["events_by_type"]
    assert {name: counts.get(name) for name in chain} == dict(zip(chain, (1, 4, 4, 3, 3), strict=True))


def test_every_case_is_complete_with_its_dates_receipts_and_outcome(played: Played) -> None:
    cases = played.report["cases"]
    assert sorted(case["unit"] for case in cases) == ["gongshanglian", "jiaotongwei", "langxia"]
    for case in cases:
        assert len(case["task_lines"]) == 1
        assert (case["minutes_sent_on"], case["original_due_on"]) == ("2021-07-07", "2021-10-08")
        assert (case["outcome"], case["on_time"], case["light"]["text"]) == ("passed", True, "completed")
    assert {case["unit"]: case["verified_on"] for case in cases} == {
        "jiaotongwei": "2021-10-20",
        "gongshanglian": "2021-11-10",
        "langxia": "2021-11-30",
    }


def test_a_date_that_moved_keeps_the_one_before(played: Played) -> None:
    dates = {
        unit: [due["due_on"] for due in played.case(unit)["due_history"]]
        for unit in ("gongshanglian", "langxia")
    }
    assert dates == {"gongshanglian": ["2021-10-08", "2021-10-29"], "langxia": ["2021-10-08", "2021-11-26"]}


def test_each_feedback_was_receipted_by_both_offices(played: Played) -> None:
    receipts = [(one["office"], one["on"]) for one in played.case("langxia")["receipts"]]
    assert receipts == [
        ("party_office", "2021-09-29"),
        ("law_office", "2021-09-30"),
        ("party_office", "2021-11-25"),
        ("law_office", "2021-11-26"),
    ]


def test_the_duty_stayed_with_the_post_when_its_holder_changed(played: Played) -> None:
    case = played.case("langxia")
    assert case["person"] == "示例·丁"
    assert [one["signer"] for one in case["feedbacks"]] == ["示例·丙", "示例·丁"]


def test_every_line_of_an_evaluation_opens_its_events(played: Played) -> None:
    sheets = {sheet["unit"]: sheet for sheet in played.report["evaluation_sheets"]}
    assert set(sheets) == {"gongshanglian", "jingwei", "jiaotongwei", "langxia"}
    ledgers = {event["citation"] for ledger in played.report["ledgers"].values() for event in ledger}
    for unit in ("gongshanglian", "jiaotongwei", "langxia"):
        lines = sheets[unit]["lines"]
        assert [(line["kind"], line["state"]) for line in lines] == [
            ("report", "done"),
            ("rectification", "done"),
        ]
        assert all(line["events"] and set(line["events"]) <= ledgers for line in lines)
    assert {line["state"] for line in sheets["jingwei"]["lines"]} == {"not_applicable"}


def test_every_ledger_holds(played: Played) -> None:
    verified = {one["ledger"]: one["problem"] for one in played.report["verification"]}
    assert verified == {f"{service}:shanghai.jinshan": None for service in SERVICES}


def test_the_story_cites_the_ledger_in_every_line(played: Played) -> None:
    _, _, after = played.printed.partition(f"The story of 廊下镇 ({LANGXIA})")
    story = after.partition("Case register")[0].strip().splitlines()[1:]
    assert len(story) > 15
    assert all("shanghai.jinshan#" in line for line in story)


def test_every_step_was_played_and_the_refused_ones_say_why_in_two_languages(played: Played) -> None:
    steps = {step["id"]: step["result"] for step in played.report["steps"]}
    assert list(steps) == [step.id for step in ready_scenario().steps]
    refused = {name: result for name, result in steps.items() if result and "refused" in result}
    assert {
        "roster-with-an-unknown-unit",
        "roster-with-a-unit-twice",
        "jiaotongwei-verified-too-early",
    } <= set(refused)
    assert all(result["en"] and result["zh"] for result in refused.values())


@pytest.fixture(scope="session")
async def heard(played: Played) -> list[dict[str, Any]]:
    """Everything a plain subscriber to ``shufa.>`` gets, from the first message on."""
    client = await nats.connect(played.cluster.nats_url)
    try:
        jetstream = client.jetstream()
        expected = (await jetstream.stream_info("SHUFA")).state.messages
        subscription = await jetstream.subscribe("shufa.>", ordered_consumer=True)
        return [json.loads((await subscription.next_msg(timeout=10)).data) for _ in range(expected)]
    finally:
        await client.close()


@pytest.fixture(scope="session")
async def outboxes(played: Played) -> set[str]:
    """The ids of all public events, as the services' databases have them."""
    ids = set()
    box = tables.outbox
    for service in SERVICES:
        relay = engine(played.cluster.database_url(service, "relay"), 1)
        async with relay.connect() as connection:
            rows = await connection.execute(sa.select(box.c.tenant, box.c.epoch, box.c.sequence))
            ids |= {f"{service}:{row.tenant}/{row.epoch}/{row.sequence}" for row in rows}
        await relay.dispose()
    return ids


def test_a_subscriber_hears_exactly_what_the_outboxes_hold(
    heard: list[dict[str, Any]], outboxes: set[str]
) -> None:
    assert sorted(message["id"] for message in heard) == sorted(outboxes)


def test_every_message_fits_its_committed_schema(heard: list[dict[str, Any]]) -> None:
    for message in heard:
        _, _, _, name, version = message["type"].split(".")
        schema = json.loads((SCHEMAS / file_name(name, int(version.removeprefix("v")))).read_text("utf-8"))
        jsonschema.Draft202012Validator(
            schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        ).validate(message)


def test_no_message_holds_a_sentence_of_a_text(heard: list[dict[str, Any]]) -> None:
    texts = [text.text for text in ready_scenario().texts.values()]
    sentences = {
        part.strip()
        for text in texts
        for part in text.replace("，", "。").split("。")
        if len(part.strip()) > 7
    }
    assert len(sentences) > 100
    everything = json.dumps(heard, ensure_ascii=False)
    assert [sentence for sentence in sentences if sentence in everything] == []


@pytest.fixture(scope="session")
def used(played: Played) -> Status:
    return status(played.cluster)


def test_a_district_fits_a_laptop(used: Status) -> None:
    if used.memory is None:
        pytest.skip("this kernel does not tell proportional memory")
    assert used.memory < MEMORY_AT_MOST, {process.name: process.memory for process in used.processes}


def test_a_service_has_five_connections_at_most(used: Status) -> None:
    assert set(used.connections) >= set(SERVICES)
    assert max(used.connections[service] for service in SERVICES) <= APP_CONNECTIONS + RELAY_CONNECTIONS == 5
