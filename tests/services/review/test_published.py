"""What other services hear of drafts, sessions and minutes, event by event."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

import pytest

from services.review.application import DRAFTS, SESSIONS
from services.review.domain import draft, session
from services.review.domain.changes import SessionCancelled, SessionRescheduled
from services.review.domain.excerpts import Correction, corrected
from services.review.domain.minutes import MinutesCorrected, MinutesDrafted, RequirementsChecked
from services.review.domain.proceedings import AttendanceRecorded, GuestRecorded
from shared.contracts import Contract
from shared.contracts import review as public
from shared.contracts.base import TextLink
from shared.decider import FreeText
from shared.eventstore import Aggregate, Recorded
from tests.services.review.telling import (
    APPROVE_BY,
    DUE,
    HELD,
    LANGXIA,
    LIAISON,
    NUMBER,
    RECTIFY_BY,
    SCHEDULED,
    SENT,
    SIGNED,
    all_confirmed,
    approved,
    checked,
    closed,
    commented,
    drafted,
    expected,
    held,
    named,
    not_held,
    numbered,
    opened,
    received,
    returned,
    running,
    sent,
    signed,
    spoke,
    submitted,
    supplemented,
    voided,
)

LINE = Correction("langxia-1", "健全重大决策合法性审查")
SHA = "0123456789abcdef" * 4
LINK = TextLink(sha256=SHA, href="/tenants/shanghai.jinshan/texts/t1")


def sealed(value: Any) -> Any:
    """The value as the ledger gives it back: texts are references."""
    if isinstance(value, FreeText):
        return FreeText(ref="t1", sha256=SHA)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: sealed(getattr(value, f.name)) for f in fields(value)})
    return value


def told(aggregate: Aggregate[Any, Any, Any, Any], *past: object) -> list[Contract]:
    """What is published of the last event of a stream."""
    events = [sealed(event) for event in past]
    recorded = Recorded(events[-1], "shanghai.jinshan", "any-2021-1", len(events), HELD, LIAISON)
    return list(aggregate.publish(recorded, aggregate.fold(events)))


DRAFT_STEPS: list[tuple[tuple[draft.Event, ...], list[Contract]]] = [
    ((expected(),), []),
    (
        (expected(), submitted()),
        [
            public.DraftSubmitted(
                session="2021-1",
                unit="jiaotongwei",
                revision=1,
                characters=5,
                text=LINK,
                submitted_on=DUE,
                entered_by="联络员甲",
                entered_for="述法人甲",
            )
        ],
    ),
    (
        (expected(), submitted(), returned()),
        [
            public.DraftReturned(
                session="2021-1",
                unit="jiaotongwei",
                revision=1,
                remarks=LINK,
                returned_on=date(2021, 6, 7),
            )
        ],
    ),
    (
        (expected(), submitted(), approved(on=APPROVE_BY)),
        [public.DraftApproved(session="2021-1", unit="jiaotongwei", revision=1, approved_on=APPROVE_BY)],
    ),
    (
        (expected(), submitted(), approved(), voided()),
        [
            public.DraftApprovalVoided(
                session="2021-1",
                unit="jiaotongwei",
                approved_revision=1,
                revision=2,
                voided_on=date(2021, 6, 16),
            )
        ],
    ),
]


HANDED_OVER = draft.DraftHandedOver("主任", "述法人甲", "继任甲", DUE, None, DUE)
DRAFT_STEPS += [
    ((expected(), draft.DraftMoved(HELD, SENT, SCHEDULED, DUE, DUE)), []),
    ((expected(), draft.DraftWithdrawn("cancelled", DUE)), []),
    ((expected(), submitted(), HANDED_OVER), []),
    (
        (expected(), submitted(), approved(), replace(HANDED_OVER, voided=1)),
        [
            public.DraftApprovalVoided(
                session="2021-1", unit="jiaotongwei", approved_revision=1, revision=1, voided_on=DUE
            )
        ],
    ),
]


@pytest.mark.parametrize(("past", "contracts"), DRAFT_STEPS)
def test_each_step_of_a_draft_is_told(past: tuple[draft.Event, ...], contracts: list[Contract]) -> None:
    assert told(DRAFTS, *past) == contracts


def test_a_report_is_told_when_it_is_delivered_with_its_real_time() -> None:
    assert told(SESSIONS, *running(), spoke(LANGXIA, 505)) == [
        public.ReportDelivered(
            session="2021-1",
            plan_year=2021,
            unit="langxia",
            unit_name="廊下镇",
            post="secretary",
            title="书记",
            person="述法人丙",
            held_on=HELD,
            planned_seconds=480,
            spoken_seconds=505,
        )
    ]


def test_an_absence_is_told_with_its_reason() -> None:
    absent = AttendanceRecorded("shilizhen", "示例镇", "列席人甲", False, "外出培训", HELD)
    assert told(SESSIONS, *running(), absent) == [
        public.ObserverAttended(
            session="2021-1",
            unit="shilizhen",
            unit_name="示例镇",
            person="列席人甲",
            attended=False,
            reason="外出培训",
        )
    ]


def test_a_guest_is_told_with_its_kind() -> None:
    guest = GuestRecorded("g1", "市委依法治市办", "higher_office", True, HELD)
    assert told(SESSIONS, *running(), guest) == [
        public.GuestAttended(
            session="2021-1", guest="g1", organisation="市委依法治市办", kind="higher_office", spoke=True
        )
    ]


@pytest.mark.parametrize(("bulletin_told", "bulletin"), [(False, "not_applicable"), (True, "told")])
def test_a_session_is_told_when_it_is_closed(bulletin_told: bool, bulletin: str) -> None:
    past = held()[:-1]
    [contract] = told(SESSIONS, *past, closed("langxia", told=bulletin_told))
    assert isinstance(contract, public.SessionHeld)
    assert (contract.units, contract.bulletin, contract.held_on) == (["langxia"], bulletin, HELD)


def test_comments_are_told_when_the_minutes_are_signed_and_not_before() -> None:
    assert told(SESSIONS, *all_confirmed()) == []
    comments = told(SESSIONS, *signed())
    assert comments[0] == public.CommentIssued(
        session="2021-1",
        comment="c1",
        unit="jiaotongwei",
        by="领导甲",
        by_title="副区长",
        made_on=HELD,
        requirements=[
            public.Requirement(
                requirement="r1",
                task_line="统一执法取证程序",
                focus_area="优化营商环境",
                units=["jiaotongwei"],
            )
        ],
        text=LINK,
    )
    assert [
        (one.comment, len(one.requirements)) for one in comments if isinstance(one, public.CommentIssued)
    ] == [
        ("c1", 1),
        ("c2", 0),
        ("c3", 1),
    ]


def test_of_classified_minutes_no_words_are_told() -> None:
    past = (*held(), MinutesDrafted(SIGNED, classified=True), *signed()[len(drafted()) :])
    assert told(SESSIONS, *past) == []
    [minutes] = told(SESSIONS, *past, replace(sent(), classified=True))
    assert isinstance(minutes, public.MinutesIssued)
    assert minutes.classified
    assert [item.task_line for item in minutes.excerpts[2].items] == ["健全合法性审查"]


def test_an_excerpt_says_whose_offices_the_unit_houses_and_whether_it_reported() -> None:
    general = replace(sent().excerpts[2], general=True, houses_offices=("law_office",), official_order=30)
    [minutes] = told(SESSIONS, *numbered(), replace(sent(), excerpts=(general,)))
    assert isinstance(minutes, public.MinutesIssued)
    [excerpt] = minutes.excerpts
    assert (excerpt.general, excerpt.houses_offices, excerpt.official_order) == (True, ["law_office"], 30)


def test_a_correction_tells_every_excerpt_as_it_now_reads() -> None:
    excerpts = corrected(sent().excerpts, (LINE,))
    event = MinutesCorrected("金委办〔2021〕5号", (LINE,), "事项表述有误。", date(2021, 7, 12), excerpts)
    [correction] = told(SESSIONS, *numbered(), sent(), event)
    assert isinstance(correction, public.MinutesCorrected)
    assert (correction.session, correction.document_number) == ("2021-1", "金委办〔2021〕5号")
    assert (correction.corrected_on, correction.reason) == (date(2021, 7, 12), "事项表述有误。")
    assert [one.unit for one in correction.excerpts] == ["jiaotongwei", "gongshanglian", "langxia"]
    assert [item.task_line for item in correction.excerpts[2].items] == ["健全重大决策合法性审查"]


def test_the_minutes_are_told_when_they_are_sent_whole() -> None:
    [minutes] = told(SESSIONS, *numbered(), sent())
    assert isinstance(minutes, public.MinutesIssued)
    assert (minutes.document_number, minutes.signed_by, minutes.signed_on, minutes.sent_on) == (
        NUMBER,
        "书记甲",
        SIGNED,
        SENT,
    )
    jiaotongwei, gongshanglian, langxia = minutes.excerpts
    assert langxia == public.Excerpt(
        unit="langxia",
        unit_name="廊下镇",
        category="town",
        post="secretary",
        title="书记",
        person="述法人丙",
        items=[public.Item(item="langxia-1", task_line="健全合法性审查", comment="c3", by="领导甲")],
        due_on=RECTIFY_BY,
        due_before_rolling=date(2021, 10, 7),
    )
    assert [item.item for item in jiaotongwei.items] == ["jiaotongwei-1", "jiaotongwei-2"]
    assert (gongshanglian.items, gongshanglian.due_on) == ([], None)


@pytest.mark.parametrize(
    "past",
    [
        (opened(),),
        (named(),),
        running(),
        (*running(), supplemented("langxia")),
        (*running(), spoke(LANGXIA), commented("c1", "langxia")),
        (*running(), not_held("langxia", "speech")),
        drafted(),
        checked(),
        numbered(),
        (opened(), received()),
        (opened(), SessionRescheduled(HELD, SENT, "防汛。", DUE)),
        (opened(), SessionCancelled("2021-1", "防汛。", DUE)),
        (*drafted(), RequirementsChecked(SIGNED, "law_office", ("supervision_office",))),
    ],
)
def test_working_notes_and_steps_inside_the_offices_are_told_to_nobody(
    past: tuple[session.Event, ...],
) -> None:
    assert told(SESSIONS, *past) == []
