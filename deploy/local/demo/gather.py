"""Everything a played scenario left behind, as data: what two runs share is kept apart from what they cannot."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from deploy.local.cluster import Cluster
from deploy.local.demo.play import Played
from deploy.local.demo.scenario import Scenario, TenantPlayed
from deploy.local.demo.talk import Talk
from deploy.local.home import LocalError
from deploy.operate.ledgers import checked_ledgers, checked_roots, seal_now
from shared.contracts import PUBLISHERS
from shared.eventstore import tables
from shared.eventstore.store import engine

Data = dict[str, Any]
RUN = "run"
"""The one key that differs from run to run: instants, hashes, and random references to texts."""


def gather(cluster: Cluster, talk: Talk, scenario: Scenario, played: Iterable[Played]) -> Data:
    """The whole report. Under ``run`` is what no second run repeats; everything else must be equal."""
    ledgers = {one.tenant: _ledgers(talk, one) for one in scenario.index.tenants}
    views = {one.tenant: _views(talk, one) for one in scenario.index.tenants}
    published, verified, roots = asyncio.run(_from_the_databases(cluster))
    events = {
        tenant: [event for ledger in of_services.values() for event in ledger]
        for tenant, of_services in ledgers.items()
    }
    everything = [event for of_tenant in events.values() for event in of_tenant]
    return {
        "scenario": scenario.index.id,
        "title": scenario.index.title,
        "events_by_type": dict(sorted(Counter(event["name"] for event in published).items())),
        "coverage": _coverage(talk, scenario),
        "tenants": {
            tenant: {
                "cases": [
                    _case(row, of_services["rectification"]["items"], events[tenant])
                    for row in of_services["rectification"]["case_register"]
                ],
                "evaluation_sheets": [
                    _sheet(row, events[tenant]) for row in of_services["evaluation"]["sheets"]
                ],
                "ledgers": _same_in_every_run(ledgers[tenant]),
                "views": _same_in_every_run(of_services),
            }
            for tenant, of_services in views.items()
        },
        "steps": [one.as_data for one in played],
        "verification": [
            {
                "ledger": f"{one['service']}:{one['tenant']}",
                "events": one["events"],
                "problem": one["problem"],
                "sealed": one["sealed"],
            }
            for one in verified
        ],
        "roots": roots,
        "published": [_same_in_every_run(event) for event in published],
        RUN: {
            "home": str(cluster.home.root),
            "heads": {f"{one['service']}:{one['tenant']}": one["head_hash"] for one in verified},
            "recorded_at": {event["citation"]: event["recorded_at"] for event in everything},
            "hashes": {event["citation"]: event["hash"] for event in everything},
        },
    }


def _ledgers(talk: Talk, of: TenantPlayed) -> dict[str, list[Data]]:
    path = f"/tenants/{of.tenant}/ledger"
    return {service: list(talk.pages(of.ledger_reader, service, path)) for service in PUBLISHERS}


def _views(talk: Talk, of: TenantPlayed) -> dict[str, dict[str, list[Data]]]:
    return {
        service: {
            view.name: list(
                talk.pages(reader, service, f"/tenants/{of.tenant}/{view.name.replace('_', '-')}")
            )
            for view in import_module(f"services.{service}.application").VIEWS
        }
        for service, reader in of.readers.items()
    }


def _coverage(talk: Talk, scenario: Scenario) -> Data:
    """Of the topmost tenant's whole subtree, by tier."""
    top, tree = scenario.index.tenants[0].tenant, scenario.index.tree
    path, year = f"/tenants/{top}/coverage", {"year": str(tree.coverage_of)}
    answer = talk.get(tree.admin, "evaluation", path, year)
    if not answer.ok:
        raise LocalError(f"{tree.admin} may not read {path}: {answer.body.get('detail')}")
    return answer.body


def comparable(report: Data) -> Data:
    """The part of a report that every run of the same scenario must have."""
    return {key: value for key, value in report.items() if key != RUN}


