"""``python -m shared.testing.goldens write|check``: golden files, one for each domain event and version that ever was.

A golden is a list of an event's data as ledgers keep it. Its samples show together every alternative of the event's
type: each word of a choice, each optional field with and without a value; whether a decider would ever say them
together is not asked. Ledgers are never rewritten, so what a golden holds has to stay readable for ever. ``write`` adds
what is missing and never changes what is there; ``check`` says what is missing, and what today's code can no longer
read.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from shared.contracts import PUBLISHERS
from shared.decider import FreeText
from shared.eventstore.codec import Codec, schema_version
from shared.eventstore.restore import LEDGER

ROOT = Path(__file__).parents[2] / "tests"

_WORDS = {
    "示例甲": "person from_person person_before signer signed_by by entered_by entered_for deputy_director",
    "示例乙": "to_person",
    "党委书记": "title",
    "区委书记": "by_title",
    "廊下镇": "unit_name name",
    "示例镇": "name_before",
    "金委办〔2021〕31号": "document_number minutes evidence",
    "国办发明电〔2020〕27号": "document document_before",
    "督〔2021〕2号": "notice_number",
    "统一法律审核": "task_line what",
    "基层社会治理": "focus_area",
    "涉及企业较多。": "reason",
    "件": "measured_in",
    "2021年度": "period",
    "第3项": "plan_line",
    "市委依法治市办": "organisation",
    "310116104": "division_code",
    "town": "category tier",
    "secretary": "post",
    "langxia": "unit units units_heard order passed_over subject instead_of unit_out",
    "langxia-1": "item unfinished",
    "2021-1": "session from_session suspension bulletin",
    "2021-2": "about_session for_session observers_for provisional_for moved_to",
    "2021-1-langxia": "case",
    "party_office": "office offices offices_missing by_office houses_offices",
    "scheduling:shanghai.jinshan#42": "citation",
}
_WORD_OF = {field: word for word, fields in _WORDS.items() for field in fields.split()}
"""Realistic values by the name of the field; a field that is not here shows its own name."""


class CannotBeMade(Exception):
    """A golden of a version that no code writes any more is missing: it lies in the project's own history."""


