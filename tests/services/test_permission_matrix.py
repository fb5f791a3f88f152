"""Every command and every read of every service, over HTTP, asked in every role from every place in the tree.

What is expected is written here by hand and not taken from the table under test. A route that has no line here fails:
whoever opens one says here, too, who may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from shared.contracts import PUBLISHERS
from shared.contracts.scheduling import RoleGranted, TenantRegistered
from tests.services.doors import Door, Doors
from tests.shared.conftest import by_hand

DISTRICT = "beijing.matrix"
UNIT, OTHER_UNIT = "langxia", "jiaotongwei"
OF_A_UNIT = ("reporter", "liaison")
ROLES = (
    "law_office",
    "party_office",
    "supervision_office",
    "organization_department",
    "leader",
    *OF_A_UNIT,
    "tenant_admin",
    "auditor",
    "operator",
    "inspector",
    "service",
)
PLACES = {
    "own": (DISTRICT, False),
    "parent": ("beijing", False),
    "parent, for its subtree": ("beijing", True),
    "child": (f"{DISTRICT}.town", True),
    "sibling": ("beijing.other", True),
    "sibling of the same beginning": (f"{DISTRICT}x", True),
}
"""Where the caller's grant is, and whether it says subtree; the tenant asked is always the district."""

WORDS = {
    "offices": "law_office party_office supervision_office organization_department",
    "unit": "reporter@ liaison@",
    "progress": "law_office party_office supervision_office organization_department leader reporter liaison"
    " tenant_admin^ auditor^ operator^ service^",
    "own-tier": "law_office party_office supervision_office organization_department leader reporter liaison"
    " tenant_admin auditor operator service",
}
"""Groups of the lines below. ``@``: for the own unit alone; ``^``: from a tier above as well."""

MANY_AT_ONCE = {"import": "import-registry", "opening": "open-tenant"}
"""Commands whose address is not their name."""

EXPECTED = """
scheduling register-tenant: tenant_admin^
scheduling rename-tenant: tenant_admin^
scheduling close-tenant: tenant_admin^
scheduling register-unit: tenant_admin^
scheduling add-post: tenant_admin^
scheduling close-unit: tenant_admin^
scheduling import-registry: tenant_admin^
scheduling open-tenant: tenant_admin^
scheduling hand-over-post: tenant_admin^
scheduling rename-unit: tenant_admin^
scheduling grant-role: tenant_admin^
scheduling revoke-role: tenant_admin^
scheduling adopt-policy: law_office
scheduling adopt-calendar: law_office tenant_admin^
scheduling adopt-plan: law_office
scheduling amend-plan: law_office
scheduling record-past-session: law_office
scheduling draft-roster: law_office
scheduling name-observers: law_office
scheduling waive-absence: law_office
scheduling schedule-session: law_office
scheduling reschedule-session: law_office
scheduling cancel-session: law_office
scheduling substitute-reporter: law_office
scheduling GET registered-tenants: progress
scheduling GET units: progress
scheduling GET adopted-policies: progress
scheduling GET adopted-calendars: progress
scheduling GET plans: progress
scheduling GET sessions: progress
scheduling GET observers: progress
scheduling GET policy: progress
scheduling GET rotation: progress
scheduling GET holders: progress
scheduling GET granted-roles: tenant_admin^ auditor^
scheduling GET ledger: law_office party_office auditor^ operator^
scheduling GET texts: law_office party_office leader inspector unit

review submit-draft: unit
review return-draft: offices
review approve-draft: offices
review confirm-agenda: law_office
review reopen-agenda: law_office
review note-bulletin: law_office
review record-speech: party_office
review record-supplement: law_office
review record-comment: party_office
review record-attendance: law_office
review record-guest: law_office
review mark-not-held: law_office party_office
review close-session: law_office
review draft-minutes: party_office
review check-requirements: offices
review confirm-words: leader party_office
review sign-minutes: party_office
review number-minutes: party_office
review send-minutes: party_office
review correct-minutes: party_office
review GET registered-units: progress
review GET drafts: law_office party_office leader inspector unit
review GET proceedings: law_office party_office leader inspector
review GET comments: law_office party_office leader inspector
review GET entrusted: supervision_office
review GET ledger: law_office party_office auditor^ operator^
review GET texts: law_office party_office leader inspector unit

rectification submit-feedback: unit
rectification receipt-feedback: offices
rectification verify-rectification: offices
rectification return-rectification: offices
rectification request-extension: unit
rectification grant-extension: offices
rectification refuse-extension: offices
rectification note-progress: unit
rectification submit-short-form: law_office party_office
rectification withdraw-feedback: law_office party_office unit
rectification open-supervision: offices
rectification close-supervision: offices
rectification record-inspection: offices
rectification correct-record: law_office party_office
rectification suspend-cases: law_office party_office
rectification issue-bulletin: law_office
rectification GET case-register: progress
rectification GET items: progress
rectification GET suspensions: progress
rectification GET bulletins: progress
rectification GET progress: own-tier
rectification GET supervision-notices: law_office party_office supervision_office unit
rectification GET inspections: law_office party_office supervision_office unit
rectification GET extension-requests: offices
rectification GET progress-notes: law_office party_office supervision_office unit
rectification GET ledger: law_office party_office auditor^ operator^
rectification GET texts: law_office party_office supervision_office leader inspector unit

evaluation publish-evaluation: organization_department
evaluation record-outcome: organization_department law_office
evaluation register-annual-report: organization_department law_office unit
evaluation GET registered-units: progress
evaluation GET outcomes: progress
evaluation GET coverage: progress
evaluation GET sheets: organization_department unit
evaluation GET annual-reports: organization_department law_office unit
evaluation GET ledger: law_office party_office auditor^ operator^
evaluation GET texts: law_office party_office leader inspector unit
"""

