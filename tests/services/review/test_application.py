"""Review on a real store: reactions, facts of other streams, texts, and what goes into the outbox."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from services.review.application import COMMANDS, DRAFTS, SERVICE, SESSIONS
from services.review.domain.draft import SubmitDraft
from services.review.domain.excerpts import Correction
from services.review.domain.minutes import (
    CheckRequirements,
    CorrectMinutes,
    DraftMinutes,
)
from services.review.domain.proceedings import (
    NoteBulletin,
    RecordComment,
    RecordSpeech,
)
from services.review.domain.session import ConfirmAgenda, ReopenAgenda
from services.review.views.comments import comments
from services.review.views.drafts import drafts
from services.review.views.proceedings import proceedings
from shared.contracts import scheduling
from shared.contracts.rectification import BulletinIssued
from shared.decider import Refused, words
from shared.eventstore import EventStore, tables
from shared.security.permissions import COMMANDS as PERMITTED
from tests.services.review.hearing import (
    CONFIRM,
    approve_all,
    confirm_agenda,
    give,
    handed_over,
    hear,
    hold,
    issued,
    liaison,
    observer,
    read,
    registered,
    scheduled,
    send,
    states,
)
from tests.services.review.telling import (
    CHAIR,
    HELD,
    LANGXIA,
    LAW_OFFICE,
    ONE_PROCEDURE,
    ORDER,
    PARTY_OFFICE,
    QUWEI,
    SHILICUN,
    SIGNED,
    SUPERVISION,
)


def test_every_command_open_to_people_is_permitted_to_somebody() -> None:
    assert {(SERVICE, words(command.__name__)) for _, command in COMMANDS} <= set(PERMITTED)


async def test_a_scheduled_session_expects_one_draft_of_each_reporter(store: EventStore) -> None:
    await hear(store, scheduled())
    rows = await read(store, sa.select(drafts).order_by(drafts.c.stream))
    assert [(row.stream, row.state, row.due_on, row.approve_by) for row in rows] == [
        (f"draft-2021-1-{unit}", "expected", date(2021, 6, 2), date(2021, 6, 17)) for unit in sorted(ORDER)
    ]
    [session] = await read(store, sa.select(proceedings))
    assert (session.stream, session.state, session.held_on) == ("session-2021-1", "rostered", HELD)


async def test_an_observer_may_be_named_before_or_after_the_session_is_scheduled(store: EventStore) -> None:
    await hear(store, observer())
    await hear(store, scheduled())
    await hear(store, observer())
    [session] = await read(store, sa.select(proceedings))
    assert [one["unit"] for one in session.observers] == ["shilizhen"]


async def test_the_agenda_knows_the_drafts_and_the_drafts_the_agenda(store: EventStore) -> None:
    await hear(store, scheduled())
    with pytest.raises(Refused) as refused:
        await give(store, SESSIONS, "2021-1", CONFIRM, LAW_OFFICE, date(2021, 6, 18))
    assert refused.value.data["units"] == list(ORDER)

    await approve_all(store)
    await give(store, SESSIONS, "2021-1", CONFIRM, LAW_OFFICE, date(2021, 6, 18))
    edit = (
        store,
        DRAFTS,
        "2021-1-langxia",
        SubmitDraft("我再改一稿。"),
        liaison("langxia"),
        date(2021, 6, 21),
    )
    with pytest.raises(Refused) as refused:
        await give(*edit)
    assert refused.value.code == "review.agenda-already-confirmed"

    await give(store, SESSIONS, "2021-1", ReopenAgenda("更正数据。"), LAW_OFFICE, date(2021, 6, 21))
    await give(*edit)
    with pytest.raises(Refused) as refused:
        await give(store, SESSIONS, "2021-1", CONFIRM, LAW_OFFICE, date(2021, 6, 21))
    assert refused.value.data["units"] == ["langxia"]


async def test_an_edit_cannot_slip_between_the_look_at_the_drafts_and_the_agenda(store: EventStore) -> None:
    sessions = [f"2021-{n}" for n in range(1, 9)]
    for session in sessions:
        await hear(store, scheduled(session))
        await approve_all(store, session)

    async def at_once(session: str) -> tuple[BaseException | None, ...]:
        return await asyncio.gather(
            give(store, SESSIONS, session, CONFIRM, LAW_OFFICE, date(2021, 6, 18)),
            give(
                store,
                DRAFTS,
                f"{session}-langxia",
                SubmitDraft("改一稿。"),
                liaison("langxia"),
                date(2021, 6, 18),
            ),
            return_exceptions=True,
        )

    for session in sessions:
        outcomes = await at_once(session)
        # Exactly one of the two is refused, by its rule and not by an accident.
        [refused] = [outcome for outcome in outcomes if outcome is not None]
        assert isinstance(refused, Refused)
        assert refused.code in ("review.draft-not-approved", "review.agenda-already-confirmed")

    rows = await read(
        store,
        sa.select(proceedings.c.state, drafts.c.state)
        .join(drafts, drafts.c.session == proceedings.c.session)
        .where(drafts.c.unit == "langxia"),
    )
    assert {tuple(row) for row in rows} <= {("agenda_confirmed", "approved"), ("rostered", "submitted")}
    assert len(rows) == len(sessions)


async def test_a_session_is_told_from_its_draft_to_its_minutes(store: EventStore) -> None:
    await confirm_agenda(store)
    await hold(store)
    await send(store)

    public = await read(store, sa.select(tables.outbox).order_by(tables.outbox.c.sequence))
    assert [row.name for row in public] == [
        *["DraftSubmitted", "DraftApproved"] * 3,
        *["ReportDelivered"] * 3,
        "SessionHeld",
        *["CommentIssued"] * 3,
        "MinutesIssued",
    ]
    assert {row.partition_key for row in public} == {"2021-1"}
    texts = await read(store, sa.select(tables.texts))
    told = " ".join(row.data for row in public)
    assert not any(text.body in told for text in texts)
    [issued] = [json.loads(row.data) for row in public if row.name == "MinutesIssued"]
    assert {one["unit"]: one["due_on"] for one in issued["excerpts"]} == {
        "jiaotongwei": None,
        "gongshanglian": None,
        "langxia": "2021-10-08",
    }
    [first, *_] = [json.loads(row.data) for row in public if row.name == "CommentIssued"]
    [text] = [text for text in texts if first["text"]["href"].endswith(text.ref)]
    assert (text.body, text.sha256) == ("讲得很实。", first["text"]["sha256"])

    rows = await read(store, sa.select(comments).order_by(comments.c.comment))
    assert [(row.unit, row.praise_only, row.issued_on) for row in rows] == [
        ("gongshanglian", True, SIGNED),
        ("jiaotongwei", True, SIGNED),
        ("langxia", False, SIGNED),
    ]


# The registry


async def test_a_unit_that_does_not_report_has_a_duty_where_the_minutes_name_it(store: EventStore) -> None:
    await hear(store, registered("shanyang", "山阳老镇", order=61))
    await hear(
        store,
        scheduling.UnitRenamed(
            unit="shanyang", name_before="山阳老镇", name="山阳镇", valid_from=date(2021, 6, 1)
        ),
    )
    await confirm_agenda(store)
    general = replace(ONE_PROCEDURE, units=("langxia", "shanyang"))
    await hold(store, asked=(general,))
    await hear(store, handed_over("shanyang", "书记丙"))
    await send(store)

    *_, excerpt = (await issued(store))["excerpts"]
    assert (excerpt["unit"], excerpt["unit_name"], excerpt["person"]) == ("shanyang", "山阳镇", "书记丙")
    assert (excerpt["general"], excerpt["due_on"], excerpt["official_order"]) == (True, "2021-10-08", 61)
    assert [item["item"] for item in excerpt["items"]] == ["shanyang-1"]


async def test_a_unit_that_nobody_registered_is_refused(store: EventStore) -> None:
    await confirm_agenda(store)
    stranger = RecordComment(
        "c1", "langxia", "领导甲", "副区长", "讲得实。", (replace(ONE_PROCEDURE, units=("shanyang",)),)
    )
    with pytest.raises(Refused) as refused:
        await give(store, SESSIONS, "2021-1", stranger, PARTY_OFFICE, HELD)
    assert refused.value.code == "review.requirement-for-a-unit-not-registered"


async def test_the_check_knows_which_units_house_the_law_office(store: EventStore) -> None:
    await hear(store, registered("sifaju", "区司法局", "law_office"))
    await confirm_agenda(store)
    await hold(store, asked=(replace(ONE_PROCEDURE, units=("langxia", "sifaju")),))
    await give(store, SESSIONS, "2021-1", DraftMinutes(), PARTY_OFFICE, date(2021, 6, 28))
    for actor, state in ((LAW_OFFICE, "drafted"), (SUPERVISION, "checked")):
        await give(store, SESSIONS, "2021-1", CheckRequirements(), actor, date(2021, 6, 30))
        [session] = await read(store, sa.select(proceedings))
        assert session.state == state


# What scheduling changes


async def test_the_drafts_move_with_their_session(store: EventStore) -> None:
    await hear(store, scheduled())
    await hear(
        store,
        scheduling.SessionRescheduled(
            session="2021-1", held_on_before=HELD, held_on=date(2021, 7, 8), reason="防汛。"
        ),
    )
    [session] = await read(store, sa.select(proceedings))
    assert session.held_on == date(2021, 7, 8)
    rows = await read(store, sa.select(drafts))
    assert {(row.held_on, row.due_on, row.approve_by) for row in rows} == {
        (date(2021, 7, 8), date(2021, 6, 17), date(2021, 7, 1))
    }


async def test_a_session_that_is_called_off_asks_for_no_draft(store: EventStore) -> None:
    await hear(store, scheduled())
    await hear(store, scheduling.SessionCancelled(session="2021-1", reason="防汛。"))
    assert set((await states(store)).values()) == {"withdrawn"}
    with pytest.raises(Refused) as refused:
        await give(store, SESSIONS, "2021-1", CONFIRM, LAW_OFFICE, date(2021, 6, 18))
    assert refused.value.code == "review.session-cancelled"


async def test_who_steps_in_owes_the_draft_of_who_does_not_report(store: EventStore) -> None:
    await confirm_agenda(store)
    incoming = scheduling.Reporter(
        unit="shanyang",
        unit_name="山阳镇",
        category="town",
        post="secretary",
        title="书记",
        person="书记乙",
    )
    await hear(
        store,
        scheduling.ReporterSubstituted(
            session="2021-1", unit_out="langxia", reporter=incoming, reason="书记外出。"
        ),
    )
    assert await states(store) == {
        "draft-2021-1-gongshanglian": "approved",
        "draft-2021-1-jiaotongwei": "approved",
        "draft-2021-1-langxia": "withdrawn",
        "draft-2021-1-shanyang": "expected",
    }
    again = ConfirmAgenda((*ORDER[:2], "shanyang"), "副主任甲")
    with pytest.raises(Refused) as refused:
        await give(store, SESSIONS, "2021-1", again, LAW_OFFICE, HELD)
    assert refused.value.data["units"] == ["shanyang"]
    await give(store, SESSIONS, "2021-1", replace(again, decision=CHAIR), LAW_OFFICE, HELD)


async def test_a_new_head_before_the_session_reports_from_a_draft_of_their_own(store: EventStore) -> None:
    await hear(store, registered("langxia", "廊下镇"))
    await hear(store, observer())
    await confirm_agenda(store)
    await hear(store, handed_over("langxia", "继任丙"))
    [session] = await read(store, sa.select(proceedings))
    assert (session.state, session.roster[2]["person"]) == ("rostered", "继任丙")
    [draft] = await read(store, sa.select(drafts).where(drafts.c.unit == "langxia"))
    assert (draft.state, draft.person) == ("expected", "继任丙")
    public = await read(store, sa.select(tables.outbox).order_by(tables.outbox.c.sequence))
    assert public[-1].name == "DraftApprovalVoided"


async def test_a_handover_elsewhere_leaves_the_agenda_alone(store: EventStore) -> None:
    await hear(store, registered("shanyang", "山阳镇"))
    await confirm_agenda(store)
    await hear(store, handed_over("shanyang", "书记丙"))
    [session] = await read(store, sa.select(proceedings))
    assert session.state == "agenda_confirmed"


async def test_lead_reporters_and_villages_are_asked_for_no_draft(store: EventStore) -> None:
    reporters = [
        scheduling.Reporter(
            unit=one.unit,
            unit_name=one.unit_name,
            category=one.category,
            post=one.post,
            title=one.title,
            person=one.person,
            lead=one.lead,
        )
        for one in (QUWEI, SHILICUN, LANGXIA)
    ]
    event = scheduled()
    await hear(store, event.model_copy(update={"reporters": reporters}))
    assert await states(store) == {"draft-2021-1-langxia": "expected"}


# The chair's decision


async def test_a_draft_that_was_passed_over_may_still_be_written_until_the_session_runs(
    store: EventStore,
) -> None:
    await hear(store, scheduled())
    await approve_all(store)
    edit = SubmitDraft("我再改一稿。")
    await give(store, DRAFTS, "2021-1-langxia", edit, liaison("langxia"), date(2021, 6, 18))
    await give(store, SESSIONS, "2021-1", replace(CONFIRM, decision=CHAIR), LAW_OFFICE, date(2021, 6, 21))
    [session] = await read(store, sa.select(proceedings))
    assert session.passed_over == ["langxia"]

    await give(store, DRAFTS, "2021-1-langxia", edit, liaison("langxia"), date(2021, 6, 22))
    with pytest.raises(Refused) as refused:
        await give(store, DRAFTS, "2021-1-jiaotongwei", edit, liaison("jiaotongwei"), date(2021, 6, 22))
    assert refused.value.code == "review.agenda-already-confirmed"
    await give(store, SESSIONS, "2021-1", RecordSpeech("langxia", "述法人丙", 470), PARTY_OFFICE, HELD)
    with pytest.raises(Refused) as refused:
        await give(store, DRAFTS, "2021-1-langxia", edit, liaison("langxia"), HELD)
    assert refused.value.code == "review.agenda-already-confirmed"


# The bulletin


async def test_a_bulletin_is_due_when_the_minutes_of_the_round_before_went_out(store: EventStore) -> None:
    later = date(2022, 1, 12)
    await confirm_agenda(store)
    await hear(store, scheduled("2021-2").model_copy(update={"held_on": later, "number": 2}))
    await approve_all(store, "2021-2")
    await give(store, SESSIONS, "2021-2", CONFIRM, LAW_OFFICE, date(2022, 1, 6))
    left_out, told = NoteBulletin(False, "上一轮无整改事项。"), NoteBulletin(told=True)

    await hold(store)
    await give(
        store, SESSIONS, "2021-2", left_out, LAW_OFFICE, later
    )  # nothing was sent yet: nothing to tell
    await send(store)
    with pytest.raises(Refused) as refused:
        await give(store, SESSIONS, "2021-2", left_out, LAW_OFFICE, later)
    assert (refused.value.code, refused.value.data) == (
        "review.bulletin-is-due",
        {"about_session": "2021-1"},
    )
    with pytest.raises(Refused) as refused:
        await give(store, SESSIONS, "2021-2", told, LAW_OFFICE, later)
    assert refused.value.code == "review.bulletin-not-issued"

    await hear(
        store,
        BulletinIssued(
            bulletin="bulletin-2021-2",
            session="2021-2",
            about_session="2021-1",
            issued_on=date(2022, 1, 10),
            lines=[],
        ),
    )
    await give(store, SESSIONS, "2021-2", told, LAW_OFFICE, later)
    [session] = await read(store, sa.select(proceedings).where(proceedings.c.session == "2021-2"))
    assert (session.bulletin, session.bulletin_issued) == ("told", "bulletin-2021-2")


async def test_after_a_round_of_praise_only_there_is_nothing_to_tell(store: EventStore) -> None:
    later = date(2022, 1, 12)
    await confirm_agenda(store)
    await hold(store, asked=())
    await send(store)
    await hear(store, scheduled("2021-2").model_copy(update={"held_on": later, "number": 2}))
    await approve_all(store, "2021-2")
    await give(store, SESSIONS, "2021-2", CONFIRM, LAW_OFFICE, date(2022, 1, 6))
    left_out = NoteBulletin(False, "上一轮无整改事项。")
    await give(store, SESSIONS, "2021-2", left_out, LAW_OFFICE, later)


# Classified minutes and corrections


async def test_classified_minutes_blank_what_the_room_left_and_keep_the_chain(store: EventStore) -> None:
    await confirm_agenda(store)
    await hold(store)
    kept = sa.select(tables.texts.c.body).where(tables.texts.c.stream == "session-2021-1")
    assert len([row for row in await read(store, kept) if row.body]) == 7  # and the reason for no bulletin
    await give(store, SESSIONS, "2021-1", DraftMinutes(classified=True), PARTY_OFFICE, date(2021, 6, 28))
    assert [row.body for row in await read(store, kept) if row.body] == ["首轮，无上一轮。"]
    written = sa.select(tables.texts.c.body).where(tables.texts.c.stream == "draft-2021-1-langxia")
    assert all(row.body for row in await read(store, written))


async def test_a_correction_is_told_beside_what_was_sent(store: EventStore) -> None:
    await confirm_agenda(store)
    await hold(store)
    await send(store)
    correct = CorrectMinutes((Correction("langxia-1", "统一取证规程"),), "事项表述有误。")
    await give(store, SESSIONS, "2021-1", correct, PARTY_OFFICE, date(2021, 7, 12))
    [corrected] = await read(
        store, sa.select(tables.outbox).where(tables.outbox.c.name == "MinutesCorrected")
    )
    lines = [
        [item["task_line"] for one in minutes["excerpts"] for item in one["items"]]
        for minutes in (await issued(store), json.loads(corrected.data))
    ]
    assert lines == [["统一执法取证程序"], ["统一取证规程"]]
