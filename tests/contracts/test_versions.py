"""A message of any version is read as the newest says it; what an old one did not say stays unsaid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from shared.contracts import CONTRACTS, contracts_of, newest, sayers, superseded
from shared.contracts.base import Contract
from shared.contracts.envelope import InvalidData, decode
from shared.contracts.rectification import RectificationVerified
from shared.contracts.superseded import v1
from shared.messaging.inbox import received

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted({name for name, _ in CONTRACTS})


def versions(name: str) -> list[int]:
    return sorted(version for known, version in CONTRACTS if known == name)


def message(version: int, **data: Any) -> bytes:
    """The golden message of a version, with other data."""
    told = json.loads((GOLDEN / f"RectificationVerified.v{version}.json").read_text("utf-8"))
    told["data"] |= data
    return json.dumps({**told, "data": {k: v for k, v in told["data"].items() if v is not ...}}).encode()


@pytest.mark.parametrize("name", NAMES)
def test_every_version_since_the_first_is_known_and_leads_to_the_next(name: str) -> None:
    known = versions(name)
    assert known == list(range(1, len(known) + 1))
    assert [version for of, version in superseded.UPCASTS if of == name] == known[:-1]


@pytest.mark.parametrize("name", NAMES)
def test_all_versions_of_an_event_are_of_one_service_which_says_the_newest(name: str) -> None:
    *past, today = (CONTRACTS[name, version] for version in versions(name))
    assert {sayers(one) for one in past} <= {sayers(today)}
    for service in sayers(today):
        said = contracts_of(service)
        assert today in said
        assert not {*past} & {*said}


@pytest.mark.parametrize(
    ("payload", "unfinished"),
    [
        (message(1), []),
        (message(1, outcome="partly"), None),
        (message(1, unfinished=["langxia-1"]), []),
        (message(2), ["shilike-1"]),
        (message(2, unfinished=None), None),
    ],
)
def test_either_version_is_read_as_the_newest(payload: bytes, unfinished: list[str] | None) -> None:
    event, contract = decode(payload)
    sent = json.loads(payload)
    assert isinstance(contract, RectificationVerified)
    assert contract.unfinished == unfinished
    assert (event.type, event.id) == (sent["type"], sent["id"]), "the envelope stays as it was sent"
    told = contract.model_dump(mode="json")
    assert {name: told[name] for name in v1.RectificationVerified.model_fields} == {
        name: sent["data"][name] for name in v1.RectificationVerified.model_fields
    }


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        (message(1, outcome="returned"), "data.outcome"),
        (message(1, by_office=...), "data.by_office"),
        (message(2, unfinished=...), "data.unfinished"),
        (message(2, unfinished=["第一项"]), "data.unfinished.0"),
    ],
)
def test_each_version_is_held_to_its_own_model(payload: bytes, where: str) -> None:
    with pytest.raises(InvalidData) as refused:
        decode(payload)
    assert refused.value.where == where


def test_a_chain_goes_through_every_version(monkeypatch: pytest.MonkeyPatch) -> None:
    class Third(Contract):
        service: ClassVar[str] = "rectification"
        version: ClassVar[int] = 3
        case: str
        left: int | None

    def rectification_verified_2_to_3(data: dict[str, Any]) -> dict[str, Any]:
        left = data["unfinished"]
        return {"case": data["case"], "left": None if left is None else len(left)}

    Third.__name__ = "RectificationVerified"
    monkeypatch.setitem(CONTRACTS, ("RectificationVerified", 3), Third)
    monkeypatch.setitem(superseded.UPCASTS, ("RectificationVerified", 2), rectification_verified_2_to_3)
    read = [decode(message(version))[1] for version in (1, 2)]
    assert read == [Third(case="2021-1-langxia", left=0), Third(case="2021-1-shilike", left=1)]
    assert newest(read[0]) is read[0]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda data: {**data, "unfinished": data["left"]},
        lambda data: {**data, "unfinished": "机密"},
        lambda data: data,
    ],
)
def test_a_message_that_an_upcaster_trips_over_is_kept_and_no_value_of_it_is_said(
    wrong: superseded.Upcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(superseded.UPCASTS, ("RectificationVerified", 1), wrong)
    with pytest.raises(InvalidData, match="version 1 was not brought to the newest") as refused:
        decode(message(1))
    assert "机密" not in str(refused.value)
    kept = received("rectification", message(1), 7)
    assert (kept.error, kept.tenant, kept.sequence) == (None, "shanghai.jinshan", 56)
