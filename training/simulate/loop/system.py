"""Start the simulated system, or use a running one, and run its training jobs by command."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from shared.runtime.child_process import ChildProcess, run_child

READY_SECONDS = 1800.0
"""The first start fetches Kafka, and the machine may train at the same time."""
STOP_SECONDS = 120.0
SETTINGS: Mapping[str, str] = {
    "PREFERSTREAM_NIGHT_AT": "never",
    "PREFERSTREAM_SEEN_DAYS": "0",
    "PREFERSTREAM_AUTHOR_CAP": "0",
    "PREFERSTREAM_DIVERSITY": "0",
    "PREFERSTREAM_TRAINING_JOBS_KEPT": "1000",
    "PREFERSTREAM_DEFAULT_DEADLINE_MS": "600000",
}
"""No scheduled jobs, and no reranking after the scores: our feeds then differ from those of the
frozen model by training and by exploration only. All jobs are kept, for the rankings that are
trained afterwards on the same days."""


NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})


class SystemFailed(Exception):
    """The system did not start, or a training job failed; the message has its last output."""


@dataclass(frozen=True)
class System:
    """A running system and its data folder."""

    kafka: str
    data_dir: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further settings of its processes."""

    def ended_jobs(self) -> list[dict[str, Any]]:
        """The outcomes of the jobs that ran to their end, in order."""
        ends = sorted(
            self.data_dir.glob("training-jobs/*/end.json"), key=lambda f: f.stat().st_mtime
        )
        return [json.loads(file.read_text(encoding="utf-8")) for file in ends]

    def run_training_job(self, *, minutes: float) -> dict[str, Any]:
        """Run one job now; its outcome, whatever the verdict. Raises `SystemFailed`."""
        lines: list[str] = []
        command = ["night", "--json", "--minutes", f"{minutes:g}"]
        ended = run_child(
            [sys.executable, "-m", "services.cli", *command],
            env=_environment(self.data_dir, self.settings)
            | {"PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": self.kafka},
            on_line=lines.append,
        )
        try:
            outcome: dict[str, Any] = json.loads(lines[-1])
        except (IndexError, ValueError) as error:
            raise SystemFailed(f"the training job {ended.reason}") from error
        return outcome


@contextmanager
def running(data_dir: Path, settings: Mapping[str, str] = NO_SETTINGS) -> Iterator[System]:
    """Run `preferstream up` on a data folder for the length of a block; raises `SystemFailed`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "up.log"
    with (
        log.open("a", encoding="utf-8", buffering=1) as stderr,
        ChildProcess(
            [sys.executable, "-m", "services.cli", "up", "--json", f"--parent={os.getpid()}"],
            env=_environment(data_dir, settings),
            on_stderr=lambda line: print(line, file=stderr),
            grace_seconds=STOP_SECONDS,
        ) as process,
    ):
        line = process.first_line(seconds=READY_SECONDS)
        if line is None:
            raise SystemFailed(f"the system did not start: it {process.end().reason}")
        yield System(str(json.loads(line)["kafka"]), data_dir, settings)


def _environment(data_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **SETTINGS, **settings, "PREFERSTREAM_DATA_DIR": str(data_dir)}
