"""A town of its own in which a session is gone through: its people, its units, a session on the day at hand."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from deploy.local.cluster import Cluster
from deploy.local.demo.talk import Talk
from deploy.local.waiting import until
from tests.portal.town import UNITS, Town, working_days_after

HALL = "shanghai.jinshan.ceshihui"
SESSION = "2022-1"
PEOPLE = (
    ("ceshi-admin", "示例·测试管理员", "tenant_admin", None),
    ("ceshi-law", "示例·测试司法所", "law_office", "sifasuo"),
    ("ceshi-party", "示例·测试党政办", "party_office", "dangzhengban"),
    ("ceshi-supervision", "示例·测试督查", "supervision_office", "duchashi"),
    ("ceshi-leader", "示例·测试书记", "leader", None),
    ("ceshi-auditor", "示例·测试审计", "auditor", None),
    ("ceshi-liaison-a", "示例·测试联络员甲", "liaison", "danweijia"),
    ("ceshi-liaison-b", "示例·测试联络员乙", "liaison", "danweiyi"),
)


HEADS = {
    "sifasuo": [{"post": "head", "title": "所长", "person": "示例·测试所长"}],
    "dangqunban": [{"post": "head", "title": "主任", "person": "示例·测试主任"}],
}
"""The unit that houses the law office answers for requirements, too."""


@dataclass(frozen=True)
class Hall(Town):
    """A town whose session is held today; one of the two drafts is approved."""

    tenant: str = HALL

    def url(self, *steps: str) -> str:
        """A page of the session."""
        return "/".join(("/t", self.tenant, "sessions", SESSION, *steps))

    def row(self) -> dict[str, Any]:
        """The session as review has it."""
        return self.get("ceshi-party", "review", f"proceedings/session-{SESSION}")


def open_hall(cluster: Cluster, tenant: str = HALL, *, observed: bool = False) -> Hall:
    """Register the town, give its people their roles, and call a session for today; where it is ``observed``, the
    heads of the round after come to it."""
    hall = Hall(cluster, tenant)
    today = hall.today().isoformat()
    talk = Talk(cluster)

    def admin(path: str, **body: Any) -> None:
        answer = talk.post("admin", "scheduling", f"/tenants/{tenant}/{path}", body, key=uuid.uuid4().hex)
        assert answer.ok, (path, answer.body)

    admin("tenant/self/register-tenant", name="示例会场镇", tier="town", official_order=901)
    for order, (unit, name, category, offices, posts) in enumerate(UNITS, start=1):
        body = {"name": name, "category": category, "official_order": order, "houses_offices": offices}
        admin(f"unit/{unit}/register-unit", **body, posts=posts or HEADS.get(unit, []), valid_from=today)
    for person, name, role, works_in in PEOPLE:
        given = {"person": person, "name": name, "role": role, "unit": works_in, "reason": "试用"}
        admin(f"access/{person}/grant-role", **given)
    # A grant is known everywhere within seconds.
    for service, path, user in (
        ("scheduling", "plans", "ceshi-law"),
        ("review", "drafts", "ceshi-liaison-a"),
        ("review", "drafts", "ceshi-liaison-b"),
        ("review", "proceedings", "ceshi-party"),
        ("review", "proceedings", "ceshi-law"),
        ("rectification", "bulletins", "ceshi-law"),
        ("rectification", "bulletins", "ceshi-party"),
    ):
        until(
            lambda s=service, p=path, u=user: talk.get(u, s, f"/tenants/{tenant}/{p}").ok,  # type: ignore[misc]
            within=30.0,
            what=f"{user} does not hold a role in {tenant} yet",
        )
    talk.close()
    hall.do(
        "ceshi-law",
        "scheduling",
        "policy/self/adopt-policy",
        values={"reporters_per_session": 2},
        holds_from=today,
    )
    rounds = [{"number": 1, "planned_on": today}]
    if observed:
        rounds.append({"number": 2, "planned_on": working_days_after(hall.today(), 90)})
    hall.do("ceshi-law", "scheduling", "plan/2022/adopt-plan", rounds=rounds)
    reporters = [{"unit": "danweijia", "post": "head"}, {"unit": "danweiyi", "post": "head"}]
    roster = {"plan_year": 2022, "number": 1, "provisional": False, "reporters": reporters}
    hall.do("ceshi-law", "scheduling", f"session/{SESSION}/draft-roster", **roster)
    call: dict[str, Any] = {"held_on": today}
    if observed:
        name_observers(hall)
    else:
        call["decision"] = {
            "by": "示例·测试书记",
            "title": "镇党委书记",
            "reason": "首次述法，不安排列席。",
        }
    hall.do("ceshi-law", "scheduling", f"session/{SESSION}/schedule-session", **call)
    until(lambda: _is_rostered(hall), within=30.0, what="review has not heard of the session")
    hall.do(
        "ceshi-liaison-a", "review", f"draft/{SESSION}-danweijia/submit-draft", text="我在这一年亲自部署。"
    )
    hall.do("ceshi-law", "review", f"draft/{SESSION}-danweijia/approve-draft")
    return hall


def see_to_the_end(hall: Hall) -> None:
    """What is still to be done until the minutes are sent, however far the session has come."""
    at = f"session/{SESSION}"
    secretary = "示例·测试书记"

    def law(command: str, **body: Any) -> None:
        hall.do("ceshi-law", "review", f"{at}/{command}", **body)

    def party(command: str, **body: Any) -> None:
        hall.do("ceshi-party", "review", f"{at}/{command}", **body)

    if hall.row()["state"] == "rostered":
        decision = {"by": secretary, "title": "镇党委书记", "reason": "会期已定。"}
        order = ["danweiyi", "danweijia"]
        law("confirm-agenda", order=order, deputy_director="示例·测试所长", decision=decision)
    if not hall.row()["words"]:
        asked = {"requirement": "r1", "task_line": "公开执法事项清单", "units": ["danweijia", "danweiyi"]}
        said = {"comment": "c1", "unit": "danweijia", "by": secretary, "by_title": "镇党委书记"}
        party("record-comment", **said, text="讲得实。", requirements=[asked])
    if hall.row()["bulletin"] is None:
        law("note-bulletin", told=False, reason="首轮。")
    for one in hall.row()["missing"]:
        law("mark-not-held", **one, reason="时间所限。")
    while (state := hall.row()["state"]) != "sent":
        match state:
            case "agenda_confirmed" | "running":
                law("close-session")
            case "held":
                party("draft-minutes")
            case "drafted" if "law_office" in hall.row()["checked_by"]:
                hall.do("ceshi-supervision", "review", f"{at}/check-requirements")
            case "drafted":
                law("check-requirements")
            case "checked":
                for words in hall.row()["words"]:
                    party("confirm-words", comment=words["comment"], entered_for=words["by"])
                party("sign-minutes", signed_by=secretary, scan="签发件2022-9")
            case "signed":
                party("number-minutes", document_number="示委办〔2022〕9号")
            case _:
                party("send-minutes")


def name_observers(hall: Hall) -> None:
    """The round after, as far as it is known, observes this one."""
    coming = [{"unit": unit, "post": "head"} for unit in HEADS]
    roster = {"plan_year": 2022, "number": 2, "provisional": True, "reporters": coming}
    hall.do("ceshi-law", "scheduling", "session/2022-2/draft-roster", **roster)
    named = {"for_session": "2022-2", "observers": coming}
    hall.do("ceshi-law", "scheduling", f"session/{SESSION}/name-observers", **named)


def _is_rostered(hall: Hall) -> bool:
    page = hall.get("ceshi-party", "review", "proceedings", session=SESSION)
    drafts = hall.get("ceshi-party", "review", "drafts", session=SESSION)
    return bool(page["items"]) and len(drafts["items"]) == 2
