"""Write what the services say to a file, and to the terminal only what a person should see."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from shared.observability.logs import TEXT, WithIds, quieten

FILE = "services.log"
MOST_BYTES = 10 * 1024 * 1024
CHATTY = ("aiokafka", "kafka", "faststream", "shared.messaging.broker")
"""They warn of every retry while Kafka elects its coordinators; the file keeps it."""


def log_to(data_dir: Path) -> None:
    """Log at INFO to `services.log` in the data folder, warnings of our own to stderr."""
    data_dir.mkdir(parents=True, exist_ok=True)
    written = RotatingFileHandler(
        data_dir / FILE, maxBytes=MOST_BYTES, backupCount=1, encoding="utf-8"
    )
    written.setFormatter(logging.Formatter(TEXT))
    written.addFilter(WithIds())
    shown = logging.StreamHandler(sys.stderr)
    shown.setLevel(logging.WARNING)
    shown.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    shown.addFilter(lambda record: not record.name.startswith(CHATTY))
    logging.basicConfig(level=logging.INFO, handlers=[written, shown])
    quieten()
