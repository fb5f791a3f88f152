"""The rulebook: every step and default has a rule, the printed pages are true, leaving a rule out is noticed."""

from __future__ import annotations

import dataclasses
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import services
from shared.contracts import CONTRACTS, PUBLISHERS
from shared.contracts.base import Value
from shared.testing import rulebook
from shared.testing.domain_rows import DEFAULTS, PRINCIPLES, STEPS
from shared.testing.rulebook import keys_of, read, source_in

BOOK = read()


def test_the_printed_pages_are_up_to_date() -> None:
    assert rulebook.outdated() == [], "run: make rules"


def test_every_step_every_principle_and_every_default_is_held_by_a_rule_that_is_there() -> None:
    assert BOOK.missing() == []


def test_the_steps_are_all_there() -> None:
    steps = ["1", "2", "3", "4", "5a", "5b", "5c", "5d", "5e", "6", "7", "8", "9", "10", "∥", "11", "12"]
    assert [row.key for row in STEPS] == steps
    assert len({row.key for row in (*STEPS, *PRINCIPLES, *DEFAULTS)}) == len(STEPS) + len(PRINCIPLES) + len(
        DEFAULTS
    )


def test_every_predicate_says_what_it_is_for() -> None:
    assert [one.path + ": " + one.name for one in BOOK.predicates if not one.says] == []


@pytest.mark.parametrize(
    ("docstring", "keys"),
    [
        ("Only when every office has receipted (domain.md 1, step 9).", {"9"}),
        ("Only when every office has receipted (1.9).", {"9"}),
        ("About this session's reporters (domain.md 1, steps 5b to 5d).", {"5b", "5c", "5d"}),
        ("Called once (domain.md 1, steps 2 and 5b).", {"2", "5b"}),
        ("Who changes what (domain.md 1, steps 1, 2, 5b; 4).", {"1", "2", "5b"}),
        ("The unit itself (1.7, 1.8).", {"7", "8"}),
        ("A notice has a number (1, supervise).", {"∥"}),
        ("An absence has a reason (domain.md 2, observer absent).", {"observer absent"}),
        ("Nobody verifies their own (1.9, conflict of interest).", {"9", "conflict of interest"}),
        ("Each line has one wording (GB/T 9704-2012; domain.md 6).", set()),
        ("At most so many days (2), counted from before (see there).", set()),
        ("A date of step 9 (or so) in words alone.", set()),
    ],
)
def test_a_source_is_read_from_the_brackets_of_a_docstring(docstring: str, keys: set[str]) -> None:
    assert keys_of(source_in(docstring)) == keys


# ---- what does not exist ----

NOT_HERE = re.compile(
    r"(?:^|_)(?:scores?|scored|rating|rated|ranks?|ranking|points?|grade|league|streak|check_?in|online|photo)(?:_|$)"
)


def names() -> Iterator[str]:
    """Every field of a public event, a command, an event or a state, and every column of a read model."""
    for contract in CONTRACTS.values():
        yield from _fields(contract, contract.__name__)
    for package in pkgutil.walk_packages(services.__path__, "services."):
        if ".domain" in package.name:
            module = importlib.import_module(package.name)
            for item in vars(module).values():
                if isinstance(item, type) and dataclasses.is_dataclass(item):
                    yield from (f"{item.__name__}.{one.name}" for one in dataclasses.fields(item))
    for service in PUBLISHERS:
        for aggregate in import_module(f"services.{service}.application").AGGREGATES:
            for view in aggregate.views:
                yield from (f"{view.name}.{column.name}" for column in view.table.columns)


def _fields(model: type[Value], path: str) -> Iterator[str]:
    yield from (f"{path}.{name}" for name in model.model_fields)


def test_nothing_is_rated_scored_or_ranked() -> None:
    """No rating of a speech, no points and no league table (domain.md 2, limits): there is no place to keep one."""
    found = set(names())
    assert len(found) > 500
    assert [name for name in sorted(found) if NOT_HERE.search(name.partition(".")[2])] == []


# ---- the rulebook of a small project ----

