"""Let an operator see the nights: when the next is due, how far one is, what came of each."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from services.retrain.jobs.folders import END, GOES_ON_FOR, NAME
from services.retrain.jobs.settings import NightSettings
from services.retrain.jobs.training_curves import Curves, read_curves
from shared.domain.clock import Clock
from shared.jobs.training_job import REQUEST, TrainingJobRequest

NEVER: Final = "never"
DONE: Final = ".done.json"
DATA_REPORT: Final = "dataset/report.json"
LATELY: Final = timedelta(seconds=60)
"""A night writes down what it has spent every five seconds; one that has not for so long rests."""


@dataclass(frozen=True)
class NightLine:
    """One night."""

    name: str
    asked_at: datetime
    minutes: float
    """Its budget."""
    spent_seconds: float
    champion: str
    stages: Mapping[str, float]
    """Seconds of each stage that is done, in their order."""
    verdict: str
    """`promoted`, `tried_out` or `kept`; `running`, `resting` or `given_up` before its end."""
    reason: str
    version: str


@dataclass(frozen=True)
class Nights:
    """The schedule, and the nights there are, the newest first."""

    next_at: datetime | None
    """None when none is scheduled."""
    minutes: float
    nights: Sequence[NightLine]


class NightDesk:
    """Reads the folders of the nights, and nothing else; what is broken there is left out."""

    def __init__(self, settings: NightSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def nights(self) -> Nights:
        return await asyncio.to_thread(self._read)

    async def data_report(self, name: str) -> dict[str, Any] | None:
        """What the night's dataset held; None where none was built."""
        if not NAME.fullmatch(name):
            return None
        return await asyncio.to_thread(_json, self._settings.nights / name / DATA_REPORT)

    async def curves(self, name: str) -> Curves:
        """How far its trainings have learned, also while they run; empty before the first step."""
        if not NAME.fullmatch(name):
            return {}
        return await asyncio.to_thread(read_curves, self._settings.nights / name)

    def _read(self) -> Nights:
        now = self._clock()
        files = self._settings.nights.glob(f"*/{REQUEST}")
        found = [line for file in files if (line := _line(file.parent, now)) is not None]
        return Nights(
            next_at=next_night(self._settings, now),
            minutes=self._settings.night_minutes,
            nights=sorted(found, key=lambda line: line.asked_at, reverse=True),
        )


def next_night(settings: NightSettings, now: datetime) -> datetime | None:
    """When the next night is due, in `now`'s zone."""
    if settings.night_at == NEVER:
        return None
    hour, minute = map(int, settings.night_at.split(":"))
    there = now.astimezone(ZoneInfo(settings.night_zone))
    due = there.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (due if due > there else due + timedelta(days=1)).astimezone(now.tzinfo)


def _line(folder: Path, now: datetime) -> NightLine | None:
    try:
        text = (folder / REQUEST).read_text(encoding="utf-8")
        request = TrainingJobRequest.model_validate_json(text)
    except (OSError, ValidationError):
        return None
    spent = _json(folder / "spent.json") or {}
    end = _json(folder / END)
    markers = [(file, _json(file) or {}) for file in folder.glob(f"*{DONE}")]
    markers.sort(key=lambda one: _written_at(one[0]))
    return NightLine(
        name=folder.name,
        asked_at=request.asked_at,
        minutes=request.minutes,
        spent_seconds=float(spent.get("seconds", 0.0)),
        champion=request.champion.version,
        stages={
            file.name.removesuffix(DONE): float(told.get("seconds", 0.0)) for file, told in markers
        },
        verdict=str(end["verdict"]) if end else _state(folder, request, now),
        reason=str(end.get("reason", "")) if end else "",
        version=str(end.get("version", "")) if end else "",
    )


def _state(folder: Path, request: TrainingJobRequest, now: datetime) -> str:
    latest = max((_written_at(file) for file in folder.iterdir()), default=0.0)
    if now.timestamp() - latest < LATELY.total_seconds():
        return "running"
    return "resting" if now - request.asked_at <= GOES_ON_FOR else "given_up"


def _written_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _json(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