STREAMS = {
    "drafts": f"draft-2021-1-{UNIT}",
    "supervision-notices": f"case-2021-1-{UNIT}",
    "inspections": f"case-2021-1-{UNIT}",
    "progress-notes": f"case-2021-1-{UNIT}",
    "sheets": f"sheet-2021-{UNIT}",
    "annual-reports": f"yearend-2021-{UNIT}",
}
"""Of a view that a unit sees its own rows of: the stream of a row of that unit."""
TEXT = "a1"


def _expected() -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], frozenset[str]] = {}
    for line in EXPECTED.strip().splitlines():
        if line:
            what, _, roles = line.partition(": ")
            service, _, asked = what.partition(" ")
            words = " ".join(WORDS.get(word, word) for word in roles.split())
            assert (service, asked) not in found, line
            found[service, asked] = frozenset(words.split())
    return found


LINES = _expected()


@dataclass(frozen=True)
class Caller:
    """Somebody with one role, held in one place."""

    role: str
    place: str
    unit: str | None

    @property
    def sub(self) -> str:
        return f"{self.role}|{self.place}|{self.unit}"

    def may(self, line: frozenset[str], one_row: bool) -> bool:
        """By the hand-written table: may this caller ask that of the district?"""
        if self.place == "parent, for its subtree":
            return f"{self.role}^" in line
        if self.place != "own":
            return False
        if f"{self.role}@" in line:
            return self.unit == UNIT if one_row else self.unit is not None
        return self.role in line or f"{self.role}^" in line


def callers() -> Iterator[Caller]:
    for role in ROLES:
        for place in PLACES:
            yield Caller(role, place, UNIT if role in OF_A_UNIT else None)
    for role in OF_A_UNIT:
        for unit in (OTHER_UNIT, None):
            yield Caller(role, "own", unit)


def asked_of(door: Door) -> Iterator[tuple[str, str, str, bool]]:
    """Method, address, the line's name, and whether it is about one row of one unit."""
    for method, path in door.routes:
        steps = path.removeprefix("/tenants/{tenant}/").split("/")
        address = path.replace("{tenant}", DISTRICT).replace("{id}", "2021-1").replace("{ref}", TEXT)
        if method == "POST":
            yield method, address, MANY_AT_ONCE.get(steps[-1], steps[-1]), False
        else:
            stream = STREAMS.get(steps[0], "plan-2021")
            one_row = steps[-1] in ("{stream}", "{ref}")
            yield method, address.replace("{stream}", stream), f"GET {steps[0]}", one_row


async def _prepare(door: Door) -> None:
    """A text of a unit, and the inspectors: no token gives that role."""
    await door.write(
        DISTRICT,
        TenantRegistered(name="示例区", tier="district", official_order=1, registered_on=date(2021, 1, 1)),
    )
    for caller in callers():
        if caller.role == "inspector":
            tenant, subtree = PLACES[caller.place]
            granted = RoleGranted(
                person=caller.sub,
                name="示例·查阅",
                role="inspector",
                subtree=subtree,
                valid_from=date(2021, 1, 1),
                reason="检查",
                granted_on=date(2021, 1, 1),
            )
            await door.write(tenant, granted)
    texts = sa.table(
        "texts",
        *(sa.column(name) for name in ("tenant", "ref", "stream", "body", "sha256")),
        sa.column("salt", BYTEA),
    )
    async with by_hand(door.owner_url, DISTRICT) as connection:
        await connection.execute(
            sa.insert(texts).values(
                tenant=DISTRICT, ref=TEXT, stream=f"draft-2021-1-{UNIT}", salt=b"", body="", sha256=""
            )
        )


@pytest.mark.parametrize("name", PUBLISHERS)
async def test_every_role_may_what_its_line_says_and_nothing_else(
    name: str, doors: Doors, record_property: Callable[[str, int], None]
) -> None:
    door = doors.of[name]
    await _prepare(door)
    asked = list(asked_of(door))
    assert {what for _, _, what, _ in asked} == {what for service, what in LINES if service == name}
    before, wrong, count = await door.contents(), [], 0
    for caller in callers():
        tenant, subtree = PLACES[caller.place]
        grant = {"tenant": tenant, "role": caller.role, "subtree": subtree}
        headers = doors.bearer(caller.sub, grant | ({"unit": caller.unit} if caller.unit else {}))
        answers = await asyncio.gather(
            *(
                door.client.request(method, address, headers=headers, params={"year": 2021})
                for method, address, _, _ in asked
            )
        )
        for (method, address, what, one_row), answer in zip(asked, answers, strict=True):
            count += 1
            let_through = answer.status_code not in (401, 403)
            if let_through != caller.may(LINES[name, what], one_row) or answer.status_code == 500:
                wrong.append(f"{caller.sub}: {method} {address} → {answer.status_code}")
    record_property(f"permission matrix, {name}", count)
    assert not wrong
    assert await door.contents() == before


async def test_no_token_makes_an_inspector(doors: Doors) -> None:
    door = doors.of["review"]
    headers = doors.bearer("somebody", {"tenant": DISTRICT, "role": "inspector"})
    for _, address, _, _ in asked_of(door):
        assert (await door.client.get(address, headers=headers)).status_code in (403, 405)
