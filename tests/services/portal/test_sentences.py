"""One sentence for each public event: none is left out, and each says what its event says, in either language."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.portal.domain.saying import Saying, place
from services.portal.domain.sentences import SENTENCES, sentence
from services.portal.web.pages import HERE, day
from services.portal.web.words import role_name, translations
from shared.contracts import PUBLISHERS, contracts_of

CHINESE = re.compile(r"[\u3400-\u9fff]")
GOLDENS = Path(__file__).parents[2] / "contracts" / "golden"
NEWEST = {contract.__name__: contract for service in PUBLISHERS for contract in contracts_of(service)}
SAY = Saying(office=lambda role: role_name(role, "district"), day=day)


def example(name: str) -> dict[str, Any]:
    """An event of this contract as it was once said."""
    golden = GOLDENS / f"{name}.v{NEWEST[name].version}.json"
    data = json.loads(golden.read_text("utf-8"))["data"]
    return NEWEST[name].model_validate_json(json.dumps(data), strict=True).model_dump(mode="json")


def test_every_public_event_has_its_sentence_and_no_other_is_there() -> None:
    assert set(SENTENCES) == set(NEWEST)


@pytest.mark.parametrize("name", sorted(NEWEST))
def test_an_event_is_one_sentence_without_a_code_or_a_name_of_a_field(name: str) -> None:
    said = sentence(name, example(name), SAY)
    assert CHINESE.search(said)
    assert re.fullmatch(r"[^\n]+。", said)
    assert not re.search(
        r"%\(|\b(None|null|True|False|law_office|party_office|passed|partly|not_due)\b", said
    )


def test_what_an_event_says_is_what_happened() -> None:
    returned = {"by_office": "law_office", "due_on_before": "2021-10-08", "due_on": "2021-11-26"}
    assert (
        sentence("RectificationReturned", returned, SAY)
        == "依法治区办退回整改，期限由2021年10月8日改为2021年11月26日。"
    )
    receipted = {"office": "party_office", "offices_missing": ["law_office"]}
    assert sentence("FeedbackReceipted", receipted, SAY) == "区委办签收整改反馈，尚待依法治区办签收。"
    assert (
        sentence("FeedbackReceipted", receipted | {"offices_missing": []}, SAY)
        == "区委办签收整改反馈，各办公室均已签收。"
    )
    spoken = {"unit_name": "廊下镇", "title": "党委书记", "person": "示例·丙", "planned_seconds": 480}
    assert (
        sentence("ReportDelivered", spoken | {"spoken_seconds": 505}, SAY)
        == "廊下镇党委书记示例·丙现场述法，用时8分25秒，超出规定时长25秒。"
    )
    assert "超出" not in sentence("ReportDelivered", spoken | {"spoken_seconds": 480}, SAY)
    sent = {"sent_on": "2022-07-05", "offices": ["party_office"], "signer": "示例·甲", "short_form": False}
    assert sentence("FeedbackSubmitted", sent | {"on_time": False}, SAY).endswith("，逾期报送。")


def test_an_office_is_called_as_its_tier_calls_it() -> None:
    town = Saying(office=lambda role: role_name(role, "town"), day=day)
    assert "司法所" in sentence("FeedbackReceipted", {"office": "law_office", "offices_missing": []}, town)


def test_an_event_that_is_not_known_is_named() -> None:
    assert sentence("SomethingNew", {}, SAY) == "SomethingNew"


@pytest.mark.parametrize("module", ["sentences", "due_dates"])
def test_every_word_of_a_sentence_has_its_english(module: str) -> None:
    """``test_words`` asks this of templates and of tables of pages; sentences are said by ``say``."""
    english = translations("en").gettext
    code = ast.parse((HERE / "domain" / f"{module}.py").read_text("utf-8"))
    notes = {
        node.value.value
        for node in ast.walk(code)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    said = {
        node.value
        for node in ast.walk(code)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CHINESE.search(node.value)
    } - notes
    assert said
    assert {text for text in said if english(text) == text} == set()


def test_rounds_stand_in_the_order_of_their_years_and_numbers() -> None:
    assert sorted(["2022-1", "2021-10", "x", "2021-2"], key=place) == ["x", "2021-2", "2021-10", "2022-1"]
