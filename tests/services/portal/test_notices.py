"""Notices against a real mail server and a real web server: made once a day, sent once, whatever happens between."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from services.portal.notices.digest import Digest
from services.portal.notices.kept import REMEMBERED, Wish, notices
from services.portal.notices.post import ATTEMPTS, Post
from services.portal.settings import PortalSettings
from services.portal.site import site
from shared.contracts.rectification import DutyItem, RectificationDue, RectificationExtended
from shared.contracts.scheduling import RoleRevoked
from shared.eventstore import BusinessClock
from shared.runtime.gate import Gate
from shared.security import TokenVerifier
from shared.security.tokens import GrantHeld
from tests.services.portal.conftest import FIRST_DAY, TENANT, Portal
from tests.services.portal.receivers import Hook, Mailbox, hook, mailbox

DUE = date(2022, 2, 28)
YELLOW, ORANGE = date(2022, 2, 13), date(2022, 2, 21)
LIAISON = Wish("u-liaison", TENANT, "示例·联络员", grants=(GrantHeld(TENANT, "liaison", "langxia"),))
NOBODY = "http://127.0.0.1:1"
TASK_LINE = "建立对外合同台账"

Open = Callable[..., Post]


def due(case: str = "2021-1-langxia", unit: str = "langxia", due_on: date = DUE) -> RectificationDue:
    return RectificationDue(
        case=case,
        unit=unit,
        session=case.removesuffix(f"-{unit}"),
        plan_year=2021,
        unit_name="示例镇",
        post="mayor",
        title="镇长",
        person="示例·丙",
        items=[DutyItem(item="i1", task_line=TASK_LINE)],
        sent_on=date(2021, 11, 30),
        due_on=due_on,
        due_before_rolling=due_on,
        category="town",
    )


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as opened:
        yield opened


@pytest.fixture
def there() -> Iterator[Hook]:
    with hook() as opened:
        yield opened


@pytest.fixture
def settings(box: Mailbox, tmp_path: Path) -> PortalSettings:
    """Of a portal whose owners and issuer are not there."""
    key = tmp_path / "seal.pem"
    private = Ed25519PrivateKey.generate()
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return PortalSettings(
        service="portal",
        database_url=SecretStr(""),
        relay_database_url=SecretStr(""),
        nats_url=SecretStr(""),
        issuer=NOBODY,
        jwks_url=NOBODY,
        token_url=NOBODY,
        client_id="portal",
        client_secret=SecretStr("secret"),
        seal_key=key,
        roots=tmp_path,
        mode="development",
        clock="simulated",
        simulated_start=FIRST_DAY,
        public_url="http://127.0.0.1:8000",
        scheduling_url=NOBODY,
        review_url=NOBODY,
        rectification_url=NOBODY,
        evaluation_url=NOBODY,
        signin_key=SecretStr(Fernet.generate_key().decode()),
        smtp_url=SecretStr(box.url),
        mail_from="shufa@example.org",
    )


@pytest.fixture
async def open_post(portal: Portal, settings: PortalSettings) -> AsyncIterator[Open]:
    """Opens a replica's post. Nobody waits between tries."""
    opened: list[Post] = []

    def make(**changed: Any) -> Post:
        gate = Gate(TokenVerifier(NOBODY, "shufa", NOBODY), portal.store)
        given = {"wait": lambda attempt: timedelta(0), **changed}
        opened.append(Post(portal.store, gate, settings, **given))
        return opened[-1]

    yield make
    for post in opened:
        await post.close()


async def states(post: Post, wish: Wish = LIAISON) -> list[tuple[str, int, str | None]]:
    rows = await post.book.last_of(wish.person, wish.tenant)
    return [(row.state, row.attempts, row.error) for row in rows]


async def let_go(portal: Portal) -> None:
    """The holder's lease has run out."""
    async with portal.store.relay.begin() as connection:
        await connection.execute(sa.text("delete from leases where name = 'notices'"))


def by_mail(wish: Wish = LIAISON) -> Wish:
    return replace(wish, mail="liaison@example.org")


