"""Forms as a browser without scripts sends them: every field a page gave, with what somebody typed over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx


@dataclass
class Form:
    """A form of a page. ``fields`` are what it would send as it stands; ``offered`` the values of ticks and choices."""

    id: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    formactions: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self._form: Form | None = None
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("id", ""), given.get("action", ""))
            self.forms[self._form.id] = self._form
        if self._form is None:
            return
        name = given.get("name", "")
        match tag:
            case "input" if given.get("type") in ("checkbox", "radio"):
                self._form.offered.setdefault(name, []).append(given.get("value", "on"))
                if "checked" in given:
                    self._form.fields[name] = given.get("value", "on")
            case "input" if name:
                self._form.fields[name] = given.get("value", "")
            case "textarea":
                self._area, self._form.fields[name] = name, ""
            case "select":
                self._select = name
                self._form.offered[name] = []
            case "option" if self._select is not None:
                self._form.offered[self._select].append(given.get("value", ""))
                if "selected" in given or self._select not in self._form.fields:
                    self._form.fields[self._select] = given.get("value", "")
            case "button" if "formaction" in given:
                self._form.formactions.append(given["formaction"])

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "textarea":
                self._area = None
            case "select":
                self._select = None

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area is not None:
            self._form.fields[self._area] += data


def forms(page: str) -> dict[str, Form]:
    """The forms of a page by their ids."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


async def send(
    client: httpx.AsyncClient,
    page: str,
    form: str,
    typed: dict[str, str] | None = None,
    *,
    to: int | None = None,
) -> str:
    """Open a page, fill in one of its forms and send it; the page that comes back. ``to`` is the number of the button
    that sends it elsewhere."""
    found = forms((await client.get(page)).text)
    assert form in found, (form, sorted(found))
    one = found[form]
    unknown = set(typed or {}) - set(one.fields) - set(one.offered)
    assert not unknown, (unknown, sorted(one.fields))
    action = one.action if to is None else one.formactions[to]
    answer = await client.post(action, data=one.fields | (typed or {}))
    assert answer.status_code == 200, (answer.status_code, answer.text)
    return answer.text
