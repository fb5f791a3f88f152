"""Drafts in the portal: written, kept while typed, read from files, handed in, returned, compared, approved."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from docx import Document
from playwright.async_api import Page
from sqlalchemy.ext.asyncio import create_async_engine

from tests.browser.pages import axe, screenshot
from tests.portal.conftest import Installation, PageAs, SignedIn
from tests.portal.planning import Planned, form_of

TEXT = "述法稿全文"


@pytest.fixture
async def draft(planned: Planned) -> str:
    """A draft that is expected of 示例单位甲."""
    return await asyncio.to_thread(planned.called)


@pytest.fixture
def at(installation: Installation, planned: Planned, draft: str) -> str:
    """Its page."""
    return f"{installation.portal}{planned.page('drafts', draft)}"


def form(draft: str, command: str = "submit-draft") -> str:
    return f"draft.{draft}.{command}"


async def kept(page: Page) -> None:
    await page.locator("[data-kept]", has_text="已自动保存").first.wait_for()


async def end_sign_ins(installation: Installation, person: str) -> None:
    """What time does: the person's sign-ins are over."""
    engine = create_async_engine(installation.cluster.database_url("portal"))
    async with engine.begin() as connection:
        ended = await connection.execute(
            sa.text(
                "update desk.signins set expires_at = now() - interval '1 minute' where person = :person"
            ),
            {"person": person},
        )
    await engine.dispose()
    assert ended.rowcount


async def test_what_is_typed_is_there_after_another_sign_in(page_as: PageAs, at: str) -> None:
    page = await page_as("ceshi-liaison-a")
    await page.goto(at)
    await page.get_by_label(TEXT).fill("我带头学法，一字一句写到这里。")
    await kept(page)
    await page.context.clear_cookies()
    again = await page_as("ceshi-liaison-a", width=390)
    await again.goto(at)
    assert await again.get_by_label(TEXT).input_value() == "我带头学法，一字一句写到这里。"
    assert "已恢复您于" in await again.locator("form.command [role=status]").first.inner_text()
    assert await axe(again) == []
    await screenshot(again, "draft-restored")


async def test_what_is_sent_after_the_sign_in_has_ended_is_there_after_the_next(
    page_as: PageAs, installation: Installation, at: str, draft: str, planned: Planned
) -> None:
    """Without a script nothing is kept while typing: the form itself comes too late."""
    page = await page_as("ceshi-liaison-a", javascript=False)
    await page.goto(at)
    await page.get_by_label(TEXT).fill("超时之后才点报送。")
    await end_sign_ins(installation, "ceshi-liaison-a")
    await page.get_by_role("button", name="报送", exact=True).click()
    again = await page_as("ceshi-liaison-a", javascript=False)
    await again.goto(at)
    assert await again.get_by_label(TEXT).input_value() == "超时之后才点报送。"
    assert planned.draft(draft)["state"] == "expected"


async def test_a_file_that_is_sent_after_the_sign_in_has_ended_loses_no_text(
    page_as: PageAs, installation: Installation, at: str, tmp_path: Path
) -> None:
    file = tmp_path / "稿.txt"
    file.write_text("文件里的文字。", "utf-8")
    page = await page_as("ceshi-liaison-a", javascript=False)
    await page.goto(at)
    await page.get_by_label(TEXT).fill("读入文件之前写的。")
    await page.get_by_label("从文件读入").set_input_files(file)
    await end_sign_ins(installation, "ceshi-liaison-a")
    await page.get_by_role("button", name="读入编辑框").click()
    again = await page_as("ceshi-liaison-a", javascript=False)
    await again.goto(at)
    assert await again.get_by_label(TEXT).input_value() == "读入文件之前写的。"


async def test_two_people_who_edit_are_told_of_each_other(page_as: PageAs, at: str) -> None:
    one, other = await page_as("ceshi-liaison-a"), await page_as("ceshi-reporter-a")
    await one.goto(at)
    await other.goto(at)
    await one.get_by_label(TEXT).fill("联络员在写。")
    await kept(one)
    assert not await one.locator("[data-others]").is_visible()
    await other.get_by_label(TEXT).fill("本人也在写。")
    await kept(other)
    assert "示例·测试联络员甲" in await other.locator("[data-others]").inner_text()
    await one.get_by_label(TEXT).fill("联络员在写，又写了一句。")
    await one.locator("[data-others]", has_text="示例·子").wait_for()
    await other.reload()
    assert await other.get_by_label(TEXT).input_value() == "本人也在写。"
    assert "示例·测试联络员甲" in await other.locator("[data-others]").inner_text()


