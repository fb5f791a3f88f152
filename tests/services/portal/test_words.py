"""Every word that a page can show has its English: none is left in Chinese for who chose English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from services.portal.web import pages, words

PORTAL = pages.HERE
CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = words.translations("en")


PAPERS = ("templates/plan/notices.html", "templates/plan/slip.html")


def is_paper(place: str) -> bool:
    """Official papers (these, and every folder ``print``) are in Chinese whatever language the pages speak."""
    return place.partition(":")[0] in PAPERS or "/print/" in place


def of_templates() -> Iterator[tuple[str, str]]:
    """Where and what: each word that a template has translated, and that Python has translated by ``_(…)``."""
    methods = [("templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    for file, line, message, _, _ in extract_from_dir(PORTAL, methods, keywords={"_": None, "gettext": None}):
        yield f"{file}:{line}", str(message)


def of_word_tables() -> Iterator[tuple[str, str]]:
    """Each Chinese word in a table of a module of pages (``ROLES``, ``NAVIGATION``): templates translate what they
    take from it."""
    for folder in ("pages", "web"):
        for file in sorted((PORTAL / folder).glob("*.py")):
            for table in ast.parse(file.read_text("utf-8")).body:
                if isinstance(table, ast.Assign | ast.AnnAssign) and table.value is not None:
                    for node in ast.walk(table.value):
                        if isinstance(node, ast.Constant) and CHINESE.search(str(node.value)):
                            yield f"{folder}/{file.name}:{node.lineno}", str(node.value)


NOT_TRANSLATED = {"中文"}
"""The name of a language is said in that language."""


def test_there_are_words_to_look_at() -> None:
    assert len({text for _, text in of_templates()}) > 40
    assert "依法治区办" in [text for _, text in of_word_tables()]


def test_every_word_of_templates_and_tables_has_its_english() -> None:
    without = {
        text: place
        for place, text in (*of_templates(), *of_word_tables())
        if ENGLISH.gettext(text) == text and text not in NOT_TRANSLATED and not is_paper(place)
    }
    assert without == {}


@pytest.mark.parametrize("file", sorted((PORTAL / "locales" / "en").glob("*.po")), ids=lambda one: one.name)
def test_what_a_translation_is_given_it_says(file: Path) -> None:
    """``%(on)s`` in the Chinese is in the English too, and nothing else: the page would break, or lose a date."""
    for message in read_po(file.open("rb"), locale="en"):
        given, said = (set(re.findall(r"%\((\w+)\)s", str(text))) for text in (message.id, message.string))
        assert given == said, message.id
        assert message.string or not message.id, message.id


TRANSLATED = re.compile(
    r"""\b_\(\s*("[^"]*"|'[^']*')|\{%-?\s*trans\b.*?endtrans\s*-?%\}|\{#.*?#\}""", re.DOTALL
)
SIGNS = ('<span class="mark" aria-hidden="true">法</span>',)
"""Chinese that is a picture and not a word."""


PAGES = [
    file
    for file in sorted((PORTAL / "templates").rglob("*.html"))
    if not is_paper(str(file.relative_to(PORTAL)))
]


@pytest.mark.parametrize("file", PAGES, ids=lambda one: str(one.relative_to(PORTAL)))
def test_no_chinese_stands_in_a_template_beside_what_is_translated(file: Path) -> None:
    text = TRANSLATED.sub("", file.read_text("utf-8"))
    for sign in SIGNS:
        text = text.replace(sign, "")
    assert [line.strip() for line in text.splitlines() if CHINESE.search(line)] == []


def test_no_word_has_two_translations() -> None:
    """The one of the last file would hold, wherever it is said."""
    found: dict[str, str] = {}
    for file in sorted((PORTAL / "locales" / "en").glob("*.po")):
        for message in read_po(file.open("rb"), locale="en"):
            if message.id:
                assert str(message.id) not in found, (file.name, found.get(str(message.id)))
                found[str(message.id)] = file.name


@pytest.mark.parametrize(
    ("tier", "law_office"), [("district", "依法治区办"), ("town", "司法所"), (None, "依法治区办")]
)
def test_a_role_in_an_owners_sentence_is_called_as_it_is_there(tier: str | None, law_office: str) -> None:
    sentence = "本事项的督查由supervision_office负责，可以延伸的角色：law_office, liaison。"
    data = {"office": "supervision_office", "reaching": ["law_office", "liaison"], "on": None}
    said = words.with_role_names(sentence, data, tier, "zh")
    assert said == f"本事项的督查由督查室负责，可以延伸的角色：{law_office}, 联络员。"


def test_what_is_no_role_of_the_refusal_stays_as_it_is() -> None:
    data = {"office": "supervision_office", "what": "/t/x/leader"}
    said = words.with_role_names(
        "The service says of /t/x/leader: supervision_office.", data, "district", "en"
    )
    assert said == "The service says of /t/x/leader: Supervision office."
    assert words.with_role_names("没有找到 /t/x/leader。", data, "town", "zh") == "没有找到 /t/x/leader。"
