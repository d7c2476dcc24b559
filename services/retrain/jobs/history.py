"""Export the latest outcomes from the history of jobs as metrics, whichever process ran them.

The counters of this process miss the jobs of a CronJob, and the jobs from before a restart.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.retrain.jobs.finalization import HISTORY
from shared.jobs.result_codes import INCONCLUSIVE

MAX_BYTES: Final = 256 * 1024
"""Size of the end of the file that is read: a line has about 1 KB, so that it holds months."""


class JobHistory(Collector):
    """Reads the history at each scrape; a missing file or a torn line adds nothing."""

    def __init__(self, models_dir: Path, registry: CollectorRegistry) -> None:
        self._file = models_dir / HISTORY
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The metrics without samples, which the registry needs at registration."""
        return _metrics([])

    def collect(self) -> Iterator[Metric]:
        """The metrics of the latest outcomes."""
        return _metrics(_latest(self._file))


def _metrics(outcomes: list[dict[str, Any]]) -> Iterator[Metric]:
    ended = GaugeMetricFamily(
        "preferstream_training_job_latest_timestamp_seconds",
        "Time at which the latest training job of each verdict ended, seconds since the epoch",
        labels=["verdict"],
    )
    latest: dict[str, float] = {}
    for outcome in outcomes:
        latest[str(outcome["verdict"])] = datetime.fromisoformat(outcome["ended_at"]).timestamp()
    for verdict, at in sorted(latest.items()):
        ended.add_metric([verdict], at)
    info = GaugeMetricFamily(
        "preferstream_training_job_latest_info",
        "1 for the verdict of the latest training job and the code of its reason",
        labels=["verdict", "code"],
    )
    if outcomes:
        info.add_metric([str(outcomes[-1]["verdict"]), _code(outcomes[-1])], 1)
    inconclusive = GaugeMetricFamily(
        "preferstream_consecutive_inconclusive_jobs",
        "Latest training jobs in a row without a verdict; 0 after a job with a verdict",
        value=_consecutive_inconclusive(outcomes),
    )
    yield from (ended, info, inconclusive)


def _consecutive_inconclusive(outcomes: list[dict[str, Any]]) -> int:
    """Number of latest jobs in a row that failed or ran out of time."""
    count = 0
    for outcome in reversed(outcomes):
        if _code(outcome) not in INCONCLUSIVE:
            break
        count += 1
    return count


def _code(outcome: dict[str, Any]) -> str:
    return str(outcome.get("code") or outcome["verdict"])


def _latest(file: Path) -> list[dict[str, Any]]:
    try:
        with file.open("rb") as stream:
            stream.seek(max(file.stat().st_size - MAX_BYTES, 0))
            lines = stream.read().splitlines()
    except OSError:
        return []
    return [outcome for line in lines if (outcome := _read(line)) is not None]


def _read(line: bytes) -> dict[str, Any] | None:
    """One outcome; None for a line that is torn, or cut at its beginning."""
    try:
        outcome = json.loads(line)
        datetime.fromisoformat(outcome["ended_at"])
        return outcome if isinstance(outcome["verdict"], str) else None
    except (ValueError, KeyError, TypeError):
        return None
