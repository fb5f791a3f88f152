"""JetStream's atomic batch by nats-py alone: the first message opens it, the last commits it and is acknowledged."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence

from nats.aio.client import Client

Message = tuple[str, bytes, dict[str, str]]
"""Subject, payload, headers."""


async def publish(connection: Client, messages: Sequence[Message]) -> None:
    """Send one batch and wait until the server has it on disk."""
    batch, last = secrets.token_hex(16), len(messages)
    for n, (subject, payload, headers) in enumerate(messages, start=1):
        headers = {**headers, "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(n)}
        if n == last:
            headers["Nats-Batch-Commit"] = "1"
            reply = await connection.request(subject, payload, timeout=5, headers=headers)
            answer = json.loads(reply.data)
            if answer.get("count") != last:
                raise ConnectionError(f"the batch was not taken: {answer}")
        else:
            await connection.publish(subject, payload, headers=headers)
