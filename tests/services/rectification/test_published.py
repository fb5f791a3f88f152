"""What other services hear of a case, event by event."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import reduce

import pytest

from services.rectification.application import CASES
from services.rectification.domain.case import Event, evolve, initial
from services.rectification.domain.situations import Case
from shared.contracts import Contract
from shared.contracts import rectification as public
from shared.contracts.base import TextLink
from shared.decider import FreeText
from shared.eventstore import Recorded
from tests.services.rectification.telling import (
    BOTH,
    DUE,
    LIAISON,
    SENT,
    asked,
    confirmed,
    fed_back,
    fell_due,
    fell_overdue,
    granted,
    handed_over,
    receipted_by,
    refused,
    returned,
    verified,
)

SHA = "0123456789abcdef" * 4


def told(*past: Event) -> list[Contract]:
    """What is published for the last of these events."""
    state: Case = reduce(evolve, past, initial)
    last = CASES.codec.encode(past[-1]).event
    recorded = Recorded(last, "shanghai.jinshan", "case-2021-1-langxia", len(past), SENT, LIAISON)
    return list(CASES.publish(recorded, state))


def test_the_duty_is_told_with_its_items_and_its_date() -> None:
    [due] = told(fell_due())
    assert isinstance(due, public.RectificationDue)
    assert (due.case, due.unit, due.session) == ("2021-1-langxia", "langxia", "2021-1")
    assert (due.sent_on, due.due_before_rolling, due.due_on) == (SENT, date(2021, 10, 7), DUE)
    assert [item.item for item in due.items] == ["langxia-1", "langxia-2"]


def test_of_a_feedback_only_hash_and_link_are_told() -> None:
    [submitted] = told(fell_due(), fed_back())
    assert isinstance(submitted, public.FeedbackSubmitted)
    assert submitted.on_time is True
    assert submitted.offices == list(BOTH)
    assert submitted.text.href.startswith("/tenants/shanghai.jinshan/texts/")
    assert "已完成" not in submitted.model_dump_json()


def test_a_sealed_text_is_linked_by_its_reference() -> None:
    sealed: Recorded[Event] = Recorded(
        replace(fed_back(), text=FreeText(ref="abc", sha256=SHA)),
        "shanghai.jinshan",
        "case-2021-1-langxia",
        2,
        SENT,
        LIAISON,
    )
    past: list[Event] = [fell_due(), fed_back()]
    [submitted] = CASES.publish(sealed, reduce(evolve, past, initial))
    assert isinstance(submitted, public.FeedbackSubmitted)
    assert submitted.text == TextLink(sha256=SHA, href="/tenants/shanghai.jinshan/texts/abc")


def test_a_receipt_tells_which_offices_are_missing() -> None:
    [first] = told(fell_due(), fed_back(), *receipted_by("party_office"))
    [second] = told(fell_due(), fed_back(), *receipted_by(*BOTH))
    assert isinstance(first, public.FeedbackReceipted)
    assert isinstance(second, public.FeedbackReceipted)
    assert (first.offices_missing, second.offices_missing) == (["law_office"], [])


def test_returns_and_extensions_tell_both_dates() -> None:
    [back] = told(fell_due(), fed_back(), *receipted_by(*BOTH), returned())
    [more] = told(fell_due(), asked(), granted())
    assert isinstance(back, public.RectificationReturned)
    assert isinstance(more, public.RectificationExtended)
    assert (back.due_on_before, back.due_on, back.by_office) == (DUE, date(2021, 11, 26), "law_office")
    assert (more.due_on_before, more.due_on, more.requested_on) == (
        DUE,
        date(2021, 10, 29),
        date(2021, 9, 22),
    )


def test_a_missed_date_is_told() -> None:
    [overdue] = told(fell_due(), fell_overdue())
    assert isinstance(overdue, public.RectificationOverdue)
    assert (overdue.due_on, overdue.overdue_since) == (DUE, date(2021, 10, 9))


def test_a_verification_tells_when_it_was_due_and_whether_it_was_on_time() -> None:
    late = fed_back(date(2021, 10, 11))
    [done] = told(fell_due(), fell_overdue(), late, *receipted_by(*BOTH), verified("partly"))
    assert isinstance(done, public.RectificationVerified)
    assert (done.original_due_on, done.due_on, done.fed_back_on) == (DUE, DUE, date(2021, 10, 11))
    assert (done.outcome, done.on_time, done.by_office) == ("partly", False, "law_office")


def test_a_rectification_counts_in_the_year_it_first_fell_due() -> None:
    before, after = date(2021, 12, 31), date(2022, 1, 14)
    extended = granted(after, before=before, on=date(2021, 12, 20))
    fed = fed_back(date(2022, 1, 10), due_on=after)
    [done] = told(fell_due(before), asked(after), extended, fed, *receipted_by(*BOTH), verified())
    assert isinstance(done, public.RectificationVerified)
    assert (done.counts_in, done.due_on, done.on_time) == (2021, after, True)


@pytest.mark.parametrize(
    "past",
    [
        [fell_due(), asked()],
        [fell_due(), asked(), refused()],
        [fell_due(), handed_over()],
        [fell_due(provisional=True), confirmed(DUE, DUE, on=SENT)],
    ],
)
def test_what_is_of_no_use_to_others_stays_inside(past: list[Event]) -> None:
    assert told(*past) == []


def test_every_public_event_carries_the_case_as_its_partition_key() -> None:
    for past in ([fell_due()], [fell_due(), fed_back()], [fell_due(), fell_overdue()]):
        assert all(getattr(contract, "case", None) == "2021-1-langxia" for contract in told(*past))
