"""What the forms of the plan say as commands, and how two texts stand side by side: rules without a system."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
from docx import Document

from services.portal.pages.roster import places
from services.portal.web import uploads
from services.portal.web.differences import side_by_side
from services.portal.web.planning import body_of, stream_of
from shared.decider import Refused

HEADS = [
    ("government", "wei/head", "示例委"),
    ("town", "zhen/secretary", "示例镇"),
    ("town", "xiang/head", "示例乡"),
]


@pytest.mark.parametrize(
    ("command", "fields", "body"),
    [
        (
            "adopt-plan",
            {"planned_on[0]": "2023-12-01", "planned_on[1]": "2023-06-01", "planned_on[2]": ""},
            {
                "rounds": [
                    {"number": 1, "planned_on": "2023-06-01"},
                    {"number": 2, "planned_on": "2023-12-01"},
                ]
            },
        ),
        (
            "draft-roster",
            {"plan_year": "2023", "number": "1", "reporters[0]": "wei/head", "leads[0]": ""},
            {
                "plan_year": "2023",
                "number": "1",
                "provisional": False,
                "reporters": [{"unit": "wei", "post": "head"}],
            },
        ),
        (
            "substitute-reporter",
            {"unit_out": "wei", "steps_in": "zhen/secretary", "reason": "住院", "decision[by]": "示例·丁"},
            {
                "unit_out": "wei",
                "unit_in": "zhen",
                "post": "secretary",
                "reason": "住院",
                "decision": {"by": "示例·丁", "title": "", "reason": ""},
            },
        ),
        (
            "record-past-session",
            {"plan_year": "2019", "number": "1", "held_on": "2019-09-20", "reporters[0][head]": "wei/head"},
            {
                "plan_year": "2019",
                "number": "1",
                "held_on": "2019-09-20",
                "reporters": [{"unit": "wei", "post": "head", "person": ""}],
            },
        ),
        (
            "adopt-calendar",
            {"document": "国办发明电〔2022〕1号", "holidays": "2023-01-01、2023-01-02\r\n2023-01-03"},
            {
                "document": "国办发明电〔2022〕1号",
                "holidays": ["2023-01-01", "2023-01-02", "2023-01-03"],
                "working_weekend_days": [],
            },
        ),
        (
            "adopt-policy",
            {
                "holds_from": "2023-01-01",
                "values[speech_seconds]": "420",
                "values[bell_seconds]": "",
                "values[village_drafts]": "true",
                "values[receipt_offices][law_office]": "law_office",
                "values[orange_working_days]": "several",
            },
            {
                "holds_from": "2023-01-01",
                "values": {
                    "speech_seconds": 420,
                    "village_drafts": True,
                    "receipt_offices": ["law_office"],
                    "orange_working_days": "several",
                },
            },
        ),
    ],
)
def test_a_form_is_made_into_a_body(command: str, fields: dict[str, str], body: dict[str, Any]) -> None:
    assert body_of(command, fields.items()) == body


def test_a_past_session_is_named_by_what_was_typed() -> None:
    assert stream_of("record-past-session", "session", "past", {"plan_year": "2019", "number": " 1"}) == (
        "session/2019-1"
    )
    assert stream_of("adopt-plan", "plan", "2023", {"plan_year": "2019"}) == "plan/2023"


def test_a_roster_has_a_place_for_each_category_and_for_whoever_makes_up_the_number() -> None:
    stands = [
        {"category": "town", "unit": "xiang", "post": "head", "lead": False},
        {"category": "town", "unit": "zhen", "post": "secretary", "lead": False},
        {"category": "leadership", "unit": "quwei", "post": "secretary", "lead": True},
    ]
    found = places(["government", "town"], 3, HEADS, stands)
    assert [(category, now) for category, _, now in found] == [
        ("government", ""),
        ("town", "xiang/head"),
        (None, "zhen/secretary"),
    ]
    assert [head for head, _ in found[1][1]] == ["zhen/secretary", "xiang/head"]


def test_a_paragraph_stands_beside_its_new_words() -> None:
    same, changed, added = side_by_side("一、意识\n我镇带头学法。", "一、意识\n我带头学法。\n二、打算")
    assert same.before == same.after == ((False, "一、意识"),)
    assert changed.before == ((False, "我"), (True, "镇"), (False, "带头学法。"))
    assert changed.after == ((False, "我带头学法。"),)
    assert (added.before, added.after) == (None, ((True, "二、打算"),))


def test_a_few_characters_that_are_the_same_by_chance_are_marked_with_what_is_around_them() -> None:
    [row] = side_by_side("我督促全镇干部学法用法，从不松懈。", "我带领各村干部学法用法，从不停步。")
    assert row.after == (
        (False, "我"),
        (True, "带领各村"),
        (False, "干部学法用法，从不"),
        (True, "停步"),
        (False, "。"),
    )


def test_two_long_paragraphs_are_marked_as_wholes() -> None:
    [row] = side_by_side("甲" * 3000, "乙" * 3000)
    assert (row.before, row.after) == (((True, "甲" * 3000),), ((True, "乙" * 3000),))


# ---- files ----


def docx(*paragraphs: str) -> bytes:
    document = Document()
    for one in paragraphs:
        document.add_paragraph(one)
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (uploads.LARGEST_UNPACKED + 1))
    return packed.getvalue()


class Sending:
    """A browser that sends a form with a file in pieces; ``taken`` counts the bytes that were asked for."""

    def __init__(self, name: str, content: bytes, text: str = "已经写好的文字") -> None:
        head = (
            '--x\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\nours\r\n'
            f'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n{text}\r\n'
            f'--x\r\nContent-Disposition: form-data; name="_file"; filename="{name}"\r\n\r\n'
        )
        self.body = head.encode() + content + b"\r\n--x--\r\n"
        self.taken = 0
        self.upload = uploads.Upload()

    async def _pieces(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), 4096):
            piece = self.body[start : start + 4096]
            self.taken += len(piece)
            yield piece

    async def received(self, declared: str | None = None) -> str:
        def ours(fields: dict[str, str]) -> None:
            assert fields["_csrf"] == "ours"

        await uploads.received(
            self._pieces(),
            "multipart/form-data; boundary=x",
            str(len(self.body)) if declared is None else declared,
            self.upload,
            ours,
        )
        return uploads.text_of(self.upload)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("稿.txt", "\ufeff我带头学法。\r\n完".encode(), "我带头学法。\n完"),
        ("稿.TXT", "我带头学法。".encode("gb18030"), "我带头学法。"),
        ("稿.docx", docx("一、意识", "我带头学法。"), "一、意识\n我带头学法。"),
    ],
)
async def test_a_file_is_read_as_its_text(name: str, content: bytes, text: str) -> None:
    sending = Sending(name, content)
    assert await sending.received() == text
    assert dict(sending.upload.fields)["text"] == "已经写好的文字"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("稿.pdf", b"%PDF-1.7" + b"x" * 1_000_000),
        ("稿.exe", b"MZ" + b"x" * 1_000_000),
        ("稿.docx", b"%PDF-1.7" + b"x" * 1_000_000),
        ("稿.txt", uploads.ZIP + b"x" * 1_000_000),
        ("稿.txt", b"MZ\0\0" + b"x" * 1_000_000),
        ("稿", b"x" * 1_000_000),
    ],
)
async def test_a_file_of_a_wrong_type_is_refused_before_it_is_read(name: str, content: bytes) -> None:
    sending = Sending(name, content)
    with pytest.raises(Refused, match=r"portal\.upload-of-unknown-type"):
        await sending.received()
    assert sending.taken < 10_000
    assert dict(sending.upload.fields)["text"] == "已经写好的文字"


async def test_a_file_that_says_it_is_too_large_is_refused_before_it_is_read() -> None:
    sending = Sending("稿.txt", b"x" * (4 * 1024 * 1024))
    with pytest.raises(Refused, match=r"portal\.upload-too-large"):
        await sending.received()
    assert sending.taken < 10_000


async def test_a_file_that_says_it_is_smaller_than_it_is_is_refused_at_the_limit() -> None:
    sending = Sending("稿.txt", b"x" * (4 * 1024 * 1024))
    with pytest.raises(Refused, match=r"portal\.upload-too-large"):
        await sending.received(declared="1000")
    assert sending.taken < uploads.LARGEST_FILE + 10_000


@pytest.mark.parametrize("content", [bomb(), uploads.ZIP + b"broken", b""])
async def test_a_document_that_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match=r"portal\.upload-(not-read|of-unknown-type)"):
        await Sending("稿.docx", content).received()


async def test_a_form_that_is_not_ours_is_not_read() -> None:
    def not_ours(fields: dict[str, str]) -> None:
        raise Refused("portal.form-not-ours")

    sending = Sending("稿.txt", b"x" * 1_000_000)
    with pytest.raises(Refused, match=r"portal\.form-not-ours"):
        await uploads.received(
            sending._pieces(), "multipart/form-data; boundary=x", "1000000", sending.upload, not_ours
        )
    assert sending.taken < 10_000
