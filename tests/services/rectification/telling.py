"""What the tests of rectification share: the people of 2021/1, and the past of a case told in one word an event."""

from __future__ import annotations

from datetime import date, timedelta

from services.rectification.domain.case import decide
from services.rectification.domain.commands import Command, OpenCase
from services.rectification.domain.events import (
    DueDateConfirmed,
    Event,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    FeedbackReceipted,
    FeedbackSubmitted,
    FeedbackWithdrawn,
    HandoverRecorded,
    RectificationFellDue,
    RectificationFellOverdue,
    RectificationReturned,
    RectificationVerified,
    SupervisionOpened,
    SuspensionNoted,
)
from services.rectification.domain.evolve import evolve, initial
from services.rectification.domain.facts import Facts
from services.rectification.domain.situations import Case, Item, Outcome, Reminders, WhyDue
from services.rectification.domain.terms import reminders
from shared.calendar import Calendar
from shared.calendar.china import published
from shared.decider import Actor, Decision, FreeText
from shared.tenancy import Policy
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

SUPERVISION = Actor("u6", "督查室", frozenset({"supervision_office"}), "duchashi")

ITEMS = (
    Item("langxia-1", "完善各村自治公堂的法律审核程序", "c3", "区委书记", "基层社会治理"),
    Item("langxia-2", "编印议事规则范本", "c3", "区委书记"),
)


def case(today: date = date(2021, 9, 1), actor: Actor = LIAISON) -> Scenario[Case, Command, Event, Facts]:
    return scenario(decide, evolve, initial, today=today, actor=actor, facts=Facts())


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
        reminders=reminded_of(due_on, SENT),
    )


def reminded_of(due_on: date, set_on: date, calendar: Calendar | None = None) -> Reminders:
    """The reminders of a date that was set on a day, as the default policy has them."""
    return reminders(due_on, set_on, Policy(), calendar or published())


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
    return RectificationReturned(
        FreeText("程序尚未覆盖各村。"), "law_office", before, due_on, False, on, reminded_of(due_on, on)
    )


def verified(
    outcome: Outcome = "passed",
    on: date = date(2021, 10, 20),
    *,
    unfinished: tuple[str, ...] | None = (),
) -> RectificationVerified:
    return RectificationVerified(outcome, "law_office", unfinished, on)


def asked(due_on: date = date(2021, 10, 29), on: date = date(2021, 9, 22)) -> ExtensionRequested:
    return ExtensionRequested(FreeText("涉及企业较多。"), due_on, on)


def granted(
    due_on: date = date(2021, 10, 29),
    *,
    requested_on: date = date(2021, 9, 22),
    before: date = DUE,
    on: date = date(2021, 9, 23),
) -> ExtensionGranted:
    return ExtensionGranted(requested_on, before, due_on, False, on, reminded_of(due_on, on))


def refused(on: date = date(2021, 9, 23)) -> ExtensionRefused:
    return ExtensionRefused(FreeText("时间充足。"), on)


def handed_over(to: str = "示例乙", effective_on: date = date(2021, 11, 1)) -> HandoverRecorded:
    return HandoverRecorded("党委书记", "示例甲", to, effective_on)


def fell_overdue(due_on: date = DUE) -> RectificationFellOverdue:
    return RectificationFellOverdue(due_on, due_on + timedelta(days=1), due_on + timedelta(days=1))


def confirmed(before: date, due_on: date, on: date, why: WhyDue = "minutes") -> DueDateConfirmed:
    return DueDateConfirmed(before, due_on, why, on, reminded_of(due_on, on))


# ---- all work stops ----

EMERGENCY = ("2022-spring", date(2022, 4, 1), date(2022, 5, 31))
"""The suspension of the demo: sixty-one days."""


def suspension_noted(
    first: date = EMERGENCY[1], last: date = EMERGENCY[2], on: date = date(2022, 4, 1)
) -> SuspensionNoted:
    return SuspensionNoted(EMERGENCY[0], first, last, on)


def withdrawn(sent_on: date = date(2021, 9, 28), on: date = date(2021, 9, 28)) -> FeedbackWithdrawn:
    return FeedbackWithdrawn(FreeText("误报。"), sent_on, on)


def opened_notice(number: str = "督〔2021〕2号", on: date = date(2021, 10, 22)) -> SupervisionOpened:
    matter = FreeText("逾期未反馈。")
    return SupervisionOpened(number, matter, date(2021, 11, 5), "supervision_office", on)


DECISION = Decision("示例丙", "依法治区办主任", "核对原始收文登记后更正")
