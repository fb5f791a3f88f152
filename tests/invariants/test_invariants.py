"""What must hold whatever people do: random commands, legal and not, on random days, in two tenants at once.

On real PostgreSQL; what other services would say is told by hand. Each history has tenants of its own.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from deploy.local.servers import Servers
from services.rectification.domain import commands as case
from services.rectification.domain.suspension import SuspendCases
from services.rectification.views.case_register import TABLE as REGISTER
from services.review.domain.draft import ApproveDraft, ReturnDraft, SubmitDraft
from services.review.domain.session import ConfirmAgenda, ReopenAgenda
from services.review.views.drafts import drafts
from services.review.views.proceedings import proceedings
from shared.contracts.review import Excerpt, Item, MinutesIssued
from shared.contracts.scheduling import PolicyAdopted, Reporter, SessionScheduled, TenantRegistered
from shared.decider import Actor, Decision
from shared.eventstore import tables
from shared.tenancy import Adopted, ancestors_and_self, effective, stricter_only
from tests.invariants.world import World

HISTORIES, STEPS = 5, 50
MINUTES_SENT = date(2021, 7, 7)
UNITS = {
    "jiaotongwei": "government",
    "gongshanglian": "party_or_mass",
    "sifaju": "government",
    "shicun": "village",
}
OFFICES = ("party_office", "law_office", "supervision_office", "organization_department")
ACTORS = [
    *(Actor(f"liaison-{unit}", unit, frozenset({"liaison"}), unit) for unit in UNITS),
    Actor("party", "party", frozenset({"party_office"}), "quweiban"),
    Actor("law", "law", frozenset({"law_office"}), "sifaju"),
    Actor("supervision", "supervision", frozenset({"supervision_office"}), "duchashi"),
    Actor("organization", "organization", frozenset({"organization_department"}), "zuzhibu"),
    Actor("leader", "leader", frozenset({"leader"})),
    Actor("stranger", "stranger"),
]
CHAIR = Decision("示例·书记", "书记", "示例理由")

texts = st.sampled_from(["示例:已办结。", "", "示例:已建立制度,报来材料。"])
units = st.sampled_from(sorted(UNITS))
actors = st.sampled_from(ACTORS)
offsets = st.integers(-40, 60) | st.sampled_from([-400, -1, 0, 1, 15, 30, 31, 4000])
levels = st.sampled_from([0, 1])

Make = Callable[[date, date], Any]
"""A command from today and the date that governs the case."""


def commands(offset: int, text: str, office: str) -> dict[str, Make]:
    """Every command a person may give on a case, with fields that may or may not be right."""
    days = timedelta(days=offset)
    return {
        "feed back": lambda today, due: case.SubmitFeedback(
            text, "示例·甲", None, today + min(days, timedelta(2))
        ),
        "feed back now": lambda today, due: case.SubmitFeedback("示例:已办结。", "示例·甲"),
        "short form": lambda today, due: case.SubmitShortForm(text, "示例·村"),
        "withdraw": lambda today, due: case.WithdrawFeedback(text),
        "receipt": lambda today, due: case.ReceiptFeedback(office),
        "verify": lambda today, due: case.VerifyRectification("passed"),
        "return": lambda today, due: case.ReturnRectification(text, today + days),
        "ask": lambda today, due: case.RequestExtension(text, due + days),
        "grant": lambda today, due: case.GrantExtension(),
        "refuse": lambda today, due: case.RefuseExtension(text),
        "supervise": lambda today, due: case.OpenSupervision("金委督〔2021〕1号", "示例事项"),
        "stop supervising": lambda today, due: case.CloseSupervision(text),
        "progress": lambda today, due: case.NoteProgress(text),
        "correct": lambda today, due: case.CorrectRecord("sent_on", today + days, text, CHAIR),
        "correct the date": lambda today, due: case.CorrectRecord("due_on", due + days, text, CHAIR),
    }


KINDS = sorted(commands(0, "", ""))
WORLD: list[World] = []
COUNTED: Counter[str] = Counter()


class Chain(RuleBasedStateMachine):
    """Two tenants, the second below the first and under a stricter policy; each with cases and drafts."""

    numbers: ClassVar[Iterator[int]] = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.world = WORLD[0]
        root = f"t{next(self.numbers)}"
        self.tenants = (root, f"{root}.below")
        self.due_seen: dict[tuple[str, str], list[str]] = {}
        self.late_seen: set[tuple[str, str]] = set()
        self.world.set_day(MINUTES_SENT)
        for level, tenant in enumerate(self.tenants):
            self._open(tenant, level)

    def _open(self, tenant: str, level: int) -> None:
        tell = self.world.tell
        for service in ("review", "rectification"):
            told = TenantRegistered(
                name=tenant,
                tier="town" if level else "district",
                official_order=1,
                registered_on=MINUTES_SENT,
            )
            tell(service, tenant, told)
            values: dict[str, Any] = {"extension_days_at_most": 15 if level else 30}
            tell(service, tenant, PolicyAdopted(policy_version=1, holds_from=MINUTES_SENT, values=values))
        post: dict[str, Any] = {"post": "head", "title": "主任", "person": "示例·甲"}
        excerpts = [
            Excerpt(
                unit=unit,
                unit_name=unit,
                category=category,  # type: ignore[arg-type]  # the table above holds only categories
                items=[Item(item=f"{unit}-1", task_line="示例任务", comment="c1", by="示例·书记")],
                due_on=date(2021, 10, 8),
                due_before_rolling=date(2021, 10, 7),
                houses_offices=["law_office"] if unit == "sifaju" else [],
                **post,
            )
            for unit, category in UNITS.items()
        ]
        minutes = MinutesIssued(
            session="2021-1",
            plan_year=2021,
            number=1,
            held_on=date(2021, 6, 24),
            document_number="金委办〔2021〕31号",
            signed_by="示例·书记",
            signed_on=date(2021, 7, 5),
            sent_on=MINUTES_SENT,
            excerpts=excerpts,
        )
        tell("rectification", tenant, minutes)
        reporters = [
            Reporter(unit=unit, unit_name=unit, category=category, **post)  # type: ignore[arg-type]  # as above
            for unit, category in UNITS.items()
            if category != "village"
        ]
        session = SessionScheduled(
            session="2021-2", plan_year=2021, number=2, held_on=date(2022, 1, 12), reporters=reporters
        )
        tell("review", tenant, session)

    # what people do

    @rule(
        kind=st.sampled_from(KINDS),
        level=levels,
        unit=units,
        actor=actors,
        offset=offsets,
        text=texts,
        office=st.sampled_from(OFFICES),
    )
    def on_a_case(
        self, kind: str, level: int, unit: str, actor: Actor, offset: int, text: str, office: str
    ) -> None:
        tenant, id = self.tenants[level], f"2021-1-{unit}"
        due = self._case(tenant, unit).due_on
        command = commands(offset, text, office)[kind](self.world.today, due)
        self._do("rectification", tenant, "case", id, command, actor)

    @rule(level=levels, unit=units, receipts=st.integers(0, len(OFFICES)), verify=st.booleans())
    def the_way_or_a_part_of_it(self, level: int, unit: str, receipts: int, verify: bool) -> None:
        """Feed back, some of the receipts, and everybody tries to verify: histories get somewhere, or must not."""
        tenant, id = self.tenants[level], f"2021-1-{unit}"
        liaison = next(actor for actor in ACTORS if actor.unit == unit and "liaison" in actor.roles)
        self._do(
            "rectification", tenant, "case", id, case.SubmitFeedback("示例:已办结。", "示例·甲"), liaison
        )
        offices = [(actor, office) for actor in ACTORS for office in actor.roles & set(OFFICES)]
        for actor, office in offices[:receipts]:
            self._do("rectification", tenant, "case", id, case.ReceiptFeedback(office), actor)
        for actor, _ in offices if verify else []:
            self._do("rectification", tenant, "case", id, case.VerifyRectification("passed"), actor)

    @rule(
        level=levels, actor=actors, start=offsets, days=st.integers(-1, 70), name=st.sampled_from(["a", "b"])
    )
    def suspend(self, level: int, actor: Actor, start: int, days: int, name: str) -> None:
        first = self.world.today + timedelta(days=start)
        command = SuspendCases(first, first + timedelta(days=days), CHAIR)
        self._do("rectification", self.tenants[level], "suspension", name, command, actor)

    @rule(level=levels, unit=units, actor=actors, text=texts)
    def hand_in(self, level: int, unit: str, actor: Actor, text: str) -> None:
        self._do("review", self.tenants[level], "draft", f"2021-2-{unit}", SubmitDraft(text), actor)

    @rule(
        level=levels, unit=units, actor=actors, approve=st.booleans(), text=texts, revision=st.integers(0, 3)
    )
    def review(self, level: int, unit: str, actor: Actor, approve: bool, text: str, revision: int) -> None:
        command = ApproveDraft(revision or None) if approve else ReturnDraft(text)
        self._do("review", self.tenants[level], "draft", f"2021-2-{unit}", command, actor)

    @rule(level=levels)
    def every_draft_approved(self, level: int) -> None:
        for unit in UNITS:
            liaison = next(actor for actor in ACTORS if actor.unit == unit and "liaison" in actor.roles)
            self._do(
                "review", self.tenants[level], "draft", f"2021-2-{unit}", SubmitDraft("本人示例。"), liaison
            )
            for actor in ACTORS:
                self._do("review", self.tenants[level], "draft", f"2021-2-{unit}", ApproveDraft(), actor)

    @rule(level=levels, actor=actors, order=st.permutations([u for u in UNITS if UNITS[u] != "village"]))
    def confirm_agenda(self, level: int, actor: Actor, order: list[str]) -> None:
        command = ConfirmAgenda(tuple(order), "示例·副主任")
        self._do("review", self.tenants[level], "session", "2021-2", command, actor)

    @rule(level=levels, actor=actors)
    def reopen_agenda(self, level: int, actor: Actor) -> None:
        self._do("review", self.tenants[level], "session", "2021-2", ReopenAgenda("示例理由"), actor)

    @rule(days=st.sampled_from([1, 2, 5, 13, 40]))
    def time_passes(self, days: int) -> None:
        self.world.advance(self.world.today + timedelta(days=days))

    def _do(self, service: str, tenant: str, kind: str, id: str, command: Any, actor: Actor) -> None:
        before = {one: len(self.world.events(service, one)) for one in self.tenants}
        refused = self.world.do(service, tenant, kind, id, command, actor)
        COUNTED["accepted" if refused is None else "refused"] += 1
        after = {one: len(self.world.events(service, one)) for one in self.tenants}
        if refused is not None:
            assert after == before, f"{refused} changed something"
        else:
            assert {one for one in after if after[one] != before[one]} <= {tenant}, (
                "another tenant's ledger grew"
            )

    # what holds

    @invariant()
    def nothing_is_closed_without_every_receipt_and_a_verification(self) -> None:
        for row in self._cases():
            if row.state == "completed":
                assert row.verified_on is not None
                assert row.offices_missing == []
                assert row.receipts

    @invariant()
    def the_history_of_due_dates_only_grows(self) -> None:
        for row in self._cases():
            now = [json.dumps(entry, sort_keys=True) for entry in row.due_history]
            seen = self.due_seen.get((row.tenant, row.stream), [])
            assert now[: len(seen)] == seen
            assert now
            self.due_seen[row.tenant, row.stream] = now

    @invariant()
    def late_stays_late_unless_the_record_was_corrected(self) -> None:
        for row in self._cases():
            place = (row.tenant, row.stream)
            if row.on_time is False:
                self.late_seen.add(place)
            if place in self.late_seen and row.on_time is True:
                assert row.corrections, "late became on time without a correction"

    @invariant()
    def nobody_verifies_their_own(self) -> None:
        by_id = {actor.id: actor for actor in ACTORS}
        for tenant in self.tenants:
            for event in self.world.events("rectification", tenant):
                if event.name in ("RectificationVerified", "RectificationReturned"):
                    actor = by_id[json.loads(event.metadata)["actor"]["id"]]
                    assert actor.unit != event.stream.removeprefix("case-2021-1-")

    @invariant()
    def a_voided_approval_never_counts(self) -> None:
        for tenant in self.tenants:
            [session] = self.world.rows("review", tenant, sa.select(proceedings))
            if session.state == "agenda_confirmed":
                passed_over = set(session.passed_over or ())
                for draft in self.world.rows("review", tenant, sa.select(drafts)):
                    assert draft.state == "approved" or draft.unit in passed_over
            approved: dict[str, int] = {}
            for event in self.world.events("review", tenant):
                data = json.loads(event.data)
                if event.name == "DraftSubmitted":
                    approved.pop(event.stream, None)
                elif event.name == "DraftApproved":
                    approved[event.stream] = data["revision"]
            for draft in self.world.rows("review", tenant, sa.select(drafts)):
                assert (draft.state == "approved") == (draft.stream in approved)

    @invariant()
    def a_tier_below_is_never_laxer(self) -> None:
        adopted = [
            Adopted(row.tenant, row.version, row.holds_from, row._mapping["values"])
            for row in self.world.rows("rectification", self.tenants[1], sa.select(tables.policies))
        ]
        above, below = (
            effective(ancestors_and_self(tenant), adopted, self.world.today) for tenant in self.tenants
        )
        values = {name: value for name, value in vars(below).items() if name != "versions"}
        assert stricter_only(above, values) == []
        assert (above.extension_days_at_most, below.extension_days_at_most) == (30, 15)

    @invariant()
    def every_reminder_comes_once(self) -> None:
        for tenant in self.tenants:
            sent = Counter(
                (event.stream, json.loads(event.data)["kind"], json.loads(event.data)["due_on"])
                for event in self.world.events("rectification", tenant)
                if event.name == "ReminderSent"
            )
            assert all(times == 1 for times in sent.values()), sent

    def _cases(self) -> list[Any]:
        return [
            row
            for tenant in self.tenants
            for row in self.world.rows(
                "rectification", tenant, sa.select(REGISTER).where(REGISTER.c.tenant == tenant)
            )
        ]

    def _case(self, tenant: str, unit: str) -> Any:
        # The tier above sees the progress of the tier below: the rows of the tenant itself are asked for.
        query = sa.select(REGISTER).where(
            REGISTER.c.tenant == tenant, REGISTER.c.stream == f"case-2021-1-{unit}"
        )
        [row] = self.world.rows("rectification", tenant, query)
        return row

    def teardown(self) -> None:
        self.world.forget_dates(self.tenants)


def test_the_invariants_hold_over_random_histories(
    servers: Servers, new_database: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(servers, new_database)
    WORLD.append(world)
    COUNTED.clear()
    try:
        run_state_machine_as_test(
            Chain,
            settings=settings(
                max_examples=HISTORIES,
                stateful_step_count=STEPS,
                deadline=None,
                phases=[
                    Phase.generate
                ],  # a history is seconds long: shrinking one would take longer than reading it
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
        left = world.read_models()
        assert left["review.drafts"]
        assert left["rectification.case_register"]
        world.make_read_models_anew()
        assert world.read_models() == left
    finally:
        WORLD.clear()
        world.close()
    with capsys.disabled():
        print(f"\ninvariants: {sum(COUNTED.values())} commands, {dict(COUNTED)}, none broke a rule")
    assert COUNTED["accepted"] > HISTORIES
    assert COUNTED["refused"] > HISTORIES
