"""What the tests of review share: the people of 2021/1, and the past of a draft or a session in one word an event."""

from __future__ import annotations

from datetime import date, timedelta

from services.review.domain import draft, minutes, session
from services.review.domain import proceedings as room
from services.review.domain.excerpts import Excerpt, Item
from services.review.domain.facts import Facts
from services.review.domain.proceedings import Requirement
from services.review.domain.roster import Bulletin, Matter, Observer, Reporter
from services.review.domain.unit import Head, Known
from shared.decider import Actor, Decision, FreeText
from shared.testing.given import Scenario, scenario

SCHEDULED = date(2021, 5, 11)
HELD = date(2021, 6, 24)
DAY_BEFORE = HELD - timedelta(days=1)
DAY_AFTER = HELD + timedelta(days=1)
DUE = date(2021, 6, 2)
APPROVE_BY = date(2021, 6, 17)
SIGNED = date(2021, 7, 5)
SENT = date(2021, 7, 7)
RECTIFY_BY = date(2021, 10, 8)
NUMBER = "金委办〔2021〕3号"

JIAOTONGWEI = Reporter("jiaotongwei", "区交通委", "government", "head", "主任", "述法人甲")
GONGSHANGLIAN = Reporter("gongshanglian", "区工商联", "party_or_mass", "head", "主席", "述法人乙")
LANGXIA = Reporter("langxia", "廊下镇", "town", "secretary", "书记", "述法人丙")
ROSTER = (JIAOTONGWEI, GONGSHANGLIAN, LANGXIA)
ORDER = ("jiaotongwei", "gongshanglian", "langxia")
SIFAJU = Reporter(
    "sifaju", "区司法局", "government", "head", "局长", "述法人丁", houses_offices=("law_office",)
)
"""A reporter whose unit houses the law office."""
QUWEI = Reporter("quwei", "区委", "party_or_mass", "secretary", "书记", "区委书记甲", lead=True)
"""A lead reporter."""
SHILICUN = Reporter("shilicun", "示例村", "village", "secretary", "书记", "村书记甲")
REGISTRY = {
    "sifaju": Known("区司法局", "government", 30, ("law_office",), (Head("head", "局长", "局长甲"),)),
    "shanyang": Known(
        "山阳镇",
        "town",
        61,
        (),
        (Head("secretary", "书记", "书记乙"), Head("mayor", "镇长", "镇长乙")),
    ),
    "shilibu": Known("示例部", "party_or_mass", 12, (), ()),
}
"""Units that do not report at 2021/1."""
CHAIR = Decision("书记甲", "区委书记", "会期已定，不再等待。")
BULLETIN = Bulletin("bulletin-2021-1", "2020-2", date(2021, 6, 21))
OBSERVER = Observer("shilizhen", "示例镇", "secretary", "书记", "列席人甲", "2021-2")

LIAISON = Actor("u1", "联络员甲", frozenset({"liaison"}), "jiaotongwei")
STRANGER = Actor("u2", "联络员乙", frozenset({"liaison"}), "langxia")
LAW_OFFICE = Actor("u3", "依法治区办", frozenset({"law_office"}), "sifaju")
PARTY_OFFICE = Actor("u4", "区委办", frozenset({"party_office"}), "quweiban")
SUPERVISION = Actor("u8", "督查室", frozenset({"supervision_office"}), "duchashi")
LEADER = Actor("u5", "领导甲", frozenset({"leader"}))
OTHER_LEADER = Actor("u6", "领导乙", frozenset({"leader"}))
HOUSED = Actor("u7", "依法治区办", frozenset({"law_office"}), "jiaotongwei")
"""An official of the law office, were it housed in the very unit that reports."""

DraftScenario = Scenario[draft.Draft, draft.Command, draft.Event, draft.Facts]
SessionScenario = Scenario[session.Session, session.Command, session.Event, Facts]

a_draft: DraftScenario = scenario(
    draft.decide, draft.evolve, draft.initial, today=DUE, actor=LIAISON, facts=draft.Facts()
)
a_session: SessionScenario = scenario(
    session.decide, session.evolve, session.initial, today=HELD, actor=PARTY_OFFICE, facts=Facts()
)

# A draft's past


def expected() -> draft.DraftExpected:
    return draft.DraftExpected(
        "2021-1",
        "jiaotongwei",
        "区交通委",
        "head",
        "主任",
        "述法人甲",
        HELD,
        DUE,
        APPROVE_BY,
        SCHEDULED,
    )


def submitted(
    revision: int = 1, on: date = DUE, text: str = "我带头学法。", late: bool = False
) -> draft.DraftSubmitted:
    return draft.DraftSubmitted(
        revision, FreeText(text), 5, "fits", on, late, entered_by="联络员甲", entered_for="述法人甲"
    )


def returned(revision: int = 1, on: date = date(2021, 6, 7)) -> draft.DraftReturned:
    return draft.DraftReturned(revision, FreeText("请改用第一人称。"), on)


def approved(revision: int = 1, on: date = date(2021, 6, 15), late: bool = False) -> draft.DraftApproved:
    return draft.DraftApproved(revision, on, late)


def voided(approved_revision: int = 1, on: date = date(2021, 6, 16)) -> draft.DraftApprovalVoided:
    return draft.DraftApprovalVoided(approved_revision, approved_revision + 1, on)


# A session's past


def opened(*reporters: Reporter) -> session.SessionOpened:
    return session.SessionOpened("2021-1", 2021, 1, HELD, reporters or ROSTER, SCHEDULED)