POLICIES = '''\
"""Rules of a notebook (domain.md 1, step 3)."""

from __future__ import annotations

from shared.decider import Refused


def page_blank(text: str) -> Refused | None:
    """A page says something."""
    return None if text.strip() else Refused("notebook.page-blank")


def page_torn(text: str) -> Refused | None:
    """A torn page is not written on (domain.md 1, step 9)."""
    return Refused("notebook.page-torn") if "torn" in text else None


def long_page(text: str) -> bool:
    """A page that goes on."""
    return len(text) > 9


def how_long(text: str) -> int:
    """A number is no rule."""
    return len(text)


def _part_of_a_rule(text: str) -> bool:
    """Neither is a part of one."""
    return True
'''
DECIDER = '''\
"""Deciding by rules that are held in three ways: imported by name, by module, in a list."""

from services.notebook.domain import policies
from services.notebook.domain.policies import page_blank
from shared.decider import refuse_if

ALL = (page_blank, policies.page_torn)


def write(text: str) -> int:
    refuse_if(*(rule(text) for rule in ALL))
    return 2 if policies.long_page(text) else 1
'''
TESTS = '''\
"""What the notebook's tests hold."""

import pytest

from services.notebook.domain.notebook import write
from shared.decider import Refused

CODE = "notebook.page-blank"


def test_a_page_is_written() -> None:
    assert write("text") == 1
    assert write("a longer text") == 2


def test_a_blank_page_is_refused() -> None:
    with pytest.raises(Refused, match=CODE):
        write(" ")


def test_of_a_server(servers: object) -> None:
    raise AssertionError("not asked")
'''
TORN_TOO = """

def test_a_torn_page_is_refused() -> None:
    with pytest.raises(Refused, match="notebook.page-torn"):
        write("torn")
"""


def project(folder: Path, tests: str) -> Path:
    domain, own_tests = folder / "services/notebook/domain", folder / "tests/services/notebook"
    for path in (domain, own_tests):
        path.mkdir(parents=True)
    for package in (domain.parents[1], domain.parent, domain):
        (package / "__init__.py").write_text("", "utf-8")
    (domain / "policies.py").write_text(POLICIES, "utf-8")
    (domain / "notebook.py").write_text(DECIDER, "utf-8")
    (own_tests / "test_notebook.py").write_text(tests, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = session\n", "utf-8")
    return folder


def test_a_rulebook_names_each_rule_with_its_source_its_code_and_its_tests(tmp_path: Path) -> None:
    book = read(project(tmp_path, TESTS))
    assert [(one.name, one.source, one.codes, one.refuses) for one in book.predicates] == [
        ("page_blank", "domain.md 1, step 3", ("notebook.page-blank",), True),
        ("page_torn", "domain.md 1, step 9", ("notebook.page-torn",), True),
        ("long_page", "domain.md 1, step 3", (), False),
    ]
    blank, torn, _ = book.predicates
    assert book.tests_of(blank) == ["tests/services/notebook/test_notebook.py::test_a_blank_page_is_refused"]
    assert book.tests_of(torn) == []
    assert "services/notebook/domain/policies.py: page_torn" in book.untested()


def test_a_row_that_no_rule_names_and_a_rule_that_is_gone_are_missing(tmp_path: Path) -> None:
    missing = read(project(tmp_path, TESTS)).missing()
    assert "no rule names '4'" not in missing, "policy values name it"
    assert "no rule names '10'" in missing
    assert "no rule names '9'" not in missing
    assert "'praise only' is held by nothing_is_asked, which is not there" in missing


# ---- leaving a rule out ----


def left_out(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shared.testing.mutants", "--root", str(folder), "--workers", "2"],
        cwd=rulebook.ROOT,
        # What this run was told besides is not for the runs that it starts.
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_rule_that_no_test_holds_survives_and_is_named(tmp_path: Path) -> None:
    done = left_out(project(tmp_path, TESTS))
    assert done.returncode == 1
    assert "3 predicates, 1 survivors" in done.stdout
    assert done.stderr == "nobody notices without services/notebook/domain/policies.py: page_torn\n"


def test_where_every_rule_is_held_there_are_no_survivors(tmp_path: Path) -> None:
    done = left_out(project(tmp_path, TESTS + TORN_TOO))
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 predicates, 0 survivors" in done.stdout
    assert "test_a_torn_page_is_refused" in done.stdout


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        (TESTS.replace('write("text") == 1', 'write("text") == 3'), "test_a_page_is_written"),
        ("import nothing_of_that_name\n", "the tests cannot be collected"),
    ],
)
def test_tests_that_fail_as_they_are_prove_nothing(tmp_path: Path, tests: str, said: str) -> None:
    done = left_out(project(tmp_path, tests))
    assert done.returncode == 1
    assert said in done.stderr
