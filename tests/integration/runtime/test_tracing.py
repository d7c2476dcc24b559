"""Spans are exported to an OpenTelemetry collector; an unreachable one does not block a service."""

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared.events.wire.record import Record
from shared.observability.tracing import EXPORT_SECONDS, Tracing, otlp

RECORD = Record("image.candidates.v1", 0, 4, 0, b"u", b"{}")


class Collector(HTTPServer):
    """Receives OTLP over HTTP and keeps the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, ExportTraceServiceRequest]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.received.append((self.path, ExportTraceServiceRequest.FromString(body)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_collector_gets_the_spans_of_an_event(collector: Collector) -> None:
    tracing = Tracing("assessor", otlp(f"http://127.0.0.1:{collector.server_port}/"))
    with tracing.processing(RECORD), tracing.stage("score"):
        pass
    tracing.close()
    ((path, request),) = collector.received
    assert path == "/v1/traces"
    (exported,) = request.resource_spans
    attributes = {a.key: a.value.string_value for a in exported.resource.attributes}
    assert attributes["service.name"] == "preferstream-assessor"
    spans = {span.name: span for scope in exported.scope_spans for span in scope.spans}
    assert spans["score"].parent_span_id == spans["process image.candidates.v1"].span_id


def test_an_unreachable_collector_delays_the_stop_only_by_its_time_limit() -> None:
    tracing = Tracing("assessor", otlp("http://127.0.0.1:9"))
    with tracing.processing(RECORD):
        pass
    started_at = time.monotonic()
    tracing.close()
    assert time.monotonic() - started_at < 4 * EXPORT_SECONDS
