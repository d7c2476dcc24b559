"""Watch the free space of the data folder: warn once when it gets low, stop before it is full.

Kafka ends at once when a write fails, and may leave an index that it must rebuild. A stop with some
space left closes every file cleanly.
"""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from services.local.config import LocalSettings
from shared.files.writable_folder import unwritable_because

log = logging.getLogger(__name__)
MEGABYTE = 2**20


@dataclass(frozen=True)
class DiskState:
    """What to report about a disk; both None when there is enough space."""

    warning: str | None = None
    stop_because: str | None = None


def disk_state(folder: Path, *, free_bytes: int, settings: LocalSettings) -> DiskState:
    """Compare the free bytes with the limits of the settings."""
    free = free_bytes // MEGABYTE
    if free < settings.disk_stop_megabytes:
        return DiskState(
            stop_because=f"the disk of {folder} is full: {free} MB are free, and the system stops"
            f" below {settings.disk_stop_megabytes} MB (PREFERSTREAM_DISK_STOP_MEGABYTES). Free"
            " some space and start again: no acknowledged event is lost"
        )
    if free < settings.disk_warning_megabytes:
        return DiskState(
            warning=f"the disk of {folder} gets full: {free} MB are free. The system stops below"
            f" {settings.disk_stop_megabytes} MB; free some space"
        )
    return DiskState()


class DiskWatch:
    """Checks the disk again and again; logs a warning once, until there is enough space again."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._folder = settings.data_dir.absolute()
        self._warned = False

    def stop_because(self) -> str | None:
        """Why the system must stop now, or None; blocks for one small write.

        The write detects what the number of free bytes does not show: a quota, and a disk that
        the system has made read-only after an error.
        """
        problem = unwritable_because(self._folder)
        if problem is not None:
            return f"{problem}. Then start again: no acknowledged event is lost"
        state = disk_state(
            self._folder,
            free_bytes=shutil.disk_usage(self._folder).free,
            settings=self._settings,
        )
        if state.warning and not self._warned:
            log.warning("%s", state.warning)
        self._warned = state.warning is not None
        return state.stop_because
