"""NATS from outside: a foreign client, plain nats-py, hears its subtree and nothing else, whatever it asks for."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import nats
import nats.errors
import orjson
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from deploy.local.accounts import STREAM_ACCOUNT, Subscriber, accounts, read_subscribers
from deploy.local.home import LocalError
from deploy.local.servers import Servers
from deploy.local.subscribers import admit, dismiss
from shared.contracts import Contract
from shared.contracts.base import TextLink
from shared.contracts.review import CommentIssued, DraftApproved
from shared.eventstore import BusinessClock, EventStore
from shared.eventstore.sql import read
from shared.eventstore.store import engine
from shared.messaging.broker import Broker
from shared.messaging.provision import provision
from shared.messaging.relay import Relay
from shared.messaging.topology import LISTENS_TO, STREAM, durable
from shared.runtime.migrate import migrate
from tests.shared.messaging.own_nats import OwnNats

EXAMPLE = Path(__file__).parents[2] / "examples" / "subscriber" / "hear.py"
DISTRICT, TOWN, VILLAGE = "shanghai.jinshan", "shanghai.jinshan.langxia", "shanghai.jinshan.langxia.guangming"
SIBLING, NAMED_ALIKE = "shanghai.jinshan.shanyang", "shanghai.jinshan.langxia1"
TENANTS = ("shanghai", DISTRICT, TOWN, VILLAGE, SIBLING, f"{SIBLING}.guangming", NAMED_ALIKE)
DAY = date(2021, 6, 1)


def said(stream: str) -> list[Contract]:
    """What review says of one stream: two facts of progress, one of content."""
    link = TextLink(sha256="0" * 64, href="/tenants/t/texts/0")
    return [
        DraftApproved(session=stream, unit="office", revision=1, approved_on=DAY),
        CommentIssued(
            session=stream,
            comment="c1",
            unit="office",
            by="示例·书记",
            by_title="区委书记",
            made_on=DAY,
            requirements=[],
            text=link,
        ),
        DraftApproved(session=stream, unit="office", revision=2, approved_on=DAY),
    ]


PONGS = 20


@dataclass
class Foreign:
    """A client of somebody else: what it was admitted with, what it was refused, what it received unasked."""

    subscriber: Subscriber
    address: str
    connection: Client
    refused: list[str] = field(default_factory=list)
    received: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def jetstream(self) -> JetStreamContext:
        return self.connection.jetstream(prefix="SHUFA.API")

    @property
    def progress(self) -> str:
        return self.subscriber.consumers[0]

    async def note(self, message: Any) -> None:
        self.received.append((message.subject, message.data))

    async def is_refused(self, subject: str, body: bytes = b"") -> bool:
        self.refused.clear()
        await self.connection.publish(subject, body, reply=f"{self.subscriber.inbox}.answer")
        return await self.was_told(f'permissions violation for publish to "{subject.lower()}"')

    async def may_not_subscribe(self, subject: str) -> bool:
        self.refused.clear()
        await self.connection.subscribe(subject, cb=self.note)
        return await self.was_told("permissions violation for subscription")

    async def was_told(self, error: str) -> bool:
        """Has the server said so by its PONG? After a reload the PONG awaited may be that of an earlier PING."""
        for _ in range(PONGS):
            await self.connection.flush()
            if any(error in one for one in self.refused):
                return True
        return False

    async def hears(self, consumer: str) -> list[dict[str, Any]]:
        """Everything that waits in a consumer, each acknowledged."""
        ear = await self.jetstream.pull_subscribe_bind(consumer, stream=STREAM)
        waiting = (await self.jetstream.consumer_info(STREAM, consumer)).num_pending
        found: list[dict[str, Any]] = []
        while len(found) < waiting:
            for message in await ear.fetch(waiting - len(found), timeout=5):
                found.append(orjson.loads(message.data) | {"on": message.subject})
                await message.ack_sync()
        await ear.unsubscribe()
        return found


Admit = Callable[[str], Awaitable[Foreign]]


@dataclass(frozen=True)
class Place:
    """A stream in which review's relay has published the same of every tenant."""

    servers: Servers
    ours: JetStreamContext
    admit: Admit
    say: Callable[[str, str], Awaitable[None]]


