"""The example users of a users file: who they are, what they hold, and the words a person reads for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from deploy.local.home import LocalError

Role = Literal[
    "law_office",
    "party_office",
    "leader",
    "reporter",
    "liaison",
    "organization_department",
    "supervision_office",
    "auditor",
    "tenant_admin",
    "operator",
    "service",
]

ROLE_WORDS: dict[Role, str] = {
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
    "service": "服务账号",
}
"""What a role is called on the page (domain.md 9)."""


class Grant(BaseModel):
    """A role in one tenant; ``unit`` for those who act for a unit, ``subtree`` to hold it in all below as well."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    tenant: str
    role: Role
    unit: str | None = None
    subtree: bool = False

    @property
    def words(self) -> str:
        """The role as a person reads it."""
        return ROLE_WORDS[self.role]


class User(BaseModel):
    """An example user, as in the users file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    name: str
    grants: tuple[Grant, ...] = ()


def load_users(path: Path) -> dict[str, User]:
    """The users of a YAML file: a list of ``{id, name, grants: [{tenant, role, unit?, subtree?}]}``."""
    try:
        users = TypeAdapter(list[User]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise LocalError(f"The users file {path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise LocalError(f"The users file {path} is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise LocalError(f"The users file {path} is wrong at {where}: {first['msg']}.") from error
    return {user.id: user for user in users}


def by_tenant(users: Iterable[User]) -> dict[str | None, list[User]]:
    """The users under the tenant of their first grant, tenants and users in the file's order; None: no grant."""
    groups: dict[str | None, list[User]] = {}
    for user in users:
        groups.setdefault(user.grants[0].tenant if user.grants else None, []).append(user)
    return groups


def service_account(name: str, users: Iterable[User]) -> User:
    """The account of a service: it reads progress in every tree that some user has a role in."""
    tops = sorted({grant.tenant.partition(".")[0] for user in users for grant in user.grants})
    grants = tuple(Grant(tenant=top, role="service", subtree=True) for top in tops)
    return User(id=f"service:{name}", name=name, grants=grants)
