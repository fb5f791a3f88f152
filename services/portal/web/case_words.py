"""Codes of the register as words, and sentences in the reader's language."""

from __future__ import annotations

from typing import Any

from services.portal.domain.saying import Saying
from services.portal.web.pages import day
from services.portal.web.visit import Visit
from services.portal.web.words import role_name, translations

STATES = {
    "open": "整改中",
    "returned": "已退回",
    "awaiting_receipt": "待签收",
    "awaiting_verification": "待核查",
    "completed": "已完成",
}
CATEGORIES = {
    "party_or_mass": "党委(群团)部门",
    "government": "政府工作部门",
    "town": "街镇",
    "leadership": "班子成员",
    "section": "中层",
    "village": "村居",
}
LIGHTS = {
    "green": "正常",
    "yellow": "临近到期（黄灯）",
    "orange": "即将到期（橙灯）",
    "red": "逾期（红灯）",
    "supervision": "逾期应予督办",
    "none": "不计期限",
}
TIERS = {
    "nation": "国家",
    "province": "省级",
    "city": "市级",
    "district": "区级",
    "bureau": "部门",
    "town": "街镇",
    "village": "村居",
}


def saying(visit: Visit) -> Saying:
    """How sentences are said to this visitor."""
    say = translations(visit.language).gettext
    return Saying(office=lambda role: say(role_name(role, visit.place.tier)), day=day, translated=say)


def light_of(row: dict[str, Any]) -> dict[str, Any]:
    """A register's row as the macro ``light`` takes it."""
    return {
        "colour": row["light"],
        "icon": row["icon"],
        "days_left": row["days_left"],
        "zh": row["text_zh"],
        "en": row["text"],
    }