@pytest.fixture(scope="module")
async def place(servers: Servers, new_database: Callable[[str], str]) -> AsyncIterator[Place]:
    """Nobody else is admitted; at the end nobody is."""
    ours = await nats.connect(servers.nats_url)
    jetstream = ours.jetstream()
    with suppress(NotFoundError):
        await jetstream.delete_stream(STREAM)
    await provision(jetstream)
    name = new_database("review")
    await asyncio.to_thread(migrate, "review", servers.database_url("review", "owner", name))
    app, relay = (engine(servers.database_url("review", role, name), 1) for role in ("app", "relay"))
    store, broker = EventStore("review", app, relay, BusinessClock()), Broker(servers.nats_url, "review")
    await broker.connect()
    speaker = Relay(store, broker)
    admitted: list[Foreign] = []

    async def say(tenant: str, stream: str) -> None:
        async with app.begin() as connection:
            await connection.exec_driver_sql(read("append"), appending(tenant, stream))
        while await speaker.step():
            pass

    async def admit_one(tenant: str) -> Foreign:
        name = f"outside{len(admitted) + 1}"
        let_in = await asyncio.to_thread(admit, servers, name, tenant)
        foreign = await connected(servers, let_in.subscriber, let_in.password or "")
        admitted.append(foreign)
        return foreign

    for tenant in TENANTS:
        await say(tenant, "session-2021-1")
    yield Place(servers, jetstream, admit_one, say)
    for foreign in admitted:
        await foreign.connection.close()
    for subscriber in read_subscribers(servers.home):
        await asyncio.to_thread(dismiss, servers, subscriber.name)
    await broker.stop()
    await store.close()
    await ours.close()


async def connected(servers: Servers, subscriber: Subscriber, password: str) -> Foreign:
    """A plain client with what `shufa subscribers add` prints."""
    address = f"nats://{subscriber.name}:{password}@127.0.0.1:{servers.nats_port}"
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error))

    connection = await nats.connect(
        address, inbox_prefix=subscriber.inbox.encode(), error_cb=note, allow_reconnect=False
    )
    foreign = Foreign(subscriber, address, connection, refused)
    await connection.subscribe(f"{subscriber.inbox}.>", cb=foreign.note)
    return foreign


def appending(tenant: str, stream: str) -> tuple[Any, ...]:
    """What append takes for one event that says all of ``said``."""
    public = said(stream)
    metadata = {
        "actor": {"id": "a", "name": "示例"},
        "business_date": DAY.isoformat(),
        "simulated": False,
        "correlation": "test",
        "causation": None,
    }
    return (
        *(tenant, stream, 0),
        *(None, None, None, None),
        *(["Said"], [1], ["{}"], json.dumps(metadata)),
        [1 for _ in public],
        [type(one).__name__ for one in public],
        [one.version for one in public],
        [stream for _ in public],
        [one.model_dump_json() for one in public],
        *("a", None, None),
    )


def facts(events: Sequence[dict[str, Any]]) -> set[tuple[str, str, int]]:
    return {(one["eventclass"], one["tenant"], one["sequence"]) for one in events}


def of(eventclass: str, tenants: Sequence[str], sequences: Sequence[int]) -> set[tuple[str, str, int]]:
    return {(eventclass, tenant, sequence) for tenant in tenants for sequence in sequences}


@pytest.mark.parametrize(
    ("tenant", "subtree"),
    [
        (DISTRICT, [DISTRICT, TOWN, VILLAGE, SIBLING, f"{SIBLING}.guangming", NAMED_ALIKE]),
        (TOWN, [TOWN, VILLAGE]),
        (VILLAGE, [VILLAGE]),
        (SIBLING, [SIBLING, f"{SIBLING}.guangming"]),
    ],
)
async def test_a_subscriber_has_its_subtrees_progress_and_its_own_content_and_nothing_else(
    place: Place, tenant: str, subtree: list[str]
) -> None:
    foreign = await place.admit(tenant)
    progress, content = [await foreign.hears(name) for name in foreign.subscriber.consumers]
    assert facts(progress) == of("progress", subtree, (1, 3))
    assert facts(content) == of("content", [tenant], (2,))
    assert len(progress) == 2 * len(subtree)
    assert len(content) == 1


