"""Record which stages of a training job are done, and how much of its budget is spent."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from shared.jobs.training_job import JobStep

SPENT: Final = "spent.json"
WRITE_SECONDS: Final = 5.0
"""At most so many seconds of a killed job are not counted."""
Say = Callable[[JobStep], None]
"""Called with each line of progress."""


class Budget:
    """Seconds of wall-clock time on a monotonic clock, over all resumptions of a job."""

    def __init__(
        self, folder: Path, *, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._file = folder / SPENT
        self._seconds = seconds
        self._clock = clock
        self._before = _read_seconds(self._file)
        self._start = self._written = clock()

    @property
    def spent(self) -> float:
        return self._before + self._clock() - self._start

    @property
    def left(self) -> float:
        return max(0.0, self._seconds - self.spent)

    def save(self, *, now: bool = False) -> None:
        """Write the spent seconds, at most every `WRITE_SECONDS` unless `now`."""
        if now or self._clock() - self._written >= WRITE_SECONDS:
            self._written = self._clock()
            atomic_write(self._file, json.dumps({"seconds": round(self.spent, 1)}))


@dataclass(frozen=True)
class Stages:
    """The stages of one job's folder: each has a marker file, which is written last."""

    folder: Path
    budget: Budget
    say: Say

    def once(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result of a stage: from its marker if it is done, else from `work`."""
        marker = self.folder / f"{name}.done.json"
        try:
            result: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            start = self.budget.spent
            result = work()
            result["seconds"] = round(self.budget.spent - start, 1)
            atomic_write(marker, json.dumps(result, ensure_ascii=False, indent=1))
            self.budget.save(now=True)
        else:
            self.report(name, "was done before")
        return result

    def report(self, stage: str, text: str, *, seconds_left: float | None = None) -> None:
        """Pass on one line of progress."""
        self.budget.save()
        self.say(
            JobStep(
                stage=stage,
                text=text,
                seconds_spent=round(self.budget.spent, 1),
                seconds_left=None if seconds_left is None else round(seconds_left, 1),
            )
        )

    def seconds(self) -> dict[str, float]:
        """Seconds of each stage that is done."""
        by_stage = {}
        for marker in sorted(self.folder.glob("*.done.json")):
            result = json.loads(marker.read_text(encoding="utf-8"))
            by_stage[marker.name.removesuffix(".done.json")] = float(result["seconds"])
        return by_stage


def _read_seconds(file: Path) -> float:
    try:
        return float(json.loads(file.read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
