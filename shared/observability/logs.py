"""Write logs: text lines on a terminal, JSON elsewhere, with trace and request ids."""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from shared.observability.tracing import current_ids

TEXT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s%(id_suffix)s"
NOISY_LOGGERS: Final = ("kafka", "aiokafka")
"""Kafka's clients log every connection at INFO, and the monitor opens connections all the time."""
_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default={})  # noqa: B039  # copied, never changed


@contextmanager
def log_context(**ids: str) -> Iterator[None]:
    """Add these ids, for example of a record or a request, to every log line of the block."""
    token = _context.set({**_context.get(), **ids})
    try:
        yield
    finally:
        _context.reset(token)


class AddIds(logging.Filter):
    """Add ids to each log record: trace, span, and those of `log_context`."""

    def filter(self, record: logging.LogRecord) -> bool:
        ids = dict(_context.get())
        trace_and_span = current_ids()
        if trace_and_span is not None:
            ids |= {"trace_id": trace_and_span[0], "span_id": trace_and_span[1]}
        record.ids = ids
        # A text line shows only the ids that a reader searches for.
        shown = {k: v for k, v in ids.items() if k in ("request_id", "trace_id")}
        pairs = " ".join(f"{name}={value}" for name, value in shown.items())
        record.id_suffix = f" [{pairs}]" if shown else ""
        return True


class JsonFormatter(logging.Formatter):
    """Format each log record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "ids", {}),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)


def handler_for(stream: TextIO) -> logging.Handler:
    """A handler that writes text on a terminal and JSON anywhere else."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(TEXT) if stream.isatty() else JsonFormatter())
    handler.addFilter(AddIds())
    return handler


def log_to_stderr() -> None:
    """Log at INFO to standard error, as a service in its own process does."""
    logging.basicConfig(level=logging.INFO, handlers=[handler_for(sys.stderr)])
    silence_client_logs()


def silence_client_logs() -> None:
    """Show only warnings and errors of Kafka's clients."""
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
