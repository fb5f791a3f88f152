"""What people type and do not send: one's own is kept, others' tells who is at the same form."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.portal.desk import AT_IT, Desk, unsent
from tests.services.portal.conftest import TENANT, Portal

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("ago", "told"), [(AT_IT - MINUTE, ["乙"]), (AT_IT + MINUTE, [])])
async def test_who_typed_lately_is_at_the_form_and_ones_own_is_offered_however_old(
    portal: Portal, ago: timedelta, told: list[str]
) -> None:
    desk = Desk(portal.store.app)
    for person, name in (("u-a", "甲"), ("u-b", "乙")):
        await desk.keep_unsent(person, name, TENANT, "form", {"text": name})
    async with portal.store.app.begin() as connection:
        for person, before in (("u-a", timedelta(days=400)), ("u-b", ago)):
            saved_at = sa.func.clock_timestamp() - before
            await connection.execute(
                sa.update(unsent).where(unsent.c.person == person).values(saved_at=saved_at)
            )
    kept = await desk.unsent_of(TENANT, "form", "u-a")
    assert [one.name for one in kept if one.person != "u-a"] == told
    assert [one.fields for one in kept if one.person == "u-a"] == [{"text": "甲"}]
    await desk.keep_unsent("u-b", "乙", TENANT, "form", {"text": "再写"})
    assert len(await desk.unsent_of(TENANT, "form", "u-a")) == 2