def asked(foreign: Foreign, other: Foreign) -> list[tuple[str, bytes]]:
    """Everything that a subscriber might ask of JetStream besides what is its own, as $JS.API and as it is told to."""
    own, service = foreign.progress, durable("evaluation", LISTENS_TO["evaluation"][0])
    theirs = other.progress

    def create(subject: str, **config: Any) -> tuple[str, bytes]:
        body = {"durable_name": own, "name": own, "ack_policy": "explicit", "deliver_policy": "all", **config}
        return f"CONSUMER.CREATE.{subject}", json.dumps({"stream_name": STREAM, "config": body}).encode()

    sibling, mine = f"shufa.progress.*.*.{SIBLING}.>", f"shufa.progress.*.*.{TOWN}.>"
    content_below = f"shufa.*.*.*.{TOWN}.>"
    api = [
        create(f"{STREAM}.{own}.{sibling}", filter_subject=sibling),
        create(f"{STREAM}.{own}.{mine}", filter_subject=sibling),
        create(f"{STREAM}.{own}.{mine}", filter_subject=mine, deliver_subject=f"{other.subscriber.inbox}.x"),
        create(f"{STREAM}.{own}.{mine}", filter_subjects=[mine, sibling]),
        create(f"{STREAM}.{own}.{content_below}", filter_subject=content_below),
        create(f"{STREAM}.{own}.shufa.progress.*.*.>", filter_subject="shufa.progress.*.*.>"),
        create(f"{STREAM}.{own}.>", filter_subject=">"),
        create(f"{STREAM}.{own}", filter_subjects=[mine, sibling]),
        create(f"{STREAM}.{own}"),
        create(f"{STREAM}.{theirs}.{mine}", filter_subject=mine, durable_name=theirs, name=theirs),
        create(STREAM, filter_subject=sibling),
        (f"CONSUMER.DURABLE.CREATE.{STREAM}.{own}", create(STREAM)[1]),
        *((f"CONSUMER.{verb}.{STREAM}.{name}", b"{}") for name in (theirs, service) for verb in _OF_ITS_OWN),
        *(
            (f"CONSUMER.{verb}.{STREAM}.{own}", b"{}")
            for verb in ("DELETE", "PAUSE", "UNPIN", "LEADER.STEPDOWN")
        ),
        *((f"CONSUMER.{verb}.{STREAM}", b"") for verb in ("LIST", "NAMES")),
        *((f"STREAM.{verb}.{STREAM}", b"{}") for verb in _OF_A_STREAM),
        *((f"STREAM.{verb}", b"") for verb in ("LIST", "NAMES")),
        (f"STREAM.MSG.GET.{STREAM}", json.dumps({"last_by_subj": sibling}).encode()),
        (f"STREAM.MSG.GET.{STREAM}", json.dumps({"seq": 1}).encode()),
        (f"DIRECT.GET.{STREAM}", json.dumps({"seq": 1}).encode()),
        (f"DIRECT.GET.{STREAM}.shufa.progress.review.DraftApproved.{SIBLING}.session-2021-1", b""),
        ("INFO", b""),
        ("ACCOUNT.PURGE.SHUFA", b""),
    ]
    return [(f"{prefix}.{subject}", body) for prefix in ("$JS.API", "SHUFA.API") for subject, body in api] + [
        (f"$JS.ACK.{STREAM}.{theirs}.1.1.1.1.0", b"+ACK"),
        (f"$JS.ACK.{STREAM}.{service}.1.1.1.1.0", b"+TERM"),
        (f"$JS.FC.{STREAM}.{theirs}.x", b""),
        (f"shufa.progress.review.DraftApproved.{SIBLING}.forged", b"{}"),
        (f"shufa.progress.review.DraftApproved.{TOWN}.forged", b"{}"),
        (f"{other.subscriber.inbox}.x", b"forged"),
        ("$SYS.REQ.SERVER.PING", b""),
        ("$SYS.REQ.ACCOUNT.SHUFA.CONNZ", b""),
        ("$KV.anything.key", b"x"),
        ("help", b""),
    ]


_OF_ITS_OWN = ("MSG.NEXT", "INFO", "DELETE", "PAUSE")
_OF_A_STREAM = ("INFO", "CREATE", "UPDATE", "PURGE", "DELETE", "SNAPSHOT", "RESTORE", "MSG.DELETE")