async def test_a_mail_says_what_to_do_and_by_when_and_nothing_else(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    post = open_post()
    await post.book.keep(by_mail())
    await portal.hear(due())
    assert not await post.step()
    [mail] = box.messages
    assert mail["Subject"] == "催办：请于2022年2月28日前反馈整改情况"
    assert mail["To"] == "liaison@example.org"
    assert mail["Message-ID"].endswith("@127.0.0.1>")
    text = mail.get_content()
    assert f"http://127.0.0.1:8000/t/{TENANT}/cases/2021-1-langxia" in text
    assert "示例镇，2021年度第1轮，2022年2月28日前（剩余18天）" in text
    assert TASK_LINE not in text
    assert await states(post) == [("sent", 1, None)]


async def test_one_digest_a_day_and_nobody_is_told_the_same_twice(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    post = open_post()
    await post.book.keep(by_mail())
    await portal.hear(due())
    await post.step()
    await portal.hear(due("2021-2-langxia"))
    await post.step()
    assert len(box.messages) == 1  # the second case came after the day's digest
    await portal.on(FIRST_DAY + timedelta(days=1))
    await post.step()
    assert len(box.messages) == 2
    assert "2021-2-langxia" in box.messages[1].get_content()
    assert "2021-1-langxia" not in box.messages[1].get_content()
    assert "此外还有1项待办" in box.messages[1].get_content()
    await portal.on(FIRST_DAY + timedelta(days=2))
    await post.step()
    assert len(box.messages) == 2


async def test_each_light_and_a_new_date_are_told(portal: Portal, box: Mailbox, open_post: Open) -> None:
    post = open_post()
    await post.book.keep(by_mail())
    await portal.hear(due())
    for day in (FIRST_DAY, YELLOW, YELLOW + timedelta(days=1), ORANGE, DUE + timedelta(days=1)):
        await portal.on(day)
        await post.step()
    assert [mail["Subject"] for mail in box.messages] == [
        *["催办：请于2022年2月28日前反馈整改情况"] * 3,
        "逾期催办：应于2022年2月28日前反馈整改情况",
    ]
    later = date(2022, 3, 28)
    await portal.hear(
        RectificationExtended(
            case="2021-1-langxia",
            unit="langxia",
            requested_on=YELLOW,
            granted_on=DUE,
            due_on_before=DUE,
            due_on=later,
        )
    )
    await portal.on(DUE + timedelta(days=2))
    await post.step()
    assert box.messages[-1]["Subject"] == "催办：请于2022年3月28日前反馈整改情况"


async def test_a_muted_kind_is_not_told(portal: Portal, box: Mailbox, open_post: Open) -> None:
    post = open_post()
    await post.book.keep(replace(by_mail(), muted=("cases",)))
    await portal.hear(due())
    await post.step()
    assert box.messages == []


async def test_who_wants_it_later_the_same_day_is_told(portal: Portal, box: Mailbox, open_post: Open) -> None:
    post = open_post()
    await portal.hear(due())
    await post.step()
    await post.book.keep(by_mail())
    await post.step()
    assert len(box.messages) == 1


async def test_a_role_that_the_ledger_took_back_is_told_nothing(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    post = open_post()
    await post.book.keep(by_mail())
    await portal.hear(
        due(),
        RoleRevoked(person=LIAISON.person, role="liaison", reason="调离", revoked_on=FIRST_DAY),
    )
    await post.step()
    assert box.messages == []


async def test_what_a_token_said_long_ago_counts_no_more(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    post = open_post()
    await post.book.keep(by_mail())
    async with portal.store.app.begin() as connection:
        ago = "update desk.notice_wishes set seen_at = clock_timestamp() - interval '61 days'"
        await connection.execute(sa.text(ago))
    await portal.hear(due())
    await post.step()
    assert box.messages == []


async def test_who_is_not_in_the_office_yet_is_not_woken(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    portal.store.clock = BusinessClock(simulated=False)
    early, late = (datetime(2022, 2, 10, hour, tzinfo=UTC) for hour in (23, 1))  # 7:00 and 9:00 in Shanghai
    await portal.hear(due())
    post = open_post(now=lambda: early)
    await post.book.keep(by_mail())
    await post.step()
    assert box.messages == []
    await let_go(portal)
    await open_post(now=lambda: late).step()
    assert len(box.messages) == 1


# ---- what goes wrong ----


async def test_a_mail_that_is_refused_for_now_is_tried_again(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    refusals = iter(["451 later", "421 busy"])
    box.say = lambda: next(refusals, None)
    post = open_post()
    await post.book.keep(by_mail())
    await portal.hear(due())
    await post.step()
    assert len(box.messages) == 1
    assert await states(post) == [("sent", 3, None)]


async def test_a_mail_that_is_refused_for_good_has_failed(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    box.say = lambda: "554 no"
    post = open_post()
    await post.book.keep(by_mail())
    await portal.hear(due())
    await post.step()
    assert await states(post) == [("failed", 1, "smtp-554")]


async def test_it_is_given_up_after_some_tries(portal: Portal, box: Mailbox, open_post: Open) -> None:
    box.say = lambda: "451 later"
    post = open_post()
    await post.book.keep(by_mail())
    await portal.hear(due())
    await post.step()
    assert await states(post) == [("failed", ATTEMPTS, "smtp-451")]


async def test_the_next_try_comes_after_a_while(portal: Portal, box: Mailbox, open_post: Open) -> None:
    box.say = lambda: "451 later"
    post = open_post(wait=lambda attempt: timedelta(hours=1))
    await post.book.keep(by_mail())
    await portal.hear(due())
    await post.step()
    await post.step()
    assert await states(post) == [("pending", 1, "smtp-451")]


async def test_a_connection_that_goes_after_the_text_leaves_it_unknown_and_is_not_repeated(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    box.mute = True
    post = open_post()
    await post.book.keep(by_mail())
    await portal.hear(due())
    await post.step()
    await post.step()
    assert len(box.messages) == 1
    [(state, attempts, _)] = await states(post)
    assert (state, attempts) == ("unknown", 1)


async def test_a_crash_between_claiming_and_sending_leaves_it_unknown(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    crashed, next_one = open_post(), open_post()
    await crashed.book.keep(by_mail())
    await portal.hear(due())

    class Gone(BaseException):
        """The process ends here."""

    class Dying:
        async def send(self, notice: Any) -> Any:
            raise Gone

    crashed.mail = Dying()  # type: ignore[assignment]  # in place of the mail server's door
    with pytest.raises(Gone):
        await crashed.step()
    assert [state for state, *_ in await states(crashed)] == ["sending"]
    assert not await next_one.step()  # the lease is the dead one's still
    assert [state for state, *_ in await states(crashed)] == ["sending"]
    await let_go(portal)
    await next_one.step()
    assert await states(next_one) == [("unknown", 1, "interrupted")]
    assert box.messages == []


async def test_two_replicas_send_it_once(portal: Portal, box: Mailbox, open_post: Open) -> None:
    one, other = open_post(), open_post()
    for number in range(5):
        await one.book.keep(by_mail(replace(LIAISON, person=f"u-{number}")))
    await portal.hear(due())
    await asyncio.gather(one.step(), other.step())
    assert len(box.messages) == 5
    assert len({mail["Message-ID"] for mail in box.messages}) == 5


async def test_two_that_both_believe_to_lead_send_it_once(
    portal: Portal, box: Mailbox, open_post: Open
) -> None:
    """A lease can run out while its holder goes on: the claim keeps them apart."""
    one, other = open_post(), open_post()
    await one.book.keep(by_mail())
    await portal.hear(due())
    await asyncio.gather(one._write_all(), other._write_all())
    await asyncio.gather(one._send_one(), other._send_one(), one._send_one(), other._send_one())
    assert len(box.messages) == 1


# ---- webhooks ----


async def with_hook(post: Post, there: Hook) -> str:
    secret = post.new_secret()
    await post.book.keep(replace(LIAISON, webhook=there.url, secret=secret))
    opened = post.opened(secret)
    assert opened is not None
    return opened


async def test_a_webhook_is_posted_once_and_signed(portal: Portal, there: Hook, open_post: Open) -> None:
    post = open_post()
    secret = await with_hook(post, there)
    await portal.hear(due())
    await post.step()
    [(headers, body)] = there.posted
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    expected = base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    [said] = there.bodies
    assert said["subject"] == "催办：请于2022年2月28日前反馈整改情况"
    assert [one["due_on"] for one in said["tasks"]] == ["2022-02-28"]
    assert TASK_LINE not in body.decode()
    await post.step()
    assert len(there.posted) == 1


async def test_a_webhook_that_is_busy_is_asked_again_under_the_same_id(
    portal: Portal, there: Hook, open_post: Open
) -> None:
    there.answers = [503, 429]
    post = open_post()
    await with_hook(post, there)
    await portal.hear(due())
    await post.step()
    assert len({headers["webhook-id"] for headers, _ in there.posted}) == 1
    [(state, attempts, _)] = await states(post)
    assert (state, attempts) == ("sent", 3)


@pytest.mark.parametrize("status", [301, 307, 400, 410])
async def test_no_redirect_is_followed_and_a_refusal_is_one(
    portal: Portal, there: Hook, open_post: Open, status: int
) -> None:
    there.answers = [status]
    post = open_post()
    await with_hook(post, there)
    await portal.hear(due())
    await post.step()
    assert await states(post) == [("failed", 1, f"http-{status}")]
    assert len(there.posted) == 1


@pytest.mark.parametrize("status", [0, 502, 504])
async def test_who_hangs_up_may_have_it(portal: Portal, there: Hook, open_post: Open, status: int) -> None:
    there.answers = [status]
    post = open_post()
    await with_hook(post, there)
    await portal.hear(due())
    await post.step()
    await post.step()
    [(state, attempts, _)] = await states(post)
    assert (state, attempts) == ("unknown", 1)
    assert len(there.posted) == 1


async def test_nobody_at_home_is_tried_again(portal: Portal, open_post: Open) -> None:
    with hook() as gone:
        pass
    post = open_post(wait=lambda attempt: timedelta(hours=1))
    await with_hook(post, gone)
    await portal.hear(due())
    await post.step()
    [(state, attempts, _)] = await states(post)
    assert (state, attempts) == ("pending", 1)


async def test_the_table_of_notices_holds_no_text_of_a_task(portal: Portal, open_post: Open) -> None:
    post = open_post()
    await post.book.keep(by_mail())
    await portal.hear(due())
    await post.step()
    async with portal.store.app.connect() as connection:
        [row] = (await connection.execute(sa.select(notices))).all()
    assert TASK_LINE not in str(row)


async def test_a_loop_of_the_portal_forgets_a_notice_that_no_date_can_depend_on_any_more(
    portal: Portal, open_post: Open, settings: PortalSettings
) -> None:
    post = open_post()
    await post.book.keep(by_mail())
    made = Digest("一", "二", (), ("k",))
    for ago in (1, -1):  # a day longer than it is remembered, a day less
        on = FIRST_DAY - timedelta(days=ago)
        await post.book.write(by_mail(), on, made)
        made_at = datetime.now(UTC) - REMEMBERED - timedelta(days=ago)
        async with portal.store.app.begin() as connection:
            aged = sa.update(notices).where(notices.c.on == on).values(made_at=made_at)
            await connection.execute(aged)
    running: Any = SimpleNamespace(store=portal.store, loops=[], before_stop=[])
    site(running, Gate(TokenVerifier(NOBODY, "shufa", NOBODY), portal.store), settings, None)
    [tidying] = [one for one in running.loops if one.name == "desk"]
    assert not await tidying.step()
    assert [row.on for row in await post.book.last_of(LIAISON.person, TENANT)] == [
        FIRST_DAY + timedelta(days=1)
    ]
