"""What a person is offered in a case: by who they are and where it stands."""

from __future__ import annotations

from typing import Any

import pytest

from services.portal.domain.offers import Asker, offered, offices_to_receipt
from services.rectification.application import COMMANDS
from shared.decider import Actor, words
from shared.security.permissions import may

OPEN: dict[str, Any] = {
    "unit": "langxia",
    "state": "open",
    "category": "town",
    "classified": False,
    "extension_asked_on": None,
    "bulletin": "not_due",
    "receipts": [],
    "offices_missing": [],
    "notice_number": None,
}
SENT = OPEN | {"state": "awaiting_receipt", "offices_missing": ["party_office", "law_office"]}
READ = OPEN | {"state": "awaiting_verification", "receipts": [{"office": "party_office"}]}
LATE = OPEN | {"bulletin": "overdue"}
DONE = OPEN | {"state": "completed"}
VILLAGE = OPEN | {"category": "village"}


def somebody(role: str, unit: str | None = None) -> Asker:
    actor = Actor("u", "某", frozenset({role}), unit)
    return Asker(actor.roles, unit, lambda command: may("rectification", command, actor) is None)


UNIT, OTHER = somebody("liaison", "langxia"), somebody("liaison", "jiaotongwei")
LAW, PARTY, SUPERVISION = (somebody(role) for role in ("law_office", "party_office", "supervision_office"))


@pytest.mark.parametrize(
    ("asker", "row", "expected"),
    [
        (UNIT, OPEN, {"submit-feedback", "note-progress", "request-extension"}),
        (UNIT, LATE, {"submit-feedback", "note-progress"}),
        (UNIT, OPEN | {"extension_asked_on": "2021-09-20"}, {"submit-feedback", "note-progress"}),
        (UNIT, OPEN | {"classified": True}, {"submit-feedback", "request-extension"}),
        (UNIT, SENT, {"note-progress", "withdraw-feedback"}),
        (UNIT, SENT | {"receipts": [{"office": "party_office"}]}, {"note-progress"}),
        (UNIT, VILLAGE, {"note-progress", "request-extension"}),
        (UNIT, DONE, set()),
        (OTHER, OPEN, set()),
        (OTHER, SENT, set()),
        (LAW, VILLAGE, {"submit-short-form", "record-inspection", "correct-record"}),
        (LAW, SENT, {"receipt-feedback", "record-inspection", "correct-record"}),
        (LAW, DONE, {"correct-record"}),
        (PARTY, SENT | {"offices_missing": ["law_office"]}, {"record-inspection", "correct-record"}),
        (SUPERVISION, LATE, {"open-supervision", "record-inspection"}),
        (
            SUPERVISION,
            LATE | {"notice_number": "金督〔2022〕1号"},
            {"close-supervision", "record-inspection"},
        ),
        (SUPERVISION, LATE | {"category": "village"}, {"record-inspection"}),
        (somebody("auditor"), SENT, set()),
    ],
)
def test_a_person_is_offered_what_is_theirs_to_do(
    asker: Asker, row: dict[str, Any], expected: set[str]
) -> None:
    assert set(offered(row, asker, short_form=True)) == expected


def test_what_awaits_verification_or_an_answer_is_offered_to_offices() -> None:
    assert {"verify-rectification", "return-rectification"} < set(offered(READ, LAW, short_form=True))
    asked = OPEN | {"extension_asked_on": "2021-09-20"}
    assert {"grant-extension", "refuse-extension"} < set(offered(asked, LAW, short_form=True))


def test_a_village_feeds_back_itself_where_the_short_form_is_closed() -> None:
    assert "submit-feedback" in offered(VILLAGE, UNIT, short_form=False)
    assert "submit-short-form" not in offered(VILLAGE, LAW, short_form=False)


def test_an_office_receipts_for_itself_alone() -> None:
    assert offices_to_receipt(SENT, LAW) == ["law_office"]
    assert offices_to_receipt(SENT, UNIT) == []


def test_every_command_on_a_case_that_is_open_to_people_can_be_offered() -> None:
    of_a_case = {words(command.__name__) for aggregate, command in COMMANDS if aggregate.kind == "case"}
    everybody = [UNIT, LAW, PARTY, SUPERVISION]
    asked, supervised = OPEN | {"extension_asked_on": "2021-09-20"}, LATE | {"notice_number": "1"}
    rows = [OPEN, SENT, READ, LATE, DONE, VILLAGE, asked, supervised]
    seen = {one for row in rows for who in everybody for one in offered(row, who, short_form=True)}
    assert seen == of_a_case