async def test_whatever_else_it_asks_it_is_refused_and_nothing_changes(place: Place) -> None:
    foreign, other = await place.admit(TOWN), await place.admit(SIBLING)
    before = await standing(place)
    for subject, body in asked(foreign, other):
        assert await foreign.is_refused(subject, body), subject
    assert foreign.received == []
    assert other.received == []
    assert await standing(place) == before


@pytest.mark.parametrize(
    "subject", ["shufa.>", f"shufa.progress.*.*.{TOWN}.>", "_INBOX.>", "$JS.>", "$SYS.>", ">", "*.*"]
)
async def test_it_subscribes_to_nothing_but_its_own_inbox(place: Place, subject: str) -> None:
    foreign, other = await place.admit(TOWN), await place.admit("jiangsu.suzhou")
    assert await foreign.may_not_subscribe(subject)
    assert await foreign.may_not_subscribe(f"{other.subscriber.inbox}.>")
    await place.say("jiangsu.suzhou", f"session-{other.subscriber.name}")
    assert await other.hears(other.progress)
    await foreign.connection.flush()
    assert foreign.received == []


async def test_an_answer_goes_nowhere_but_to_who_asked(place: Place) -> None:
    foreign, other = await place.admit(TOWN), await place.admit(SIBLING)
    before = await standing(place)
    heard: list[str] = []

    async def hear(message: Any) -> None:
        heard.append(message.subject)

    ours = place.ours._nc
    listening = [
        await ours.subscribe(subject, cb=hear) for subject in (f"{other.subscriber.inbox}.>", "_R_.x")
    ]
    await ours.flush()
    for answer_to in (
        f"{other.subscriber.inbox}.x",
        f"shufa.progress.review.DraftApproved.{SIBLING}.forged",
        f"$JS.API.STREAM.PURGE.{STREAM}",
        f"SHUFA.API.CONSUMER.MSG.NEXT.{STREAM}.{other.progress}",
    ):
        for question in ("INFO", "MSG.NEXT"):
            await foreign.connection.publish(
                f"SHUFA.API.CONSUMER.{question}.{STREAM}.{foreign.progress}", b"", reply=answer_to
            )
    await foreign.connection.flush()
    assert (await foreign.jetstream.consumer_info(STREAM, foreign.progress)).name == foreign.progress
    await other.connection.flush()
    await ours.flush()
    for one in listening:
        await one.unsubscribe()
    assert (heard, other.received) == ([], [])
    assert await standing(place) == before


async def standing(place: Place) -> tuple[Any, ...]:
    """The stream as it is, and the consumers with what they have delivered; but not of those that pulled."""
    state = (await place.ours.stream_info(STREAM, subjects_filter=">")).state
    consumers = await place.ours.consumers_info(STREAM)
    services = sorted((one.name, one.num_ack_pending) for one in consumers if "-from-" in one.name)
    return state.messages, state.first_seq, state.subjects, sorted(one.name for one in consumers), services


async def test_who_is_dismissed_is_cut_off_and_forgotten_and_others_go_on(place: Place) -> None:
    foreign, other = await place.admit(TOWN), await place.admit(SIBLING)
    cut = asyncio.Event()

    async def note() -> None:
        cut.set()

    foreign.connection._closed_cb = note
    await asyncio.to_thread(dismiss, place.servers, foreign.subscriber.name)
    await asyncio.wait_for(cut.wait(), 10)
    with pytest.raises(nats.errors.Error, match="Authorization Violation"):
        await nats.connect(foreign.address, allow_reconnect=False, error_cb=ignore)
    with pytest.raises(NotFoundError):
        await place.ours.consumer_info(STREAM, foreign.progress)
    assert other.connection.is_connected
    assert await other.hears(other.progress)
    with pytest.raises(LocalError, match="There is no subscriber"):
        await asyncio.to_thread(dismiss, place.servers, foreign.subscriber.name)


async def ignore(error: Exception) -> None:
    """What the client says besides raising it."""


