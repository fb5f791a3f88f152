"""Hears a tenant's events from outside by nats-py alone: python hear.py ADDRESS NAME (`shufa subscribers add`).

It prints each event and acknowledges it, and ends when no more are waiting; what comes later is there the next time.
"""

import asyncio
import json
import sys

import nats


async def main(address: str, name: str) -> None:
    connection = await nats.connect(address, inbox_prefix=f"_INBOX.{name}".encode())
    jetstream = connection.jetstream(prefix="SHUFA.API")
    for consumer in (f"{name}-progress", f"{name}-content"):
        ear = await jetstream.pull_subscribe_bind(consumer, stream="SHUFA")
        try:
            while messages := await ear.fetch(100, timeout=1):
                for message in messages:
                    event = json.loads(message.data)
                    print(
                        event["eventclass"],
                        event["id"],
                        event["type"],
                        json.dumps(event["data"], ensure_ascii=False),
                    )
                    await message.ack()
        except TimeoutError:  # nothing waits any more: nats-py raises its own or asyncio's, both are this one
            continue
    await connection.flush()
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
