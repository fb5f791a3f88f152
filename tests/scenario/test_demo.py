"""The whole demo on real servers, once; then everything it must have left behind, seen from outside."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Any

import jsonschema
import nats
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner, Result

from deploy.local.cli import app
from deploy.local.cluster import Cluster
from deploy.local.credentials import SERVICES
from deploy.local.demo.command import ready_scenario
from deploy.local.status import Status, status
from deploy.local.tree import read_tree
from deploy.operate.views import loaded, read_models
from shared.contracts import CONTRACTS, PUBLISHERS
from shared.contracts.schema import SCHEMAS, file_name
from shared.eventstore import tables
from shared.eventstore.store import APP_CONNECTIONS, RELAY_CONNECTIONS, engine
from tests.played import Played

MEMORY_AT_MOST = 1_200_000_000
"""Proportional, of all processes, after every page was opened: a laptop has eight times that."""
JINSHAN = "shanghai.jinshan"
LANGXIA = "shanghai.jinshan.langxia"
BUREAU = "shanghai.jinshan.shengtaihuanjingju"


def test_each_of_the_five_events_of_the_chain_was_published(played: Played) -> None:
    counts = played.report["events_by_type"]
    wanted = {
        "SessionScheduled": 4,
        "DraftApproved": 11,
        "CommentIssued": 13,
        "RectificationDue": 9,
        "RectificationVerified": 8,
    }
    assert {name: counts.get(name) for name in wanted} == wanted


def test_the_first_round_ends_with_its_dates_receipts_and_outcomes(played: Played) -> None:
    cases = [one for one in played.of(JINSHAN)["cases"] if one["case"].startswith("2021-1-")]
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
        case: [(due["due_on"], due["why"]) for due in played.case(JINSHAN, case)["due_history"]]
        for case in ("2021-1-gongshanglian", "2021-1-langxia", "2021-2-shilizhen")
    }
    assert dates == {
        "2021-1-gongshanglian": [("2021-10-08", "minutes"), ("2021-10-29", "extension")],
        "2021-1-langxia": [("2021-10-08", "minutes"), ("2021-11-26", "return")],
        "2021-2-shilizhen": [("2022-05-05", "minutes"), ("2022-07-05", "suspension")],
    }


def test_each_feedback_was_receipted_by_both_offices(played: Played) -> None:
    receipts = [(one["office"], one["on"]) for one in played.case(JINSHAN, "2021-1-langxia")["receipts"]]
    assert receipts == [
        ("party_office", "2021-09-29"),
        ("law_office", "2021-09-30"),
        ("party_office", "2021-11-25"),
        ("law_office", "2021-11-26"),
    ]


def test_the_duty_stayed_with_the_post_when_its_holder_changed(played: Played) -> None:
    case = played.case(JINSHAN, "2021-1-langxia")
    assert case["person"] == "示例·丁"
    assert [one["signer"] for one in case["feedbacks"]] == ["示例·丙", "示例·丁"]


def test_the_law_office_neither_receipted_nor_verified_the_case_of_its_own_unit(played: Played) -> None:
    case = played.case(JINSHAN, "2021-2-sifaju")
    assert [one["office"] for one in case["receipts"]] == ["party_office", "supervision_office"]
    assert case["by_office"] == "supervision_office"


def test_praise_and_lead_reports_opened_no_case(played: Played) -> None:
    opened = {
        tenant: {one["unit"] for one in played.of(tenant)["cases"]} for tenant in (JINSHAN, LANGXIA, BUREAU)
    }
    assert opened == {
        JINSHAN: {"jiaotongwei", "gongshanglian", "langxia", "shichangjianguan", "shilizhen", "sifaju"},
        LANGXIA: {"shiliban", "shilicun"},
        BUREAU: {"shilike"},
    }


def test_only_illustrative_units_are_late_absent_or_passed_over(played: Played) -> None:
    late, absent, passed_over = set(), set(), set()
    for tenant in played.report["tenants"]:
        for row in played.view(tenant, "rectification", "case_register"):
            late |= {row["unit_name"]} if row["overdue_since"] or row["on_time"] is False else set()
        for row in played.view(tenant, "review", "proceedings"):
            names = {one["unit"]: one["unit_name"] for one in row["roster"]}
            absent |= {one["unit_name"] for one in row["observers"] if one["attended"] is False}
            passed_over |= {names[unit] for unit in row["passed_over"]}
    assert (late, absent, passed_over) == ({"示例办"}, {"示例委"}, {"示例镇"})


def test_late_stays_late_and_the_notice_closed_with_the_verification(played: Played) -> None:
    case = played.case(LANGXIA, "2021-1-shiliban")
    assert (case["original_due_on"], case["due_on"], case["on_time"]) == ("2022-02-28", "2022-02-28", False)
    [notice] = played.view(LANGXIA, "rectification", "supervision_notices")
    assert (notice["opened_on"], notice["reply_by"], notice["closed_on"]) == (
        "2022-03-14",
        "2022-03-28",
        "2022-03-18",
    )


def test_what_was_sent_on_the_last_day_is_in_time_while_the_offices_are_slow(played: Played) -> None:
    row = played.row(JINSHAN, "2021-2-shilizhen")
    assert (row["state"], row["fed_back_on"], row["offices_missing"]) == (
        "awaiting_receipt",
        "2022-07-05",
        ["law_office"],
    )
    assert (row["overdue_since"], row["bulletin"]) == (None, "fed_back_unverified")


def test_the_bulletin_told_of_the_three_of_the_round_before(played: Played) -> None:
    [bulletin] = played.view(JINSHAN, "rectification", "bulletins")
    assert [(line["unit"], line["state"]) for line in bulletin["lines"]] == [
        ("gongshanglian", "completed"),
        ("jiaotongwei", "completed"),
        ("langxia", "completed"),
    ]


def test_every_line_of_an_evaluation_opens_its_events(played: Played) -> None:
    published = [one for one in played.of(JINSHAN)["evaluation_sheets"] if one["status"] == "published"]
    sheets = {sheet["unit"]: sheet for sheet in published}
    states = {
        unit: {line["kind"]: line["state"] for line in sheet["lines"]} for unit, sheet in sheets.items()
    }
    reported, nothing = {"report": "done"}, {"rectification": "not_applicable"}
    assert states == {
        **dict.fromkeys(("gongshanglian", "jiaotongwei", "langxia"), reported | {"rectification": "done"}),
        **dict.fromkeys(("shichangjianguan", "shilibu", "shilizhen"), reported | nothing),
        "jingwei": {"report": "not_applicable"} | nothing,
    }
    ledgers = {event["citation"] for ledger in played.of(JINSHAN)["ledgers"].values() for event in ledger}
    for sheet in sheets.values():
        for line in sheet["lines"]:
            assert set(line["events"]) <= ledgers
            assert bool(line["events"]) == (line["state"] != "not_applicable")


def test_the_corrected_record_is_cited_by_its_line(played: Played) -> None:
    [sheet] = [one for one in played.of(JINSHAN)["evaluation_sheets"] if one["unit"] == "gongshanglian"]
    [line] = [one for one in sheet["lines"] if one["corrected"]]
    names = [sheet["evidence"][citation]["name"] for citation in line["events"]]
    assert (line["kind"], names[0], names[-1]) == ("rectification", "RectificationFellDue", "RecordCorrected")


def test_the_bureaus_outcomes_are_as_reported_and_unconfirmed(played: Played) -> None:
    outcomes = played.view(BUREAU, "evaluation", "outcomes")
    assert [(one["confirmed"], one["period"], one["evidence"]) for one in outcomes] == [
        (False, None, None)
    ] * 2


def test_what_a_tier_may_see_of_the_tiers_below_holds_no_text_that_people_wrote(played: Played) -> None:
    """Every text of the example is looked for in every progress event and in every row of a progress view."""
    texts = [one.text.strip() for one in ready_scenario().texts.values()]
    assert len(texts) > 50
    seen = [
        event["data"]
        for event in played.report["published"]
        if CONTRACTS[event["name"], event["version"]].event_class == "progress"
    ]
    for service in PUBLISHERS:
        for view in import_module(f"services.{service}.application").VIEWS:
            if view.tier == "progress":
                for tenant in played.report["tenants"]:
                    seen += [
                        {name: value for name, value in row.items() if name not in view.own_only}
                        for row in played.view(tenant, service, view.name)
                    ]
    assert len(seen) > 300
    told = json.dumps(seen, ensure_ascii=False)
    reasons = {one for one in texts if json.dumps(one, ensure_ascii=False)[1:-1] in told}
    assert reasons == set()


def test_the_whole_tree_is_open_and_counted_by_tier(played: Played) -> None:
    tiers = {row["tier"]: (row["tenants"], row["covered"]) for row in played.report["coverage"]["tiers"]}
    assert tiers == {"district": (1, 1), "bureau": (1, 1), "town": (11, 1), "village": (244, 0)}
    opened = [one.tenant for one in read_tree(ready_scenario().tree_file)]
    ledgers = {one["ledger"] for one in played.report["verification"]}
    assert {f"scheduling:{tenant}" for tenant in opened} <= ledgers


def test_every_ledger_holds_and_is_sealed(played: Played) -> None:
    verified = {one["ledger"]: (one["problem"], one["sealed"]) for one in played.report["verification"]}
    assert {
        f"{service}:{tenant}" for service in PUBLISHERS for tenant in (JINSHAN, LANGXIA, BUREAU)
    } <= verified.keys()
    assert set(verified.values()) == {(None, True)}
    assert played.report["roots"] == {service: [] for service in PUBLISHERS}


@pytest.mark.parametrize(
    ("unit", "tenant", "case"),
    [
        ("廊下镇", JINSHAN, "2021-1-langxia"),
        ("示例办", LANGXIA, "2021-1-shiliban"),
        ("区司法局", JINSHAN, "2021-2-sifaju"),
    ],
)
def test_each_story_cites_the_ledger_in_every_line(played: Played, unit: str, tenant: str, case: str) -> None:
    _, _, after = played.printed.partition(f"The story of {unit} ({tenant} {case})")
    told = [line for line in after.splitlines()[1:] if line.strip()]
    story = list(takewhile(lambda line: line.startswith("202"), told))
    assert len(story) > 9
    assert all(f"{tenant}#" in line for line in story)


def test_every_step_was_played_and_the_refused_ones_say_why_in_two_languages(played: Played) -> None:
    steps = {step["id"]: step["result"] for step in played.report["steps"]}
    assert list(steps) == [step.id for step in ready_scenario().steps]
    refused = {name: result["refused"] for name, result in steps.items() if result and "refused" in result}
    assert (
        refused.items()
        >= {
            "roster-with-an-unknown-unit": "scheduling.unit-not-registered",
            "jiaotongwei-verified-too-early": "rectification.feedback-not-receipted",
            "langxia-laxer-policy": "scheduling.policy-laxer-than-above",
            "agenda-2021-2-with-an-unapproved-draft": "review.draft-not-approved",
            "signing-with-a-supplement-missing": "review.something-is-missing",
            "shiliban-asks-too-late": "rectification.extension-asked-too-late",
            "sifaju-verified-by-itself": "rectification.not-verifying-office",
        }.items()
    )
    assert all(steps[name]["en"] and steps[name]["zh"] for name in refused)


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


@pytest.mark.parametrize("service", SERVICES)
def test_every_read_model_made_anew_is_as_it_was(played: Played, service: str) -> None:
    """With the service up, from its own streams and from what it heard or said of the tree."""
    models = list(read_models(loaded(service)))
    before = asyncio.run(_everything(played.cluster, service, models))
    done = CliRunner().invoke(app, ["rebuild", service], env={"SHUFA_HOME": str(played.cluster.home.root)})
    assert done.exit_code == 0, done.output
    assert [line.partition(":")[0] for line in done.stdout.splitlines() if "made anew" in line] == models
    assert asyncio.run(_everything(played.cluster, service, models)) == before
    assert all(before[name] for name in ("tenants", "policies"))


async def _everything(cluster: Cluster, service: str, models: list[str]) -> dict[str, list[str]]:
    """Every row of these tables, whoever's it is."""
    everybody = sa.make_url(cluster.servers.admin_url).set(database=service)
    reader = create_async_engine(everybody)
    async with reader.connect() as connection:
        found = {
            name: sorted(
                str(row)
                for row in await connection.execute(sa.select(sa.text("*")).select_from(sa.table(name)))
            )
            for name in models
        }
    await reader.dispose()
    return found


