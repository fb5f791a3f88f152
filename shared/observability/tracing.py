"""OpenTelemetry, off unless a collector is named: one trace from a request through all that follows from it elsewhere.

A span's place is written down as a W3C ``traceparent``: in a request's header, in the metadata of an event that is
appended within a span, and in the envelope of what is published of it (CloudEvents' extension of that name). FastAPI
makes the spans of requests. While it is off nothing that exports is imported, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

Kind = Literal["server", "consumer", "internal"]


@dataclass
class _Exporting:
    """What there is while spans are exported."""

    provider: TracerProvider
    tracer: Tracer


_exporting: _Exporting | None = None


def switch_on(service: str, url: str) -> None:
    """Export the spans of this process to a collector: ``url`` is where it takes OTLP over HTTP (``…/v1/traces``)."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    global _exporting
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "shufa"})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    _exporting = _Exporting(provider, provider.get_tracer("shufa"))


def switch_off() -> None:
    """Export what is left, and stop."""
    global _exporting
    if _exporting is not None:
        _exporting.provider.shutdown()
        _exporting = None


def of_requests() -> TelemetryConfig:
    """What FastAPI is told: a span for each request while traces are on, and none of its other records, which quote
    what was sent."""
    return {
        "tracing": _exporting is not None,
        "tracer_provider": _exporting.provider if _exporting is not None else None,
        "operation_spans": False,
        "metrics": False,
        "logs": False,
        "auto_configure": False,
    }


@contextmanager
def span(
    name: str, kind: Kind = "internal", parent: str | None = None, **attributes: str
) -> Iterator[Span | None]:
    """A span for the length of the block, of the trace that ``parent`` (a traceparent) belongs to; nothing while it
    is off. An error that leaves the block marks it. Attributes hold names and ids, never what people wrote."""
    if _exporting is None:
        yield None
        return
    from opentelemetry.trace import SpanKind

    with _exporting.tracer.start_as_current_span(
        name,
        context=_placed(parent) if parent else None,
        kind=SpanKind[kind.upper()],
        attributes={f"shufa.{key}": value for key, value in attributes.items()},
        record_exception=False,  # its text may quote what somebody wrote
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(_failed(type(error).__name__))
            raise


def traceparent() -> str | None:
    """The place of the span that is current; None where there is none, or nobody follows it."""
    if _exporting is None:
        return None
    from opentelemetry.trace import get_current_span

    here = get_current_span().get_span_context()
    if not (here.is_valid and here.trace_flags.sampled):
        return None
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def add_trace(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog's: a line that is written within a span names its trace."""
    if _exporting is not None and (place := traceparent()) is not None:
        line["trace"] = place.split("-")[1]
    return line


def _placed(parent: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def _failed(what: str) -> Any:
    from opentelemetry.trace import Status, StatusCode

    return Status(StatusCode.ERROR, what)
