"""Log the services to a file, and only important messages to the terminal."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from shared.observability.logs import TEXT, AddIds, silence_client_logs

FILE = "services.log"
MAX_BYTES = 10 * 1024 * 1024
ONLY_IN_FILE = ("aiokafka", "kafka", "faststream", "shared.messaging.broker")
"""Loggers that warn of every retry while Kafka elects its coordinators."""


def log_to(data_dir: Path) -> None:
    """Log at INFO to `services.log` in the data folder, and our own warnings to stderr."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(data_dir / FILE, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8")
    file.setFormatter(logging.Formatter(TEXT))
    file.addFilter(AddIds())
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    terminal.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    terminal.addFilter(lambda record: not record.name.startswith(ONLY_IN_FILE))
    logging.basicConfig(level=logging.INFO, handlers=[file, terminal])
    silence_client_logs()