def test_a_read_model_that_is_not_there_is_answered_with_those_that_are(played: Played) -> None:
    home = {"SHUFA_HOME": str(played.cluster.home.root)}
    done = CliRunner().invoke(app, ["rebuild", "rectification", "case-register"], env=home)
    assert done.exit_code == 1
    assert "no read model 'case-register'; it has case_register, items," in done.stderr


def test_a_history_taken_over_is_shown_and_holds(played: Played, tmp_path: Path) -> None:
    """A case as another installation kept it, texts and all, becomes a case of this one."""
    archive, stream = "shanghai.jinshan.archive", "case-2021-1-shiliban"
    told, shown = asyncio.run(_kept(played.cluster, LANGXIA, stream))
    history = tmp_path / "history.jsonl"
    history.write_text("".join(json.dumps(line | {"tenant": archive}) + "\n" for line in told))

    spoilt = tmp_path / "spoilt.jsonl"
    spoilt.write_text(history.read_text() + json.dumps(told[0] | {"data": {}, "tenant": archive}) + "\n")
    refused = _shufa(played, "ledger", "import", "rectification", "--from", str(spoilt))
    assert refused.exit_code == 1
    assert f"line {len(told) + 1}: the data are none of {told[0]['event']}" in refused.stderr

    for _ in range(2):
        taken = _shufa(played, "ledger", "import", "rectification", "--from", str(history))
        assert taken.exit_code == 0, taken.output
        assert f"took over {len(told)} events" in taken.stdout
        assert asyncio.run(_kept(played.cluster, archive, stream))[1] == shown
    checked = _shufa(played, "ledger", "verify", "--service", "rectification", "--tenant", archive)
    assert checked.exit_code == 0, checked.output
    assert f"rectification:{archive}  {len(told)} events  holds" in checked.stdout


