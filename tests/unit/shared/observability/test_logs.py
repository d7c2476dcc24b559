"""Logs are text on a terminal and JSON elsewhere; both can be searched by an id."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from shared.events.wire.record import Record
from shared.observability.logs import handler_for, log_context
from shared.observability.tracing import Tracing

TRACE = "0af7651916cd43dd8448eb211c80319c"
RECORD = Record(
    "feedback.v1",
    0,
    0,
    0,
    None,
    b"",
    (("traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode()),),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("tested.logs")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    yield logger
    logger.handlers.clear()
    logger.propagate = True


def _lines(log: logging.Logger, stream: io.StringIO) -> list[str]:
    log.addHandler(handler_for(stream))
    with Tracing("tested").processing(RECORD), log_context(request_id="r-1"):
        log.info('a "quoted"\nline, %s', "Grüße")
    try:
        raise ValueError("why")
    except ValueError:
        log.exception("outside")
    return stream.getvalue().splitlines()


def test_without_a_terminal_each_line_is_one_json_object(log: logging.Logger) -> None:
    first, second = map(json.loads, _lines(log, io.StringIO()))
    assert first["message"] == 'a "quoted"\nline, Grüße'
    assert first["level"] == "info"
    assert first["logger"] == "tested.logs"
    assert first["trace_id"] == TRACE
    assert first["request_id"] == "r-1"
    assert first["time"].endswith("+00:00")
    assert "trace_id" not in second
    assert "request_id" not in second
    assert "ValueError: why" in second["exception"]


def test_on_a_terminal_a_text_line_shows_the_request_and_the_trace(log: logging.Logger) -> None:
    text = "\n".join(_lines(log, Terminal()))
    assert f"[request_id=r-1 trace_id={TRACE}]" in text
    assert not text.startswith("{")
    assert "INFO tested.logs" in text


def test_ids_are_logged_only_inside_their_block(log: logging.Logger) -> None:
    stream = io.StringIO()
    log.addHandler(handler_for(stream))
    with log_context(source="feedback.v1/0/1"):
        with log_context(request_id="r-2"):
            log.info("inner")
        log.info("outer")
    inner, outer = map(json.loads, stream.getvalue().splitlines())
    assert inner["source"] == outer["source"] == "feedback.v1/0/1"
    assert "request_id" not in outer
