"""What a public event may hold: never the text of a draft, a comment or a feedback."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from shared.contracts import CONTRACTS, contracts_of, sayers
from shared.contracts.base import Citation, Contract, TextLink, Token, Value
from shared.contracts.ledger import LedgerRestored

WORDS = {
    "name",
    "unit_name",
    "name_before",
    "title",
    "person",
    "role",
    "from_person",
    "to_person",
    "signer",
    "signed_by",
    "entered_by",
    "entered_for",
    "by",
    "by_title",
    "by_office",
    "office",
    "offices",
    "offices_missing",
    "houses_offices",
    "document_number",
    "organisation",
    "notice_number",
    "document",
    "division_code",
    "task_line",
    "focus_area",
    "measured_in",
    "period",
    "what",
    "reason",
    "values",
}
"""Fields that hold free words: names, offices, numbers of documents, the unclassified task line, and the short
reason of a decision about a session. A field that is not here needs a thought: could somebody's text end up in it?"""

TEXTS = {"text", "remarks"}
"""Texts that people wrote: a hash and a link, nothing else."""

KNOWN = (Token, Citation)


def leaves(annotation: Any) -> Iterator[Any]:
    """The types a field can hold, inside lists, dicts and unions."""
    if annotation in KNOWN or get_origin(annotation) is Literal:
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from leaves(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType, list, dict, tuple):
        for argument in get_args(annotation):
            yield from leaves(argument)
    else:
        yield annotation


def fields(model: type[Value]) -> Iterator[tuple[str, Any]]:
    """Every field of a contract and of its parts: name and a type it can hold."""
    hints = get_type_hints(model, include_extras=True)
    for name in model.model_fields:
        for leaf in leaves(hints[name]):
            if isinstance(leaf, type) and issubclass(leaf, Value) and leaf is not TextLink:
                yield from fields(leaf)
            else:
                yield name, leaf


every_contract = pytest.mark.parametrize(
    "contract", CONTRACTS.values(), ids=lambda one: f"{one.__name__}.v{one.version}"
)


@every_contract
def test_free_words_stand_only_in_fields_that_were_thought_about(contract: type[Contract]) -> None:
    free = {name for name, leaf in fields(contract) if leaf is str or leaf is Any}
    assert free <= WORDS


@every_contract
def test_a_text_is_a_hash_and_a_link(contract: type[Contract]) -> None:
    for name, leaf in fields(contract):
        if name in TEXTS:
            assert leaf is TextLink
        if leaf is TextLink:
            assert name in TEXTS
            assert contract.event_class == "content", "a link to a text is for the own tenant only"


def test_the_list_of_words_has_nothing_to_spare() -> None:
    used = {name for contract in CONTRACTS.values() for name, leaf in fields(contract) if leaf is str}
    assert used == WORDS


@every_contract
def test_a_contract_says_its_service_its_class_and_its_version(contract: type[Contract]) -> None:
    services = {"scheduling", "review", "rectification", "evaluation"}
    if contract is LedgerRestored:
        assert set(sayers(contract)) == services
    else:
        assert sayers(contract) == (contract.service,)
        assert contract.service in services
    assert contract.event_class in {"progress", "content"}
    assert contract.version >= 1
    for service in sayers(contract):
        [said] = [one for one in contracts_of(service) if one.__name__ == contract.__name__]
        assert said.version >= contract.version, "a service says the newest"


@every_contract
def test_a_contract_of_a_session_or_a_case_names_it_by_a_token(contract: type[Contract]) -> None:
    """Both are partition keys (shared.contracts.envelope): events of one key are applied in order."""
    for name, leaf in fields(contract):
        if name in ("case", "session"):
            assert leaf == Token
