"""A town of its own in which the work queue is watched: two units, their liaison and a law office, no session yet."""

from __future__ import annotations

import uuid

from deploy.local.cluster import Cluster
from deploy.local.demo.talk import Talk
from deploy.local.waiting import until
from tests.portal.town import UNITS, Town, working_days_after

DESKS = "shanghai.jinshan.ceshidaiban"
SESSION = "2022-1"
PEOPLE = (
    ("ceshi-law", "示例·测试司法所", "law_office", "sifasuo"),
    ("ceshi-liaison-a", "示例·测试联络员甲", "liaison", "danweijia"),
    ("ceshi-auditor", "示例·测试审计", "auditor", None),
)


def open_desks(cluster: Cluster) -> Town:
    """Register the town, give its people their roles, adopt a plan; the law office has not called anybody."""
    town = Town(cluster, DESKS)
    today = town.today()
    talk = Talk(cluster)

    def admin(path: str, **body: object) -> None:
        answer = talk.post("admin", "scheduling", f"/tenants/{DESKS}/{path}", body, key=uuid.uuid4().hex)
        assert answer.ok, (path, answer.body)

    try:
        admin("tenant/self/register-tenant", name="示例待办镇", tier="town", official_order=902)
        for order, (unit, name, category, offices, posts) in enumerate(UNITS, start=1):
            body = {"name": name, "category": category, "official_order": order, "houses_offices": offices}
            admin(f"unit/{unit}/register-unit", **body, posts=posts, valid_from=today.isoformat())
        for person, name, role, works_in in PEOPLE:
            given: dict[str, object] = {"person": person, "name": name, "role": role, "reason": "试用"}
            admin(f"access/{person}/grant-role", **given | ({"unit": works_in} if works_in else {}))
        until(lambda: _granted(talk), within=30.0, what="the grants have not arrived")
    finally:
        talk.close()
    values = {"reporters_per_session": 2}
    town.do(
        "ceshi-law", "scheduling", "policy/self/adopt-policy", values=values, holds_from=today.isoformat()
    )
    planned = working_days_after(today, 20)
    town.do("ceshi-law", "scheduling", "plan/2022/adopt-plan", rounds=[{"number": 1, "planned_on": planned}])
    return town


def call_session(town: Town) -> None:
    """The law office calls the two units, twenty working days ahead."""
    reporters = [{"unit": "danweijia", "post": "head"}, {"unit": "danweiyi", "post": "head"}]
    roster = {"plan_year": 2022, "number": 1, "provisional": False, "reporters": reporters}
    town.do("ceshi-law", "scheduling", f"session/{SESSION}/draft-roster", **roster)
    decision = {"by": "示例·测试书记", "title": "镇党委书记", "reason": "首次述法，不安排列席。"}
    held_on = working_days_after(town.today(), 20)
    path = f"session/{SESSION}/schedule-session"
    town.do("ceshi-law", "scheduling", path, held_on=held_on, decision=decision)


def _granted(talk: Talk) -> bool:
    return talk.get("ceshi-law", "scheduling", f"/tenants/{DESKS}/plans", {}).ok
