"""Reading a scenario strictly: every complaint names file, step and field, and comes before anything is started."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import TypeAdapter, ValidationError

from deploy.local.demo.scenario import (
    Command,
    PolicyFile,
    RegistryFile,
    Scenario,
    Service,
    SessionFile,
    Step,
    Text,
    User,
)

T = TypeVar("T")


class ScenarioError(Exception):
    """The scenario itself is wrong. Each line names file, step and field; nothing was started."""

    def __init__(self, complaints: Iterable[str]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(self.complaints))


class _Loader(yaml.SafeLoader):
    """YAML without surprises: a key given twice is an error, not the later one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{twice[0]!r} is given twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)


def load(folder: Path, name: str) -> Scenario:
    """Read ``<name>.yaml`` of a folder with its registry, policy, users and texts. Raises ScenarioError."""
    users = _read(folder / "users.yaml", TypeAdapter(list[User]))
    registry = _read(folder / "registry.yaml", TypeAdapter(RegistryFile))
    policy = _read(folder / "policy.yaml", TypeAdapter(PolicyFile))
    session = _read(folder / f"{name}.yaml", TypeAdapter(SessionFile))
    texts = _read(folder / f"texts-{name.removeprefix('session-')}.yaml", TypeAdapter(dict[str, Text]))
    scenario = Scenario(
        path=folder / f"{name}.yaml",
        file=session,
        users={user.id: user for user in users},
        users_file=folder / "users.yaml",
        steps=(*_registration(registry, policy), *session.steps),
        texts=texts,
    )
    complaints = [f"{scenario.path}: {complaint}" for complaint in _dangling(scenario)]
    if complaints:
        raise ScenarioError(complaints)
    return scenario


def _registration(registry: RegistryFile, policy: PolicyFile) -> list[Step]:
    """The steps that a registry and a policy stand for."""

    def step(id: str, actor: str, source: Any, say: str, say_zh: str, do: Command, event: str) -> Step:
        return Step.model_validate(
            {
                "id": id,
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
    return [
        step(
            "register-tenant",
            "admin",
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
                "admin",
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
        step(
            "adopt-policy",
            "law-clerk",
            policy.source,
            "the policy is adopted, every value stated",
            "确定制度参数第1版",
            Command(
                service="scheduling",
                kind="policy",
                id="self",
                command="adopt-policy",
                body={"values": policy.values, "holds_from": policy.holds_from},
            ),
            "PolicyAdopted",
        ),
    ]


def _dangling(scenario: Scenario) -> Iterable[str]:
    """Every reference that leads nowhere, and every date out of order."""
    before: set[str] = set()
    day = scenario.first_day
    for step in scenario.steps:
        if step.id in before:
            yield f"step '{step.id}': id: is used twice"
        if step.on < day:
            yield f"step '{step.id}': on: {step.on} is before the step above it ({day})"
        day = max(day, step.on)
        for field, user in [("as", step.actor), *(("check.as", check.reader) for check in step.check)]:
            if user is not None and user not in scenario.users:
                yield f"step '{step.id}': {field}: no user '{user}' in {scenario.users_file.name}"
        if step.do is not None:
            for field, text in step.do.texts.items():
                if text not in scenario.texts:
                    yield f"step '{step.id}': do.texts.{field}: no text '{text}'"
                if field in step.do.body:
                    yield f"step '{step.id}': do.texts.{field}: is in 'body' too"
            for check in step.check:
                for field, text in check.texts.items():
                    if text not in scenario.texts:
                        yield f"step '{step.id}': check.texts.{field}: no text '{text}'"
            if step.do.seen and step.do.seen.after and step.do.seen.after not in before:
                yield f"step '{step.id}': do.seen.after: no step '{step.do.seen.after}' before it"
        if isinstance(step.source, dict):
            known = {"on", *(step.do.body if step.do else ()), *(step.do.texts if step.do else ())}
            for field in sorted(step.source.keys() - known):
                yield f"step '{step.id}': source.{field}: the step has no such fact"
        before.add(step.id)
    if scenario.file.until < day:
        yield f"until: {scenario.file.until} is before the last step ({day})"
    file = scenario.file
    for service in sorted(set(get_args(Service)) - file.readers.keys()):
        yield f"readers: nobody reads {service}"
    readers = {f"readers.{service}": user for service, user in file.readers.items()}
    for field, user in {**readers, "ledger_reader": file.ledger_reader, "operator": file.operator}.items():
        if user not in scenario.users:
            yield f"{field}: no user '{user}' in {scenario.users_file.name}"


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