def named(observer: Observer = OBSERVER) -> session.ObserverExpected:
    return session.ObserverExpected(observer, SCHEDULED)


def agenda(*order: str, classified: bool = False) -> session.AgendaConfirmed:
    return session.AgendaConfirmed(order or ORDER, "副主任甲", date(2021, 6, 18), classified=classified)


def received() -> session.BulletinReceived:
    return session.BulletinReceived(BULLETIN, date(2021, 6, 21))


def bulletin(told: bool = False) -> room.BulletinNoted:
    return room.BulletinNoted(told, "副主任甲", None if told else FreeText("首轮，无上一轮。"), HELD)


def spoke(reporter: Reporter, seconds: int = 460) -> room.SpeechRecorded:
    return room.SpeechRecorded(
        reporter.unit,
        reporter.unit_name,
        reporter.post,
        reporter.title,
        reporter.person,
        reporter.lead,
        HELD,
        planned_seconds=480,
        spoken_seconds=seconds,
        overrun_seconds=max(0, seconds - 480),
        recorded_on=HELD,
    )


SUPPLEMENT = FreeText("补充一点。")


def supplemented(unit: str, text: FreeText | None = SUPPLEMENT, on: date = HELD) -> room.SupplementRecorded:
    return room.SupplementRecorded(unit, text, on)


def commented(
    comment: str, unit: str, *requirements: Requirement, by: str = "领导甲", text: str | FreeText = "讲得实。"
) -> room.CommentRecorded:
    asked = tuple(
        Requirement(one.requirement, one.task_line, one.focus_area, one.units or (unit,))
        for one in requirements
    )
    words = text if isinstance(text, FreeText) else FreeText(text)
    return room.CommentRecorded(comment, unit, by, "副区长", words, asked, HELD, HELD)


def not_held(unit: str, what: Matter) -> room.MarkedNotHeld:
    return room.MarkedNotHeld(unit, what, FreeText("因时间所限。"), HELD)


def closed(*units: str, told: bool = False) -> session.SessionClosed:
    return session.SessionClosed(HELD, units or ORDER, told, HELD)


ONE_PROCEDURE = Requirement("r1", "统一执法取证程序", "优化营商环境")
SMALL_FIRMS = Requirement("r1", "服务延伸到小微企业")
FOR_ALL = Requirement("r2", "健全合法性审查", None, ("jiaotongwei", "langxia"))


def said() -> tuple[session.Event, ...]:
    """Everything expected of 2021/1: 区工商联 is praised and asked, 廊下镇 hears one requirement for several units."""
    return (
        bulletin(),
        spoke(JIAOTONGWEI),
        supplemented("jiaotongwei"),
        commented("c1", "jiaotongwei", ONE_PROCEDURE),
        spoke(GONGSHANGLIAN, 472),
        supplemented("gongshanglian"),
        commented("c2", "gongshanglian", by="领导乙"),
        spoke(LANGXIA, 505),
        supplemented("langxia"),
        commented("c3", "langxia", FOR_ALL),
    )


def running() -> tuple[session.Event, ...]:
    """As far as the first thing said."""
    return (opened(), named(), agenda(), bulletin())


def held() -> tuple[session.Event, ...]:
    return (opened(), named(), agenda(), *said(), closed())


def drafted() -> tuple[session.Event, ...]:
    return (*held(), minutes.MinutesDrafted(date(2021, 6, 28)))


def checked() -> tuple[session.Event, ...]:
    return (*drafted(), minutes.RequirementsChecked(date(2021, 6, 30)))


def confirmed_words(comment: str, by: str = "领导甲") -> minutes.WordsConfirmed:
    return minutes.WordsConfirmed(comment, by, entered_by=by, confirmed_on=date(2021, 7, 2))


def all_confirmed() -> tuple[session.Event, ...]:
    return (
        *checked(),
        confirmed_words("c1"),
        confirmed_words("c2", "领导乙"),
        confirmed_words("c3"),
    )


def signed() -> tuple[session.Event, ...]:
    return (*all_confirmed(), minutes.MinutesSigned("书记甲", SIGNED, SIGNED))


def numbered() -> tuple[session.Event, ...]:
    return (*signed(), minutes.MinutesNumbered(NUMBER, date(2021, 7, 6)))


def excerpt(
    reporter: Reporter, *items: Item, due_on: date = RECTIFY_BY, rolled_from: date = date(2021, 10, 7)
) -> Excerpt:
    return Excerpt(
        reporter.unit,
        reporter.unit_name,
        reporter.category,
        reporter.post,
        reporter.title,
        reporter.person,
        items,
        due_on=due_on if items else None,
        due_before_rolling=rolled_from if items else None,
        due_provisional=False,
    )


def sent() -> minutes.MinutesSent:
    """What the minutes of ``said`` ask: two items, none, one."""
    return minutes.MinutesSent(
        NUMBER,
        "书记甲",
        SIGNED,
        SENT,
        SENT,
        (
            excerpt(
                JIAOTONGWEI,
                Item("jiaotongwei-1", "统一执法取证程序", "优化营商环境", "c1", "领导甲"),
                Item("jiaotongwei-2", "健全合法性审查", None, "c3", "领导甲"),
            ),
            excerpt(GONGSHANGLIAN),
            excerpt(LANGXIA, Item("langxia-1", "健全合法性审查", None, "c3", "领导甲")),
        ),
    )
