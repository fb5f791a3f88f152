"""``python -m shared.testing.rulebook write|check``: docs/rules.md, policies.md and domain.md, from code and tests.

A rule is a predicate in a service's ``domain/policies`` (a function that answers why it refuses, or whether it holds)
or a policy value. It names its source in its docstring, or its module does; the tests that hold it are those that name
its refusal code, its function or its value.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from shared.tenancy import VALUES, About
from shared.tenancy.policy import NOT_AFTER
from shared.testing.domain_rows import DATES, DEFAULTS, DOCUMENTS, PRINCIPLES, SPEECH, STEPS, Row

ROOT = Path(__file__).parents[2]
RULES, DOMAIN, POLICIES = "docs/rules.md", "docs/domain.md", "docs/policies.md"
_ANSWERS = {"Refused | None", "Refused", "bool"}
_GROUP = re.compile(r"\(([^()]*)\)")
_STEP = re.compile(r"\bsteps? ([0-9]+[a-e]?(?:(?:, and |, | and | to )[0-9]+[a-e]?)*)")
_DOTTED = re.compile(r"\b1\.([0-9]+[a-e]?)\b")
_PART = re.compile(r"[0-9]+[a-e]?|to")
_SOURCE = re.compile(r".*domain\.md\b|design\b|[1-6](?:\.[0-9]|[,;]|$)")
_SHOWN_TESTS = 2


@dataclass(frozen=True)
class Predicate:
    """A rule that a decision asks: ``says`` is its docstring, ``source`` the words in brackets that name its source,
    ``codes`` what it refuses with. ``refuses``: it answers why, not whether."""

    service: str
    name: str
    path: str
    says: str
    source: str
    codes: tuple[str, ...]
    refuses: bool


@dataclass(frozen=True)
class Value:
    """A policy value: its default, the stricter direction, its source."""

    name: str
    default: str
    stricter: str
    source: str


@dataclass(frozen=True)
class Rulebook:
    """Every rule of a project, and for each word that a rule goes by the tests that say it."""

    predicates: Sequence[Predicate]
    values: Sequence[Value]
    said_in: Mapping[str, Sequence[str]] = field(repr=False)
    root: Path = ROOT

    @property
    def rules(self) -> list[Predicate | Value]:
        return [*self.predicates, *self.values]

    def tests_of(self, rule: Predicate | Value) -> list[str]:
        """The tests that name the rule: by its code, its function, or its value."""
        names = [rule.name, *rule.codes] if isinstance(rule, Predicate) else [rule.name]
        return list(dict.fromkeys(test for name in names for test in self.said_in.get(name, ())))

    def rules_of(self, row: Row) -> list[str]:
        """The rules that name the row in their source, and those that the row says hold it."""
        found = [one.name for one in self.rules if row.key in keys_of(one.source)]
        return list(dict.fromkeys([*found, *row.held_by]))

    def missing(self) -> list[str]:
        """What is claimed and not there: rows that no rule names, and rules that rows name and nobody has."""
        rows = (*STEPS, *PRINCIPLES, *DEFAULTS)
        bare = [f"no rule names {row.key!r}" for row in rows if not self.rules_of(row)]
        known = {one.name for one in self.rules}
        gone = [
            f"{row.key!r} is held by {name}, which is not there"
            for row in rows
            for name in row.held_by
            if name not in known and not self._is_there(name)
        ]
        return [*bare, *gone]

    def unsourced(self) -> list[str]:
        """Predicates that name no source, and neither does their module."""
        return [f"{one.path}: {one.name}" for one in self.predicates if not one.source]

    def untested(self) -> list[str]:
        """Rules that no test names."""
        return [
            f"{one.path}: {one.name}" if isinstance(one, Predicate) else f"policy value {one.name}"
            for one in self.rules
            if not self.tests_of(one)
        ]

    def _is_there(self, name: str) -> bool:
        module, colon, function = name.rpartition(":")
        path = self.root / (module.rstrip(":") if "/" in name else f"{module.replace('.', '/')}.py")
        if not colon or not path.is_file():
            return False
        functions = (node for node in _parsed(path).body if isinstance(node, _FUNCTION))
        return any(node.name == function for node in functions)


_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def read(root: Path = ROOT) -> Rulebook:
    """The rulebook of the project in this folder."""
    predicates = [one for path in policy_modules(root) for one in _predicates(root, path)]
    words = {one.name for one in predicates} | {code for one in predicates for code in one.codes}
    words |= set(VALUES)
    return Rulebook(predicates, list(_values()), _said_in(root, words), root)


def policy_modules(root: Path = ROOT) -> list[Path]:
    """Every module of rules: ``services/*/domain/policies.py`` or the modules of a folder of that name."""
    domains = root / "services"
    return sorted([*domains.glob("*/domain/policies.py"), *domains.glob("*/domain/policies/*.py")])


def is_predicate(function: ast.FunctionDef) -> bool:
    """Does the function answer why it refuses, or whether it holds? What is private is a part of one that does."""
    answers = ast.unparse(function.returns) if function.returns else ""
    return answers in _ANSWERS and not function.name.startswith("_")


def source_in(docstring: str) -> str:
    """The brackets of a docstring that name a source: ``domain.md 1, step 9``, ``1.9``, ``2, extension``."""
    groups = (" ".join(group.split()) for group in _GROUP.findall(docstring))
    return "; ".join(group for group in groups if _SOURCE.match(group))


def keys_of(source: str) -> set[str]:
    """The rows that a source names: the numbers of steps, and the phrases of rows that are not steps."""
    found = set(_DOTTED.findall(source))
    for steps in _STEP.findall(source):
        found |= set(_spelled_out(_PART.findall(steps)))
    found |= {row.key for row in (*PRINCIPLES, *DEFAULTS) if row.key in source}
    return found | ({"∥"} if re.search(r"\bsupervise\b", source) else set())


def _spelled_out(parts: Sequence[str]) -> Iterator[str]:
    """``5b to 5d`` → 5b, 5c, 5d."""
    keys = [row.key for row in STEPS]
    for n, part in enumerate(parts):
        if part == "to":
            yield from keys[keys.index(parts[n - 1]) + 1 : keys.index(parts[n + 1])]
        else:
            yield part


def _predicates(root: Path, path: Path) -> Iterator[Predicate]:
    module = _parsed(path)
    of_module = source_in(ast.get_docstring(module) or "")
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and is_predicate(node):
            says = " ".join((ast.get_docstring(node) or "").split())
            relative = path.relative_to(root)
            codes = tuple(dict.fromkeys(_codes(node)))
            source = source_in(says) or of_module
            refuses = ast.unparse(node.returns) != "bool" if node.returns else False
            yield Predicate(relative.parts[1], node.name, str(relative), says, source, codes, refuses)


def _codes(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id="Refused"), args=[ast.Constant(value=str(code)), *_]):
                yield code


def _values() -> Iterator[Value]:
    for one in VALUES.values():
        yield Value(one.name, _default(one), one.stricter, re.sub(r"^1 ", "1, ", one.source))


def _default(value: About) -> str:
    return ", ".join(value.default) if isinstance(value.default, tuple) else str(value.default)


def _said_in(root: Path, words: set[str]) -> dict[str, list[str]]:
    """Word → tests (``path::name``) whose body, decorators or module's constants that they use say it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((root / "tests").rglob("test_*.py")):
        module = _parsed(path)
        constants = {
            target.id: _words(node.value) & words
            for node in module.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for function in module.body:
            if isinstance(function, _FUNCTION) and function.name.startswith("test_"):
                said = _words(function)
                for name in said & constants.keys():
                    said |= constants[name]
                for word in said & words:
                    found[word].append(f"{path.relative_to(root)}::{function.name}")
    return found


def _words(tree: ast.AST) -> set[str]:
    """Every name, attribute, keyword and text in a piece of code; of a text also a code's last part."""
    said: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                said.add(text)
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                said.add(name)
    return said


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


# Printing


def rules_text(book: Rulebook) -> str:
    """docs/rules.md."""
    lines = [
        "# Rules",
        "",
        "Printed by `make rules` from the code; a test holds that it is up to date. The numbers are those of",
        "[domain.md](domain.md). `make mutants` shows that each predicate is held: without it, a test fails.",
        "",
        "## Which rule holds which row",
        "",
        "| row | | held by |",
        "|---|---|---|",
    ]
    for section, rows in (("1, step ", STEPS), ("1, ", PRINCIPLES), ("2, ", DEFAULTS)):
        for row in rows:
            names = ", ".join(f"`{name}`" for name in book.rules_of(row))
            lines.append(f"| {section}{row.key} | {row.title} | {names} |".replace("step ∥", "∥"))
    lines += [
        "",
        "## Policy values",
        "",
        "| value | default | stricter | source | tests |",
        "|---|---|---|---|---|",
    ]
    for value in book.values:
        held = _tests(book.tests_of(value))
        lines.append(f"| `{value.name}` | {value.default} | {value.stricter} | {value.source} | {held} |")
    for service in dict.fromkeys(one.service for one in book.predicates):
        of_service = [one for one in book.predicates if one.service == service]
        lines += ["", f"## {service}: {len(of_service)} predicates"]
        for path in dict.fromkeys(one.path for one in of_service):
            lines += [
                "",
                f"[{path}](../{path})",
                "",
                "| rule | says | source | refuses with | tests |",
                "|---|---|---|---|---|",
            ]
            lines += [_line(book, one) for one in of_service if one.path == path]
    return "\n".join(lines) + "\n"


def _line(book: Rulebook, rule: Predicate) -> str:
    codes = ", ".join(f"`{code.partition('.')[2]}`" for code in rule.codes) or "—"
    held = _tests(book.tests_of(rule))
    return f"| `{rule.name}` | {_cell(rule.says)} | {_cell(rule.source) or '—'} | {codes} | {held} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _tests(tests: Sequence[str]) -> str:
    shown = [f"`{test.partition('::')[2].removeprefix('test_')}`" for test in tests[:_SHOWN_TESTS]]
    more = [f"and {len(tests) - _SHOWN_TESTS} more"] if len(tests) > _SHOWN_TESTS else []
    return ", ".join([*shown, *more]) or "—"


_STRICTER = {
    "less": "less",
    "more": "more",
    "true": "yes",
    "false": "no",
    "superset": "more of them",
    "free": "—",
}


def policies_text() -> str:
    """docs/policies.md."""
    lines = [
        "# Policy values 制度参数",
        "",
        "Printed by `make rules` from [shared/tenancy/policy.py](../shared/tenancy/policy.py). A tenant adopts values",
        "(`adopt-policy` of scheduling) from a day on; `GET /tenants/{t}/policy?on=` says what holds",
        "on a day and which tier it comes from. Below a tier that has adopted something nothing gets laxer, in the",
        "direction of *stricter*; where that says — the nearest tier decides. A value outside its bounds is refused.",
        "The sources are rows of [domain.md](domain.md); which tests hold a value is in [rules.md](rules.md); what is",
        "a value and what is not is decided in [0018](decisions/0018-policy-values.md).",
        "",
        "| value | default | stricter | bounds | source | governs | 说明 |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in VALUES.values():
        bounds, source = _cell(str(one.bounds)), re.sub(r"^1 ", "1, ", one.source)
        cells = (f"`{one.name}`", _default(one), _STRICTER[one.stricter], bounds, source, one.en, one.zh)
        lines.append(f"| {' | '.join(cells)} |")
    pairs = [f"- `{first}` ≤ `{second}`" for first, second in NOT_AFTER]
    lines += ["", "Together with what is inherited:", "", *pairs]
    return "\n".join(lines) + "\n"


def domain_text() -> str:
    """docs/domain.md."""
    lines = [
        "# The domain in numbered rows",
        "",
        "What the rules in the code refer to: `(domain.md 1, step 9)` is step 9 here, `(1.9)` is the same in short.",
        "Printed by `make rules` from `shared/testing/domain_rows.py`; which rule holds which row is in",
        "[rules.md](rules.md).",
        "",
        "## 1 The mechanism",
        "",
        "The heads 一把手 of three units report on how they carried out the rule of law 述法; what the leaders ask",
        "of them is put right by a date, checked, told at the next round, and counts in the year's evaluation.",
        "",
        "| step | | rule |",
        "|---|---|---|",
        *(f"| {row.key} | {row.title} | {row.says} |" for row in STEPS),
        "",
        "Throughout:",
        "",
        *(f"- **{row.key}** {row.title}: {row.says}" for row in PRINCIPLES),
        "",
        "## 2 Open questions and our defaults",
        "",
        "What the practice leaves open is a policy value or a rule of ours.",
        "",
        "| row | question | default |",
        "|---|---|---|",
        *(f"| {row.key} | {row.title} | {row.says} |" for row in DEFAULTS),
        "",
        "## 4 Dates",
        "",
        *(f"- {text}" for text in DATES),
        "",
        "## 5 Speech",
        "",
        *(f"- {text}" for text in SPEECH),
        "",
        "## 6 Documents",
        "",
        *(f"- {text}" for text in DOCUMENTS),
    ]
    return "\n".join(lines) + "\n"


def texts(root: Path = ROOT) -> dict[str, str]:
    """Path from the root → what the document has to say now."""
    return {RULES: rules_text(read(root)), POLICIES: policies_text(), DOMAIN: domain_text()}


def outdated(root: Path = ROOT) -> list[str]:
    """Documents that say something else than the code."""
    return [
        path
        for path, text in texts(root).items()
        if not (root / path).is_file() or (root / path).read_text("utf-8") != text
    ]


def _main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["write"]:
            for path, text in texts().items():
                (ROOT / path).write_text(text, "utf-8")
            book = read()
            for complaint in (*book.missing(), *book.unsourced(), *book.untested()):
                print(complaint, file=sys.stderr)
            print(f"{len(book.predicates)} predicates, {len(book.values)} policy values.")
            return 0
        case ["check"]:
            for path in outdated():
                print(f"{path} is out of date: make rules", file=sys.stderr)
            return 1 if outdated() else 0
        case _:
            print("usage: python -m shared.testing.rulebook write|check", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
