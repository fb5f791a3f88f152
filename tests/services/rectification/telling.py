"""What the tests of rectification share: the people of 2021/1, and the past of a case told in one word an event."""

from __future__ import annotations

from datetime import date, timedelta

from services.rectification.domain.case import (
    Command,
    DueDateConfirmed,
    Event,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    FeedbackReceipted,
    FeedbackSubmitted,
    HandoverRecorded,
    OpenCase,
    RectificationFellDue,
    RectificationFellOverdue,
    RectificationReturned,
    RectificationVerified,
    decide,
    evolve,
    initial,
)
from services.rectification.domain.situations import Case, Item, Outcome, WhyDue
from shared.decider import Actor, FreeText
from shared.testing.given import Scenario, scenario

SENT = date(2021, 7, 7)
DUE = date(2021, 10, 8)
BOTH = ("party_office", "law_office")

LIAISON = Actor("u1", "联络员甲", frozenset({"liaison"}), "langxia")
STRANGER = Actor("u2", "联络员乙", frozenset({"liaison"}), "jiaotongwei")
LAW_OFFICE = Actor("u3", "依法治区办", frozenset({"law_office"}), "sifaju")
PARTY_OFFICE = Actor("u4", "区委办", frozenset({"party_office"}), "quweiban")
HOUSED = Actor("u5", "依法治区办", frozenset({"law_office"}), "langxia")
"""An official of the law office, were it housed in the very unit whose case it is."""
DEADLINE = Actor("deadline", "deadline", frozenset({"service"}))

ITEMS = (
    Item("langxia-1", "完善各村自治公堂的法律审核程序", "c3", "区委书记", "基层社会治理"),
    Item("langxia-2", "编印议事规则范本", "c3", "区委书记"),
)


def case(today: date = date(2021, 9, 1), actor: Actor = LIAISON) -> Scenario[Case, Command, Event, None]:
    return scenario(decide, evolve, initial, today=today, actor=actor)


def open_case(items: tuple[Item, ...] = ITEMS) -> OpenCase:
    return OpenCase(
        session="2021-1",
        plan_year=2021,
        unit="langxia",
        unit_name="廊下镇",
        post="secretary",
        title="党委书记",
        person="示例甲",
        items=items,
        minutes="金委办〔2021〕31号",
        minutes_sent_on=SENT,
        due_on=DUE,
        due_before_rolling=date(2021, 10, 7),
    )


def fell_due(
    due_on: date = DUE, *, before_rolling: date = date(2021, 10, 7), provisional: bool = False
) -> RectificationFellDue:
    return RectificationFellDue(
        session="2021-1",
        plan_year=2021,
        unit="langxia",
        unit_name="廊下镇",
        post="secretary",
        title="党委书记",
        person="示例甲",
        items=ITEMS,
        minutes="金委办〔2021〕31号",
        minutes_sent_on=SENT,
        due_on=due_on,
        due_before_rolling=before_rolling,
        due_provisional=provisional,
    )


def fed_back(
    sent_on: date = date(2021, 9, 28), *, due_on: date = DUE, offices: tuple[str, ...] = BOTH
) -> FeedbackSubmitted:
    return FeedbackSubmitted(
        text=FreeText("已完成。"),
        signer="示例甲",
        document_number=None,
        sent_on=sent_on,
        due_on=due_on,
        on_time=sent_on <= due_on,
        offices=offices,
        on=sent_on,
    )


def receipted_by(*offices: str, on: date = date(2021, 9, 29)) -> tuple[FeedbackReceipted, ...]:
    return tuple(FeedbackReceipted(office, on) for office in offices)


def returned(
    due_on: date = date(2021, 11, 26), *, on: date = date(2021, 10, 26), before: date = DUE
) -> RectificationReturned:
    return RectificationReturned(FreeText("程序尚未覆盖各村。"), "law_office", before, due_on, False, on)


def verified(outcome: Outcome = "passed", on: date = date(2021, 10, 20)) -> RectificationVerified:
    return RectificationVerified(outcome, "law_office", on)


def asked(due_on: date = date(2021, 10, 29), on: date = date(2021, 9, 22)) -> ExtensionRequested:
    return ExtensionRequested(FreeText("涉及企业较多。"), due_on, on)


def granted(
    due_on: date = date(2021, 10, 29),
    *,
    requested_on: date = date(2021, 9, 22),
    before: date = DUE,
    on: date = date(2021, 9, 23),
) -> ExtensionGranted:
    return ExtensionGranted(requested_on, before, due_on, False, on)


def refused(on: date = date(2021, 9, 23)) -> ExtensionRefused:
    return ExtensionRefused(FreeText("时间充足。"), on)


def handed_over(to: str = "示例乙", effective_on: date = date(2021, 11, 1)) -> HandoverRecorded:
    return HandoverRecorded("党委书记", "示例甲", to, effective_on)


def fell_overdue(due_on: date = DUE) -> RectificationFellOverdue:
    return RectificationFellOverdue(due_on, due_on + timedelta(days=1), due_on + timedelta(days=1))


def confirmed(before: date, due_on: date, on: date, why: WhyDue = "minutes") -> DueDateConfirmed:
    return DueDateConfirmed(before, due_on, why, on)
