"""Reading a scenario strictly: every complaint names file, step and field, and comes before anything is started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import TypeAdapter, ValidationError

from deploy.local.demo.scenario import (
    Command,
    Index,
    Part,
    PolicyFile,
    RegistryFile,
    Scenario,
    Service,
    Step,
    TenantPlayed,
    Text,
    User,
)

T = TypeVar("T")


class ScenarioError(Exception):
    """The scenario itself is wrong. Each line names file, step and field; nothing was started."""

    def __init__(self, complaints: Iterable[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(self.complaints))


class _Loader(yaml.CSafeLoader):
    """YAML without surprises: a key given twice is an error, not the later one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{twice[0]!r} is given twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)


def load(index_file: Path) -> Scenario:
    """Read a scenario's index and every file that it names. Raises ScenarioError."""
    folder = index_file.parent
    index = _read(index_file, TypeAdapter(Index))
    users_file = folder / index.users
    users = _read(users_file, TypeAdapter(list[User]))
    registered = {folder / one.registry: _registration(folder, one) for one in index.tenants}
    parts = {folder / name: _read(folder / name, TypeAdapter(Part)) for name in index.parts}
    texts: dict[str, Text] = {}
    complaints: list[str] = []
    for part in parts.values():
        if part.texts is not None:
            read = _read(folder / part.texts, TypeAdapter(dict[str, Text]))
            complaints += [f"{folder / part.texts}: {name}: is used twice" for name in read.keys() & texts]
            texts |= read
    of_files = registered | {path: part.steps for path, part in parts.items()}
    scenario = Scenario(
        path=index_file,
        index=index,
        users={user.id: user for user in users},
        users_file=users_file,
        # Stable: on one day the files follow each other as the index names them, registries first.
        steps=tuple(merge(*of_files.values(), key=lambda step: step.on)),
        texts=texts,
        files={step.id: path for path, steps in of_files.items() for step in steps},
    )
    for path, steps in of_files.items():
        complaints += [f"{path}: {complaint}" for complaint in _out_of_order(steps)]
    complaints += [f"{path}: {complaint}" for path, complaint in _dangling(scenario)]
    if complaints:
        raise ScenarioError(complaints)
    return scenario


def _registration(folder: Path, played: TenantPlayed) -> list[Step]:
    """The steps that a tenant's registry and first policy stand for."""
    registry = _read(folder / played.registry, TypeAdapter(RegistryFile))
    place = played.tenant.rpartition(".")[2]

    def step(id: str, actor: str, source: Any, say: str, say_zh: str, do: Command, event: str) -> Step:
        return Step.model_validate(
            {
                "id": f"{place}-{id}",
                "tenant": played.tenant,
                "on": registry.on,
                "as": actor,
                "source": source,
                "say": say,
                "say_zh": say_zh,
                "do": do,
                "expect": {"events": [event]},
            }
        )

    tenant = registry.tenant
    steps = [
        step(
            "register-tenant",
            played.admin,
            tenant.source,
            f"{tenant.name} is registered as a tenant",
            f"登记{tenant.name}",
            Command(
                service="scheduling",
                kind="tenant",
                id="self",
                command="register-tenant",
                body=tenant.model_dump(exclude={"source"}),
            ),
            "TenantRegistered",
        ),
        *(
            step(
                f"register-{unit.id}",
                played.admin,
                unit.source,
                f"{unit.name} joins the registry",
                f"登记{unit.name}",
                Command(
                    service="scheduling",
                    kind="unit",
                    id=unit.id,
                    command="register-unit",
                    body=unit.model_dump(exclude={"source", "id"}) | {"valid_from": registry.on},
                ),
                "UnitRegistered",
            )
            for unit in registry.units
        ),
    ]
    if played.policy is not None:
        policy = _read(folder / played.policy, TypeAdapter(PolicyFile))
        adopt = Command(
            service="scheduling",
            kind="policy",
            id="self",
            command="adopt-policy",
            body={"values": policy.values, "holds_from": policy.holds_from},
        )
        count = len(policy.values)
        say = f"the policy is adopted, {count} {'value' if count == 1 else 'values'} stated"
        say_zh = f"确定制度参数第1版，共{count}项"
        steps.append(
            step("adopt-policy", played.law_office, policy.source, say, say_zh, adopt, "PolicyAdopted")
        )
    return steps


