"""The system that is simulated on: started here, or running already; its nights by command."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.runtime.child_process import ChildProcess, run_child

READY_SECONDS = 600.0
"""The first start fetches Kafka, and a machine may be training beside."""
STOP_SECONDS = 120.0
QUIET: Mapping[str, str] = {
    "PREFERSTREAM_NIGHT_AT": "never",
    "PREFERSTREAM_SEEN_DAYS": "0",
    "PREFERSTREAM_AUTHOR_CAP": "0",
    "PREFERSTREAM_DIVERSITY": "0",
}
"""Nights come when we say; and what places images after they are scored is held out of the
comparison: feeds differ from the frozen model's by what was learned, and by exploration."""


class SystemFailed(Exception):
    """The system did not start, or a night could not be run; the text says what it said."""


@dataclass(frozen=True)
class System:
    """A running system and its data folder."""

    kafka: str
    data_dir: Path

    def night(self, *, minutes: float) -> dict[str, Any]:
        """One night, now; its outcome, whatever the verdict. Raises `SystemFailed`."""
        lines: list[str] = []
        command = ["night", "--json", "--minutes", f"{minutes:g}"]
        ended = run_child(
            [sys.executable, "-m", "services.cli", *command],
            env=_environment(self.data_dir) | {"PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS": self.kafka},
            on_line=lines.append,
        )
        try:
            outcome: dict[str, Any] = json.loads(lines[-1])
        except (IndexError, ValueError) as error:
            raise SystemFailed(f"the night {ended.reason}") from error
        return outcome


@contextmanager
def running(data_dir: Path) -> Iterator[System]:
    """`preferstream up` on a data folder for the length of a block; raises `SystemFailed`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "up.log"
    with (
        log.open("a", encoding="utf-8", buffering=1) as stderr,
        ChildProcess(
            [sys.executable, "-m", "services.cli", "up", "--json", f"--parent={os.getpid()}"],
            env=_environment(data_dir),
            on_stderr=lambda line: print(line, file=stderr),
            grace_seconds=STOP_SECONDS,
        ) as process,
    ):
        line = process.first_line(seconds=READY_SECONDS)
        if line is None:
            raise SystemFailed(f"the system did not start: it {process.end().reason}")
        yield System(str(json.loads(line)["kafka"]), data_dir)


def _environment(data_dir: Path) -> dict[str, str]:
    return {**os.environ, **QUIET, "PREFERSTREAM_DATA_DIR": str(data_dir)}
