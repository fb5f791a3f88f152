"""``python3 -m deploy.operate`` as in a service's container: its environment, its packages, and no home to look at."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from deploy.local.cluster import Cluster
from deploy.local.demo.talk import Talk
from deploy.local.plan import step_environment
from deploy.local.waiting import until
from shared.contracts.envelope import encode
from shared.contracts.review import DraftApproved
from shared.messaging.broker import Broker
from shared.messaging.topology import STREAM, subject
from tests.deploy.containers import NOT_IN_A_CONTAINER, Container
from tests.deploy.setting_back import (
    DISTRICT,
    TOWN,
    all_is_said,
    as_superuser,
    keep_a_copy,
    register,
    set_back,
)
from tests.deploy.test_image import MODULES


def counts(said: str) -> tuple[int, ...]:
    """Ledgers, events, events not sealed, roots, broken: the last line of a verification."""
    return tuple(int(number) for number in re.findall(r"\d+", said.strip().splitlines()[-1]))


def test_a_database_set_back_is_listed_accepted_and_verified(container: Container, talk: Talk) -> None:
    assert "scheduling  root 1 over 1 ledgers" in container.run("ledger", "seal").stdout
    done = container.run("ledger", "verify")
    assert (done.returncode, counts(done.stdout)) == (0, (1, 1, 0, 1, 0)), done.stderr
    assert f"scheduling:{DISTRICT}  1 events  holds" in done.stdout
    assert "scheduling knows all that it has said." in container.run("ledger", "fork").stdout
    keep_a_copy(container.cluster)
    assert register(talk, TOWN, "town") == 200
    container.run("ledger", "seal")
    assert counts(container.run("ledger", "verify").stdout) == (2, 2, 0, 2, 0)
    set_back(container.cluster, talk)

    done = container.run("ledger", "verify")
    assert (done.returncode, counts(done.stdout)) == (1, (2, 1, 0, 2, 2)), done.stdout
    assert f"scheduling:{TOWN}  0 events  root 2 sealed #1, the last event is #0" in done.stdout
    assert done.stderr == "Error: 2 of the ledgers and roots do not hold.\n"
    done = container.run("ledger", "fork")
    assert done.returncode == 0
    assert f"scheduling:{TOWN}/1/1  TenantRegistered" in done.stdout
    for missing in (["--reason", "示例：磁盘损坏"], ["--by", "示例·运维员"]):
        done = container.run("ledger", "fork", "--accept", *missing)
        assert (done.returncode, done.stdout) == (1, "")
        assert "say why, and who you are" in done.stderr
    done = container.run("ledger", "fork", "--accept", "--reason", "示例：磁盘损坏", "--by", "示例·运维员")
    assert done.returncode == 0, done.stderr
    assert f"scheduling:{TOWN}#2  LedgerRestored, PublicEventsLost" in done.stdout
    assert "root 3 over 1 ledgers" in done.stdout

    assert register(talk, TOWN, "town") == 200, "it goes on by itself"
    done = container.run("ledger", "verify", "--tenant", TOWN)
    assert (done.returncode, counts(done.stdout)) == (0, (1, 3, 1, 3, 0)), done.stdout
    assert "restored at #0, 1 sealed events beyond" in done.stdout
    shown = talk.get("auditor", "scheduling", f"/tenants/{TOWN}/ledger")
    assert "示例·运维员" in str(shown.body)


def from_review(sequence: int) -> bytes:
    """A public event that a service with the day's own clock cannot apply: it is of a simulated day."""
    return encode(
        DraftApproved(session="s", unit="office", revision=sequence, approved_on=date(2021, 6, 1)),
        tenant=DISTRICT,
        epoch=1,
        sequence=sequence,
        stream="draft-s",
        ledger=f"review:{DISTRICT}#{sequence}",
        recorded_at=datetime(2021, 6, 1, tzinfo=UTC),
        business_date=date(2021, 6, 1),
        simulated=True,
        correlation_id="test",
    )


def said_by_review(cluster: Cluster, *payloads: bytes) -> None:
    async def publish() -> None:
        broker = Broker(cluster.nats_url, "review")
        await broker.connect()
        name = subject("review", "DraftApproved", 1, DISTRICT, "draft-s")
        for payload in payloads:
            await broker.jetstream.publish(name, payload, stream=STREAM)
        await broker.stop()

    asyncio.run(publish())


def parked(container: Container) -> list[str]:
    """The rows of what is parked."""
    done = container.run("parked", "list")
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if "│ review" in line]


