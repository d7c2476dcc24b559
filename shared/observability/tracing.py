"""Trace one event through every service: create spans, and carry their context in Kafka headers.

The context is W3C's `traceparent` header, which every OpenTelemetry client of Kafka reads and
writes. An event without it starts a new trace. Spans leave the process only if an exporter is
configured; their ids are in the logs in any case.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from shared.events.wire.record import Header, Outgoing, Record

PARENT: Final = "traceparent"
STATE: Final = "tracestate"
EXPORT_SECONDS: Final = 5
"""If the collector does not answer, a stopping process waits this long for its last spans."""
CLOUDEVENTS_PREFIX: Final = "ce_"
"""CloudEvents' extension for tracing carries the same headers with this prefix."""
_W3C: Final = TraceContextTextMapPropagator()

OpenSpan = Callable[[str], AbstractContextManager[object]]
"""Opens a span for one stage of the work on an event."""


class Tracing:
    """The spans of one service. Nothing is global: several services can share one process."""

    def __init__(self, service: str, exporter: SpanExporter | None = None) -> None:
        name = {"service.name": f"preferstream-{service}"}
        self._provider = TracerProvider(resource=Resource.create(name), shutdown_on_exit=False)
        if exporter is not None:
            # In batches, on its own thread: a collector that does not answer delays nothing.
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._exports = exporter is not None
        self._tracer = self._provider.get_tracer("preferstream")

    @contextmanager
    def processing(self, record: Record) -> Iterator[Span]:
        """A span for the work on one record; its parent is the span of the sender."""
        with self._tracer.start_as_current_span(
            f"process {record.topic}",
            context=_W3C.extract(_trace_headers(record.headers)),
            kind=SpanKind.CONSUMER,
            attributes=_attributes(record) if self._exports else None,
        ) as span:
            yield span

    @contextmanager
    def answering(self, name: str, headers: Mapping[str, str]) -> Iterator[None]:
        """A span for the work on one HTTP request; its parent is the span of the sender."""
        context = _W3C.extract(dict(headers))
        with self._tracer.start_as_current_span(name, context=context, kind=SpanKind.SERVER):
            yield

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A span for one stage of the work on the current event."""
        with self._tracer.start_as_current_span(name):
            yield

    def close(self) -> None:
        """Export the remaining spans."""
        self._provider.shutdown()


def _attributes(record: Record) -> Attributes:
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": str(record.partition),
        "messaging.kafka.offset": record.offset,
    }


@contextmanager
def untraced(_: str) -> Iterator[None]:
    """No span: the default where nothing is traced."""
    yield


def with_trace(record: Outgoing) -> Outgoing:
    """The record with the context of the current span, unless it already carries a context."""
    if any(name == PARENT for name, _ in record.headers):
        return record
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    added = tuple((name, value.encode()) for name, value in carrier.items())
    return Outgoing(record.topic, record.key, record.value, record.headers + added)


def describe_current(**attributes: str) -> None:
    """Add attributes to the current span."""
    trace.get_current_span().set_attributes(
        {f"preferstream.{name}": value for name, value in attributes.items()}
    )


def mark_failed(reason: str) -> None:
    """Mark the current span as failed."""
    trace.get_current_span().set_status(Status(StatusCode.ERROR, reason))


def current_ids() -> tuple[str, str] | None:
    """Trace id and span id of the current span, in hexadecimal; None outside of any span."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)


def open_tracing(service: str, endpoint: str | None) -> Tracing:
    """The tracing of a service; it exports spans if an endpoint is given."""
    return Tracing(service, otlp(endpoint) if endpoint else None)


def otlp(endpoint: str) -> SpanExporter:
    """An exporter to an OpenTelemetry collector over HTTP."""
    # Imported here: the import takes a quarter of a second, and most processes do not export.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)


def _trace_headers(headers: Sequence[Header]) -> dict[str, str]:
    """The trace context among a record's headers; a value that is not text counts as missing."""
    context: dict[str, str] = {}
    for name, value in headers:
        plain = name.lower().removeprefix(CLOUDEVENTS_PREFIX)
        if plain in (PARENT, STATE) and value is not None:
            context.setdefault(plain, value.decode("ascii", "replace"))
    return context
