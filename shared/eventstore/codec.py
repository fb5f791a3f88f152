"""Domain events to ledger text and back: stable names, integer versions, one chain of upcasters, sealed texts."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, cast, get_args, get_type_hints

from pydantic import TypeAdapter

from shared.decider import FreeText

E = TypeVar("E")

Upcast = Callable[[dict[str, Any]], dict[str, Any]]


class UnknownEvent(Exception):
    """The ledger holds an event that this code has no class or no upcaster for."""


@dataclass(frozen=True)
class SealedText:
    """A text on its way beside the ledger: ``sha256`` is hex over salt and body."""

    ref: str
    salt: str
    body: str
    sha256: str


@dataclass(frozen=True)
class Encoded(Generic[E]):
    """One event ready to append: ``event`` is the one given, with its texts sealed."""

    event: E
    name: str
    schema_version: int
    data: str
    texts: tuple[SealedText, ...]


class Codec(Generic[E]):
    """Reads and writes one aggregate's events.

    ``union`` is the event type (``A | B | ...``); the class name is the event's stable name and its class
    attribute ``__version__`` (1 where absent) the schema version. ``upcasts[(name, n)]`` turns the data of
    version n into that of n + 1; each is named ``<event>_<n>_to_<n+1>`` by convention.
    """

    def __init__(self, union: Any, upcasts: Mapping[tuple[str, int], Upcast] | None = None) -> None:
        classes = get_args(union) or (union,)
        self.classes: dict[str, type[E]] = {cls.__name__: cls for cls in classes}
        self.upcasts = dict(upcasts or {})
        self._adapters: dict[str, TypeAdapter[E]] = {
            name: TypeAdapter(cls) for name, cls in self.classes.items()
        }
        # What nearly every event is read by: the validator itself, without the adapter around it.
        self._readers: dict[tuple[str, int], Callable[[str | bytes], E]] = {
            (name, schema_version(cls)): self._adapters[name].validator.validate_json
            for name, cls in self.classes.items()
        }
        for name, version in self.upcasts:
            if name not in self.classes or version >= schema_version(self.classes[name]):
                raise UnknownEvent(f"an upcaster for {name} v{version} leads nowhere")

    def encode(self, event: E) -> Encoded[E]:
        """Seal the event's texts and write it as JSON text."""
        texts: list[SealedText] = []
        cls = type(event)
        name = cls.__name__
        if cls is not self.classes.get(name):
            raise UnknownEvent(f"{name} is not an event of this aggregate")
        if holds_text(cast(Hashable, cls)):
            event = _seal(event, texts)
            data = json.dumps(
                _without_bodies(self._adapters[name].dump_python(event, mode="json")),
                ensure_ascii=False,
                separators=(",", ":"),
            )
        else:
            data = self._adapters[name].dump_json(event).decode()
        return Encoded(event, name, schema_version(cls), data, tuple(texts))

    def decode(self, name: str, version: int, data: str | bytes) -> E:
        """Read an event of any version ever written. Raises UnknownEvent where no chain leads to today's class."""
        if (read := self._readers.get((name, version))) is not None:
            return read(data)
        cls = self.classes.get(name)
        if cls is None:
            raise UnknownEvent(f"no event is called {name}")
        current = schema_version(cls)
        fields: dict[str, Any] = json.loads(data)
        while version < current:
            upcast = self.upcasts.get((name, version))
            if upcast is None:
                raise UnknownEvent(f"{name} v{version}: no upcaster to v{version + 1}")
            fields = upcast(fields)
            version += 1
        if version > current:
            raise UnknownEvent(f"{name} v{version} is newer than this code, which knows v{current}")
        return self._adapters[name].validate_python(fields)


def schema_version(cls: type[Any]) -> int:
    """The version of an event class: its ``__version__``, 1 where it says nothing."""
    return int(getattr(cls, "__version__", 1))


@cache
def holds_text(cls: Hashable) -> bool:
    """Can a value of this type contain FreeText?"""
    if cls is FreeText:
        return True
    if isinstance(cls, type) and dataclasses.is_dataclass(cls):
        return any(holds_text(hint) for hint in get_type_hints(cls).values())
    return any(holds_text(arg) for arg in get_args(cls))


def _seal(value: Any, texts: list[SealedText]) -> Any:
    if isinstance(value, FreeText):
        if value.body is None:
            return value
        salt = secrets.token_bytes(16)
        sealed = SealedText(
            ref=secrets.token_hex(16),
            salt=salt.hex(),
            body=value.body,
            sha256=text_hash(salt, value.body),
        )
        texts.append(sealed)
        return FreeText(ref=sealed.ref, sha256=sealed.sha256)
    if isinstance(value, tuple):
        return tuple(_seal(item, texts) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {f.name: _seal(getattr(value, f.name), texts) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **changes)
    return value


def texts_in(value: Any) -> Iterator[FreeText]:
    """Every text in an event, sealed or not."""
    if isinstance(value, FreeText):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_in(item)
    elif dataclasses.is_dataclass(value) and holds_text(cast(Hashable, type(value))):
        for item in vars(value).values():
            yield from texts_in(item)


def _without_bodies(data: Any) -> Any:
    if isinstance(data, dict):
        if data.keys() == {"body", "ref", "sha256"}:
            return {"ref": data["ref"], "sha256": data["sha256"]}
        return {key: _without_bodies(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_without_bodies(item) for item in data]
    return data


def text_hash(salt: bytes, body: str) -> str:
    """Hex SHA-256 over the salt and the UTF-8 text: what the event keeps of a text."""
    return hashlib.sha256(salt + body.encode()).hexdigest()
