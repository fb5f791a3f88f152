"""What any service says about its own ledgers."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.base import Contract, EventClass


class LedgerRestored(Contract):
    """The ledger was set back to a backup and goes on under a new epoch, of which this is the first event. It follows
    ``last_sequence_before`` of ``epoch_before``, the last that was said before: apply it when you have that. What was
    said and is no longer in the ledger (``lost`` events) stays with those who heard it."""

    service: ClassVar[None] = None
    event_class: ClassVar[EventClass] = "progress"
    epoch_before: Annotated[int, Field(ge=1)]
    last_sequence_before: Annotated[int, Field(ge=0)] = Field(description="0: nothing was ever said.")
    restored_to: Annotated[int, Field(ge=0)] = Field(description="The ledger's last sequence in the backup.")
    lost: Annotated[int, Field(ge=0)]
    by: str
    reason: str
