"""What a plan and a session say of their warnings, in words."""

from __future__ import annotations

from typing import Any

import pytest

from services.scheduling.domain.plan import PlanAdopted, PlannedRound
from services.scheduling.views.plans import PLANS_VIEW
from services.scheduling.views.sessions import SESSIONS_VIEW
from shared.calendar.china import published
from shared.decider import Actor
from shared.eventstore import Recorded, View
from shared.tenancy import Policy
from tests.services.scheduling.telling import HELD_ON, TODAY, drafted

CLERK = Actor("law-clerk", "示例·法治办经办人", frozenset({"law_office"}))


def read(view: View, event: Any) -> dict[str, Any]:
    [row] = view.rows([Recorded(event, "shanghai.jinshan", "any", 1, TODAY, CLERK)])
    assert view.present is not None
    return view.present(row, TODAY, Policy(), published())


@pytest.mark.parametrize(
    ("warning", "zh"),
    [
        ("scheduling.fewer-sessions-than-policy:1", "提醒：年度计划仅安排 1 次会议，少于制度规定的次数。"),
        ("scheduling.gap-unknown:2023", "提醒：2023 年节假日安排尚未导入，"),
    ],
)
def test_a_plans_warning_is_said_in_words(warning: str, zh: str) -> None:
    plan = PlanAdopted(2021, (PlannedRound(1, HELD_ON),), (warning,), TODAY)
    [said] = read(PLANS_VIEW, plan)["warned"]
    assert said["zh"].startswith(zh)
    assert f"{said['code']}:{said['subject']}" == warning


def test_a_unit_that_is_warned_of_is_called_by_its_name() -> None:
    [said] = read(SESSIONS_VIEW, drafted(warnings=("scheduling.unit-rostered-again:langxia",)))["warned"]
    assert said["subject"] == "langxia"
    assert said["zh"] == "提醒：廊下镇 在规定年限内已列入其他轮次名单。"
