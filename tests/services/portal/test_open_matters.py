"""What is open, read from the portal's tables after events were heard: the rows that matter, and no other tenant's."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.portal import open_matters as reading
from services.portal.domain.work import Asking, Task, tasks
from shared.calendar.china import published
from shared.contracts import rectification as put_right
from shared.contracts import review as said
from shared.contracts import scheduling as called
from shared.contracts.base import TextLink
from shared.contracts.evaluation import EvaluationPublished
from shared.tenancy import Policy
from tests.services.portal.conftest import TENANT, Portal

HELD_ON, MOVED_TO = date(2022, 3, 31), date(2022, 4, 28)
DUE = date(2022, 2, 28)
SESSION, CASE = "2022-1", "2021-1-langxia"
TEXT = TextLink(sha256="0" * 64, href="/texts/1")
LIAISON, LAW, PARTY = ("liaison", "langxia"), ("law_office", "sifaju"), ("party_office", None)
SUPERVISION = ("supervision_office", None)


def reporter(unit: str, **more: Any) -> called.Reporter:
    return called.Reporter(
        unit=unit,
        unit_name=f"示例{unit}",
        category="town",
        post="head",
        title="镇长",
        person="示例·丙",
        **more,
    )


def session(*units: str) -> called.SessionScheduled:
    reporters = [reporter(unit) for unit in units]
    return called.SessionScheduled(
        session=SESSION, plan_year=2022, number=1, held_on=HELD_ON, reporters=reporters
    )


def due(case: str = CASE, unit: str = "langxia", due_on: date = DUE, category: Any = "town") -> Any:
    return put_right.RectificationDue(
        case=case,
        unit=unit,
        session="2021-1",
        plan_year=2021,
        unit_name="示例镇",
        post="head",
        title="镇长",
        person="示例·丙",
        items=[],
        sent_on=date(2021, 11, 30),
        due_on=due_on,
        due_before_rolling=due_on,
        category=category,
    )


def fed_back(sent_on: date = date(2022, 2, 9)) -> put_right.FeedbackSubmitted:
    return put_right.FeedbackSubmitted(
        case=CASE,
        unit="langxia",
        sent_on=sent_on,
        on_time=True,
        signer="示例·丙",
        offices=["party_office", "law_office"],
        text=TEXT,
    )


def receipted(office: str, *missing: str) -> put_right.FeedbackReceipted:
    on = date(2022, 2, 10)
    return put_right.FeedbackReceipted(
        case=CASE, unit="langxia", office=office, receipted_on=on, offices_missing=list(missing)
    )


def minutes(**houses: list[str]) -> said.MinutesIssued:
    excerpts = [
        said.Excerpt(
            unit=unit,
            unit_name=unit,
            category="government",
            post="head",
            title="局长",
            person="示例·丁",
            items=[],
            due_on=None,
            due_before_rolling=None,
            houses_offices=offices,
        )
        for unit, offices in houses.items()
    ]
    on = date(2021, 11, 30)
    return said.MinutesIssued(
        session="2021-1",
        plan_year=2021,
        number=1,
        held_on=on,
        document_number="示例委〔2021〕1号",
        signed_by="示例·己",
        signed_on=on,
        sent_on=on,
        excerpts=excerpts,
    )


async def todo(portal: Portal, role: str, unit: str | None, **policy: Any) -> list[Task]:
    today = await portal.store.today()
    who = Asking(frozenset({role}), unit, "", today, Policy(**policy), published())
    async with portal.store.reading(TENANT) as connection:
        matters, more = await reading.open_matters(connection, TENANT, who)
    assert not more
    return tasks(matters, who)


async def kinds(portal: Portal, who: tuple[str, str | None], **policy: Any) -> list[str]:
    return [one.kind for one in await todo(portal, *who, **policy)]


async def test_a_session_asks_its_units_for_drafts_and_moves_with_its_day(portal: Portal) -> None:
    await portal.hear(session("langxia"))
    [draft, _] = await todo(portal, *LIAISON)
    await portal.hear(
        called.SessionRescheduled(
            session=SESSION, held_on_before=HELD_ON, held_on=MOVED_TO, reason="防汛值守"
        )
    )
    [moved, report] = await todo(portal, *LIAISON)
    assert (draft.due_on, moved.due_on) == (date(2022, 3, 10), date(2022, 4, 8))
    assert report.due_on == MOVED_TO
    await portal.hear(called.SessionCancelled(session=SESSION, reason="合并召开"))
    assert await kinds(portal, LIAISON) == []


async def test_who_steps_in_owes_the_draft_and_who_is_out_owes_nothing(portal: Portal) -> None:
    await portal.hear(
        session("jiaotongwei"),
        said.DraftApproved(session=SESSION, unit="langxia", revision=1, approved_on=HELD_ON),
        called.ReporterSubstituted(
            session=SESSION, unit_out="jiaotongwei", reporter=reporter("langxia"), reason="调整"
        ),
    )
    assert await kinds(portal, ("liaison", "jiaotongwei")) == []
    assert await kinds(portal, LIAISON) == ["submit-draft", "report"]


async def test_a_draft_goes_to_and_fro_and_a_new_head_begins_anew(portal: Portal) -> None:
    on = date(2022, 2, 10)
    submitted = said.DraftSubmitted(
        session=SESSION,
        unit="langxia",
        revision=1,
        characters=10,
        text=TEXT,
        submitted_on=on,
        entered_by="a",
        entered_for="b",
    )
    await portal.hear(session("langxia"), submitted)
    assert await kinds(portal, LAW) == ["approve-draft"]
    await portal.hear(
        said.DraftReturned(session=SESSION, unit="langxia", revision=1, remarks=TEXT, returned_on=on)
    )
    assert await kinds(portal, LAW) == []
    assert await kinds(portal, LIAISON) == ["revise-draft", "report"]
    await portal.hear(
        submitted, said.DraftApproved(session=SESSION, unit="langxia", revision=2, approved_on=on)
    )
    assert await kinds(portal, LIAISON) == ["report"]
    await portal.hear(
        called.PostHandedOver(
            unit="langxia", post="head", title="镇长", from_person="丙", to_person="戊", effective_on=on
        )
    )
    assert await kinds(portal, LIAISON) == ["submit-draft", "report"]


async def test_a_voided_approval_is_reviewed_again_or_written_anew(portal: Portal) -> None:
    on = date(2022, 2, 10)
    await portal.hear(session("langxia"))
    for revision, expected in ((2, "approve-draft"), (1, "submit-draft")):
        voided = said.DraftApprovalVoided(
            session=SESSION, unit="langxia", approved_revision=1, revision=revision, voided_on=on
        )
        await portal.hear(voided)
        found = await kinds(portal, LAW) + await kinds(portal, LIAISON)
        assert expected in found


async def test_a_case_goes_from_the_unit_to_the_offices_and_is_done(portal: Portal) -> None:
    await portal.hear(due())
    assert await kinds(portal, LIAISON) == ["submit-feedback"]
    await portal.hear(fed_back())
    assert await kinds(portal, LIAISON) == ["await-receipt"]
    assert await kinds(portal, PARTY) == ["receipt-feedback"]
    await portal.hear(receipted("party_office", "law_office"))
    assert await kinds(portal, PARTY) == []
    [receipt] = await todo(portal, *LAW)
    assert receipt.due_on == date(2022, 2, 16)
    await portal.hear(receipted("law_office"))
    assert await kinds(portal, LAW) == ["verify-rectification"]
    await portal.hear(
        put_right.RectificationReturned(
            case=CASE,
            unit="langxia",
            returned_on=date(2022, 2, 11),
            by_office="law_office",
            due_on_before=DUE,
            due_on=date(2022, 3, 31),
        )
    )
    [again] = await todo(portal, *LIAISON)
    assert (again.kind, again.due_on) == ("submit-feedback-again", date(2022, 3, 31))
    verified = put_right.RectificationVerified(
        case=CASE,
        unit="langxia",
        session="2021-1",
        plan_year=2021,
        original_due_on=DUE,
        due_on=DUE,
        fed_back_on=DUE,
        verified_on=DUE,
        by_office="law_office",
        outcome="passed",
        unfinished=[],
        on_time=True,
        counts_in=2022,
    )
    await portal.hear(verified)
    assert await kinds(portal, LIAISON) == []


async def test_a_withdrawn_feedback_is_asked_for_again(portal: Portal) -> None:
    withdrawn = put_right.FeedbackWithdrawn(
        case=CASE, unit="langxia", sent_on=DUE, withdrawn_on=DUE, due_on=DUE
    )
    await portal.hear(due(), fed_back(), withdrawn)
    assert await kinds(portal, LIAISON) == ["submit-feedback"]


async def test_the_unit_that_houses_the_law_office_is_verified_by_who_stands_in(portal: Portal) -> None:
    await portal.hear(minutes(langxia=["law_office"]), due(), fed_back(), receipted("party_office"))
    assert await kinds(portal, LAW) == []
    assert await kinds(portal, SUPERVISION) == ["verify-rectification"]


async def test_supervision_finds_what_is_long_overdue_and_follows_its_notice(portal: Portal) -> None:
    await portal.hear(due())
    await portal.on(date(2022, 3, 11))
    assert await kinds(portal, SUPERVISION) == []
    await portal.on(date(2022, 3, 14))
    assert await kinds(portal, SUPERVISION) == ["open-supervision"]
    reply_by = date(2022, 3, 28)
    await portal.hear(
        put_right.SupervisionOpened(
            case=CASE, unit="langxia", notice_number="1", opened_on=date(2022, 3, 14), due_on=reply_by
        )
    )
    assert [(one.kind, one.due_on) for one in await todo(portal, *SUPERVISION)] == [
        ("follow-notice", reply_by)
    ]
    assert await kinds(portal, LIAISON) == ["submit-feedback", "reply-to-notice"]


async def test_a_suspended_case_waits_and_a_village_is_entered_for(portal: Portal) -> None:
    await portal.hear(
        due(),
        put_right.RectificationSuspended(
            case=CASE,
            unit="langxia",
            suspended_from=date(2022, 2, 1),
            suspended_until=date(2022, 2, 20),
            days=20,
            due_on_before=DUE,
            due_on=date(2022, 3, 21),
        ),
        due("2021-1-cun", "cun", category="village"),
    )
    [waits] = await todo(portal, *LIAISON)
    assert (waits.light.icon, waits.due_on) == ("pause", date(2022, 3, 21))
    assert await kinds(portal, PARTY) == ["submit-short-form"]
    assert await kinds(portal, ("liaison", "cun")) == []


async def test_the_bulletin_is_due_where_the_round_before_made_cases(portal: Portal) -> None:
    before = session("langxia").model_copy(update={"session": "2021-1", "held_on": date(2021, 11, 26)})
    await portal.hear(before, session("sifaju"), minutes())
    assert await kinds(portal, LAW) == []
    await portal.hear(due())
    assert await kinds(portal, LAW) == ["issue-bulletin"]
    await portal.hear(
        put_right.BulletinIssued(
            bulletin=SESSION, session=SESSION, about_session="2021-1", issued_on=HELD_ON, lines=[]
        )
    )
    assert await kinds(portal, LAW) == []


async def test_sheets_are_asked_for_after_the_cut_off_until_they_are_published(portal: Portal) -> None:
    report = said.ReportDelivered(
        session="2021-1",
        plan_year=2021,
        unit="langxia",
        unit_name="示例镇",
        post="head",
        title="镇长",
        person="丙",
        held_on=date(2021, 11, 26),
        planned_seconds=480,
        spoken_seconds=480,
    )
    await portal.hear(report)
    department = ("organization_department", None)
    assert await kinds(portal, department) == ["publish-evaluation"]
    await portal.on(date(2021, 12, 31))
    assert await kinds(portal, department) == []
    await portal.on(date(2022, 2, 1))
    await portal.hear(EvaluationPublished(year=2021, unit="langxia", published_on=DUE, lines=[]))
    assert await kinds(portal, department) == []


async def test_another_tenants_cases_are_not_seen(portal: Portal) -> None:
    for tenant in ("beijing.tongzhib", "beijing", f"{TENANT}.below"):
        await portal.hear(due(), tenant=tenant)
    assert await kinds(portal, LIAISON) == []


async def test_where_there_are_many_the_oldest_are_listed_and_it_says_so(
    portal: Portal, monkeypatch: Any
) -> None:
    monkeypatch.setattr(reading, "AT_MOST", 2)
    for number in (3, 1, 2):
        await portal.hear(due(f"2021-{number}-langxia", due_on=date(2022, 3, number)))
    who = Asking(frozenset({"liaison"}), "langxia", "", DUE, Policy(), published())
    async with portal.store.reading(TENANT) as connection:
        matters, more = await reading.open_matters(connection, TENANT, who)
    assert more
    assert [one.case for one in matters.cases] == ["2021-1-langxia", "2021-2-langxia"]
