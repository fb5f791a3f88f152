"""A public event on the wire: CloudEvents 1.0, structured JSON, with the ledger's facts as extension attributes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.contracts import CONTRACTS
from shared.contracts.base import Citation, Contract, EventClass

_TYPE = re.compile(r"cn\.shufa\.(?P<service>[a-z]+)\.(?P<event>[A-Z][A-Za-z]*)\.v(?P<version>[1-9][0-9]*)")


def _as_utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


class CloudEvent(BaseModel):
    """The envelope. Names are CloudEvents': lower-case letters only. Attributes that are not ours are ignored, so that
    a broker or a tracer may add its own; what is ours is read strictly (``"7"`` is no sequence)."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    specversion: Literal["1.0"] = Field(description="The version of CloudEvents.")
    id: Annotated[str, Field(pattern=r"^[a-z]+:[a-z0-9.]+/[0-9]+/[0-9]+$")] = Field(
        description="<service>:<tenant>/<epoch>/<sequence>: the same event always has the same id."
    )
    source: Annotated[str, Field(pattern=r"^/shufa/[a-z]+$")] = Field(description="The service that says it.")
    type: Annotated[str, Field(pattern=r"^cn\.shufa\.[a-z]+\.[A-Z][A-Za-z]*\.v[1-9][0-9]*$")] = Field(
        description="cn.shufa.<service>.<Event>.v<version>"
    )
    subject: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")] = Field(
        description="The stream the event was appended to."
    )
    time: Annotated[AwareDatetime, AfterValidator(_as_utc)] = Field(
        description="When it was recorded, UTC: the system's clock, never the business date."
    )
    datacontenttype: Literal["application/json"]
    dataschema: Annotated[str, Field(pattern=r"^urn:shufa:schema:[A-Z][A-Za-z]*:[1-9][0-9]*$")]
    tenant: Annotated[str, Field(pattern=r"^[a-z0-9]+(\.[a-z0-9]+)*$")] = Field(
        description="The full path of the tenant."
    )
    sequence: Annotated[int, Field(ge=1)] = Field(
        description="Gapless for each service and tenant within an epoch."
    )
    epoch: Annotated[int, Field(ge=1)] = Field(description="Raised when a ledger was restored from a backup.")
    ledger: Citation = Field(description="The event in its service's ledger, as evidence cites it.")
    partitionkey: Annotated[str, Field(min_length=1)] = Field(
        description="Events of one key must be applied in order: the case, else the session, else the stream."
    )
    businessdate: date = Field(description="The day it counts for, Asia/Shanghai.")
    simulated: bool = Field(description="Made under a simulated clock: production refuses it.")
    correlationid: Annotated[str, Field(min_length=1)] = Field(
        description="The same for all that follows from one act."
    )
    causationid: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="The event or command that led to it at once."
    )
    eventclass: EventClass = Field(
        description="progress: the tiers above may see it; content: the own tenant only."
    )
    data: dict[str, Any]


class Undecodable(Exception):
    """A message that cannot become a contract. ``what`` is wrong, and ``where`` (an attribute or a path in the data).
    Values are never quoted: the message goes to logs."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{where}: {what}")
        self.what = what
        self.where = where


class NotACloudEvent(Undecodable):
    """No JSON, or an attribute is missing, malformed or contradicts another."""


class UnknownEvent(Undecodable):
    """No contract of that name."""


class UnknownVersion(Undecodable):
    """The contract is known, this version of it is not: the publisher is newer."""


class InvalidData(Undecodable):
    """``data`` does not fit the contract."""


def partition_key(contract: Contract, stream: str) -> str:
    """The key within which order matters: its case, else its session, else the stream (docs/design.md 4)."""
    for name in ("case", "session"):
        key = getattr(contract, name, None)
        if isinstance(key, str):
            return key
    return stream


def encode(
    contract: Contract,
    *,
    tenant: str,
    epoch: int,
    sequence: int,
    stream: str,
    ledger: str,
    recorded_at: datetime,
    business_date: date,
    simulated: bool,
    correlation_id: str,
    causation_id: str | None = None,
) -> bytes:
    """The event as UTF-8 JSON, the same bytes for the same arguments. An attribute without a value is left out."""
    service, name = contract.service, type(contract).__name__
    attributes = CloudEvent(
        specversion="1.0",
        id=f"{service}:{tenant}/{epoch}/{sequence}",
        source=f"/shufa/{service}",
        type=f"cn.shufa.{service}.{name}.v{contract.version}",
        subject=stream,
        time=recorded_at,
        datacontenttype="application/json",
        dataschema=f"urn:shufa:schema:{name}:{contract.version}",
        tenant=tenant,
        sequence=sequence,
        epoch=epoch,
        ledger=ledger,
        partitionkey=partition_key(contract, stream),
        businessdate=business_date,
        simulated=simulated,
        correlationid=correlation_id,
        causationid=causation_id,
        eventclass=contract.event_class,
        data=contract.model_dump(mode="json"),
    )
    envelope = attributes.model_dump(mode="json")
    if causation_id is None:
        del envelope["causationid"]
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def decode(payload: bytes) -> tuple[CloudEvent, Contract]:
    """The envelope and its data as the contract it names; any kind of Undecodable otherwise."""
    try:
        event = CloudEvent.model_validate_json(payload)
    except ValidationError as error:
        raise NotACloudEvent(*_first(error)) from None
    named = _TYPE.fullmatch(event.type)
    if named is None:
        raise NotACloudEvent("is not cn.shufa.<service>.<Event>.v<version>", "type")
    name, version = named["event"], int(named["version"])
    contract = CONTRACTS.get((name, version))
    if contract is None:
        if any(known == name for known, _ in CONTRACTS):
            raise UnknownVersion(f"version {version} of {name} is not known here", "type")
        raise UnknownEvent(f"{name} is not known here", "type")
    for attribute, expected in _implied(event, contract).items():
        if getattr(event, attribute) != expected:
            raise NotACloudEvent(f"contradicts the other attributes, expected {expected}", attribute)
    if not event.ledger.startswith(f"{contract.service}:{event.tenant}#"):
        raise NotACloudEvent("cites another ledger than the event's own", "ledger")
    try:
        return event, contract.model_validate_json(json.dumps(event.data, allow_nan=False), strict=True)
    except ValidationError as error:
        what, where = _first(error)
        raise InvalidData(what, f"data.{where}") from None
    except ValueError:  # NaN and Infinity: readable here, but no JSON
        raise InvalidData("holds a number that is none", "data") from None


def _implied(event: CloudEvent, contract: type[Contract]) -> Mapping[str, str]:
    """Attributes that follow from others: an envelope that disagrees with itself is refused, not interpreted."""
    service, name = contract.service, contract.__name__
    return {
        "type": f"cn.shufa.{service}.{name}.v{contract.version}",
        "source": f"/shufa/{service}",
        "dataschema": f"urn:shufa:schema:{name}:{contract.version}",
        "id": f"{service}:{event.tenant}/{event.epoch}/{event.sequence}",
        "eventclass": contract.event_class,
    }


def _first(error: ValidationError) -> tuple[str, str]:
    """What and where of the first complaint, without the value complained about."""
    complaint = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return complaint["msg"], ".".join(str(step) for step in complaint["loc"]) or "payload"
