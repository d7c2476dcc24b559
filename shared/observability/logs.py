"""Write logs for whoever reads them: lines for a person, JSON for a machine, ids for both."""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from shared.observability.tracing import current_ids

TEXT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s%(told)s"
CHATTY: Final = ("kafka", "aiokafka")
"""Kafka's clients tell at INFO of every connection they open, which the watch does all day."""
_about: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039  # it is copied, never changed


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """Every line of this block says these ids: which record, which request."""
    token = _about.set({**_about.get(), **ids})
    try:
        yield
    finally:
        _about.reset(token)


class WithIds(logging.Filter):
    """Gives each line the ids of what goes on: trace, span, and those of `about`."""

    def filter(self, record: logging.LogRecord) -> bool:
        ids = dict(_about.get())
        traced = current_ids()
        if traced is not None:
            ids |= {"trace_id": traced[0], "span_id": traced[1]}
        record.ids = ids
        # A person wants what to search for, not everything.
        shown = {k: v for k, v in ids.items() if k in ("request_id", "trace_id")}
        record.told = f" [{' '.join(f'{k}={v}' for k, v in shown.items())}]" if shown else ""
        return True


class AsJson(logging.Formatter):
    """One object a line, whatever the message holds."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "ids", {}),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


def handler_for(stream: TextIO) -> logging.Handler:
    """Text on a terminal, JSON anywhere else."""
    made = logging.StreamHandler(stream)
    made.setFormatter(logging.Formatter(TEXT) if stream.isatty() else AsJson())
    made.addFilter(WithIds())
    return made


def log_to_stderr() -> None:
    """Log at INFO, as a service in a process of its own does."""
    logging.basicConfig(level=logging.INFO, handlers=[handler_for(sys.stderr)])
    quieten()


def quieten() -> None:
    """Hear of Kafka's clients what is wrong, not what they do."""
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
