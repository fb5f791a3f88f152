"""A person's desk: sign-ins, what is typed and not sent, and what the next page is to say. No tenant's facts."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INTERVAL, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncEngine

_META = sa.MetaData(schema="desk")
signins = sa.Table(
    "signins",
    _META,
    sa.Column("id", sa.LargeBinary, primary_key=True),
    sa.Column("person", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column("csrf", sa.Text),
    sa.Column("signed_in_at", sa.DateTime(timezone=True)),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
)
unsent = sa.Table(
    "unsent",
    _META,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("form", sa.Text, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("fields", JSONB),
    sa.Column("saved_at", sa.DateTime(timezone=True)),
)
notes = sa.Table(
    "notes",
    _META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text),
    sa.Column("content", JSONB),
    sa.Column("made_at", sa.DateTime(timezone=True)),
)

REMEMBERED = timedelta(days=7)
"""How long an ended sign-in still tells whose form came too late, so that it is kept for them."""
LARGEST_UNSENT = 256 * 1024
AT_IT = timedelta(minutes=10)
"""How long after the last word that was saved somebody counts as still filling a form in: then others are told."""


@dataclass(frozen=True)
class SignIn:
    """One sign-in as it is kept. ``sealed`` holds the access token."""

    person: str
    name: str
    csrf: str
    expires_at: datetime
    sealed: bytes = field(repr=False)

    @property
    def ended(self) -> bool:
        """Is it over? Then it only tells whose it was."""
        return self.expires_at <= datetime.now(UTC)


@dataclass(frozen=True)
class Unsent:
    """What somebody typed into a form and did not send."""

    person: str
    name: str
    fields: dict[str, Any]
    saved_at: datetime


class Desk:
    """The desks of all persons, in the portal's database."""

    def __init__(self, app: AsyncEngine) -> None:
        self._app = app
        # A query alone is its own transaction: every request asks who it is from, and BEGIN is a call of its own.
        self._alone = app.execution_options(isolation_level="AUTOCOMMIT")

    async def sign_in(self, person: str, name: str, sealed: bytes, expires_at: datetime) -> str:
        """Keep a sign-in; the cookie's value, which is kept nowhere."""
        cookie = secrets.token_urlsafe(32)
        row = {
            "id": _id(cookie),
            "person": person,
            "name": name,
            "sealed": sealed,
            "csrf": secrets.token_urlsafe(16),
            "expires_at": expires_at,
        }
        async with self._app.begin() as connection:
            await connection.execute(sa.insert(signins).values(row))
        return cookie

    async def signed_in(self, cookie: str) -> SignIn | None:
        """The sign-in of a cookie, ended or not; None where there is none."""
        query = sa.select(signins).where(signins.c.id == _id(cookie))
        async with self._alone.connect() as connection:
            row = (await connection.execute(query)).first()
        return SignIn(row.person, row.name, row.csrf, row.expires_at, row.sealed) if row else None

    async def sign_out(self, cookie: str) -> None:
        """Forget a sign-in."""
        async with self._app.begin() as connection:
            await connection.execute(sa.delete(signins).where(signins.c.id == _id(cookie)))

    async def keep_unsent(
        self, person: str, name: str, tenant: str, form: str, fields: dict[str, Any]
    ) -> None:
        """What was typed so far, in place of what was before."""
        new = insert(unsent).values(person=person, tenant=tenant, form=form, name=name, fields=fields)
        again = {"fields": new.excluded.fields, "name": name, "saved_at": sa.func.clock_timestamp()}
        async with self._app.begin() as connection:
            await connection.execute(new.on_conflict_do_update(index_elements=unsent.primary_key, set_=again))

    async def drop_unsent(self, person: str, tenant: str, form: str) -> None:
        """It was sent, or thrown away."""
        where = (unsent.c.person == person, unsent.c.tenant == tenant, unsent.c.form == form)
        async with self._app.begin() as connection:
            await connection.execute(sa.delete(unsent).where(*where))

    async def unsent_of(self, tenant: str, form: str, person: str) -> list[Unsent]:
        """The person's own for one form, however old, and that of whoever else is at it; newest first."""
        at_it = unsent.c.saved_at > sa.func.clock_timestamp() - sa.cast(AT_IT, INTERVAL)
        query = sa.select(unsent).where(
            unsent.c.tenant == tenant, unsent.c.form == form, sa.or_(unsent.c.person == person, at_it)
        )
        async with self._app.connect() as connection:
            rows = await connection.execute(query.order_by(unsent.c.saved_at.desc()))
            return [Unsent(row.person, row.name, row.fields, row.saved_at) for row in rows]

    async def forget_typed(self, tenant: str, about: str) -> None:
        """Whatever anybody typed into the forms about a matter, sent or not: it turned out to be classified."""
        forms = unsent.c.form.startswith(about, autoescape=True)
        refused = notes.c.content["form"].astext.startswith(about, autoescape=True)
        here = notes.c.content["tenant"].astext == tenant
        async with self._app.begin() as connection:
            await connection.execute(sa.delete(unsent).where(unsent.c.tenant == tenant, forms))
            await connection.execute(sa.delete(notes).where(here, refused))

    async def note(self, person: str, content: dict[str, Any]) -> str:
        """Something for the person's next page; its id."""
        id = secrets.token_urlsafe(12)
        async with self._app.begin() as connection:
            await connection.execute(sa.insert(notes).values(id=id, person=person, content=content))
        return id

    async def noted(self, person: str, id: str) -> dict[str, Any] | None:
        """What a note says, to the person it is for."""
        query = sa.select(notes.c.content).where(notes.c.id == id, notes.c.person == person)
        async with self._app.connect() as connection:
            content: dict[str, Any] | None = await connection.scalar(query)
        return content

    async def tidy(self) -> None:
        """Throw away what nobody will ask for: notes of yesterday, sign-ins long ended."""
        now = sa.func.clock_timestamp()
        async with self._app.begin() as connection:
            await connection.execute(sa.delete(notes).where(notes.c.made_at < now - timedelta(days=1)))
            await connection.execute(sa.delete(signins).where(signins.c.expires_at < now - REMEMBERED))


def _id(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