def test_what_is_parked_is_listed_tried_again_and_dropped(container: Container, talk: Talk) -> None:
    assert parked(container) == []
    said_by_review(container.cluster, from_review(1), from_review(2))
    until(lambda: len(parked(container)) == 1, within=30, what="nothing was parked")
    [row] = parked(container)
    assert [cell.strip() for cell in row.strip("│").split("│")][:7] == [
        *("review", DISTRICT, "1", "1", "DraftApproved", "s", "1")
    ]
    one = ("review", DISTRICT, "1")
    done = container.run("parked", "retry", *one)
    assert done.stdout == f"review:{DISTRICT}#1 will be tried again; 2 events go on.\n"
    until(lambda: len(parked(container)) == 1, within=30, what="it was not parked again")
    done = container.run("parked", "drop", *one, "--reason", "示例：不属于本系统")
    assert done.stdout == f"review:{DISTRICT}#1 was dropped; 1 events go on.\n"
    until(lambda: "│ 2 " in "".join(parked(container)), within=30, what="the next one did not go on")
    for command in (("retry",), ("drop", "--reason", "示例")):
        done = container.run("parked", command[0], *one, *command[1:])
        assert (done.returncode, done.stderr) == (1, f"Error: review {DISTRICT} 1 is not parked.\n")


def test_everything_said_is_published_again(container: Container, talk: Talk) -> None:
    until(lambda: all_is_said(talk), within=30, what="scheduling did not say what it knows")
    before = talk.get("operator", "scheduling", "/clock").body
    done = container.run("republish", "--from", "1", "--tenant", DISTRICT)
    assert done.stdout == "1 events of scheduling will be published again.\n"
    until(lambda: all_is_said(talk), within=30, what="it was not published again")
    assert talk.get("operator", "scheduling", "/clock").body == before


def test_the_owner_makes_a_view_anew(container: Container, talk: Talk) -> None:
    owners = step_environment(container.cluster.servers)
    owners = {name: value for name, value in owners.items() if name not in NOT_IN_A_CONTAINER}
    as_superuser(container.cluster, "update registered_tenants set name = ''", database="scheduling")
    done = container.run("rebuild", "registered_tenants", "--service", "scheduling", told=owners)
    assert (done.returncode, done.stderr) == (0, "")
    assert "registered_tenants: made anew from " in done.stdout
    found = talk.get("admin", "scheduling", f"/tenants/{DISTRICT}/registered-tenants")
    assert f"示例 {DISTRICT}" in str(found.body)
    done = container.run("rebuild", told={**owners, "SHUFA_SERVICE": "scheduling"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("made anew from ") > 3
    done = container.run("rebuild", "drafts", "--service", "scheduling", told=owners)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: scheduling has no read model 'drafts'; it has ")


@pytest.mark.parametrize("arguments", [("ledger", "verify"), ("parked", "list")])
def test_wrong_settings_are_named_one_a_line(container: Container, arguments: tuple[str, ...]) -> None:
    told = {name: value for name, value in container.service.items() if name != "SHUFA_DATABASE_URL"}
    done = container.run(*arguments, told={**told, "SHUFA_SEAL_KEY": "/nowhere.pem"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "scheduling: SHUFA_DATABASE_URL: Field required",
        "scheduling: SHUFA_SEAL_KEY: Path does not point to a file",
    ]


def test_whose_views_and_as_whom_must_be_said(container: Container) -> None:
    told = {"PATH": os.environ["PATH"]}
    done = container.run("rebuild", told=told)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "SHUFA_SERVICE: must be one of scheduling, review" in done.stderr
    done = container.run("rebuild", "--service", "review", told=told)
    assert (done.returncode, done.stderr) == (
        2,
        "operate: SHUFA_OWNER_DATABASE_URL_REVIEW: Field required\n",
    )


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        ("SHUFA_RELAY_DATABASE_URL", "postgresql+asyncpg://a:verysecret@127.0.0.1:1/b", "The database does"),
        ("SHUFA_RELAY_DATABASE_URL", "verysecret", "The address of the database is none."),
        ("SHUFA_NATS_URL", "nats://a:verysecret@127.0.0.1:1", "The broker does not answer: "),
    ],
)
def test_what_does_not_answer_is_said_in_one_line_without_its_address(
    container: Container, name: str, url: str, said: str
) -> None:
    done = container.run("ledger", "fork", told={**container.service, name: url})
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "verysecret" not in done.stdout + done.stderr


def test_what_the_image_leaves_out_is_not_there(container: Container) -> None:
    """Else the tests above would show nothing of it."""
    for name in MODULES.values():
        done = subprocess.run(
            [sys.executable, "-c", f"import {name}"],
            env={"PYTHONPATH": str(container.image)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "ModuleNotFoundError" in done.stderr
