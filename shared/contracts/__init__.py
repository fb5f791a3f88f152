"""The published language: every public event, versioned, with a committed JSON Schema (``schemas/``)."""

from shared.contracts import evaluation, ledger, rectification, review, scheduling
from shared.contracts.base import Contract

__all__ = ["CONTRACTS", "Contract", "contracts_of", "sayers"]


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
    for module in (scheduling, review, rectification, evaluation, ledger)
    for contract in _concrete(module)
}
"""Every public event by (name, version)."""

_SERVICES = tuple(dict.fromkeys(contract.service for contract in CONTRACTS.values() if contract.service))


def sayers(contract: Contract | type[Contract]) -> tuple[str, ...]:
    """The services that publish an event: its own, or all."""
    return (contract.service,) if contract.service else _SERVICES


def contracts_of(service: str) -> list[type[Contract]]:
    """The public events one service publishes."""
    return [contract for contract in CONTRACTS.values() if service in sayers(contract)]
