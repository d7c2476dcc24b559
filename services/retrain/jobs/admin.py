"""Show training jobs to an operator: the schedule, the progress of a job, all outcomes."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast, get_args
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from services.retrain.jobs.folders import END, NAME, RESUMABLE_FOR
from services.retrain.jobs.settings import NEVER, JobSettings
from services.retrain.jobs.training_curves import Curves, read_curves
from services.retrain.nightly.daily_trigger import DailyTime
from shared.domain.clock import Clock
from shared.jobs.opening_sentence import opening_sentence
from shared.jobs.result_codes import MEANINGS, JobCode, JobVerdict
from shared.jobs.training_job import REQUEST, TrainingJobRequest

DONE: Final = ".done.json"
DATA_REPORT: Final = "dataset/report.json"
ACTIVE_WITHIN: Final = timedelta(seconds=60)
"""A running job writes a file every five seconds; one that has not for so long does not run."""


@dataclass(frozen=True)
class JobSummary:
    """One training job."""

    name: str
    requested_at: datetime
    minutes: float
    """Its budget."""
    spent_seconds: float
    champion: str
    stages: Mapping[str, float]
    """Seconds of each finished stage, in order."""
    verdict: str
    """A `JobVerdict`; before its end `running`, `paused` (resumed later) or `abandoned`."""
    reason: str
    version: str
    opening: str = ""
    """One sentence on the outcome for an operator; empty before the end."""


@dataclass(frozen=True)
class JobList:
    """The schedule, and all jobs, newest first."""

    next_at: datetime | None
    """None when nightly training is switched off."""
    minutes: float
    jobs: Sequence[JobSummary]


class JobAdmin:
    """Reads the folders of the jobs only; a broken folder is left out."""

    def __init__(self, settings: JobSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def jobs(self) -> JobList:
        """The schedule and all jobs."""
        return await asyncio.to_thread(self._read)

    async def data_report(self, name: str) -> dict[str, Any] | None:
        """The report on the job's dataset; None where none was built."""
        if not NAME.fullmatch(name):
            return None
        return await asyncio.to_thread(_json, self._settings.jobs_dir / name / DATA_REPORT)

    async def curves(self, name: str) -> Curves:
        """The training curves, also while the job runs; empty before the first step."""
        if not NAME.fullmatch(name):
            return {}
        return await asyncio.to_thread(read_curves, self._settings.jobs_dir / name)

    def _read(self) -> JobList:
        now = self._clock()
        files = self._settings.jobs_dir.glob(f"*/{REQUEST}")
        summaries = [job for file in files if (job := _summary(file.parent, now)) is not None]
        return JobList(
            next_at=next_job_at(self._settings, now),
            minutes=self._settings.training_minutes,
            jobs=sorted(summaries, key=lambda job: job.requested_at, reverse=True),
        )


def next_job_at(settings: JobSettings, now: datetime) -> datetime | None:
    """The start of the next nightly job, in `now`'s zone."""
    if settings.night_at == NEVER:
        return None
    daily = DailyTime.parse(settings.night_at, ZoneInfo(settings.night_timezone))
    return daily.next_after(now).astimezone(now.tzinfo)


def _summary(folder: Path, now: datetime) -> JobSummary | None:
    try:
        text = (folder / REQUEST).read_text(encoding="utf-8")
        request = TrainingJobRequest.model_validate_json(text)
    except (OSError, ValidationError):
        return None
    spent = _json(folder / "spent.json") or {}
    end = _json(folder / END)
    markers = [(file, _json(file) or {}) for file in folder.glob(f"*{DONE}")]
    markers.sort(key=lambda marker: _written_at(marker[0]))
    return JobSummary(
        name=folder.name,
        requested_at=request.requested_at,
        minutes=request.minutes,
        spent_seconds=float(spent.get("seconds", 0.0)),
        champion=request.champion.version,
        stages={
            file.name.removesuffix(DONE): float(result.get("seconds", 0.0))
            for file, result in markers
        },
        verdict=str(end["verdict"]) if end else _state(folder, request, now),
        reason=str(end.get("reason", "")) if end else "",
        version=str(end.get("version", "")) if end else "",
        opening=_opening(end) if end else "",
    )


def _opening(end: Mapping[str, Any]) -> str:
    """The recorded sentence, or one for an older record; empty for an unknown verdict or code."""
    if recorded := str(end.get("opening", "")):
        return recorded
    verdict, code = str(end.get("verdict", "")), str(end.get("code", ""))
    if verdict not in get_args(JobVerdict) or code not in MEANINGS:
        return ""
    version = str(end.get("version", ""))
    return opening_sentence(cast(JobVerdict, verdict), cast(JobCode, code), version=version)


def _state(folder: Path, request: TrainingJobRequest, now: datetime) -> str:
    latest = max((_written_at(file) for file in folder.iterdir()), default=0.0)
    # Also a time in the future is old where the clock was set back since the file was written.
    if abs(now.timestamp() - latest) < ACTIVE_WITHIN.total_seconds():
        return "running"
    return "paused" if now - request.requested_at <= RESUMABLE_FOR else "abandoned"


def _written_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _json(file: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
