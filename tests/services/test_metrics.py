"""What is measured is bounded whatever tenants and cases there are, is right, and is written down."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.testing import capture_logs

from deploy.local.servers import Servers
from services.rectification import figures as cases
from shared.decider import Refused
from shared.messaging.broker import HowFar
from shared.runtime.figures import Counting, roots
from shared.runtime.http import noted
from shared.runtime.measuring import Measuring
from tests.services.doors import Doors
from tests.services.rectification.test_progress import a_case

MANY = 10_000


def series() -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """Every series that is shown now, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items())))
        for metric in REGISTRY.collect()
        for sample in metric.samples
    }


def shown(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def ask(app: Any, method: str, path: str) -> int:
    """One request without a token, without a client around it: ten thousand of them take seconds."""
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [],
        "server": ("rectification.test", 80),
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    return status


async def test_ten_thousand_tenants_and_cases_leave_no_more_series_than_one(doors: Doors) -> None:
    app = doors.of["rectification"].client._transport.app  # type: ignore[attr-defined]  # httpx keeps it to itself

    async def passes(n: int) -> None:
        tenant, case = f"shanghai.jinshan.t{n}", f"2021-1-u{n}"
        if n % 2:
            assert await ask(app, "GET", f"/tenants/{tenant}/case-register/case-{case}") == 401
        else:
            assert await ask(app, f"M{n}", f"/nowhere/{tenant}/{case}") == 404
        with pytest.raises(Refused), noted("submit-feedback", f"case-{case}", f"c{n}"):
            raise Refused("rectification.not-allowed-now", case=case)

    for n in 0, 1:
        await passes(n)
    before = series()
    with capture_logs():  # to print what it logs would take longer than all else
        for n in range(2, MANY):
            await passes(n)
    assert series() == before
    assert shown("shufa_command_seconds_count", command="submit-feedback", outcome="refused") == MANY


class Nowhere:
    """A broker with an empty stream and no consumer."""

    async def how_far(self) -> HowFar:
        return HowFar(0, 0, {})


async def test_the_figures_and_gauges_of_ten_thousand_tenants_are_by_tier_and_by_source(
    servers: Servers, doors: Doors
) -> None:
    door = doors.of["rectification"]
    await a_case(door.store, "shanghai.jinshan", "2021-1-langxia", date(2021, 9, 20))
    superuser = create_async_engine(
        sa.make_url(servers.admin_url).set(database=sa.make_url(door.owner_url).database)
    )
    async with superuser.begin() as connection:
        for statement in _MANY_TENANTS:
            await connection.execute(sa.text(statement), {"many": MANY})
    await superuser.dispose()
    measuring_it = Measuring(door.store, Nowhere())  # type: ignore[arg-type]  # what it asks of a broker
    counting = Counting(door.store, cases.FIGURES, lambda: True)
    await counting.count()
    await measuring_it.measure()
    assert shown("shufa_cases_open", tier="town") == MANY
    assert shown("shufa_cases_open", tier="unregistered") == 1
    assert shown("shufa_outbox_events") == MANY + 1
    assert shown("shufa_inbox_events", source="review") == MANY
    assert (shown("shufa_inbox_age_seconds", source="review") or 0) >= 3600
    assert shown("shufa_parked_events", source="scheduling") == MANY
    tiers = {labels for name, labels in series() if name == "shufa_cases_open"}
    assert len(tiers) == 2

    replica = Counting(door.store, cases.FIGURES, lambda: False)
    await replica.step()
    assert shown("shufa_cases_open", tier="town") is None, "only the active replica counts"


_TOWN = "'shanghai.jinshan.t' || n"
_MANY_TENANTS = (
    f"insert into tenants (tenant, name, tier, official_order) select {_TOWN}, 'x', 'town', n"
    " from generate_series(1, :many) n",
    f"insert into heads (tenant, sequence) select {_TOWN}, 1 from generate_series(1, :many) n",
    # a case of each town, as the district's own one is
    "create temporary table one on commit drop as select * from case_register where tenant = 'shanghai.jinshan'",
    "update one set tenant = 'shanghai.jinshan.t'",
    "insert into case_register select row.* from one, generate_series(1, :many) n, lateral"
    f" jsonb_populate_record(null::case_register, to_jsonb(one) || jsonb_build_object('tenant', {_TOWN})) as row",
    "insert into outbox (tenant, epoch, sequence, ledger_sequence, stream, name, version, partition_key, data,"
    f" metadata, recorded_at) select {_TOWN}, 1, 1, 1, 'case-' || n, 'X', 1, 'k', '{{}}', '{{}}', clock_timestamp()"
    " from generate_series(1, :many) n",
    "insert into pending (source, tenant, epoch, sequence, state, since)"
    f" select 'review', {_TOWN}, 1, 1, 'waiting', clock_timestamp() - interval '1 hour'"
    " from generate_series(1, :many) n",
    "insert into pending (source, tenant, epoch, sequence, state)"
    f" select 'scheduling', {_TOWN}, 1, 1, 'parked' from generate_series(1, :many) n",
)


@pytest.mark.parametrize(
    ("tenants", "found"),
    [
        ([], []),
        (["shanghai.jinshan", "shanghai"], ["shanghai"]),
        (["shanghai1", "shanghai.jinshan.t", "shanghai.jinshan"], ["shanghai.jinshan", "shanghai1"]),
        (["b.a", "a", "a.b.c", "a1", "a.b"], ["a", "a1", "b.a"]),
    ],
)
def test_roots_lie_within_no_other(tenants: list[str], found: list[str]) -> None:
    assert roots(tenants) == found
