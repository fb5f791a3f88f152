"""A case of the town, opened as rectification opens it when minutes are heard; what a form of a page holds."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import httpx

from services.rectification.application import CASES
from services.rectification.domain.commands import OpenCase
from services.rectification.domain.situations import Item
from shared.decider import Actor
from shared.eventstore import BusinessClock, Context, EventStore
from shared.eventstore.store import engine
from tests.portal.town import Town, working_days_after

_rounds = itertools.count(11)


async def open_case(town: Town, unit: str = "danweijia", **changed: Any) -> str:
    """The id of a new case, of a session of its own."""
    today = await asyncio.to_thread(town.today)
    session = f"{today.year}-{next(_rounds)}"
    due_on = date.fromisoformat(working_days_after(today, 60))
    opened = OpenCase(
        session=session,
        plan_year=today.year,
        unit=unit,
        unit_name="示例单位甲",
        post="head",
        title="主任",
        person="示例·子",
        items=(
            Item(f"{unit}-1", "建立对外合同台账", "c1", "示例·书记"),
            Item(f"{unit}-2", "完善合法性审查程序", "c1", "示例·书记"),
        ),
        minutes="示例委〔2022〕9号",
        minutes_sent_on=today,
        due_on=due_on,
        due_before_rolling=due_on,
        category="section",
    )
    app, relay = (engine(town.cluster.database_url("rectification", role), 1) for role in ("app", "relay"))
    store = EventStore("rectification", app, relay, BusinessClock(simulated=True))
    context = Context(town.tenant, Actor("reaction", "review", frozenset({"service"})), "test")
    await store.execute(CASES, f"{session}-{unit}", replace(opened, **changed), context)
    await store.close()
    return f"{session}-{unit}"


class _Fields(HTMLParser):
    def __init__(self, form: str) -> None:
        super().__init__()
        self._form, self._inside = form, False
        self.action, self.fields = "", dict[str, str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = has.get("id") == self._form
            self.action = has["action"] if self._inside else self.action
        elif tag == "input" and self._inside and "name" in has and has.get("type") != "checkbox":
            self.fields[has["name"]] = has.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"


async def send(client: httpx.AsyncClient, page: httpx.Response, form: str, **typed: str) -> httpx.Response:
    """Send a form of a page as a browser without scripts does, and follow where it leads."""
    found = _Fields(form)
    found.feed(page.text)
    assert found.action, f"there is no form {form}"
    fields = {
        name.replace("__", "[", 1) + ("]" if "__" in name else ""): value for name, value in typed.items()
    }
    return await client.post(found.action, data=found.fields | fields)