def fingerprint(report: Data) -> str:
    """A hash of that part: two runs are compared by it at a glance."""
    canonical = json.dumps(comparable(report), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _case(row: Data, items: Iterable[Data], events: Iterable[Data]) -> Data:
    """A case from its first day to its last: the register's row, and the ledger entries behind it."""
    history = [event for event in events if event["stream"] == row["stream"]]

    def told(name: str, *fields: str) -> list[Data]:
        return [
            {field: event["data"][field] for field in fields} | {"ledger": event["citation"]}
            for event in history
            if event["name"] == name
        ]

    return {
        "case": row["stream"].removeprefix("case-"),
        "unit": row["unit"],
        "unit_name": row["unit_name"],
        "post": row["post"],
        "person": row["person"],
        "task_lines": [
            {
                "item": item["item"],
                "task_line": item["task_line"],
                "focus_area": item["focus_area"],
                "by": item["by"],
            }
            for item in items
            if item["stream"] == row["stream"]
        ],
        "minutes_sent_on": row["minutes_sent_on"],
        "original_due_on": row["original_due_on"],
        "due_on": row["due_on"],
        "due_history": row["due_history"],
        "feedbacks": told("FeedbackSubmitted", "sent_on", "signer", "document_number", "due_on", "on_time"),
        "receipts": told("FeedbackReceipted", "office", "on"),
        "handovers": row["handovers"],
        "verified_on": row["verified_on"],
        "by_office": row["by_office"],
        "outcome": row["outcome"],
        "on_time": row["on_time"],
        "light": {key: row[key] for key in ("light", "icon", "days_left", "text", "text_zh")},
        "ledger": [event["citation"] for event in history],
    }


def _sheet(row: Data, events: Iterable[Data]) -> Data:
    """A published sheet; each citation with the event it opens."""
    known = {event["citation"]: event for event in events}
    return {
        "year": row["year"],
        "unit": row["unit"],
        "unit_name": row["unit_name"],
        "status": row["status"],
        "published_on": row["published_on"],
        "lines": row["published_lines"],
        "evidence": {
            citation: {key: known[citation][key] for key in ("stream", "name", "business_date")}
            for line in row["published_lines"] or ()
            for citation in line["events"]
        },
    }


def _same_in_every_run(value: Any) -> Any:
    """Without instants, hashes and references to texts: those are made anew, at random, in every run."""
    match value:
        case {"sha256": _}:
            return "(a text beside the ledger)"
        case dict():
            return {
                key: _same_in_every_run(item)
                for key, item in value.items()
                if key not in ("recorded_at", "hash") and not key.endswith("_ref")
            }
        case list():
            return [_same_in_every_run(item) for item in value]
        case _:
            return value


async def _from_the_databases(cluster: Cluster) -> tuple[list[Data], list[Data], Data]:
    """What was published, in order; what a check of every hash chain says; and what is wrong with each service's
    signed roots, the last of which is signed here."""
    published: list[Data] = []
    verified: list[Data] = []
    wrong: Data = {}
    for service in PUBLISHERS:
        published += await _published(service, cluster.database_url(service, "relay"))
        parts = cluster.parts(service)
        await seal_now(parts)
        roots = await checked_roots(parts)
        wrong[service] = list(roots.problems)
        async for one in checked_ledgers(parts, roots):
            sealed = one.seal is not None and one.seal.sequence == one.events
            verified.append({**vars(one), "sealed": sealed})
    return published, verified, wrong


async def _published(service: str, relay_url: str) -> list[Data]:
    """A service's public events, by tenant and public sequence."""
    box = tables.outbox
    relay = engine(relay_url, 1)
    try:
        async with relay.connect() as connection:
            rows = await connection.execute(
                sa.select(box).order_by(box.c.tenant, box.c.epoch, box.c.sequence)
            )
            return [
                {
                    "id": f"{service}:{row.tenant}/{row.epoch}/{row.sequence}",
                    "name": row.name,
                    "version": row.version,
                    "ledger": f"{service}:{row.tenant}#{row.ledger_sequence}",
                    "stream": row.stream,
                    "partition_key": row.partition_key,
                    "data": json.loads(row.data),
                }
                for row in rows
            ]
    finally:
        await relay.dispose()
