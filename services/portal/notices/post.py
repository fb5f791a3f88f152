"""The post: makes each person's digest of the day and sends it, by one process of the portal at a time."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from structlog import get_logger

from services.portal.domain.work import asking, tasks
from services.portal.notices.channels import Mail, NobodyKnows, NotTaken, Outcome, Taken, Webhook
from services.portal.notices.digest import digest, news
from services.portal.notices.kept import Notice, NoticeBook, Wish, wish_for
from services.portal.open_matters import open_matters
from services.portal.settings import PortalSettings
from services.portal.web.pages import SHANGHAI
from services.portal.web.visit import Visit, place_of
from shared.decider import Refused
from shared.eventstore import EventStore, tables
from shared.eventstore.reference import in_force
from shared.messaging.relay import take_lease
from shared.runtime.gate import Gate

log = get_logger(__name__)

LEASE_SECONDS = 60
"""Longer than one notice takes: who was frozen beyond it finds that another has gone on."""
FROM_HOUR = 8
"""Nobody is woken: a day's digests are made from this hour on, Shanghai time. A simulated day has no hours."""
A_STEP = 20
ATTEMPTS = 8
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)


class Post:
    """What makes and sends notices. ``wait`` is how long after which attempt the next one comes."""

    def __init__(
        self,
        store: EventStore,
        gate: Gate,
        settings: PortalSettings,
        *,
        wait: Callable[[int], timedelta] = lambda n: min(FIRST_WAIT * 2 ** (n - 1), LONGEST_WAIT),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.book = NoticeBook(store.app)
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._store, self._gate = store, gate
        self._public_url, self._wait, self._now = settings.public_url, wait, now
        self._alone = store.relay.execution_options(isolation_level="AUTOCOMMIT")
        self._seal = MultiFernet([Fernet(key) for key in settings.signin_key.get_secret_value().split(",")])
        self.mail: Mail | None = None
        if settings.smtp_url is not None:
            url = settings.smtp_url.get_secret_value()
            self.mail = Mail(url, settings.mail_from, settings.public_url, settings.mode)
        self.webhook = Webhook(settings.mode)
        self._looked: dict[str, tuple[object, ...]] = {}

    # ---- what people want ----

    async def seen(self, visit: Visit) -> None:
        """Somebody is here: from now on these are the roles that their token gave."""
        await self.book.seen(visit.person.caller, visit.tenant)

    async def wish_of(self, visit: Visit) -> Wish:
        """What the person wants here."""
        caller = visit.person.caller
        return await self.book.wish_of(caller.id, visit.tenant) or wish_for(caller, visit.tenant)

    def new_secret(self) -> bytes:
        """A new key to sign webhooks with, sealed."""
        return self._seal.encrypt(secrets.token_urlsafe(32).encode())

    def opened(self, sealed: bytes | None) -> str | None:
        """The key as the receiver knows it; None where there is none or our own keys have gone."""
        try:
            return self._seal.decrypt(sealed).decode() if sealed else None
        except InvalidToken:
            return None

    # ---- the loop ----

    async def step(self) -> bool:
        """Make what is to be told and send what is due; is there more?"""
        if not await self._leads():
            return False
        if lost := await self.book.leave_unknown():
            log.warning("notices.interrupted", count=lost)
        await self._write_all()
        for _ in range(A_STEP):
            if not await self._leads() or not await self._send_one():
                return False
        return True

    async def close(self) -> None:
        """Let go of the connections."""
        await self.webhook.close()

    async def _leads(self) -> bool:
        async with self._alone.connect() as connection:
            return await take_lease(connection, "notices", self.holder, LEASE_SECONDS)

    # ---- making digests ----

    async def _write_all(self) -> None:
        if not self._store.clock.simulated and self._now().astimezone(SHANGHAI).hour < FROM_HOUR:
            return
        wishes = await self.book.wishes()
        today = await self._store.today()
        marks = await self._marks({one.tenant for one in wishes})
        for tenant, mark in marks.items():
            here = [one for one in wishes if one.tenant == tenant]
            looked_at = (mark, today, *((one.person, one.channels, one.muted, one.grants) for one in here))
            if self._looked.get(tenant) == looked_at:
                continue
            for wish in here:
                await self._write(wish, today)
            self._looked[tenant] = looked_at

    async def _marks(self, tenants: set[str]) -> dict[str, int]:
        """How much was applied of each tenant: where nothing came, nobody has anything new to do."""
        applied = tables.applied.c
        mark = sa.func.sum(applied.sequence) + sa.func.sum(applied.epoch) * 1_000_000_000
        query = (
            sa.select(applied.tenant, mark)
            .where(applied.tenant.in_(sorted(tenants)))
            .group_by(applied.tenant)
        )
        async with self._store.relay.connect() as connection:
            return {tenant: int(count) for tenant, count in await connection.execute(query)}

    async def _write(self, wish: Wish, today: date) -> None:
        told = await self.book.told(wish.person, wish.tenant, today)
        if told is None:
            return
        try:
            actor = await self._gate.standing_of(wish.caller, wish.tenant)
        except Refused as refused:
            log.info("notices.no_standing", code=refused.code)
            return
        if not actor.roles:
            return
        async with self._store.reading(wish.tenant) as connection:
            place = await place_of(connection, wish.tenant)
            governing = (await in_force(connection, today, [wish.tenant])).of(wish.tenant)
            who = asking(actor, today, governing.policy, governing.calendar)
            matters, _ = await open_matters(connection, wish.tenant, who)
        found = tasks(matters, who)
        new = news(found, wish.muted, told)
        if not new or place is None:
            return
        others = sum(not one.waits for one in found) - len(new)

        def url(*steps: str) -> str:
            return "/".join((self._public_url, "t", wish.tenant, *steps))

        await self.book.write(wish, today, digest(new, others, wish.name, place.name, today, url))

    # ---- sending ----

    async def _send_one(self) -> bool:
        notice = await self.book.claim(self.holder)
        if notice is None:
            return False
        await self._deliver(notice)
        return True

    async def _deliver(self, notice: Notice) -> None:
        match outcome := await self._handed_over(notice):
            case Taken():
                await self.book.end(notice, self.holder, "sent")
            case NobodyKnows(why):
                await self.book.end(notice, self.holder, "unknown", why)
            case NotTaken(why, for_good) if for_good or notice.attempts >= ATTEMPTS:
                await self.book.end(notice, self.holder, "failed", why)
            case NotTaken(why):
                await self.book.again(notice, self.holder, self._wait(notice.attempts), why)
        log.info("notice", channel=notice.channel, outcome=type(outcome).__name__, attempt=notice.attempts)

    async def _handed_over(self, notice: Notice) -> Outcome:
        if notice.channel == "mail":
            return await self.mail.send(notice) if self.mail else NotTaken("no-mail-server", for_good=True)
        wish = await self.book.wish_of(notice.person, notice.tenant)
        secret = self.opened(wish.secret) if wish else None
        if secret is None:
            return NotTaken("no-key", for_good=True)
        return await self.webhook.send(notice, secret.encode())