def _shufa(played: Played, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"SHUFA_HOME": str(played.cluster.home.root)})


async def _kept(
    cluster: Cluster, tenant: str, stream: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A stream as a history tells it, and its rows in the register."""
    reader = create_async_engine(sa.make_url(cluster.servers.admin_url).set(database="rectification"))
    mine = {"tenant": tenant, "stream": stream}
    async with reader.connect() as connection:
        texts = await connection.execute(sa.text("select * from texts where tenant = :tenant"), mine)
        bodies = [
            {"ref": row.ref, "salt": row.salt.hex(), "body": row.body, "sha256": row.sha256} for row in texts
        ]
        events = await connection.execute(
            sa.text("select * from events where tenant = :tenant and stream = :stream order by version"), mine
        )
        told = [
            {
                "stream": row.stream,
                "event": row.name,
                "version": row.schema_version,
                "data": json.loads(row.data),
                "business_date": json.loads(row.metadata)["business_date"],
                "actor": json.loads(row.metadata)["actor"],
                "texts": [text for text in bodies if text["ref"] in row.data],
            }
            for row in events
        ]
        rows = await connection.execute(
            sa.text("select * from case_register where tenant = :tenant and stream = :stream"), mine
        )
        shown = [{name: value for name, value in row._mapping.items() if name != "tenant"} for row in rows]
    await reader.dispose()
    return told, shown


def test_no_line_of_any_log_holds_what_people_wrote_or_what_they_are_called(played: Played) -> None:
    scenario = ready_scenario()
    written = {scenario.body(step.do)[field] for step in scenario.steps if step.do for field in step.do.texts}
    assert len(written) > 50
    logs = {
        log.name: log.read_text("utf-8", "replace") for log in played.cluster.home.log("x").parent.iterdir()
    }
    assert logs.keys() >= {f"{service}.log" for service in SERVICES}
    # Every person's name begins with 示例; of a text its beginning is enough, before JSON would break a line.
    sought = {"示例", *(text.strip()[:12] for text in written)}
    assert [(name, text) for name, said in logs.items() for text in sought if text in said] == []


def test_each_command_and_each_reaction_is_one_line_that_tells_whose_story_it_belongs_to(
    played: Played,
) -> None:
    for service in SERVICES:
        text = played.cluster.home.log(service).read_text("utf-8")
        lines = [json.loads(line) for line in text.splitlines()]
        assert {line["service"] for line in lines} == {service}
        for line in lines:
            if line["event"] in ("command", "reaction"):
                assert line["correlation"], line
                assert line["tenant"], line
            if line["event"] == "reaction":
                assert line["causation"] == line["id"], line
        assert (service in PUBLISHERS) == any(line["event"] in ("command", "reaction") for line in lines)
