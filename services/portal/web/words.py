"""The words of the pages: Chinese as they are written, English from the files in locales/en."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES = {"zh": "中文", "en": "English"}

ROLES = {
    "law_office": "依法治区办",
    "party_office": "区委办",
    "organization_department": "组织部",
    "supervision_office": "督查室",
    "leader": "区领导",
    "reporter": "述法对象",
    "liaison": "联络员",
    "tenant_admin": "管理员",
    "auditor": "审计",
    "operator": "运维",
    "inspector": "查阅",
    "service": "服务",
}
"""How a district calls who holds a role; ``role_name`` says it for the tier at hand."""

ROLES_OF_A_TOWN = {
    "law_office": "司法所",
    "party_office": "党政办",
    "organization_department": "党群办",
    "leader": "镇领导",
}
ROLES_ELSEWHERE = {
    "law_office": "法治工作机构",
    "party_office": "办公室",
    "organization_department": "组织人事部门",
    "leader": "领导",
}


def role_name(role: str, tier: str | None) -> str:
    """What an office is called in a tenant of this tier (domain.md 1, town offices)."""
    if tier in (None, "district"):
        return ROLES.get(role, role)
    return (ROLES_OF_A_TOWN if tier == "town" else ROLES_ELSEWHERE).get(role) or ROLES.get(role, role)


_WORD = re.compile(r"\w+", re.ASCII)


def with_role_names(sentence: str, data: Mapping[str, Any], tier: str | None, language: str) -> str:
    """A refusal's sentence with the roles in its data, which its owner writes as codes, called as they are in a tenant
    of this tier."""
    values = [one for value in data.values() for one in (value if isinstance(value, list) else [value])]
    named = {role: translations(language).gettext(role_name(role, tier)) for role in ROLES if role in values}
    return _WORD.sub(lambda word: named.get(word[0], word[0]), sentence)


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language; Chinese needs none."""
    if language not in LANGUAGES or language == "zh":
        return NullTranslations()
    whole = Catalog(locale=language)
    for part in sorted(
        files("services.portal").joinpath(f"locales/{language}").iterdir(), key=lambda one: one.name
    ):
        for message in read_po(BytesIO(part.read_bytes()), locale=language):
            if message.id:
                whole.add(message.id, message.string)
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return Translations(fp=compiled)
