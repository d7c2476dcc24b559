"""Tell of the latest nights from their log beside the versions, whoever ran them.

A night of a CronJob, or one before a restart, is in no counter of this process.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.retrain.jobs.finalization import NIGHTS
from shared.jobs.result_codes import INCONCLUSIVE

LATEST_BYTES: Final = 256 * 1024
"""The end of the log that is read: a line has about 1 KB, so that it holds months of nights."""


class NightLog(Collector):
    """Read at each scrape; a log that is not there, or a line that is torn, tells nothing."""

    def __init__(self, models: Path, registry: CollectorRegistry) -> None:
        self._log = models / NIGHTS
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """The metrics without a sample, as the registry asks for them."""
        return _metrics([])

    def collect(self) -> Iterator[Metric]:
        return _metrics(_latest(self._log))


def _metrics(nights: list[dict[str, Any]]) -> Iterator[Metric]:
    ended = GaugeMetricFamily(
        "preferstream_night_latest_timestamp_seconds",
        "Moment at which the latest night of each verdict ended, seconds since the epoch",
        labels=["verdict"],
    )
    latest: dict[str, float] = {}
    for night in nights:
        latest[str(night["verdict"])] = datetime.fromisoformat(night["ended_at"]).timestamp()
    for verdict, at in sorted(latest.items()):
        ended.add_metric([verdict], at)
    info = GaugeMetricFamily(
        "preferstream_night_latest_info",
        "1 for the verdict of the latest night and its reason in one word",
        labels=["verdict", "code"],
    )
    if nights:
        last = nights[-1]
        info.add_metric([str(last["verdict"]), str(last.get("code") or last["verdict"])], 1)
    failed = GaugeMetricFamily(
        "preferstream_nights_without_verdict",
        "Latest nights in a row that reached no verdict on anything: 0 after one that did",
        value=_in_a_row(nights),
    )
    yield from (ended, info, failed)


def _in_a_row(nights: list[dict[str, Any]]) -> int:
    """Nights that were cut short count, nights with too little to judge do not."""
    count = 0
    for night in reversed(nights):
        if (night.get("code") or night["verdict"]) not in INCONCLUSIVE:
            break
        count += 1
    return count


def _latest(log: Path) -> list[dict[str, Any]]:
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - LATEST_BYTES, 0))
            lines = file.read().splitlines()
    except OSError:
        return []
    return [night for line in lines if (night := _read(line)) is not None]


def _read(line: bytes) -> dict[str, Any] | None:
    """One night; None for a line that is torn or was cut at the beginning."""
    try:
        found = json.loads(line)
        datetime.fromisoformat(found["ended_at"])
        return found if isinstance(found["verdict"], str) else None
    except (ValueError, KeyError, TypeError):
        return None
