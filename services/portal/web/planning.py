"""What the forms of the plan, its rosters, the policy and the calendar say as bodies of commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from services.portal.web.forms import nested
from shared.tenancy import VALUES

ENTRIES = ("reporters", "leads", "observers")
_APART = re.compile(r"[\s,;，；、]+")


def body_of(command: str, fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The body of a command of scheduling, of a form's fields.

    A head is chosen as ``<unit>/<post>``; the days of rounds come as ``planned_on[0]`` and on and are numbered by
    date; a decision that is filled in by halves is sent with what it lacks empty, so that the rule about it answers;
    lists of days are one text; of policy values those left empty are inherited.
    """
    said = nested(fields)
    match command:
        case "adopt-plan" | "amend-plan":
            days = sorted(said.pop("planned_on", []))
            said["rounds"] = [{"number": n, "planned_on": day} for n, day in enumerate(days, start=1)]
        case "draft-roster":
            said = {"provisional": False, "reporters": []} | said
        case "name-observers":
            said = {"observers": []} | said
        case "substitute-reporter":
            head = _entry(said.pop("steps_in", "/"))
            said |= {"unit_in": head["unit"], "post": head["post"]}
        case "record-past-session":
            said["reporters"] = [
                _entry(one.get("head", "/")) | {"person": one.get("person", "")}
                for one in said.get("reporters", [])
            ]
            return said
        case "adopt-calendar":
            for name in ("holidays", "working_weekend_days"):
                said[name] = [day for day in _APART.split(said.get(name, "")) if day]
        case "adopt-policy":
            values = said.get("values", {})
            said["values"] = {name: _typed(name, value) for name, value in values.items()}
    if "decision" in said:
        said["decision"] = {"by": "", "title": "", "reason": ""} | said["decision"]
    return said | {name: [_entry(one) for one in said[name]] for name in ENTRIES if name in said}


def stream_of(command: str, kind: str, id: str, fields: Mapping[str, str]) -> str:
    """The stream a form is about: a session from before the system is named by the year and the number typed."""
    if command == "record-past-session":
        id = f"{fields.get('plan_year', '').strip()}-{fields.get('number', '').strip()}"
    return f"{kind}/{id}"


def _entry(head: str) -> dict[str, str]:
    unit, _, post = head.partition("/")
    return {"unit": unit, "post": post}


def _typed(name: str, value: Any) -> Any:
    """As the value's default is: a number, yes or no, words. What does not fit stays text for the rule to refuse."""
    default = VALUES[name].default if name in VALUES else ""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(value, value)
    if isinstance(default, int) and isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    return value