def _out_of_order(steps: Iterable[Step]) -> Iterator[str]:
    """Within a file the dates do not go back, and no step is told twice."""
    before: Step | None = None
    for step in steps:
        if before is not None and step.on < before.on:
            yield f"step '{step.id}': on: {step.on} is before the step above it ({before.on})"
        before = step


def _dangling(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """Every reference that leads nowhere, with the file it stands in."""
    before: set[str] = set()
    tenants = {one.tenant for one in scenario.index.tenants}
    for step in scenario.steps:
        path = scenario.files[step.id]
        if step.id in before:
            yield path, f"step '{step.id}': id: is used twice"
        for complaint in _dangling_in(step, scenario, before, tenants):
            yield path, f"step '{step.id}': {complaint}"
        before.add(step.id)
    yield from ((scenario.path, complaint) for complaint in _dangling_in_index(scenario, tenants))


def _dangling_in(step: Step, scenario: Scenario, before: set[str], tenants: set[str]) -> Iterator[str]:
    users, texts = scenario.users, scenario.texts
    for field, user in [("as", step.actor), *(("check.as", check.reader) for check in step.check)]:
        if user is not None and user not in users:
            yield f"{field}: no user '{user}' in {scenario.users_file.name}"
    for field, tenant in [("tenant", step.tenant), *(("check.tenant", check.tenant) for check in step.check)]:
        if tenant is not None and tenant not in tenants:
            yield f"{field}: no tenant '{tenant}' in {scenario.path.name}"
    for check in step.check:
        for field, text in check.texts.items():
            if text not in texts:
                yield f"check.texts.{field}: no text '{text}'"
    if step.do is not None:
        for field, text in step.do.texts.items():
            if text not in texts:
                yield f"do.texts.{field}: no text '{text}'"
            if field in step.do.body:
                yield f"do.texts.{field}: is in 'body' too"
        if step.do.seen and step.do.seen.after and step.do.seen.after not in before:
            yield f"do.seen.after: no step '{step.do.seen.after}' before it"
    if isinstance(step.source, dict):
        known = {"on", *(step.do.body if step.do else ()), *(step.do.texts if step.do else ())}
        for field in sorted(step.source.keys() - known):
            yield f"source.{field}: the step has no such fact"


def _dangling_in_index(scenario: Scenario, tenants: set[str]) -> Iterator[str]:
    index, last = scenario.index, scenario.steps[-1].on
    if index.until < last:
        yield f"until: {index.until} is before the last step ({last})"
    named = {"operator": index.operator, "tree.admin": index.tree.admin}
    for one in index.tenants:
        for service in sorted(set(get_args(Service)) - one.readers.keys()):
            yield f"tenant '{one.tenant}': readers: nobody reads {service}"
        named |= {
            f"tenant '{one.tenant}': {field}": user
            for field, user in (
                ("admin", one.admin),
                ("law_office", one.law_office),
                ("ledger_reader", one.ledger_reader),
                *((f"readers.{service}", user) for service, user in one.readers.items()),
            )
        }
    for field, user in named.items():
        if user not in scenario.users:
            yield f"{field}: no user '{user}' in {scenario.users_file.name}"
    for story in index.stories:
        if story.tenant not in tenants:
            yield f"stories: no tenant '{story.tenant}'"


def _read(path: Path, adapter: TypeAdapter[T]) -> T:
    try:
        raw = yaml.load(path.read_text("utf-8"), _Loader)
    except OSError as error:
        raise ScenarioError([f"{path}: {error.strerror}"]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        raise ScenarioError([f"{path}:{line} {getattr(error, 'problem', error)}"]) from error
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        raise ScenarioError(
            f"{path}: {_place(raw, wrong['loc'])}: {wrong['msg']}"
            for wrong in error.errors(include_url=False)
        ) from error


def _place(raw: Any, location: tuple[int | str, ...]) -> str:
    """``('steps', 12, 'do', 'bodi')`` → ``step 'langxia-submits': do.bodi``: by id where the entry has one."""
    place = ""
    fields: list[str] = []
    for part in location:
        raw = _inside(raw, part)
        if isinstance(part, int) and isinstance(raw, dict) and isinstance(raw.get("id"), str):
            kind = fields.pop().removesuffix("s") if fields else "entry"
            place = f"{kind} '{raw['id']}': "
        else:
            fields.append(str(part))
    return place + ".".join(fields) if fields else place.removesuffix(": ")


def _inside(raw: Any, part: int | str) -> Any:
    match raw, part:
        case dict(), _:
            return raw.get(part)
        case list(), int() if part < len(raw):
            return raw[part]
        case _:
            return None
