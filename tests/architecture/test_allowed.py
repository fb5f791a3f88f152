"""The contract type of our own fails closed: what is not listed may not be imported."""

from __future__ import annotations

import pytest
from grimp import ImportGraph

from tests.architecture.allowed import AllowedContract


def contract() -> AllowedContract:
    return AllowedContract(
        name="a domain is pure",
        session_options={"root_packages": ["services", "shared"]},
        contract_options={"source_modules": ["services.*.domain"], "allowed_modules": ["shared.decider"]},
    )


def graph(importer: str, imported: str) -> ImportGraph:
    made = ImportGraph()
    for module in ("services", "services.review", "services.review.domain", "services.review.domain.draft"):
        made.add_module(module)
    made.add_import(importer=importer, imported=imported, line_number=3, line_contents=f"import {imported}")
    return made


@pytest.mark.parametrize(
    "imported", ["datetime", "shared.decider", "services.review.domain.policies", "services.review.domain"]
)
def test_the_standard_library_the_own_package_and_the_listed_modules_may_be_imported(imported: str) -> None:
    assert contract().check(graph("services.review.domain.draft", imported), verbose=False).kept


@pytest.mark.parametrize(
    "imported",
    [
        "pydantic",
        "sqlalchemy",
        "shared.eventstore",
        "shared.contracts",
        "services.review.api",
        "shared.decider.x",
    ],
)
def test_anything_else_breaks_the_contract_and_is_named_with_its_line(imported: str) -> None:
    check = contract().check(graph("services.review.domain.draft", imported), verbose=False)
    assert not check.kept
    assert check.metadata["found"] == [f"services.review.domain.draft:3 imports {imported}"]


def test_a_module_outside_the_sources_is_not_held_to_it() -> None:
    assert contract().check(graph("services.review", "pydantic"), verbose=False).kept
