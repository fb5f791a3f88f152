"""``python -m shared.messaging.asyncapi write|check``: what each service says and hears, as AsyncAPI 3 documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from faststream.nats import JStream, NatsBroker, NatsMessage
from faststream.specification import AsyncAPI

from shared.contracts import contracts_of
from shared.messaging.inbox import ear
from shared.messaging.topology import LISTENS_TO, STREAM

FOLDER = Path(__file__).parents[2] / "docs" / "asyncapi"

DESCRIPTION = (
    "JetStream stream SHUFA; CloudEvents 1.0 as JSON. A channel is named for the version that is said today; "
    "older ones may lie in it, each of the JSON Schema that its dataschema names."
)


def document(service: str) -> str:
    """One service's document: a channel for each public event, one for each source it listens to."""
    broker = NatsBroker("nats://nats.example", description=DESCRIPTION)
    for contract in contracts_of(service):
        name = contract.__name__
        broker.publisher(
            f"shufa.{contract.event_class}.{service}.{name}.*.*",
            stream=JStream(STREAM, declare=False),
            schema=contract,
            title=f"{name}.v{contract.version}",
            description=(contract.__doc__ or "").strip() or None,
        )
    for source in LISTENS_TO[service]:

        @ear(broker, service, source)
        async def hear(message: NatsMessage) -> None:
            """The inbox stores the message; see shared/messaging/inbox.py."""

    specification = AsyncAPI(
        broker, title=f"Shufa {service}", version="1.0.0", schema_version="3.0.0"
    ).to_specification()
    text = json.loads(specification.to_json())
    return json.dumps(text, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the documents, or say which of them no longer says what the code says."""
    if arguments not in (["write"], ["check"]):
        print("usage: python -m shared.messaging.asyncapi write|check", file=sys.stderr)
        return 2
    stale = []
    for service in LISTENS_TO:
        path = FOLDER / f"{service}.json"
        text = document(service)
        if arguments == ["write"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.name)
    if stale:
        print(f"stale: {', '.join(stale)}; run python -m shared.messaging.asyncapi write", file=sys.stderr)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
