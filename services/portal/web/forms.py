"""Forms: what a browser sends as the body of a command, and what is kept of one that was refused."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from shared.decider import Refused

_STEP = re.compile(r"\[([^\[\]]*)\]")
_PLACE = re.compile(r"[0-9]{1,6}")
LARGEST_FORM = 1024 * 1024
DEEPEST = 8
"""Steps of a name. No page of ours has more than four, and what is listed calls itself for each."""
OURS = frozenset({"_csrf", "_key", "_version", "_back", "_then", "_form", "_empty"})
"""Fields that are about the form itself and no part of what it says."""


def nested(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """``a=1, b[c]=2, d[]=3, e[0][f]=4`` → ``{a: 1, b: {c: 2}, d: [3], e: [{f: 4}]}``; what is empty is left out.

    Values stay text: the owner reads a date or a number from it and says what is wrong. Entries of a list that have
    nothing in them fall away, so that a form may show more lines than are filled in. A field that ``_empty`` names is
    said to be empty: what a command asks for and a form does not.

    Raises http.invalid-body where a name is both a value and more than one (``a=1, a[b]=2``), or too deep: no page of
    ours sends that, and which of the two was meant is not guessed.
    """
    fields = list(fields)
    tree: dict[str, Any] = {}
    ends: dict[int, int] = {}
    for name, value in fields:
        if name.startswith("_") or not (value := value.strip().replace("\r\n", "\n")):
            continue
        head, *steps = (name.partition("[")[0], *_STEP.findall(name))
        if len(steps) > DEEPEST:
            raise Refused("http.invalid-body", problems=[f"body.{head}: too deep"])
        at = tree
        for step in steps:
            at = at.setdefault(head, {})
            if not isinstance(at, dict):
                raise Refused("http.invalid-body", problems=[f"body.{name}: a value already"])
            head = step or str(ends.get(id(at), 0))
            if _PLACE.fullmatch(head):
                ends[id(at)] = max(ends.get(id(at), 0), int(head) + 1)
        if isinstance(at.get(head), dict):
            raise Refused("http.invalid-body", problems=[f"body.{name}: more than a value already"])
        at[head] = value
    said_empty = {value: "" for name, value in fields if name == "_empty"}
    return said_empty | {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    """Mappings whose keys are places in a list are lists."""
    if not isinstance(value, dict):
        return value
    if all(_PLACE.fullmatch(key) for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(one) for key, one in value.items()}


async def typed_into(request: Request) -> FormData:
    """The fields of a form, whoever made it. Where something breaks after this, the page that says so still has them
    (``errors``)."""
    declared = request.headers.get("content-length", "")
    if not declared.isdecimal() or len(declared) > 9 or int(declared) > LARGEST_FORM:
        raise Refused("portal.form-too-large", limit=LARGEST_FORM)
    form = await request.form()
    if any("\x00" in text for field in form.multi_items() for text in field if isinstance(text, str)):
        raise Refused("http.invalid-body", problems=["body: a NUL character"])
    request.state.typed = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return form


async def own_form(request: Request, csrf: str) -> list[tuple[str, str | UploadFile]]:
    """The fields of a form that one of our pages made for this person; refused otherwise."""
    form = await typed_into(request)
    given = form.get("_csrf")
    if not isinstance(given, str) or not secrets.compare_digest(given, csrf):
        raise Refused("portal.form-not-ours")
    return [(name, value) for name, value in form.multi_items()]


async def limited(request: Request, limit: int) -> bytes:
    """A body that is refused before more than ``limit`` bytes of it are read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refused("portal.form-too-large", limit=limit)
    return bytes(body)