def samples(annotation: Any, name: str = "") -> list[Any]:
    """Values of a type which show together every alternative in it, the fullest first; ``name`` is the field's."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is FreeText:
        return [FreeText(ref="5e" * 16, sha256="3a" * 32)]
    if dataclasses.is_dataclass(annotation):
        return _instances(annotation)
    if origin in (Union, types.UnionType):
        return [value for argument in arguments for value in samples(argument, name)]
    if origin is Literal:
        return list(arguments)
    if origin is tuple:
        return [tuple(samples(arguments[0], name)), ()]
    if origin is dict:
        return [{f"{name}-{n}": value for n, value in enumerate(samples(arguments[1], name), start=1)}]
    of_type: dict[Any, list[Any]] = {
        str: [_WORD_OF.get(name, name)],
        bool: [True, False],
        int: [2021 if name.endswith("year") else 3],
        float: [11.8],
        date: [date(2021, 10, 8)],
        types.NoneType: [None],
    }
    return of_type[annotation]


def _instances(cls: Any) -> list[Any]:
    hints = get_type_hints(cls)
    values = {field.name: samples(hints[field.name], field.name) for field in dataclasses.fields(cls)}
    count = max(map(len, values.values()), default=1)
    return [cls(**{name: of[min(n, len(of) - 1)] for name, of in values.items()}) for n in range(count)]


def lost(written: Any, read: Any, where: str) -> Iterator[str]:
    """Where something that was written is not there any more, or is another value."""
    match written, read:
        case dict(), dict():
            for name, value in written.items():
                if name in read:
                    yield from lost(value, read[name], f"{where}.{name}")
                else:
                    yield f"{where}.{name}: removed or renamed"
        case list(), list() if len(written) == len(read):
            for n, value in enumerate(written):
                yield from lost(value, read[n], f"{where}[{n}]")
        case _:
            if type(written) is not type(read) or written != read:
                yield f"{where}: reads as another value"


@dataclass(frozen=True)
class Goldens:
    """The goldens of one aggregate: ``golden/<kind>/<Event>.v<version>.json`` in the place of its tests."""

    place: str
    kind: str
    codec: Codec[Any]

    @property
    def folder(self) -> Path:
        return ROOT / self.place / "golden" / self.kind

    def path(self, name: str, version: int) -> Path:
        return self.folder / f"{name}.v{version}.json"

    def missing(self) -> list[Path]:
        """Goldens that are not there, or do not show all that the event can be today."""
        return [self.path(*key) for key in self._missing()]

    def broken(self) -> list[str]:
        """What today's code cannot read as it was written, each as ``<file>: <what>``."""
        return [
            f"{path.relative_to(ROOT)}: {what}"
            for path in sorted(self.folder.glob("*.json"))
            for what in self._complaints(path)
        ]

    def write(self) -> list[Path]:
        """Add what is missing; nothing that is there changes. Raises CannotBeMade for a version that is past."""
        missing = self._missing()
        for name, version in missing:
            if version != schema_version(self.codec.classes[name]):
                raise CannotBeMade(
                    f"{self.path(name, version).relative_to(ROOT)} was never committed, or is lost"
                )
        for name, version in missing:
            path = self.path(name, version)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps([*_read(path), *self._not_shown(name)], ensure_ascii=False, indent=2)
            path.write_text(text + "\n", "utf-8")
        return [self.path(*key) for key in missing]

    def _missing(self) -> list[tuple[str, int]]:
        found = []
        for name, cls in self.codec.classes.items():
            past = range(1, schema_version(cls))
            found += [(name, version) for version in past if not self.path(name, version).exists()]
            if self._not_shown(name):
                found.append((name, schema_version(cls)))
        return found

    def _not_shown(self, name: str) -> list[Any]:
        """What the event can be today and its golden does not show, as a ledger would keep it."""
        cls = self.codec.classes[name]
        shown = _read(self.path(name, schema_version(cls)))
        today = [json.loads(self.codec.encode(event).data) for event in samples(cls)]
        return [data for data in today if data not in shown]

    def _complaints(self, path: Path) -> Iterator[str]:
        name, version = path.stem.split(".v")
        cls = self.codec.classes.get(name)
        if cls is None:
            yield "the event has gone"
            return
        for n, written in enumerate(_read(path)):
            try:
                event = self.codec.decode(name, int(version), json.dumps(written))
            except Exception as error:  # whatever it is, a ledger with this event cannot be read
                said = " ".join(str(error).split()).partition(" [type=")[0]
                yield f"sample {n} cannot be read: {said}"
                continue
            if int(version) == schema_version(cls):
                yield from lost(written, json.loads(self.codec.encode(event).data), f"sample {n}")


def _read(path: Path) -> list[Any]:
    found: list[Any] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return found


def everywhere() -> list[Goldens]:
    """The goldens of every aggregate of every service, and of what every ledger may hold besides."""
    of_services = [
        Goldens(f"services/{service}", aggregate.kind, aggregate.codec)
        for service in PUBLISHERS
        for aggregate in import_module(f"services.{service}.application").AGGREGATES
    ]
    return [*of_services, Goldens("shared/eventstore", LEDGER.kind, LEDGER.codec)]


def broken() -> list[str]:
    """What today's code cannot read, anywhere; an aggregate that has gone takes nothing along."""
    goldens = everywhere()
    folders = {one.folder for one in goldens}
    gone = [path for path in sorted(ROOT.glob("**/golden/*/*.json")) if path.parent not in folders]
    return [
        *(what for one in goldens for what in one.broken()),
        *(f"{path.relative_to(ROOT)}: its aggregate has gone" for path in gone),
    ]


def _main(arguments: list[str]) -> int:
    if arguments not in (["write"], ["check"]):
        print("usage: python -m shared.testing.goldens write|check", file=sys.stderr)
        return 2
    if complaints := broken():
        print(*complaints, sep="\n", file=sys.stderr)
        print("Ledgers hold such events: give the event a new version and an upcaster.", file=sys.stderr)
        return 1
    if arguments == ["check"]:
        missing = [path for one in everywhere() for path in one.missing()]
        for path in missing:
            print(
                f"{path.relative_to(ROOT)} does not show all of today's event: make goldens", file=sys.stderr
            )
        return 1 if missing else 0
    for one in everywhere():
        for path in one.write():
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
