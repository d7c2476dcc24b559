"""Follow one event through every service: spans, and their context in Kafka's headers.

The context is W3C's `traceparent`, which every OpenTelemetry client of Kafka reads and writes. An
event that comes without one begins a trace. Spans leave the process only with an exporter; their
ids are in the logs in any case.
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

from shared.events.wire.record import Header, Outgoing, Record

PARENT: Final = "traceparent"
STATE: Final = "tracestate"
EXPORT_SECONDS: Final = 5
"""With a collector that is away, a process that stops waits no longer for its last spans."""
OF_CLOUDEVENTS: Final = "ce_"
"""CloudEvents' extension for tracing carries the same under its own prefix."""
_W3C: Final = TraceContextTextMapPropagator()

Stages = Callable[[str], AbstractContextManager[object]]
"""Opens a span for one stage of the work on an event."""


class Tracing:
    """The spans of one service; nothing global, so that services of one process keep apart."""

    def __init__(self, service: str, exporter: SpanExporter | None = None) -> None:
        name = {"service.name": f"preferstream-{service}"}
        self._provider = TracerProvider(resource=Resource.create(name), shutdown_on_exit=False)
        if exporter is not None:
            # In batches, on a thread of its own: a collector that is away delays nothing.
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("preferstream")

    @contextmanager
    def processing(self, record: Record) -> Iterator[Span]:
        """The work on one record, as a child of whoever sent it."""
        with self._tracer.start_as_current_span(
            f"process {record.topic}",
            context=_W3C.extract(_carried(record.headers)),
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.destination.name": record.topic,
                "messaging.destination.partition.id": str(record.partition),
                "messaging.kafka.offset": record.offset,
            },
        ) as span:
            yield span

    @contextmanager
    def answering(self, what: str, carried: Mapping[str, str]) -> Iterator[None]:
        """The work on one HTTP request, as a child of whoever sent its headers."""
        context = _W3C.extract(dict(carried))
        with self._tracer.start_as_current_span(what, context=context, kind=SpanKind.SERVER):
            yield

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A part of the work on the current event."""
        with self._tracer.start_as_current_span(name):
            yield

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


@contextmanager
def untraced(_: str) -> Iterator[None]:
    """A stage that nobody follows."""
    yield


def with_trace(record: Outgoing) -> Outgoing:
    """The record with the context of the current span, if there is one and it has none yet."""
    if any(name == PARENT for name, _ in record.headers):
        return record
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    added = tuple((name, value.encode()) for name, value in carrier.items())
    return Outgoing(record.topic, record.key, record.value, record.headers + added)


def describe_current(**attributes: str) -> None:
    """Say more of the work that goes on now."""
    trace.get_current_span().set_attributes(
        {f"preferstream.{name}": value for name, value in attributes.items()}
    )


def failed(why: str) -> None:
    """Mark the work that goes on now as failed."""
    trace.get_current_span().set_status(Status(StatusCode.ERROR, why))


def current_ids() -> tuple[str, str] | None:
    """Trace id and span id of what goes on now, in hexadecimal; None outside of any span."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)


def traced(service: str, endpoint: str | None) -> Tracing:
    """The tracing of a service, which sends its spans where an endpoint is named."""
    return Tracing(service, otlp(endpoint) if endpoint else None)


def otlp(endpoint: str) -> SpanExporter:
    """Sends spans to an OpenTelemetry collector over HTTP."""
    # Imported here: a quarter of a second, for those who export.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)


def _carried(headers: Sequence[Header]) -> dict[str, str]:
    """The context among a record's headers; one that is no text is none."""
    found: dict[str, str] = {}
    for name, value in headers:
        plain = name.lower().removeprefix(OF_CLOUDEVENTS)
        if plain in (PARENT, STATE) and value is not None:
            found.setdefault(plain, value.decode("ascii", "replace"))
    return found
