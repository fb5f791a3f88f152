"""Whatever is done to a case in whatever order: no date is forgotten, and none closes unchecked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

from hypothesis import event as reached
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rectification.domain.case import (
    Command,
    Event,
    FeedbackReceipted,
    FeedbackSubmitted,
    GrantExtension,
    NoteOverdue,
    ReceiptFeedback,
    RecordHandover,
    RectificationReturned,
    RectificationVerified,
    RefuseExtension,
    RequestExtension,
    ReturnRectification,
    SubmitFeedback,
    VerifyRectification,
    deadlines,
    decide,
    evolve,
    initial,
)
from services.rectification.domain.situations import Case, Closed, DueDate, FedBack, NotOpened, Open
from shared.calendar.china import published
from shared.decider import Actor, Given, Refused
from shared.tenancy import Policy
from tests.services.rectification.telling import (
    DEADLINE,
    HOUSED,
    LAW_OFFICE,
    LIAISON,
    PARTY_OFFICE,
    SENT,
    STRANGER,
    open_case,
)

CALENDAR = published()
OFFICES = ("party_office", "law_office")
SUPERVISION = Actor("u6", "督查室", frozenset({"supervision_office"}), "duchashi")


@dataclass(frozen=True)
class Attempt:
    """A command and who would rightly give it. It may name a day, counted from the day it is tried."""

    by: Actor
    on: Callable[[date], Command]


@dataclass(frozen=True)
class Step:
    """Somebody tries something, some days later: the right person where ``instead`` is None."""

    days_later: int
    attempt: Attempt
    instead: Actor | None


def days(count: int) -> timedelta:
    return timedelta(days=count)


def always(by: Actor, command: Command) -> Attempt:
    return Attempt(by, lambda today: command)


def submit(text: str, sent: int) -> Attempt:
    return Attempt(LIAISON, lambda today: SubmitFeedback(text, "示例甲", sent_on=today + days(sent)))


def send_back(remarks: str, ahead: int) -> Attempt:
    return Attempt(LAW_OFFICE, lambda today: ReturnRectification(remarks, today + days(ahead)))


def ask(reason: str, ahead: int) -> Attempt:
    return Attempt(LIAISON, lambda today: RequestExtension(reason, today + days(ahead)))


def hand_over(person: str, ahead: int) -> Attempt:
    return Attempt(DEADLINE, lambda today: RecordHandover("书记", person, today + days(ahead)))


ahead = st.integers(min_value=-10, max_value=90)
text = st.sampled_from(["已办。", "已办结。", ""])
receipts = st.sampled_from(
    [
        always(LAW_OFFICE, ReceiptFeedback("law_office")),
        always(PARTY_OFFICE, ReceiptFeedback("party_office")),
        always(SUPERVISION, ReceiptFeedback("supervision_office")),
    ]
)
attempts = st.one_of(
    st.builds(submit, text, st.sampled_from([0, -1, -20, 2])),
    receipts,
    receipts,
    st.sampled_from([always(LAW_OFFICE, VerifyRectification("passed")), always(LAW_OFFICE, NoteOverdue())]),
    st.builds(send_back, text, ahead),
    st.builds(ask, text, ahead),
    st.sampled_from(
        [
            always(LAW_OFFICE, GrantExtension()),
            always(LAW_OFFICE, RefuseExtension("无需。")),
            always(DEADLINE, NoteOverdue()),
            always(DEADLINE, open_case()),
            always(LAW_OFFICE, VerifyRectification("partly")),
        ]
    ),
    st.builds(hand_over, st.sampled_from(["示例甲", "示例乙"]), ahead),
)
instead = st.one_of(
    st.none(), st.none(), st.none(), st.sampled_from([STRANGER, HOUSED, LIAISON, LAW_OFFICE, DEADLINE])
)
walks = st.lists(st.builds(Step, st.integers(0, 25), attempts, instead), min_size=10, max_size=60)
policies = st.sampled_from(
    [
        Policy(),
        Policy(receipt_offices=(*OFFICES, "supervision_office")),
        Policy(receipt_offices=("law_office",)),
        Policy(extensions_at_most=2, extension_days_at_most=60),
        Policy(extensions_at_most=0),
    ]
)


def dates(case: Case) -> tuple[DueDate, ...]:
    return () if isinstance(case, NotOpened) else case.duty.dates


def check_step(before: Case, event: Event, after: Case) -> None:
    assert dates(after)[: len(dates(before))] == dates(before), "a date was rewritten"
    assert [due.due_on for due in dates(after)] == sorted(due.due_on for due in dates(after))
    if not isinstance(before, NotOpened) and not isinstance(after, NotOpened):
        assert before.duty.late_since in (None, after.duty.late_since), "lateness was taken back"
    match after:
        case Open(overdue_since=since) if since is not None:
            assert not isinstance(before, FedBack), "overdue while the offices had it"
        case FedBack() | Closed():
            assert deadlines(after) == {}
    assert not isinstance(before, Closed), f"{event} after the case was closed"


def check_closing(history: list[Event]) -> None:
    """Since the last feedback: a receipt of each office it was sent to, no return, then the verification."""
    *past, last = history
    assert isinstance(last, RectificationVerified)
    sent = max(n for n, event in enumerate(past) if isinstance(event, FeedbackSubmitted))
    feedback = past[sent]
    assert isinstance(feedback, FeedbackSubmitted)
    since = past[sent:]
    receipts = [event.office for event in since if isinstance(event, FeedbackReceipted)]
    assert sorted(receipts) == sorted(feedback.offices)
    assert not any(isinstance(event, RectificationReturned) for event in since)


@settings(max_examples=400)
@given(policies, walks)
def test_dates_only_grow_and_no_case_closes_without_every_receipt_and_a_verification(
    policy: Policy, walk: list[Step]
) -> None:
    today = SENT
    history = decide(initial, open_case(), Given(today, DEADLINE, Policy(), CALENDAR))
    case = reduce(evolve, history, initial)
    for step in walk:
        today += days(step.days_later)
        actor = step.instead or step.attempt.by
        try:
            events = decide(case, step.attempt.on(today), Given(today, actor, policy, CALENDAR))
        except Refused:
            continue
        for event in events:
            before, case = case, evolve(case, event)
            check_step(before, event, case)
            history.append(event)
    reached(type(case).__name__)
    if isinstance(case, Closed):
        closing = next(n for n, event in enumerate(history) if isinstance(event, RectificationVerified))
        check_closing(history[: closing + 1])
        assert case.on_time == all(event.on_time for event in history if isinstance(event, FeedbackSubmitted))


@given(st.data())
def test_a_case_can_be_brought_to_its_end_from_wherever_it_stands(data: st.DataObject) -> None:
    """The purposeful walk: returns and extensions as often as they come, then every receipt and a verification."""
    case: Case = initial
    today = SENT
    policy = Policy(extensions_at_most=2)

    def take(actor: Actor, command: Command) -> None:
        nonlocal case
        for event in decide(case, command, Given(today, actor, policy, CALENDAR)):
            before, case = case, evolve(case, event)
            check_step(before, event, case)

    take(DEADLINE, open_case())
    for _ in range(data.draw(st.integers(0, 4), "returns")):
        today += timedelta(days=data.draw(st.integers(0, 60), "days worked"))
        take(DEADLINE, NoteOverdue())
        take(LIAISON, SubmitFeedback("已办。", "示例甲"))
        take(PARTY_OFFICE, ReceiptFeedback("party_office"))
        take(LAW_OFFICE, ReceiptFeedback("law_office"))
        assert isinstance(case, FedBack)
        later = max(case.duty.due_on, today) + timedelta(days=data.draw(st.integers(1, 40), "more days"))
        take(LAW_OFFICE, ReturnRectification("尚未覆盖各村。", CALENDAR.roll(later)))
    take(LIAISON, SubmitFeedback("已办。", "示例甲"))
    take(LAW_OFFICE, ReceiptFeedback("law_office"))
    take(PARTY_OFFICE, ReceiptFeedback("party_office"))
    take(LAW_OFFICE, VerifyRectification("passed"))
    assert isinstance(case, Closed)
