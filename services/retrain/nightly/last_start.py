"""Store up to which time all nightly starts were handled, so that a restart misses none."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from services.retrain.jobs.schedule import FAR_AHEAD, LATE_FOR
from services.retrain.nightly.daily_trigger import DailyTime
from shared.files.atomic_write import atomic_write

log = logging.getLogger(__name__)
FILE: Final = "nightly.json"
FIELD: Final = "handled_until"


class LastStart:
    """A file in the folder of the training jobs; without a readable file no start was missed."""

    def __init__(self, jobs_dir: Path, daily: DailyTime) -> None:
        self._file = jobs_dir / FILE
        self._daily = daily

    def begin(self, now: datetime) -> datetime:
        """The time up to which all starts were handled; stores `now` if there is none yet."""
        stored = self._read()
        if stored is None or stored - now > FAR_AHEAD:
            # From a clock that was far ahead: it would prevent all starts until then.
            self.store(now)
            return now
        return stored

    def is_missed(self, now: datetime) -> bool:
        """Whether the latest start was not handled, and can still be."""
        due = self._daily.start_of(self._daily.day_of(now)).astimezone(UTC)
        return self.begin(now) < due <= now and now - due <= LATE_FOR

    def store(self, now: datetime) -> None:
        """All starts up to `now` are handled."""
        text = json.dumps({FIELD: now.astimezone(UTC).isoformat()})
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._file, text)
        except OSError as error:
            log.warning("%s: %s; a restart may miss a nightly job", self._file, error)

    def _read(self) -> datetime | None:
        try:
            stored = datetime.fromisoformat(json.loads(self._file.read_text("utf-8"))[FIELD])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return stored if stored.tzinfo else None
