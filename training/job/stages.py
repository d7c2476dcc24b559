"""Remember which stages of a night are done, and how much of its time is spent."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from shared.jobs.training_job import JobStep

SPENT: Final = "spent.json"
WRITTEN_EVERY_SECONDS: Final = 5.0
"""At most this much of a killed night's time is forgotten."""
Say = Callable[[JobStep], None]


class OutOfTime(Exception):
    """The budget does not hold what is left to do; the text says how much it would take."""


class Budget:
    """Seconds of wall-clock time, counted by a clock that never jumps, over all resumptions."""

    def __init__(
        self, folder: Path, *, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._file = folder / SPENT
        self._seconds = seconds
        self._clock = clock
        self._before = _number(self._file)
        self._began = self._written = clock()

    @property
    def spent(self) -> float:
        return self._before + self._clock() - self._began

    @property
    def left(self) -> float:
        return max(0.0, self._seconds - self.spent)

    def keep(self, *, now: bool = False) -> None:
        """Write down what is spent, every few seconds."""
        if now or self._clock() - self._written >= WRITTEN_EVERY_SECONDS:
            self._written = self._clock()
            atomic_write(self._file, json.dumps({"seconds": round(self.spent, 1)}))


@dataclass(frozen=True)
class Stages:
    """The stages of one night's folder: each has a marker, written when all else of it is there."""

    folder: Path
    budget: Budget
    say: Say

    def once(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What the stage left, from its marker if it is done, else from doing it now."""
        marker = self.folder / f"{name}.done.json"
        try:
            told: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            begun = self.budget.spent
            told = work()
            told["seconds"] = round(self.budget.spent - begun, 1)
            atomic_write(marker, json.dumps(told, ensure_ascii=False, indent=1))
            self.budget.keep(now=True)
        else:
            self.tell(name, "was done before")
        return told

    def tell(self, stage: str, text: str, *, seconds_left: float | None = None) -> None:
        """One line of progress."""
        self.budget.keep()
        self.say(
            JobStep(
                stage=stage,
                text=text,
                seconds_spent=round(self.budget.spent, 1),
                seconds_left=None if seconds_left is None else round(seconds_left, 1),
            )
        )

    def seconds(self) -> dict[str, float]:
        """Of each stage that is done."""
        found = {}
        for marker in sorted(self.folder.glob("*.done.json")):
            told = json.loads(marker.read_text(encoding="utf-8"))
            found[marker.name.removesuffix(".done.json")] = float(told["seconds"])
        return found


def _number(file: Path) -> float:
    try:
        return float(json.loads(file.read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
