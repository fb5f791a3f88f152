"""A scenario as data: who does what on which business date, and what must hold afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Service = Literal["scheduling", "review", "rectification", "evaluation"]
Source = Literal["A", "P", "I"]
"""Where a fact comes from: the article, another press report of the day, or nowhere (illustrative)."""

Code = Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z]+(-[a-z]+)*)+$")]
Tenant = Annotated[str, Field(pattern=r"^[a-z0-9]+(\.[a-z0-9]+)*$", max_length=200)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]


class Strict(BaseModel):
    """Unknown fields are errors: a misspelt expectation would otherwise never be checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Grant(Strict):
    tenant: str
    role: str
    unit: str | None = None
    subtree: bool = False


class User(Strict):
    """Somebody a token can be had for."""

    id: Name
    name: str
    grants: list[Grant]


class Text(Strict):
    """A text that people wrote, kept apart so that the steps stay readable."""

    source: Source
    text: Annotated[str, Field(min_length=1)]


class Seen(Strict):
    """What the user saw before acting, sent as If-Match: the stream's version in a view now, or after a step."""

    view: Name | None = None
    after: Name | None = None

    @model_validator(mode="after")
    def one_of_them(self) -> Self:
        if (self.view is None) == (self.after is None):
            raise ValueError("say either 'view' or 'after'")
        return self


class Command(Strict):
    """One command: ``body`` as sent, with the fields in ``texts`` filled from the texts file."""

    service: Service
    kind: Name
    id: Name
    command: Name
    body: dict[str, Any] = {}
    texts: dict[str, Name] = {}
    seen: Seen | None = None

    @property
    def stream(self) -> str:
        return f"{self.kind}-{self.id}"


class Expectation(Strict):
    """The events a command makes, by name and in order, or the code it is refused with and a part of its data."""

    events: list[str] | None = None
    refused: Code | None = None
    data: dict[str, Any] = {}

    @model_validator(mode="after")
    def one_of_them(self) -> Self:
        if (self.events is None) == (self.refused is None):
            raise ValueError("say either 'events' or 'refused'")
        if self.data and self.refused is None:
            raise ValueError("'data' belongs to 'refused'")
        return self


class Check(Strict):
    """What a user reads afterwards. Of a view's or a ledger's items those that ``where`` selects: each must hold
    ``equals``, and there are ``count`` of them (one where nothing is said). ``texts``: the column's reference leads
    to that text. ``as_of``: the row of one ``stream`` of the view, as it stood at the end of that day. ``within`` the
    subtree: also the rows of every tier below. ``refused``: the view may not be read, and why."""

    service: Service
    view: Name | None = None
    ledger: Name | None = None
    stream: Name | None = None
    as_of: date | None = None
    tenant: Tenant | None = None
    reader: Annotated[Name | None, Field(alias="as")] = None
    where: dict[str, Any] = {}
    equals: dict[str, Any] = {}
    texts: dict[str, Name] = {}
    count: Annotated[int, Field(ge=0)] = 1
    within: Literal["subtree"] | None = None
    refused: Code | None = None

    @model_validator(mode="after")
    def one_of_them(self) -> Self:
        if (self.view is None) == (self.ledger is None):
            raise ValueError("say either 'view' or 'ledger'")
        if (self.as_of is None) != (self.stream is None) or (self.as_of and self.view is None):
            raise ValueError("'as_of' and 'stream' belong together, and to a 'view'")
        if (self.within or self.refused) and (self.view is None or self.as_of is not None):
            raise ValueError("'within' and 'refused' are said of the list of a 'view'")
        if self.refused and (self.where or self.equals or self.texts):
            raise ValueError("what is 'refused' has nothing to hold")
        return self

    @property
    def what(self) -> str:
        """For people: the place read, by whom if it matters, and what was wanted there."""
        place = self.view or f"ledger of {self.ledger}"
        if self.as_of is not None:
            place += f" {self.stream} as of {self.as_of}"
        if self.within:
            place += f" within the {self.within}"
        reader = f" as {self.reader}" if self.reader else ""
        if self.refused:
            of = f" of {self.tenant}" if self.tenant else ""
            return f"{place}{of}{reader}: refused {self.refused}"
        selected = f" where {_pairs(self.where)}" if self.where else ""
        wanted = ", ".join(filter(None, [_pairs(self.equals), *map("text {}".format, self.texts.values())]))
        return f"{self.count} of {place}{selected}{reader}{f': {wanted}' if wanted else ''}"


