"""A draft that comes as a file: refused by its name, its first bytes or its size before it is read whole."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePath
from typing import TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from shared.decider import Refused

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

LARGEST_FILE = 2 * 1024 * 1024
LARGEST_FIELDS = 512 * 1024
"""All that a form says besides its file: what is typed already comes along."""
LARGEST_UNPACKED = 32 * 1024 * 1024
"""A workbook or a document of a few kilobytes can hold gigabytes of the same byte."""
ZIP, KNOWN = b"PK\x03\x04", (".txt", ".docx")
_ENOUGH_TO_TELL = 512


@dataclass
class Upload:
    """What a form with a file said: its fields in their order, and the file."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    name: str = ""
    content: bytearray = field(default_factory=bytearray)


async def received(
    stream: AsyncIterator[bytes],
    content_type: str,
    declared: str,
    upload: Upload,
    ours: Callable[[dict[str, str]], None],
) -> None:
    """Read a ``multipart/form-data`` body into ``upload``, which has the fields read so far when it is refused.

    ``declared`` is its Content-Length; ``ours`` is asked with the fields before the file whether the form is one of our
    own, and raises if not. Raises portal.upload-too-large, portal.upload-of-unknown-type, portal.form-too-large and
    http.invalid-body, all before the rest is read.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Refused("http.invalid-body", problems=["body: multipart/form-data"])
    too_large = not declared.isdecimal() or int(declared) > LARGEST_FILE + LARGEST_FIELDS
    reading = _Reading(upload, ours, too_large)
    parser = MultipartParser(options[b"boundary"], reading.callbacks())
    try:
        async for chunk in stream:
            parser.write(chunk)
        parser.finalize()
    except MultipartParseError as error:
        raise Refused("http.invalid-body", problems=[f"body: {error}"]) from None
    reading.tell_its_type(whole=True)


class _Reading:
    """The parts of a form as they come."""

    def __init__(self, upload: Upload, ours: Callable[[dict[str, str]], None], too_large: bool) -> None:
        self._upload = upload
        self._ours = ours
        self._too_large = too_large
        self._header, self._value, self._part = bytearray(), bytearray(), bytearray()
        self._disposition: dict[bytes, bytes] = {}
        self._said = 0
        self._told = False

    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls as it reads."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_ends,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
        }

    def tell_its_type(self, *, whole: bool) -> None:
        """By its first bytes: is it what its name says? Looked at as soon as there are enough of them."""
        name, content = self._upload.name, self._upload.content
        if self._told or not name or not (whole or len(content) >= _ENOUGH_TO_TELL):
            return
        self._told = True
        first = bytes(content[:_ENOUGH_TO_TELL])
        ending = PurePath(name).suffix.lower()
        if (ending == ".docx") != first.startswith(ZIP) or (ending == ".txt" and b"\0" in first):
            raise Refused("portal.upload-of-unknown-type", name=name)

    def _begin(self) -> None:
        self._disposition, self._part = {}, bytearray()

    def _header_ends(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            _, self._disposition = parse_options_header(bytes(self._value))
        self._header, self._value = bytearray(), bytearray()

    def _headers_end(self) -> None:
        name = self._disposition.get(b"filename", b"").decode("utf-8", "replace")[:200]
        if not name:
            return
        self._ours(dict(self._upload.fields))
        self._upload.name = name
        if PurePath(name).suffix.lower() not in KNOWN:
            raise Refused("portal.upload-of-unknown-type", name=name)
        if self._too_large:
            raise Refused("portal.upload-too-large", limit=LARGEST_FILE // 1024 // 1024)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if b"filename" in self._disposition:
            self._upload.content += data[start:end]
            if len(self._upload.content) > LARGEST_FILE:
                raise Refused("portal.upload-too-large", limit=LARGEST_FILE // 1024 // 1024)
            self.tell_its_type(whole=False)
            return
        self._said += end - start
        if self._said > LARGEST_FIELDS:
            raise Refused("portal.form-too-large", limit=LARGEST_FIELDS)
        self._part += data[start:end]

    def _end(self) -> None:
        if b"filename" not in self._disposition:
            name = self._disposition.get(b"name", b"").decode("utf-8", "replace")
            self._upload.fields.append((name, self._part.decode("utf-8", "replace")))


def text_of(upload: Upload) -> str:
    """The text of the file, a paragraph a line. Raises portal.upload-not-read."""
    try:
        content = bytes(upload.content)
        if not content:
            raise ValueError("no file, or an empty one")
        text = _of_docx(content) if content.startswith(ZIP) else _of_txt(content)
    except (ValueError, KeyError, zipfile.BadZipFile):
        raise Refused("portal.upload-not-read", name=upload.name) from None
    return text.replace("\r\n", "\n").replace("\0", "").strip()


def _of_txt(content: bytes) -> str:
    """UTF-8, or GB18030 as older editors write it."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _of_docx(content: bytes) -> str:
    with zipfile.ZipFile(BytesIO(content)) as packed:
        if sum(one.file_size for one in packed.infolist()) > LARGEST_UNPACKED:
            raise ValueError("unpacks to more than is read")
    # Here, as it takes some megabytes, and few requests bring a file.
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table

    try:
        document = Document(BytesIO(content))
    except PackageNotFoundError as error:
        raise ValueError("not a document") from error
    lines: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            lines += ["\t".join(cell.text for cell in row.cells) for row in block.rows]
        else:
            lines.append(block.text)
    return "\n".join(lines)
