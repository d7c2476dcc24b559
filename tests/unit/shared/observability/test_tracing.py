"""A trace continues from the headers of a record to the records that its processing sends."""

from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

from shared.domain.errors import Unprocessable
from shared.events.wire.record import Header, Outgoing, Record
from shared.observability.tracing import PARENT, Tracing, current_ids, mark_failed, with_trace

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT_SPAN = "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{PARENT_SPAN}-01".encode()


def record(*headers: Header) -> Record:
    return Record("feedback.v1", 3, 7, 0, b"u", b"{}", headers)


def trace_of(outgoing: Outgoing) -> str:
    (value,) = (v for k, v in outgoing.headers if k == PARENT and v)
    return value.decode().split("-")[1]


class InMemoryExporter(SpanExporter):
    """An exporter that keeps the spans in memory."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def export(self, spans: Any) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


@pytest.mark.parametrize("name", ["traceparent", "Traceparent", "ce_traceparent"])
def test_processing_a_record_continues_its_trace(name: str) -> None:
    with Tracing("tested").processing(record((name, HEADER))):
        sent = with_trace(Outgoing("feed.ranked.v1", b"u", b"{}"))
        ids = current_ids()
    assert ids is not None
    assert ids[0] == TRACE
    assert trace_of(sent) == TRACE
    assert PARENT_SPAN.encode() not in (dict(sent.headers)[PARENT] or b"")


@pytest.mark.parametrize("bad", [None, b"", b"\xff\xfe", b"00-0-0-00", b"hello", HEADER * 40])
def test_an_invalid_trace_header_starts_a_new_trace(bad: bytes | None) -> None:
    with Tracing("tested").processing(record((PARENT, bad))):
        ids = current_ids()
    assert ids is not None
    assert ids[0] not in (TRACE, "0" * 32)


def test_outside_of_a_span_no_trace_header_is_added() -> None:
    sent = Outgoing("feed.ranked.v1", b"u", b"{}", (("ce_id", b"1"),))
    assert current_ids() is None
    assert with_trace(sent) == sent


def test_a_record_with_a_trace_header_keeps_it() -> None:
    sent = Outgoing("feed.ranked.v1", b"u", b"{}", ((PARENT, HEADER),))
    with Tracing("tested").processing(record()):
        assert with_trace(sent) == sent


def test_spans_have_a_parent_attributes_and_a_status() -> None:
    exporter = InMemoryExporter()
    tracing = Tracing("tested", exporter)
    with tracing.processing(record((PARENT, HEADER))), tracing.stage("score"):
        pass
    with tracing.processing(record()):
        mark_failed("not_json")
    with pytest.raises(Unprocessable), tracing.processing(record()), tracing.stage("images"):
        raise Unprocessable("bad", "worse")
    tracing.close()
    score, work, bad, images, broken = exporter.spans
    assert score.parent.span_id == work.context.span_id
    assert work.name == "process feedback.v1"
    assert work.attributes["messaging.kafka.offset"] == 7
    assert work.resource.attributes["service.name"] == "preferstream-tested"
    for span in (bad, images, broken):
        assert span.status.status_code is StatusCode.ERROR


def test_spans_of_two_services_in_one_process_stay_separate() -> None:
    first_exporter, second_exporter = InMemoryExporter(), InMemoryExporter()
    first, second = Tracing("first", first_exporter), Tracing("second", second_exporter)
    with first.processing(record()):
        pass
    first.close()
    second.close()
    assert len(first_exporter.spans) == 1
    assert not second_exporter.spans
