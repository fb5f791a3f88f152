"""Whatever is done to a session in whatever order: it goes forward, and is signed only when it is whole."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.review.domain import changes, minutes, session
from services.review.domain import proceedings as room
from services.review.domain.excerpts import Correction
from services.review.domain.facts import Facts
from services.review.domain.policies.minutes import something_is_missing, words_not_confirmed
from services.review.domain.session import Command, Event, Session
from shared.calendar.china import published
from shared.decider import Actor, Given, Refused
from shared.tenancy import Policy
from tests.services.review.telling import (
    BULLETIN,
    DAY_AFTER,
    DAY_BEFORE,
    FOR_ALL,
    GONGSHANGLIAN,
    JIAOTONGWEI,
    LANGXIA,
    LAW_OFFICE,
    LEADER,
    NUMBER,
    OBSERVER,
    ONE_PROCEDURE,
    ORDER,
    OTHER_LEADER,
    PARTY_OFFICE,
    REGISTRY,
    ROSTER,
    SIFAJU,
    SUPERVISION,
    agenda,
    all_confirmed,
    checked,
    drafted,
    held,
    numbered,
    opened,
    running,
    said,
    signed,
)

SITUATIONS = (
    session.NotScheduled,
    session.Rostered,
    session.Confirmed,
    session.Running,
    minutes.Held,
    minutes.Drafted,
    minutes.Checked,
    minutes.Signed,
    minutes.Numbered,
    minutes.Sent,
    session.Cancelled,
)
BACK = {(session.Confirmed, session.Rostered), (minutes.Checked, minutes.Drafted)}
"""An agenda may be reopened, or fall; a comment that comes after the check is checked too."""

PASTS: tuple[tuple[Event, ...], ...] = (
    (),
    (opened(),),
    (opened(), agenda()),
    running(),
    (opened(), agenda(), *said()),
    held(),
    drafted(),
    checked(),
    all_confirmed(),
    signed(),
    numbered(),
)
POOL: tuple[Command, ...] = (
    session.OpenSession("2021-1", 2021, 1, opened().held_on, ROSTER),
    session.ExpectObserver(OBSERVER),
    session.ConfirmAgenda(ORDER, "副主任甲"),
    session.ConfirmAgenda(ORDER[::-1], "副主任乙"),
    session.ReopenAgenda("更正。"),
    session.CloseSession(),
    session.ReceiveBulletin(BULLETIN),
    changes.RescheduleSession(DAY_AFTER, "会场另有安排。"),
    changes.SubstituteReporter("langxia", SIFAJU, "出差。"),
    changes.NoteHandover("jiaotongwei", "head", "主任", "继任甲", opened().held_on),
    changes.CancelSession("防汛。"),
    room.NoteBulletin(told=True),
    room.NoteBulletin(told=False, reason="首轮，无上一轮。"),
    room.RecordGuest("g1", "示例报社", "media"),
    room.RecordAttendance("shilizhen", attended=False, reason="外出培训"),
    *(room.RecordSpeech(one.unit, one.person, 500) for one in (JIAOTONGWEI, GONGSHANGLIAN, LANGXIA)),
    *(room.RecordSupplement(unit, "补充一点。") for unit in ORDER),
    *(room.RecordComment(f"c-{unit}", unit, "领导甲", "副区长", "讲得实。", (FOR_ALL,)) for unit in ORDER),
    room.RecordComment("c1", "langxia", "领导乙", "副区长", "讲得实。", (ONE_PROCEDURE,)),
    *(room.MarkNotHeld(unit, "speech", "因病请假。") for unit in ORDER),
    *(room.MarkNotHeld(unit, "supplement", "因时间所限。") for unit in ORDER),
    minutes.DraftMinutes(),
    minutes.CheckRequirements(),
    *(minutes.ConfirmWords(f"c-{unit}", "领导甲") for unit in ORDER),
    *(minutes.ConfirmWords(f"c{n}") for n in (1, 2, 3)),
    minutes.SignMinutes("书记甲"),
    minutes.NumberMinutes(NUMBER),
    minutes.SendMinutes(),
    minutes.CorrectMinutes((Correction("langxia-1", "健全合法性审核"),), "文字有误。"),
)
STEPS = st.tuples(
    st.sampled_from(POOL),
    st.sampled_from((LAW_OFFICE, PARTY_OFFICE, SUPERVISION, LEADER, OTHER_LEADER)),
    st.integers(min_value=0, max_value=2),
)


def check(before: Session, event: Event, after: Session) -> None:
    """What holds of every event, whatever came before it."""
    forward = SITUATIONS.index(type(after)) >= SITUATIONS.index(type(before))
    assert forward or (type(before), type(after)) in BACK
    match event, after:
        case minutes.MinutesSigned(), minutes.Signed(proceedings=proceedings):
            assert something_is_missing(proceedings, Policy()) is None
            assert words_not_confirmed(proceedings) is None
        case minutes.MinutesSent(), minutes.Sent(proceedings=proceedings):
            asked = sum(len(one.units) for comment in proceedings.comments for one in comment.requirements)
            items = [item.item for excerpt in event.excerpts for item in excerpt.items]
            assert len(items) == len(set(items)) == asked
            assert all((excerpt.due_on is None) is (not excerpt.items) for excerpt in event.excerpts)


@given(st.sampled_from(PASTS), st.lists(STEPS, max_size=40))
def test_a_session_goes_forward_and_is_signed_when_it_is_whole(
    past: tuple[Event, ...], steps: list[tuple[Command, Actor, int]]
) -> None:
    today, state = DAY_BEFORE, session.initial
    for event in past:
        state = session.evolve(state, event)
    facts = Facts(dict.fromkeys((*ORDER, "sifaju"), "approved"), REGISTRY)
    for command, actor, days in steps:
        today += timedelta(days=days)
        try:
            events = session.decide(state, command, Given(today, actor, Policy(), published(), facts=facts))
        except Refused:
            continue
        for event in events:
            before, state = state, session.evolve(state, event)
            check(before, event, state)
