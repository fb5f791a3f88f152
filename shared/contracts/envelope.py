"""A public event on the wire: CloudEvents 1.0, structured JSON, with the ledger's facts as extension attributes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Unpack

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)
from typing_extensions import TypedDict

from shared.contracts import CONTRACTS, newest, sayers
from shared.contracts.base import Citation, Contract, EventClass

_NAMED = re.compile(rb'"type":"(cn\.shufa\.[A-Za-z0-9.]*)"')
_TYPE = re.compile(r"cn\.shufa\.(?P<service>[a-z]+)\.(?P<event>[A-Z][A-Za-z]*)\.v(?P<version>[1-9][0-9]*)")


def _as_utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


class Attributes(BaseModel):
    """The envelope without its data. Names are CloudEvents': lower-case letters only. Attributes that are not ours are
    ignored, so that a broker or a tracer may add its own; what is ours is read strictly (``"7"`` is no sequence)."""

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


class CloudEvent(Attributes):
    """The envelope with data of any kind."""

    data: dict[str, Any]


class _Message(Attributes):
    """The envelope with the data of one contract, and with the constants that are the same in all its messages."""

    data: Contract


@cache
def _message_of(contract: type[Contract], service: str) -> type[_Message]:
    constants = _constants(contract, service)
    fields: dict[str, Any] = {name: (Literal[value], ...) for name, value in constants.items()}
    return create_model(contract.__name__, __base__=_Message, data=(contract, ...), **fields)


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
    fields = vars(contract)
    for name in ("case", "session"):
        if isinstance(key := fields.get(name), str):
            return key
    return stream


class Facts(TypedDict):
    """What an envelope says of an event besides its contract. ``recorded_at`` has a zone. ``traceparent`` is the W3C's:
    where it was recorded, within a trace that somebody follows."""

    tenant: str
    epoch: int
    sequence: int
    stream: str
    ledger: str
    recorded_at: datetime
    business_date: date
    simulated: bool
    correlation_id: str
    causation_id: NotRequired[str | None]
    traceparent: NotRequired[str | None]


def encode(contract: Contract, **facts: Unpack[Facts]) -> bytes:
    """The event as UTF-8 JSON, the same bytes for the same arguments. An attribute without a value is left out."""
    key = partition_key(contract, facts["stream"])
    return enclose(type(contract), contract.model_dump_json(), key, **facts)


def enclose(contract: type[Contract], data: str, key: str, **facts: Unpack[Facts]) -> bytes:
    """The same for a contract that was written as JSON before: ``data`` is embedded as it is and not read again."""
    if facts["recorded_at"].tzinfo is None:
        raise ValueError("time: has no zone")
    tenant, epoch, sequence = facts["tenant"], facts["epoch"], facts["sequence"]
    service = contract.service or facts["ledger"].partition(":")[0]
    constant = _constants(contract, service)
    envelope = {
        "specversion": "1.0",
        "id": f"{service}:{tenant}/{epoch}/{sequence}",
        "source": constant["source"],
        "type": constant["type"],
        "subject": facts["stream"],
        "time": facts["recorded_at"].astimezone(UTC),
        "datacontenttype": "application/json",
        "dataschema": constant["dataschema"],
        "tenant": tenant,
        "sequence": sequence,
        "epoch": epoch,
        "ledger": facts["ledger"],
        "partitionkey": key,
        "businessdate": facts["business_date"],
        "simulated": facts["simulated"],
        "correlationid": facts["correlation_id"],
        "causationid": facts.get("causation_id"),
        "eventclass": constant["eventclass"],
    }
    if envelope["causationid"] is None:
        del envelope["causationid"]
    if (place := facts.get("traceparent")) is not None:
        envelope["traceparent"] = place
    envelope["data"] = orjson.Fragment(data)  # last: see decode_again
    return orjson.dumps(envelope, option=orjson.OPT_UTC_Z)


def decode(payload: bytes) -> tuple[Attributes, Contract]:
    """The envelope as it was sent, and its data as the newest version of the contract it names; any kind of
    Undecodable otherwise."""
    event, contract = _as_sent(payload)
    return event, _as_newest(contract)


@dataclass(slots=True)
class Cause:
    """What is known of an event that was heard, besides its contract. ``business_date`` is the day it counts for;
    ``citation`` names it in its ledger. Of a message that was kept it is read when somebody asks for it: most read
    models look at the contract alone, and reading takes longer than they do."""

    id: str
    citation: str
    tenant: str
    business_date: date
    recorded_at: datetime
    correlation: str = ""
    simulated: bool = False
    traceparent: str | None = None
    _envelope: bytes = field(init=False, repr=False, compare=False)

    @classmethod
    def kept(cls, envelope: bytes, tenant: str, simulated: bool) -> Cause:
        """Of a message that was checked when it came: its attributes, and what of them is known."""
        cause: Cause = object.__new__(cls)
        cause._envelope = envelope
        cause.tenant = tenant
        cause.simulated = simulated
        return cause

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there yet: all of it is read."""
        if name not in self.__slots__ or name == "_envelope":
            raise AttributeError(name)
        try:
            self._read(orjson.loads(self._envelope))
        except ValueError:  # written as none of ours is
            about = Attributes.model_validate_json(self._envelope)
            self._read(json.loads(self._envelope) | about.model_dump(mode="json"))
        return getattr(self, name)

    def _read(self, said: dict[str, Any]) -> None:
        self.id, self.citation, self.correlation = said["id"], said["ledger"], said["correlationid"]
        self.business_date = date.fromisoformat(said["businessdate"])
        self.recorded_at = datetime.fromisoformat(said["time"]).astimezone(UTC)
        place = said.get("traceparent")
        self.traceparent = place if isinstance(place, str) else None


