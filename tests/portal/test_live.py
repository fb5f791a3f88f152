"""Live parts as people meet them: a page takes over what happens, and no page that is left open holds up a stop."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid

import httpx
from playwright.async_api import expect

from tests.portal.conftest import Installation, PageAs, SignedIn
from tests.portal.town import Town
from tests.shared.waiting import until


def add_post(town: Town) -> str:
    """Something happens in the town; the post by which it is told."""
    post = f"p{uuid.uuid4().hex[:8]}"
    town.do(
        "ceshi-admin", "scheduling", "unit/danweijia/add-post", post=post, title="副主任", person="示例·卯"
    )
    return post


async def test_a_page_shows_what_happens_elsewhere_and_keeps_open_what_is_open(
    page_as: PageAs, town: Town
) -> None:
    page = await page_as("ceshi-auditor")
    await page.goto(f"{page.url.partition('/static')[0]}/t/{town.tenant}/ledger/scheduling?name=PostAdded")
    for _ in range(2):
        post = await asyncio.to_thread(add_post, town)
        newest = page.locator("#events tbody tr").first
        await expect(newest.locator("pre")).to_contain_text(post)
        await newest.locator("summary").click()
    # the one that was opened before the last came is open still, further down
    await expect(page.locator("#events details[open]")).to_have_count(2)


async def test_a_page_left_open_does_not_hold_up_the_end_of_the_process(
    signed_in: SignedIn, installation: Installation, town: Town
) -> None:
    """Cut off after the time that answers in hand are given, the stream would break off in the middle."""
    client = await signed_in("ceshi-law")
    async with client.stream("GET", f"/t/{town.tenant}/news", timeout=60.0) as stream:
        parts = stream.aiter_bytes()
        assert b"event: hello" in await anext(parts)
        before = installation.cluster.processes()["portal"].pid
        os.kill(before, signal.SIGTERM)
        async for _ in parts:
            pass

    async def is_back() -> bool:
        try:
            ready = (await client.get("/readyz")).status_code == 200
        except httpx.HTTPError:
            return False
        return ready and installation.cluster.processes()["portal"].pid != before

    await until(is_back)
    assert (await client.get(f"/t/{town.tenant}/work")).status_code == 200, "and everybody is still signed in"