async def test_a_document_lands_in_the_editor_and_nothing_is_handed_in(
    page_as: PageAs, at: str, draft: str, planned: Planned, tmp_path: Path
) -> None:
    written = Document()
    written.add_paragraph("一、法治意识")
    written.add_paragraph("我带头学法。")
    packed = io.BytesIO()
    written.save(packed)
    file = tmp_path / "述法稿.docx"
    file.write_bytes(packed.getvalue())
    page = await page_as("ceshi-liaison-a")
    await page.goto(at)
    await page.get_by_label(TEXT).fill("上传之前写的。")
    await page.get_by_label("从文件读入").set_input_files(file)
    await page.get_by_role("button", name="读入编辑框").click()
    await page.locator("#as-before").wait_for()
    assert await page.get_by_label(TEXT).input_value() == "一、法治意识\n我带头学法。"
    assert planned.draft(draft)["state"] == "expected"
    await page.get_by_role("button", name="换回这段文字").click()
    await page.locator("form.command textarea").wait_for()
    assert await page.get_by_label(TEXT).input_value() == "上传之前写的。"


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("稿.txt", b"x" * (5 * 1024 * 1024), "文件超过 2 MB 的上限"),
        ("稿.pdf", b"%PDF-1.7", "不是文本（.txt）或文档（.docx）"),
        ("稿.docx", b"%PDF-1.7", "不是文本（.txt）或文档（.docx）"),
        ("稿.docx", b"PK\x03\x04 broken", "无法读取"),
    ],
)
async def test_a_file_that_is_refused_is_told_at_its_field_and_the_text_stays(
    page_as: PageAs, at: str, tmp_path: Path, name: str, content: bytes, said: str, javascript: bool
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    page = await page_as("ceshi-liaison-a", javascript=javascript)
    await page.goto(at)
    await page.get_by_label(TEXT).fill("写到一半。")
    await page.get_by_label("从文件读入").set_input_files(file)
    await page.get_by_role("button", name="读入编辑框").click()
    assert said in await page.locator(".field.upload .complaint").inner_text()
    assert await page.get_by_label(TEXT).input_value() == "写到一半。"


async def test_a_draft_is_handed_in_returned_compared_and_approved(
    page_as: PageAs, at: str, draft: str, planned: Planned
) -> None:
    writer, reviewer = await page_as("ceshi-liaison-a"), await page_as("ceshi-law")
    await writer.goto(at)
    await writer.get_by_label(TEXT).fill("我镇带头学法。\n打算明年再学。")
    await writer.get_by_role("button", name="报送", exact=True).click()
    state = writer.locator("#state")
    await state.get_by_text("待审核").wait_for()
    assert "示例·测试联络员甲代示例·子录入" in await state.inner_text()
    assert "12字" in await state.inner_text()
    assert "时长合适" in await state.inner_text()

    await reviewer.goto(at)
    await reviewer.get_by_label("审核意见").fill("请改用第一人称。")
    await reviewer.get_by_role("button", name="退回修改").click()
    await reviewer.locator("#state").get_by_text("已退回").wait_for()

    await writer.goto(at)
    assert "请改用第一人称。" in await writer.locator("#state").inner_text()
    await writer.get_by_label(TEXT).fill("我带头学法。\n打算明年再学。")
    await writer.get_by_role("button", name="报送", exact=True).click()
    await state.get_by_text("待审核").wait_for()

    await reviewer.goto(at)
    compared = reviewer.locator(".compare")
    assert await compared.locator("del").all_inner_texts() == ["镇"]
    assert await compared.locator("ins").count() == 0
    assert "line-through" in await compared.locator("del").evaluate(
        "one => getComputedStyle(one).textDecoration"
    )
    assert await axe(reviewer) == []
    await screenshot(reviewer, "draft-compared")
    await reviewer.get_by_role("button", name="审核通过第2稿").click()
    await reviewer.locator("#state").get_by_text("审核通过", exact=False).first.wait_for()
    assert planned.draft(draft)["state"] == "approved"


async def test_an_empty_draft_is_refused_at_its_field_in_the_rules_words(
    signed_in: SignedIn, at: str, draft: str
) -> None:
    client = await signed_in("ceshi-liaison-a")
    action, fields = form_of(await client.get(at), form(draft))
    refused = await client.post(action, data=fields | {"text": "我说。", "entered_for": "示例·别人"})
    assert "述法稿由述法对象示例·子本人负责，不能以示例·别人的名义报送" in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert ">我说。</textarea>" in refused.text


async def test_who_saw_an_older_draft_is_told_what_changed_and_keeps_the_text(
    signed_in: SignedIn, at: str, draft: str, planned: Planned
) -> None:
    client, other = await signed_in("ceshi-liaison-a"), await signed_in("ceshi-reporter-a")
    action, fields = form_of(await client.get(at), form(draft))
    _, theirs = form_of(await other.get(at), form(draft))
    for _ in range(2):  # and who sends twice hands in once
        assert "已办理" in (await other.post(action, data=theirs | {"text": "本人先报送。"})).text
    stale = await client.post(action, data=fields | {"text": "联络员后报送。"})
    assert "您查看之后，内容已有变化" in stale.text
    assert ">联络员后报送。</textarea>" in stale.text
    assert planned.draft(draft)["revision"] == 1


async def test_a_unit_sees_its_own_draft_and_no_others(
    signed_in: SignedIn, at: str, planned: Planned
) -> None:
    client = await signed_in("ceshi-liaison-b")
    assert (await client.get(at)).status_code == 403
    listed = await client.get(planned.page("drafts"))
    assert "示例单位甲" not in listed.text


async def test_the_office_that_stands_in_judges_the_draft_of_the_law_offices_own_unit(
    signed_in: SignedIn, planned: Planned
) -> None:
    id = await asyncio.to_thread(planned.called, "sifasuo")
    planned.town.do(
        "admin",
        "scheduling",
        "access/ceshi-liaison-sifasuo/grant-role",
        person="ceshi-liaison-sifasuo",
        name="示例·测试联络员丙",
        role="liaison",
        unit="sifasuo",
        reason="测试",
    )
    law = await signed_in("ceshi-law")
    page = await law.get(planned.page("drafts", id))
    assert "由督查室审核" in page.text
    assert f'id="{form(id, "approve-draft")}"' not in page.text
    standing_in = await signed_in("ceshi-supervision")
    assert "示例司法所" in (await standing_in.get(planned.page("drafts"))).text
    assert "还没有报送" in (await standing_in.get(planned.page("drafts", id))).text
