"""Events between services: outbox and relay out, inbox and applier in. The only part that knows NATS and FastStream."""

from shared.messaging.reactions import Cause, Reactions

__all__ = ["Cause", "Reactions"]
