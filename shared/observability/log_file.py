"""Write logs to a file that is rotated, and stay quiet while the disk is full.

The standard handler prints a traceback for each message that it cannot write, thousands of lines a
minute on a full disk.
"""

import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from shared.files.write_errors import describe

MAX_BYTES: Final = 10 * 1024 * 1024
REPORT_SECONDS: Final = 600.0
"""Time between two reports of the same problem."""


class LogFile(RotatingFileHandler):
    """Messages that cannot be written are counted; the count is written when writing works again.

    The first one is reported on standard error, and then at most one every ten minutes.
    """

    def __init__(
        self,
        file: Path,
        *,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(file, maxBytes=max_bytes, backupCount=1, encoding="utf-8")
        self._clock = clock
        self._lost = 0
        self._reported: float | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message; an error of the disk loses it, and nothing is raised."""
        lost = self._lost
        super().emit(record)
        if lost and lost == self._lost:
            self._lost = 0
            super().emit(_note(f"{lost} log messages before this line could not be written"))

    def handleError(self, record: logging.LogRecord) -> None:
        """Count and report an error of the disk; others are bugs, which logging prints."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self._lost += 1
        # A stream that failed keeps a part of the message, and may be closed: open a new one.
        stream, self.stream = self.stream, None  # opened on next use
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.close()
        now = self._clock()
        if self._reported is None or now - self._reported >= REPORT_SECONDS:
            self._reported = now
            with suppress(OSError, ValueError):
                print(
                    f"logs are not written while this lasts: {self.baseFilename}:"
                    f" {describe(error)}",
                    file=sys.stderr,
                )


def _note(text: str) -> logging.LogRecord:
    """A message of this module, with the fields that `AddIds` adds to others."""
    fields = {"name": __name__, "levelname": "WARNING", "levelno": logging.WARNING, "msg": text}
    return logging.makeLogRecord({**fields, "ids": {}, "id_suffix": ""})
