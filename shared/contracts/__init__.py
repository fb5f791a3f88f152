"""The published language: every public event, versioned, with a committed JSON Schema (``schemas/``)."""

import json

from shared.contracts import evaluation, ledger, rectification, review, scheduling, superseded
from shared.contracts.base import Contract

__all__ = ["CONTRACTS", "PUBLISHERS", "Contract", "contracts_of", "newest", "sayers"]


def _concrete(module: object) -> list[type[Contract]]:
    return [
        item
        for name, item in vars(module).items()
        if isinstance(item, type)
        and issubclass(item, Contract)
        and not name.startswith("_")
        and item is not Contract
    ]


CONTRACTS: dict[tuple[str, int], type[Contract]] = {
    (contract.__name__, contract.version): contract
    for module in (scheduling, review, rectification, evaluation, ledger, *superseded.MODULES)
    for contract in _concrete(module)
}
"""Every public event by (name, version), also of versions that are said no more."""

_CHANGED = {name for name, _ in superseded.UPCASTS}

PUBLISHERS = tuple(dict.fromkeys(contract.service for contract in CONTRACTS.values() if contract.service))
"""The services that own facts and say them; who only listens (the portal) is none."""


def sayers(contract: Contract | type[Contract]) -> tuple[str, ...]:
    """The services that publish an event: its own, or all."""
    return (contract.service,) if contract.service else PUBLISHERS


def contracts_of(service: str) -> list[type[Contract]]:
    """The public events one service publishes, each in its newest version."""
    return [
        contract
        for key, contract in CONTRACTS.items()
        if service in sayers(contract) and key not in superseded.UPCASTS
    ]


def newest(contract: Contract) -> Contract:
    """A public event of any version, as its newest version says it. Each step is held to the model of its version."""
    name = type(contract).__name__
    if name not in _CHANGED:  # nearly always, and asked of every event that is heard
        return contract
    while upcast := superseded.UPCASTS.get((name, contract.version)):
        data = upcast(contract.model_dump(mode="json"))
        contract = CONTRACTS[name, contract.version + 1].model_validate_json(json.dumps(data), strict=True)
    return contract