async def test_admitting_the_same_again_is_nothing_new(place: Place) -> None:
    foreign = await place.admit(TOWN)
    heard = await foreign.hears(foreign.progress)
    name = foreign.subscriber.name
    again = await asyncio.to_thread(admit, place.servers, name, TOWN)
    assert again.password is None
    assert heard
    assert await foreign.hears(foreign.progress) == []
    with pytest.raises(LocalError, match=f"hears {TOWN}; remove it first"):
        await asyncio.to_thread(admit, place.servers, name, SIBLING)
    changed = await asyncio.to_thread(lambda: admit(place.servers, name, TOWN, new_password=True))
    with pytest.raises(nats.errors.Error, match="Authorization Violation"):
        await nats.connect(foreign.address, allow_reconnect=False, error_cb=ignore)
    renewed = await connected(place.servers, changed.subscriber, changed.password or "")
    assert await renewed.hears(foreign.progress) == []
    await renewed.connection.close()


@pytest.mark.parametrize("name", ["", "Town", "town-1", "a.b", "*", ">", "shufa", "a b", "镇"])
def test_a_name_that_would_mean_something_to_the_broker_is_refused(servers: Servers, name: str) -> None:
    with pytest.raises(LocalError, match="is no name for a subscriber"):
        admit(servers, name, TOWN)


@pytest.mark.parametrize(
    "tenant", ["", "*", ">", "shanghai.*", "shanghai.>", "Shanghai", "a-b", "a..b", "a b"]
)
def test_a_tenant_that_is_no_path_is_refused(servers: Servers, tenant: str) -> None:
    with pytest.raises(LocalError, match="is no tenant's path"):
        admit(servers, "town", tenant)


async def test_of_a_password_only_its_hash_is_kept(place: Place) -> None:
    foreign = await place.admit(VILLAGE)
    password = foreign.address.split(":")[2].partition("@")[0]
    home = place.servers.home
    for kept in (home.subscribers, home.nats / "accounts.conf"):
        text = kept.read_text()
        assert foreign.subscriber.password in text
        assert foreign.subscriber.password.startswith("$2b$")
        assert password not in text
        assert kept.stat().st_mode & 0o777 == 0o600


async def test_the_example_of_a_foreign_subscriber_hears(place: Place) -> None:
    foreign = await place.admit(VILLAGE)
    argv = [sys.executable, str(EXAMPLE), foreign.address, foreign.subscriber.name]
    done = await asyncio.to_thread(lambda: subprocess.run(argv, capture_output=True, text=True, cwd="/"))
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split()[:2] for line in done.stdout.splitlines()]
    assert lines == [
        ["progress", f"review:{VILLAGE}/1/1"],
        ["progress", f"review:{VILLAGE}/1/3"],
        ["content", f"review:{VILLAGE}/1/2"],
    ]


async def test_in_one_account_an_answer_would_go_wherever_the_client_says(tmp_path: Path) -> None:
    """Why a subscriber is an account: as a user beside ours, with the same few subjects, it writes into the stream."""
    server = OwnNats(tmp_path)
    child = server.server.child(server.port)
    user = {
        "user": "town",
        "password": "secret",
        "permissions": {
            "publish": [f"$JS.API.CONSUMER.INFO.{STREAM}.town-progress"],
            "subscribe": ["_INBOX.town.>"],
        },
    }
    written: dict[str, Any] = json.loads(accounts(server.server.password, ()).removeprefix("accounts: "))
    written[STREAM_ACCOUNT]["users"].append(user)
    (tmp_path / "accounts.conf").write_text(f"accounts: {json.dumps(written)}\n")
    await server.run(child)
    ours, town = None, None
    try:
        ours = await nats.connect(server.url)
        await provision(ours.jetstream())
        forged = f"shufa.progress.review.DraftApproved.{SIBLING}.forged"
        town = await nats.connect(f"nats://town:secret@127.0.0.1:{server.port}", inbox_prefix=b"_INBOX.town")
        await town.publish(f"$JS.API.CONSUMER.INFO.{STREAM}.town-progress", b"", reply=forged)
        await town.flush()
        async with asyncio.timeout(10):
            while (await ours.jetstream().stream_info(STREAM)).state.messages == 0:
                await ours.flush()
        assert (await ours.jetstream().get_last_msg(STREAM, forged)).data
    finally:
        for connection in (ours, town):
            if connection is not None:
                await connection.close()
        server.stop()
