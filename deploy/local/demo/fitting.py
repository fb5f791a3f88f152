"""Does a scenario fit the services? Every command, field, event and view it names is looked up before the start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from deploy.local.demo.loading import ScenarioError
from deploy.local.demo.scenario import Check, Command, Expectation, Scenario
from shared.decider import words
from shared.runtime.http import body_model

COUNTED: dict[str, set[str]] = defaultdict(set, {"rectification": {"progress"}})
"""What is counted when it is asked, and read like a view."""


def require_fitting(scenario: Scenario) -> None:
    """Raises ScenarioError naming each step and field that no service knows."""
    complaints = [
        f"{scenario.files[step.id]}: step '{step.id}': {complaint}"
        for step in scenario.steps
        for complaint in (
            *(_of_command(scenario, step.do, step.expect) if step.do and step.expect else ()),
            *(complaint for check in step.check for complaint in _of_check(check)),
        )
    ]
    if complaints:
        raise ScenarioError(complaints)


def _of_command(scenario: Scenario, do: Command, expect: Expectation) -> Iterator[str]:
    opened = {
        (aggregate.kind, words(command.__name__)): (aggregate, command)
        for aggregate, command in _application(do.service).COMMANDS
    }
    found = opened.get((do.kind, do.command))
    if found is None:
        yield f"do.command: {do.service} has no command {do.kind}/{do.command}"
        return
    aggregate, command = found
    try:
        body_model(command).model_validate(scenario.body(do))
    except ValidationError as error:
        for wrong in error.errors(include_url=False):
            yield f"do.body.{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}"
    for event in expect.events or ():
        if event not in aggregate.codec.classes:
            yield f"expect.events: no event of {do.kind} is called {event}"


def _of_check(check: Check) -> Iterator[str]:
    views = {view.name.replace("_", "-") for view in _application(check.service).VIEWS} | COUNTED[
        check.service
    ]
    if check.view is not None and check.view not in views:
        yield f"check.view: {check.service} has no view {check.view}"


@cache
def _application(service: str) -> Any:
    return import_module(f"services.{service}.application")
