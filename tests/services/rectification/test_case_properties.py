"""Whatever is done to a case in whatever order: no date is forgotten, and none closes unchecked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from hypothesis import event as reached
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rectification.deadlines import FIRES
from services.rectification.domain.case import decide
from services.rectification.domain.commands import (
    CloseSupervision,
    Command,
    ConfirmDueDate,
    CorrectItems,
    CorrectRecord,
    GrantExtension,
    NoteOverdue,
    NoteProgress,
    OpenSupervision,
    ReceiptFeedback,
    RecordHandover,
    RecordInspection,
    RefuseExtension,
    RequestExtension,
    ReturnRectification,
    SendReminder,
    SubmitFeedback,
    SuspendCase,
    VerifyRectification,
    WithdrawFeedback,
)
from services.rectification.domain.deadlines import deadlines
from services.rectification.domain.events import (
    Event,
    ExtensionGranted,
    ExtensionRefused,
    FeedbackReceipted,
    FeedbackSubmitted,
    FeedbackWithdrawn,
    InspectionRecorded,
    MinutesCorrectionNoted,
    RecordCorrected,
    RectificationReturned,
    RectificationVerified,
    ReminderSent,
    SupervisionClosed,
    SupervisionOpened,
)
from services.rectification.domain.evolve import evolve, initial
from services.rectification.domain.facts import Facts
from services.rectification.domain.situations import Case, Closed, DueDate, FedBack, NotOpened, Open
from shared.calendar.china import published
from shared.decider import Actor, Given, Refused
from shared.tenancy import Policy
from tests.services.rectification.telling import (
    DEADLINE,
    DECISION,
    HOUSED,
    ITEMS,
    LAW_OFFICE,
    LIAISON,
    PARTY_OFFICE,
    SENT,
    STRANGER,
    SUPERVISION,
    open_case,
)

CALENDAR = published()
OFFICES = ("party_office", "law_office")


@dataclass(frozen=True)
class Attempt:
    """A command and who would rightly give it. It may name a day, counted from the day it is tried."""

    by: Actor
    on: Callable[[date], Command]


@dataclass(frozen=True)
class Step:
    """Somebody tries something, some days later: the right person where ``instead`` is None. While the offices have
    the feedback, what is for them is tried more often, so that many walks come to their end."""

    days_later: int
    attempt: Attempt
    while_fed_back: Attempt
    instead: Actor | None

    def on(self, case: Case) -> Attempt:
        return self.while_fed_back if isinstance(case, FedBack) else self.attempt


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


def suspend(name: str, begins: int, length: int) -> Attempt:
    return Attempt(
        PARTY_OFFICE,
        lambda today: SuspendCase(name, today + days(begins), today + days(begins + length)),
    )


def correct(what: Literal["sent_on", "due_on"], to: int, feedback: int | None) -> Attempt:
    return Attempt(
        LAW_OFFICE, lambda today: CorrectRecord(what, today + days(to), "误记。", DECISION, feedback)
    )


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
            always(LAW_OFFICE, VerifyRectification("partly", ("langxia-1",))),
        ]
    ),
    st.builds(hand_over, st.sampled_from(["示例甲", "示例乙"]), ahead),
    st.builds(suspend, st.sampled_from(["a", "b", "c"]), st.integers(-30, 30), st.integers(0, 60)),
    st.builds(
        correct,
        st.sampled_from(["sent_on", "due_on"]),
        st.integers(-60, 30),
        st.sampled_from([None, None, 1]),
    ),
    st.sampled_from(
        [
            always(LIAISON, WithdrawFeedback("误报。")),
            always(LIAISON, NoteProgress("已起草。")),
            always(SUPERVISION, OpenSupervision("督〔2021〕2号", "逾期未反馈。")),
            always(SUPERVISION, CloseSupervision("已回复。")),
            always(SUPERVISION, RecordInspection("第3项", "无台账。")),
            always(DEADLINE, CorrectItems(ITEMS[:1], "金委办〔2021〕33号", "笔误。", SENT)),
            always(DEADLINE, ConfirmDueDate()),
            always(DEADLINE, SendReminder("yellow")),
        ]
    ),
)
THE_OFFICES_WORK = [
    *[always(LAW_OFFICE, ReceiptFeedback("law_office"))] * 4,
    *[always(PARTY_OFFICE, ReceiptFeedback("party_office"))] * 4,
    *[always(SUPERVISION, ReceiptFeedback("supervision_office"))] * 2,
    *[always(LAW_OFFICE, VerifyRectification("passed"))] * 4,
    *[send_back("尚未覆盖各村。", n) for n in (30, 31, 32)],
]
for_the_offices = st.integers(0, 5).flatmap(lambda n: st.sampled_from(THE_OFFICES_WORK) if n else attempts)
instead = st.sampled_from([*[None] * 15, STRANGER, HOUSED, LIAISON, LAW_OFFICE, DEADLINE])
walks = st.lists(
    st.builds(Step, st.integers(0, 25), attempts, for_the_offices, instead), min_size=10, max_size=60
)
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


OF_A_CLOSED_CASE = RecordCorrected | MinutesCorrectionNoted | SupervisionClosed


def check_step(before: Case, event: Event, after: Case) -> None:
    assert dates(after)[: len(dates(before))] == dates(before), "a date was rewritten"
    if not isinstance(event, RecordCorrected):
        due = [one.due_on for one in dates(after)[max(len(dates(before)) - 1, 0) :]]
        assert due == sorted(due), "a term was shortened"
        if not isinstance(before, NotOpened) and not isinstance(after, NotOpened):
            assert before.duty.late_since in (None, after.duty.late_since), "lateness was taken back"
    match after:
        case Open(overdue_since=since) if since is not None and not isinstance(event, FeedbackWithdrawn):
            assert not isinstance(before, FedBack), "overdue while the offices had it"
        case FedBack() | Closed():
            assert deadlines(after) == {}
    if isinstance(before, Closed):
        assert isinstance(event, OF_A_CLOSED_CASE), f"{event} after the case was closed"
        assert isinstance(after, Closed)


BY_SOMEBODY_ELSE = (
    RectificationVerified
    | RectificationReturned
    | ExtensionGranted
    | ExtensionRefused
    | SupervisionOpened
    | InspectionRecorded
    | RecordCorrected
)


def check_who(event: Event, actor: Actor) -> None:
    if isinstance(event, BY_SOMEBODY_ELSE):
        assert actor.unit != open_case().unit, "somebody decided on their own item"


def check_reminders(history: list[Event]) -> None:
    sent = [(event.kind, event.due_on) for event in history if isinstance(event, ReminderSent)]
    assert len(sent) == len(set(sent)), "a reminder was sent twice of one date"


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
    history: list[Event] = []
    case: Case = initial

    def take(actor: Actor, command: Command) -> None:
        nonlocal case
        for event in decide(case, command, Given(today, actor, policy, CALENDAR, facts=Facts())):
            before, case = case, evolve(case, event)
            check_step(before, event, case)
            check_who(event, actor)
            history.append(event)

    take(DEADLINE, open_case())
    for step in walk:
        today += days(step.days_later)
        for name, day in deadlines(case).items():
            if day <= today:
                take(DEADLINE, FIRES["case", name]())
        try:
            attempt = step.on(case)
            take(step.instead or attempt.by, attempt.on(today))
        except Refused:
            continue
    reached(type(case).__name__)
    check_reminders(history)
    if isinstance(case, Closed):
        closing = next(n for n, event in enumerate(history) if isinstance(event, RectificationVerified))
        check_closing(history[: closing + 1])
        assert case.duty.notice is None
        if not any(isinstance(event, RecordCorrected) for event in history):
            judged = [event.on_time for event in history if isinstance(event, FeedbackSubmitted)]
            assert case.on_time == all(judged)


@given(st.data())
def test_a_case_can_be_brought_to_its_end_from_wherever_it_stands(data: st.DataObject) -> None:
    """The purposeful walk: returns and extensions as often as they come, then every receipt and a verification."""
    case: Case = initial
    today = SENT
    policy = Policy(extensions_at_most=2)

    def take(actor: Actor, command: Command) -> None:
        nonlocal case
        for event in decide(case, command, Given(today, actor, policy, CALENDAR, facts=Facts())):
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
