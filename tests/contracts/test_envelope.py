"""An event on the wire: the same bytes every time, and whatever is wrong with a message is said with its place."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts.envelope import (
    Attributes,
    Cause,
    Facts,
    InvalidData,
    NotACloudEvent,
    Undecodable,
    UnknownEvent,
    UnknownVersion,
    decode,
    decode_again,
    encode,
    partition_key,
)
from shared.contracts.evaluation import OutcomeRecorded
from shared.contracts.ledger import LedgerRestored
from shared.contracts.rectification import FeedbackReceipted
from shared.contracts.review import SessionHeld
from shared.contracts.scheduling import SessionCancelled, TenantRegistered

RECEIPTED = FeedbackReceipted(
    case="2021-1-langxia",
    unit="langxia",
    office="party_office",
    receipted_on=date(2021, 9, 29),
    offices_missing=["law_office"],
)
RECORDED_AT = datetime(2021, 9, 29, 1, 30, tzinfo=UTC)


FACTS: Facts = {
    "tenant": "shanghai.jinshan",
    "epoch": 1,
    "sequence": 17,
    "stream": "case-2021-1-langxia",
    "ledger": "rectification:shanghai.jinshan#42",
    "recorded_at": RECORDED_AT,
    "business_date": date(2021, 9, 29),
    "simulated": True,
    "correlation_id": "c0ffee",
}


def encoded(recorded_at: datetime = RECORDED_AT, causation_id: str | None = None) -> bytes:
    return encode(RECEIPTED, **FACTS | {"recorded_at": recorded_at, "causation_id": causation_id})


def changed(**attributes: Any) -> bytes:
    message = json.loads(encoded()) | attributes
    return spaced_as_ours({name: value for name, value in message.items() if value is not ...})


def with_data(**data: Any) -> bytes:
    message = json.loads(encoded())
    return spaced_as_ours(
        message | {"data": {k: v for k, v in (message["data"] | data).items() if v is not ...}}
    )


def spaced_as_ours(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def test_the_envelope_holds_exactly_these_attributes() -> None:
    assert json.loads(encoded(causation_id="review:shanghai.jinshan/1/3")) == {
        "specversion": "1.0",
        "id": "rectification:shanghai.jinshan/1/17",
        "source": "/shufa/rectification",
        "type": "cn.shufa.rectification.FeedbackReceipted.v1",
        "subject": "case-2021-1-langxia",
        "time": "2021-09-29T01:30:00Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:shufa:schema:FeedbackReceipted:1",
        "tenant": "shanghai.jinshan",
        "sequence": 17,
        "epoch": 1,
        "ledger": "rectification:shanghai.jinshan#42",
        "partitionkey": "2021-1-langxia",
        "businessdate": "2021-09-29",
        "simulated": True,
        "correlationid": "c0ffee",
        "causationid": "review:shanghai.jinshan/1/3",
        "eventclass": "progress",
        "data": {
            "case": "2021-1-langxia",
            "unit": "langxia",
            "office": "party_office",
            "receipted_on": "2021-09-29",
            "offices_missing": ["law_office"],
        },
    }


def test_what_has_no_cause_has_no_causation() -> None:
    assert "causationid" not in json.loads(encoded())
    assert decode(encoded())[0].causationid is None


def test_names_of_attributes_are_lower_case_letters_as_cloudevents_asks() -> None:
    assert all(name.isascii() and name.isalpha() and name.islower() for name in json.loads(encoded()))


def test_the_same_event_is_the_same_bytes() -> None:
    in_shanghai = RECORDED_AT.astimezone(timezone(timedelta(hours=8)))
    assert encoded() == encoded() == encoded(in_shanghai)


def test_chinese_stays_readable() -> None:
    registered = TenantRegistered(
        name="金山区", tier="district", official_order=1, registered_on=date(2021, 1, 4)
    )
    payload = encode(
        registered,
        tenant="shanghai.jinshan",
        epoch=1,
        sequence=1,
        stream="tenant-self",
        ledger="scheduling:shanghai.jinshan#1",
        recorded_at=RECORDED_AT,
        business_date=date(2021, 1, 4),
        simulated=False,
        correlation_id="c",
    )
    assert "金山区".encode() in payload
    assert decode(payload)[1] == registered


def test_an_event_comes_back_as_it_was() -> None:
    event, contract = decode(encoded())
    assert contract == RECEIPTED
    assert (event.tenant, event.epoch, event.sequence) == ("shanghai.jinshan", 1, 17)
    assert (event.time, event.businessdate, event.simulated) == (RECORDED_AT, date(2021, 9, 29), True)


def test_a_time_without_a_zone_is_not_sent() -> None:
    with pytest.raises(ValueError, match="time"):
        encoded(datetime(2021, 9, 29, 9, 30))  # noqa: DTZ001 -- the mistake that is refused


# ---- the partition key ----


def test_the_key_is_the_case_else_the_session_else_the_stream() -> None:
    held = SessionHeld(
        session="2021-1",
        plan_year=2021,
        number=1,
        held_on=date(2021, 6, 24),
        units=["langxia"],
        bulletin="not_applicable",
    )
    outcome = OutcomeRecorded(outcome="o-1", unit="langxia", what="", confirmed=False)
    assert partition_key(RECEIPTED, "case-2021-1-langxia") == "2021-1-langxia"
    assert partition_key(held, "session-2021-1") == "2021-1"
    assert partition_key(SessionCancelled(session="2021-1", reason=""), "x") == "2021-1"
    assert partition_key(outcome, "outcome-o-1") == "outcome-o-1"


# ---- what cannot be decoded ----


@pytest.mark.parametrize("payload", [b"", b"x", b"\xff\xfe", b"[]", b"null", b'"text"', b"{", b"{}"])
def test_what_is_no_cloudevent_is_said_to_be_none(payload: bytes) -> None:
    with pytest.raises(NotACloudEvent):
        decode(payload)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "0.3"),
        ("id", "17"),
        ("source", "rectification"),
        ("type", "FeedbackReceipted"),
        ("type", "cn.shufa.rectification.FeedbackReceipted.v0"),
        ("subject", "case.2021"),
        ("time", "2021-09-29T09:30:00"),
        ("time", 1632879000),
        ("datacontenttype", "text/plain"),
        ("dataschema", "https://example/schema"),
        ("tenant", "Shanghai"),
        ("tenant", "shanghai.*"),
        ("sequence", "17"),
        ("sequence", 0),
        ("epoch", 1.5),
        ("epoch", True),
        ("ledger", "rectification#42"),
        ("partitionkey", ""),
        ("businessdate", "2021-02-30"),
        ("simulated", "true"),
        ("correlationid", None),
        ("causationid", ""),
        ("eventclass", "secret"),
        ("data", []),
    ],
)
def test_an_attribute_that_does_not_fit_is_named(attribute: str, value: Any) -> None:
    with pytest.raises(NotACloudEvent) as refused:
        decode(changed(**{attribute: value}))
    assert refused.value.where == attribute


@pytest.mark.parametrize("attribute", sorted(set(json.loads(encoded()))))
def test_an_attribute_that_is_missing_is_named(attribute: str) -> None:
    with pytest.raises(NotACloudEvent) as refused:
        decode(changed(**{attribute: ...}))
    assert (refused.value.where, refused.value.what) == (attribute, "Field required")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("id", "rectification:shanghai.jinshan/1/18"),
        ("id", "rectification:shanghai.fengxian/1/17"),
        ("source", "/shufa/review"),
        ("type", "cn.shufa.review.FeedbackReceipted.v1"),
        ("dataschema", "urn:shufa:schema:FeedbackSubmitted:1"),
        ("eventclass", "content"),
        ("ledger", "review:shanghai.jinshan#42"),
        ("ledger", "rectification:shanghai.jinshan.langxia#42"),
    ],
)
def test_an_envelope_that_contradicts_itself_is_refused(attribute: str, value: str) -> None:
    with pytest.raises(NotACloudEvent) as refused:
        decode(changed(**{attribute: value}))
    assert refused.value.where == attribute


def test_an_event_nobody_knows_is_told_from_a_version_nobody_knows() -> None:
    with pytest.raises(UnknownEvent, match="FeedbackEaten is not known"):
        decode(changed(type="cn.shufa.rectification.FeedbackEaten.v1"))
    with pytest.raises(UnknownVersion, match="version 2 of FeedbackReceipted"):
        decode(changed(type="cn.shufa.rectification.FeedbackReceipted.v2"))


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"office": ...}, "data.office"),
        ({"office": 7}, "data.office"),
        ({"receipted_on": "2021-09-31"}, "data.receipted_on"),
        ({"receipted_on": 1632879000}, "data.receipted_on"),
        ({"offices_missing": ["law_office", None]}, "data.offices_missing.1"),
        ({"unit": "区交通委"}, "data.unit"),
    ],
)
def test_data_that_does_not_fit_is_named_by_its_path(data: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidData) as refused:
        decode(with_data(**data))
    assert refused.value.where == where


def test_no_value_of_a_message_gets_into_an_error() -> None:
    for payload in (with_data(office={"secret": "机密"}), changed(sequence="机密"), changed(data="机密")):
        with pytest.raises(Undecodable) as refused:
            decode(payload)
        assert "机密" not in str(refused.value)


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidData):
        decode(encoded().replace(b'"party_office"', b"NaN"))


def test_what_a_broker_or_a_tracer_adds_is_ignored() -> None:
    assert decode(changed(traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
    assert decode(with_data(added_in_a_newer_release=[1, 2]))[1] == RECEIPTED


@given(st.binary(max_size=300))
def test_no_bytes_make_decoding_fail_in_another_way(payload: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(payload)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(json.loads(encoded()))), anything)
def test_no_value_of_an_attribute_makes_decoding_fail_in_another_way(attribute: str, value: Any) -> None:
    with suppress(Undecodable):
        decode(changed(**{attribute: value}))


@given(st.sampled_from(["case", "unit", "office", "receipted_on", "offices_missing"]), anything)
def test_no_value_in_the_data_makes_decoding_fail_in_another_way(name: str, value: Any) -> None:
    with suppress(Undecodable):
        decode(with_data(**{name: value}))


nearly_right: st.SearchStrategy[Any] = st.sampled_from(
    [
        "17",
        "1",
        "true",
        1,
        1.0,
        True,
        None,
        1632873600,
        "2021-09-29",
        "2021-09-29T01:30:00Z",
        float("nan"),
        [],
        {},
    ]
)


def outcome(payload: bytes) -> Any:
    """What decoding answers or refuses."""
    try:
        event, contract = decode(payload)
    except Undecodable as error:
        return type(error), error.where
    return Attributes.model_validate(event.model_dump()), contract


@given(
    st.dictionaries(st.sampled_from([*sorted(json.loads(encoded())), "added"]), nearly_right, max_size=1),
    st.dictionaries(st.sampled_from([*sorted(RECEIPTED.model_dump()), "added"]), nearly_right, max_size=1),
)
def test_a_message_means_the_same_however_it_is_spaced(
    attributes: dict[str, Any], data: dict[str, Any]
) -> None:
    """Ours have no blanks and are read in one pass; others are read step by step."""
    message = json.loads(encoded())
    message = message | {"data": message["data"] | data} | attributes
    assert outcome(spaced_as_ours(message)) == outcome(json.dumps(message, indent=1).encode())


@pytest.mark.parametrize("service", ["review", "scheduling"])
def test_what_any_service_may_say_is_said_by_the_one_whose_ledger_it_is_in(service: str) -> None:
    restored = LedgerRestored(
        epoch_before=1, last_sequence_before=43, restored_to=52, lost=3, by="示例·运维员", reason="示例理由"
    )
    ledger = f"{service}:shanghai.jinshan#53"
    payload = encode(
        restored, **FACTS | {"epoch": 2, "sequence": 1, "stream": "ledger-restored", "ledger": ledger}
    )
    event, data = decode(payload)
    assert (event.source, event.id) == (f"/shufa/{service}", f"{service}:shanghai.jinshan/2/1")
    assert event.type == f"cn.shufa.{service}.LedgerRestored.v1"
    assert data == restored
    for attribute in ("source", "id", "ledger"):
        other = json.loads(payload)
        other[attribute] = other[attribute].replace(service, "rectification")
        with pytest.raises(NotACloudEvent):
            decode(spaced_as_ours(other))


misleading: st.SearchStrategy[Any] = st.sampled_from(
    [
        {"type": "cn.shufa.review.SessionHeld.v1"},
        {"data": {"case": "another"}, "simulated": False},
        '","type":"cn.shufa.review.SessionHeld.v1","',
        ',"data":{"case":"another"}',
        ',"simulated":false',
        "{",
        [],
        None,
    ]
)
"""What an attribute that is not ours may hold, or a field that a contract does not know."""


@given(
    st.sampled_from(["FeedbackReceipted.v1", "FeedbackReceipted.v2", "FeedbackEaten.v1"]),
    st.dictionaries(st.sampled_from([*sorted(RECEIPTED.model_dump()), "added"]), nearly_right, max_size=2),
    st.dictionaries(st.sampled_from(["foreign", "traceparent", "zone"]), misleading, max_size=2),
    st.dictionaries(st.sampled_from(["foreign", "type"]), misleading, max_size=1),
    st.sampled_from(["2021-09-29T01:30:00Z", "2021-09-29t09:30:00+08:00", "2021-09-29 01:30:00.000001z"]),
    st.booleans(),
    st.data(),
)
@example("FeedbackReceipted.v1", {"receipted_on": 1632873600}, {}, {}, "2021-09-29T01:30:00Z", True, None)
@example("FeedbackReceipted.v1", {}, {"foreign": {"data": {}}}, {}, "2021-09-29 01:30:00z", False, None)
@example("FeedbackReceipted.v1", {}, {"traceparent": "{"}, {}, "2021-09-29 01:30:00z", True, None)
def test_what_was_kept_is_read_again_as_it_was_read_first(
    named: str,
    data: dict[str, Any],
    attributes: dict[str, Any],
    fields: dict[str, Any],
    time: str,
    simulated: bool,
    draw: st.DataObject | None,
) -> None:
    """In whatever order it is written, and whatever else is in it."""
    message = json.loads(encoded(causation_id="review:shanghai.jinshan/1/3"))
    contents = message.pop("data") | data | fields
    message |= attributes | {"time": time, "simulated": simulated, "data": contents}
    message |= {"type": f"cn.shufa.rectification.{named}"}
    if draw is not None and draw.draw(st.booleans()):
        message = {name: message[name] for name in draw.draw(st.permutations(list(message)))}
    read_again(spaced_as_ours(message), attributes.get("traceparent"))


OTHER_TYPE = {"foreign": {"of": "another", "type": "cn.shufa.rectification.FeedbackReceipted.v1"}}
OUTCOME = encode(
    OutcomeRecorded(outcome="o1", unit="langxia", what="示例", number=1.5, confirmed=True),
    **FACTS | {"stream": "outcome-o1", "ledger": "evaluation:shanghai.jinshan#3", "simulated": False},
)


@pytest.mark.parametrize(
    "payload",
    [
        OUTCOME,
        OUTCOME.replace(b'"simulated":false', b'"simulated": false'),
        OUTCOME.replace(b"1.5", b"NaN"),
        OUTCOME.replace(b"1.5", b"-Infinity"),
        OUTCOME.replace(b"1.5", b'"Infinity"'),
        spaced_as_ours(OTHER_TYPE | json.loads(OUTCOME)),
        spaced_as_ours(
            OTHER_TYPE | json.loads(encoded()) | {"type": "cn.shufa.rectification.FeedbackEaten.v1"}
        ),
    ],
)
def test_what_was_kept_is_read_again_also_where_it_misleads(payload: bytes) -> None:
    assert outcome(payload)[0] is not NotACloudEvent
    read_again(payload)


def read_again(payload: bytes, place: Any = None) -> None:
    """Reading it again says what reading it first did; ``place`` is the traceparent in it."""
    found = outcome(payload)
    if found[0] is NotACloudEvent:
        return  # the inbox keeps it apart, and nobody reads it again
    if isinstance(found[0], type):
        with pytest.raises(Undecodable) as refused:
            decode_again(payload, "shanghai.jinshan")
        assert (type(refused.value), refused.value.where) == found
        return
    event, contract = found
    cause, again = decode_again(payload, "shanghai.jinshan")
    assert again == contract
    about = (event.id, event.ledger, event.tenant, event.businessdate, event.time)
    place = place if isinstance(place, str) else None
    assert cause == Cause(*about, event.correlationid, event.simulated, place)