def decode_again(payload: bytes, tenant: str) -> tuple[Cause, Contract]:
    """The same for a message that was kept, of this tenant, because it could be decoded: its attributes are not checked
    once more. Its data is, because the inbox keeps what it cannot read yet; any kind of Undecodable otherwise."""
    # Our own relays write no blanks, and the data last. A quote within a string has a backslash before it, so what is
    # found here are names; they are the envelope's own as long as no object begins between it and the data.
    data = payload.rfind(b',"data":{')
    kind = payload.find(b',"type":"', 0, data) + len(b',"type":"')
    read = _KEPT.get(payload[kind : payload.find(b'"', kind)])
    if read is not None and payload.rfind(b"{", 0, data) == 0:
        real = payload.rfind(b',"simulated":false', kind, data) > 0
        if (real or payload.rfind(b',"simulated":true', kind, data) > 0) and not _holds_no_number(payload):
            try:
                contract = read(payload[data + len(b',"data":') : -1], strict=True)
            except ValidationError:
                pass
            else:
                return Cause.kept(payload, tenant, not real), contract
    event, contract = decode(payload)  # reads what little else there is, and says what is wrong
    return Cause.kept(payload, tenant, event.simulated), contract


def _as_newest(contract: Contract) -> Contract:
    try:
        return newest(contract)
    except Exception as error:  # whatever an upcaster trips over: the message is kept, and parked
        what = f"version {contract.version} was not brought to the newest ({type(error).__name__})"
        raise InvalidData(what, "data") from None


def _as_sent(payload: bytes) -> tuple[Attributes, Contract]:
    # What our own relays send is read in one pass. Whatever does not pass is read again, slowly, to say what is wrong.
    named = _NAMED.search(payload)
    known = _BY_TYPE.get(named[1].decode()) if named else None
    if known is not None and not _holds_no_number(payload):
        try:
            message = _message_of(*known).model_validate_json(payload, strict=True)
        except ValidationError:
            pass
        else:
            if _contradiction(message, known[1]) is None:
                return message, message.data
    return _decode_by_steps(payload)


_N, _I = b"NI"  # as numbers: bytes look for a number much faster than for bytes


def _holds_no_number(payload: bytes) -> bool:
    """May it hold NaN or Infinity, which Pydantic takes for numbers and JSON does not know? Their first letters are
    rare, and looked for much faster."""
    return (_N in payload and b"NaN" in payload) or (_I in payload and b"Infinity" in payload)


def _decode_by_steps(payload: bytes) -> tuple[Attributes, Contract]:
    try:
        event = CloudEvent.model_validate_json(payload)
    except ValidationError as error:
        raise NotACloudEvent(*_first(error)) from None
    named = _TYPE.fullmatch(event.type)
    if named is None:
        raise NotACloudEvent("is not cn.shufa.<service>.<Event>.v<version>", "type")
    name, version = named["event"], named["version"]
    contract = _BY_VERSION.get((name, version))
    if contract is None:
        if any(known == name for known, _ in _BY_VERSION):
            raise UnknownVersion(f"version {version} of {name} is not known here", "type")
        raise UnknownEvent(f"{name} is not known here", "type")
    service = contract.service or named["service"]
    for attribute, expected in _constants(contract, service).items():
        if getattr(event, attribute) != expected:
            raise NotACloudEvent(f"contradicts the other attributes, expected {expected}", attribute)
    if contradicting := _contradiction(event, service):
        raise NotACloudEvent("contradicts the other attributes", contradicting)
    try:
        return event, contract.model_validate_json(json.dumps(event.data, allow_nan=False), strict=True)
    except ValidationError as error:
        what, where = _first(error)
        raise InvalidData(what, f"data.{where}") from None
    except ValueError:  # NaN and Infinity: readable here, but no JSON
        raise InvalidData("holds a number that is none", "data") from None


@cache
def _constants(contract: type[Contract], service: str) -> dict[str, str]:
    """Attributes that are the same in every message of a contract that a service publishes."""
    name, version = contract.__name__, contract.version
    return {
        "source": f"/shufa/{service}",
        "type": f"cn.shufa.{service}.{name}.v{version}",
        "dataschema": f"urn:shufa:schema:{name}:{version}",
        "eventclass": contract.event_class,
    }


def _contradiction(event: Attributes, service: str) -> str | None:
    """The attribute that does not follow from the others: an envelope that disagrees with itself is refused, not
    interpreted."""
    tenant = event.tenant
    if event.id != f"{service}:{tenant}/{event.epoch}/{event.sequence}":
        return "id"
    if not event.ledger.startswith(f"{service}:{tenant}#"):
        return "ledger"
    return None


def _first(error: ValidationError) -> tuple[str, str]:
    """What and where of the first complaint, without the value complained about."""
    complaint = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return complaint["msg"], ".".join(str(step) for step in complaint["loc"]) or "payload"


_BY_VERSION = {(name, str(version)): contract for (name, version), contract in CONTRACTS.items()}
_BY_TYPE = {
    _constants(contract, service)["type"]: (contract, service)
    for contract in CONTRACTS.values()
    for service in sayers(contract)
}
_KEPT = {
    kind.encode(): contract.__pydantic_validator__.validate_json
    for kind, (contract, _) in _BY_TYPE.items()
    if CONTRACTS.get((contract.__name__, contract.version + 1)) is None
}
"""What reads the data of a kept message, by its type: those of which there is no newer version."""