class Step(Strict):
    """One thing that happens, on a business date; without ``do`` only the day passes and is looked at.

    ``chapter`` is the heading under which a part of the story begins; ``register`` shows the case register after it.
    ``tenant`` is its file's where it says nothing.
    """

    id: Name
    chapter: str | None = None
    tenant: Tenant
    on: date
    actor: Annotated[Name, Field(alias="as")]
    source: Source | dict[str, Source]
    say: str
    say_zh: str
    do: Command | None = None
    expect: Expectation | None = None
    check: list[Check] = []
    register_shown: Annotated[bool, Field(alias="register")] = False

    @model_validator(mode="after")
    def says_what_to_expect(self) -> Self:
        if (self.do is None) != (self.expect is None):
            raise ValueError("'do' and 'expect' come together")
        if self.do is None and not self.check:
            raise ValueError("a step without 'do' has a 'check'")
        return self


class Part(Strict):
    """A file of steps in the order in which they happen, all of one tenant unless a step says otherwise."""

    title: str
    tenant: Tenant
    texts: str | None = None
    steps: Annotated[list[Step], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def steps_are_of_its_tenant(cls, raw: Any) -> Any:
        match raw:
            case {"tenant": tenant, "steps": list(steps)}:
                placed = [{"tenant": tenant} | one if isinstance(one, dict) else one for one in steps]
                return raw | {"steps": placed}
            case _:
                return raw


class TenantPlayed(Strict):
    """A tenant of the story: the file of its registry, its first policy if it adopts one at once, and who reads."""

    tenant: Tenant
    registry: str
    policy: str | None = None
    admin: Name
    law_office: Name
    readers: dict[Service, Name]
    ledger_reader: Name


class CaseTold(Strict):
    """A case whose whole story is told at the end."""

    tenant: Tenant
    case: Name


class Tree(Strict):
    """The tenants that are opened in bulk at the end, what they begin with by tier, and the year whose coverage is
    then read, by whom."""

    file: str
    opening: str
    admin: Name
    coverage_of: int


class Index(Strict):
    """The scenario's own file: what it is called, who plays in it, and the files that it is made of. The steps of
    all files are one time line; within a file they keep their order."""

    id: Name
    title: str
    operator: Name
    until: date
    users: str
    tenants: Annotated[list[TenantPlayed], Field(min_length=1)]
    parts: Annotated[list[str], Field(min_length=1)]
    stories: list[CaseTold]
    tree: Tree


class RegistryTenant(Strict):
    source: Source
    name: str
    tier: str
    division_code: str | None = None
    official_order: int
    reporting_body: str | None = None


class RegistryPost(Strict):
    post: Name
    title: str
    person: str


class RegistryUnit(Strict):
    id: Name
    source: Source | dict[str, Source]
    name: str
    category: str
    official_order: int
    houses_offices: list[str] = []
    posts: list[RegistryPost]


class RegistryFile(Strict):
    """The tenant and its units as they stand before its first session."""

    on: date
    tenant: RegistryTenant
    units: list[RegistryUnit]


class PolicyFile(Strict):
    """The first adopted policy."""

    source: Source
    holds_from: date
    values: dict[str, int | bool | str | list[str]]


@dataclass(frozen=True)
class Scenario:
    """Everything that is played, in order; every reference in it was checked.

    ``files`` says of each step in which file it stands, for complaints.
    """

    path: Path
    index: Index
    users: Mapping[str, User]
    users_file: Path
    steps: tuple[Step, ...]
    texts: Mapping[str, Text]
    files: Mapping[str, Path]

    @property
    def tree_file(self) -> Path:
        return self.path.parent / self.index.tree.file

    @property
    def opening_file(self) -> Path:
        return self.path.parent / self.index.tree.opening

    def played(self, tenant: str) -> TenantPlayed:
        """A tenant of the story."""
        return next(one for one in self.index.tenants if one.tenant == tenant)

    @property
    def first_day(self) -> date:
        return self.steps[0].on

    def body(self, command: Command) -> dict[str, Any]:
        """A command's body as it is sent: JSON values, texts filled in."""
        written = {name: self.texts[text].text.strip() for name, text in command.texts.items()}
        filled: dict[str, Any] = plain({**command.body, **written})
        return filled


def plain(value: Any) -> Any:
    """A YAML value as JSON has it: dates as ISO text."""
    match value:
        case date():
            return value.isoformat()
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in plain(dict(values)).items()
    )
