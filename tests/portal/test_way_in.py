"""The way in: who has nothing to do with a tenant, with one, with several."""

from __future__ import annotations

from tests.browser.pages import axe
from tests.portal.conftest import PageAs, SignedIn
from tests.portal.town import Town


async def test_somebody_with_several_places_chooses_one(signed_in: SignedIn, town: Town) -> None:
    client = await signed_in("ceshi-law")
    answer = await client.get(f"/t/{town.tenant}/nothing")
    assert answer.status_code == 404
    assert "没有找到" in answer.text


async def test_the_error_page_is_for_everybody(page_as: PageAs) -> None:
    page = await page_as("ceshi-law", expected=(404,))
    await page.goto(f"{page.url.partition('/static')[0]}/nothing")
    assert await axe(page) == []
