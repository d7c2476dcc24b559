"""Log the services to a file, and only important messages to the terminal."""

import asyncio
import logging
import sys
from pathlib import Path

from shared.observability.log_file import LogFile
from shared.observability.logs import TEXT, AddIds, silence_client_logs

FILE = "services.log"
ONLY_IN_FILE = ("aiokafka", "kafka", "faststream", "shared.messaging.broker")
"""Loggers that warn of every retry while Kafka elects its coordinators."""


def log_to(data_dir: Path) -> None:
    """Log at INFO to `services.log` in the data folder, and our own warnings to stderr.

    The folder must exist; raises OSError when the file cannot be opened.
    """
    file = LogFile(data_dir / FILE)
    file.setFormatter(logging.Formatter(TEXT))
    file.addFilter(AddIds())
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    terminal.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    terminal.addFilter(_is_for_the_terminal)
    logging.basicConfig(level=logging.INFO, handlers=[file, terminal])
    silence_client_logs()


def _is_for_the_terminal(record: logging.LogRecord) -> bool:
    """Leave out what says nothing to the user: retries, and what a stop has interrupted."""
    interrupted = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
    # aiokafka reports a client that a stop without Kafka has left open.
    unclosed = record.name == "asyncio" and record.getMessage().startswith("Unclosed AIOKafka")
    return not (record.name.startswith(ONLY_IN_FILE) or interrupted or unclosed)
