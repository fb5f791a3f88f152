"""What is kept of notices: where each person wants them, and every one that was made, with what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.portal.notices.digest import Digest
from shared.security.tokens import Caller, GrantHeld

Channel = Literal["mail", "webhook"]
State = Literal["pending", "sending", "sent", "failed", "unknown"]
"""``sending`` is committed before anything is sent: who dies then leaves ``unknown``, which is shown and not resent."""

CLAIMS_BELIEVED = timedelta(days=60)
"""How long the roles that a token gave count here without a visit. What the ledger grants counts as it says."""
REMEMBERED = timedelta(days=800)
"""How long a notice is kept: longer than any date it could tell of runs."""

_META = sa.MetaData(schema="desk")
_NOW = sa.func.clock_timestamp()
wishes = sa.Table(
    "notice_wishes",
    _META,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("mail", sa.Text),
    sa.Column("webhook", sa.Text),
    sa.Column("secret", sa.LargeBinary),
    sa.Column("muted", ARRAY(sa.Text)),
    sa.Column("grants", JSONB),
    sa.Column("seen_at", sa.DateTime(timezone=True)),
)
notices = sa.Table(
    "notices",
    _META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text),
    sa.Column("tenant", sa.Text),
    sa.Column("on", sa.Date),
    sa.Column("channel", sa.Text),
    sa.Column("address", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("tasks", JSONB),
    sa.Column("keys", ARRAY(sa.Text)),
    sa.Column("state", sa.Text),
    sa.Column("attempts", sa.Integer),
    sa.Column("next_at", sa.DateTime(timezone=True)),
    sa.Column("holder", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("made_at", sa.DateTime(timezone=True)),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
)


@dataclass(frozen=True)
class Wish:
    """Where a person wants notices of a tenant, and of which kinds of tasks none. ``secret`` is sealed."""

    person: str
    tenant: str
    name: str
    mail: str | None = None
    webhook: str | None = None
    muted: tuple[str, ...] = ()
    grants: tuple[GrantHeld, ...] = ()
    seen_at: datetime | None = None
    secret: bytes | None = field(default=None, repr=False)

    @property
    def channels(self) -> list[tuple[Channel, str]]:
        """Each way a notice goes, with its address."""
        ways: list[tuple[Channel, str | None]] = [("mail", self.mail), ("webhook", self.webhook)]
        return [(channel, address) for channel, address in ways if address]

    @property
    def caller(self) -> Caller:
        """The person as the last token told, as far as that is still believed."""
        believed = self.seen_at is not None and datetime.now(UTC) - self.seen_at < CLAIMS_BELIEVED
        return Caller(self.person, self.name, self.grants if believed else ())


@dataclass(frozen=True)
class Notice:
    """A notice that was claimed and is to be sent now."""

    id: str
    person: str
    tenant: str
    on: date
    channel: Channel
    address: str
    subject: str
    text: str
    tasks: list[dict[str, Any]]
    attempts: int


class NoticeBook:
    """Wishes and notices of all persons, in the portal's database."""

    def __init__(self, app: AsyncEngine) -> None:
        self._app = app

    async def wish_of(self, person: str, tenant: str) -> Wish | None:
        """What a person wants here; None where they never said."""
        query = sa.select(wishes).where(wishes.c.person == person, wishes.c.tenant == tenant)
        async with self._app.connect() as connection:
            row = (await connection.execute(query)).first()
        return _wish(row) if row else None

    async def wishes(self) -> list[Wish]:
        """Of everybody who wants notices at all."""
        wanted = sa.or_(wishes.c.mail.is_not(None), wishes.c.webhook.is_not(None))
        query = sa.select(wishes).where(wanted).order_by(wishes.c.tenant, wishes.c.person)
        async with self._app.connect() as connection:
            return [_wish(row) for row in await connection.execute(query)]

    async def keep(self, wish: Wish) -> None:
        """This is what the person wants from now on."""
        row = {
            "name": wish.name,
            "mail": wish.mail,
            "webhook": wish.webhook,
            "secret": wish.secret,
            "muted": list(wish.muted),
            "grants": _plain(wish.grants),
            "seen_at": _NOW,
        }
        new = insert(wishes).values(person=wish.person, tenant=wish.tenant, **row)
        async with self._app.begin() as connection:
            await connection.execute(new.on_conflict_do_update(index_elements=wishes.primary_key, set_=row))

    async def seen(self, caller: Caller, tenant: str) -> None:
        """The person is here, with these grants: noted where they want notices, at most once an hour if unchanged."""
        grants = _plain(_here(caller, tenant))
        stale = sa.or_(
            wishes.c.grants != sa.cast(grants, JSONB),
            wishes.c.seen_at < _NOW - sa.cast(timedelta(hours=1), INTERVAL),
        )
        noting = (
            sa.update(wishes)
            .where(wishes.c.person == caller.id, wishes.c.tenant == tenant, stale)
            .values(grants=grants, name=caller.name, seen_at=_NOW)
        )
        async with self._app.begin() as connection:
            await connection.execute(noting)

    async def told(self, person: str, tenant: str, today: date) -> set[str] | None:
        """What a person was told before; None where today's digest is made already."""
        table = notices.c
        query = sa.select(table.on, table["keys"]).where(table.person == person, table.tenant == tenant)
        async with self._app.connect() as connection:
            rows = (await connection.execute(query)).all()
        if any(on == today for on, _ in rows):
            return None
        return {key for _, keys in rows for key in keys}

    async def write(self, wish: Wish, today: date, made: Digest) -> None:
        """Today's digest, once for each way; one that is there already stays as it is."""
        rows = [
            {
                "id": notice_id(wish.person, wish.tenant, today, channel),
                "person": wish.person,
                "tenant": wish.tenant,
                "on": today,
                "channel": channel,
                "address": address,
                "subject": made.subject,
                "text": made.text,
                "tasks": list(made.tasks),
                "keys": list(made.keys),
            }
            for channel, address in wish.channels
        ]
        async with self._app.begin() as connection:
            await connection.execute(insert(notices).values(rows).on_conflict_do_nothing())

    async def claim(self, holder: str) -> Notice | None:
        """The next one that is to be sent, from now on this holder's: committed before anything is sent."""
        due = (
            sa.select(notices.c.id)
            .where(notices.c.state == "pending", notices.c.next_at <= _NOW)
            .order_by(notices.c.next_at, notices.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        claiming = (
            sa.update(notices)
            .where(notices.c.id == due, notices.c.state == "pending")
            .values(state="sending", holder=holder, attempts=notices.c.attempts + 1)
            .returning(*(notices.c[name] for name in Notice.__dataclass_fields__))
        )
        async with self._app.begin() as connection:
            row = (await connection.execute(claiming)).first()
        return Notice(**row._mapping) if row else None

    async def end(self, notice: Notice, holder: str, state: State, error: str | None = None) -> None:
        """What became of it. Who was thought dead and was not says it after all."""
        await self._note(notice, holder, state=state, error=error, ended_at=_NOW)

    async def again(self, notice: Notice, holder: str, wait: timedelta, error: str) -> None:
        """It was not taken, for sure: to be tried again after a while."""
        later = _NOW + sa.cast(wait, INTERVAL)
        await self._note(notice, holder, state="pending", holder=None, error=error, next_at=later)

    async def leave_unknown(self) -> int:
        """What is marked as being sent while nobody sends: who did has gone, and nobody knows whether it arrived. How
        many there were. Only for who holds the lease and has nothing in hand."""
        lost = (
            sa.update(notices)
            .where(notices.c.state == "sending")
            .values(state="unknown", error="interrupted", ended_at=_NOW)
        )
        async with self._app.begin() as connection:
            return (await connection.execute(lost)).rowcount

    async def last_of(self, person: str, tenant: str, count: int = 20) -> Sequence[Any]:
        """A person's last notices, newest first."""
        query = (
            sa.select(notices)
            .where(notices.c.person == person, notices.c.tenant == tenant)
            .order_by(notices.c.on.desc(), notices.c.channel)
            .limit(count)
        )
        async with self._app.connect() as connection:
            return (await connection.execute(query)).all()

    async def forget_old(self) -> None:
        """Throw away notices that no date can depend on any more."""
        old = notices.c.made_at < _NOW - sa.cast(REMEMBERED, INTERVAL)
        async with self._app.begin() as connection:
            await connection.execute(sa.delete(notices).where(old, notices.c.state != "sending"))

    async def _note(self, notice: Notice, by: str, **values: Any) -> None:
        noting = sa.update(notices).where(
            notices.c.id == notice.id,
            notices.c.holder == by,
            notices.c.attempts == notice.attempts,
            notices.c.state.in_(("sending", "unknown")),
        )
        async with self._app.begin() as connection:
            await connection.execute(noting.values(**values))


def notice_id(person: str, tenant: str, on: date, channel: str) -> str:
    """The same for the same notice, whoever makes it: what a receiver can know it by."""
    return hashlib.sha256("\n".join((person, tenant, on.isoformat(), channel)).encode()).hexdigest()[:40]


def wish_for(caller: Caller, tenant: str) -> Wish:
    """What somebody wants who never said: nothing."""
    return Wish(caller.id, tenant, caller.name, grants=_here(caller, tenant))


def _here(caller: Caller, tenant: str) -> tuple[GrantHeld, ...]:
    """Of a token's grants those in the tenant itself: a role from above has no tasks."""
    return tuple(one for one in caller.grants if one.tenant == tenant)


def _plain(grants: Sequence[GrantHeld]) -> list[dict[str, Any]]:
    return [
        {"tenant": one.tenant, "role": one.role, "unit": one.unit, "subtree": one.subtree} for one in grants
    ]


def _wish(row: Any) -> Wish:
    known = dict(row._mapping)
    grants = tuple(GrantHeld(**one) for one in known["grants"])
    return Wish(**(known | {"muted": tuple(known["muted"]), "grants": grants}))
