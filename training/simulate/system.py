"""The system that is simulated on: started here, or running already; its nights by command."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY_SECONDS = 600.0
"""The first start fetches Kafka, and a machine may be training beside."""
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
        done = subprocess.run(
            [sys.executable, "-m", "services.cli", "night", "--json", "--minutes", f"{minutes:g}"],
            env=_environment(self.data_dir) | {"PREFERSTREAM_KAFKA": self.kafka},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        try:
            outcome: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        except (IndexError, ValueError) as error:
            raise SystemFailed(
                f"the night ended with {done.returncode}; it said: {_last(done.stderr)}"
            ) from error
        return outcome


@contextmanager
def running(data_dir: Path) -> Iterator[System]:
    """`preferstream up` on a data folder for the length of a block; raises `SystemFailed`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "up.log"
    with log.open("a", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "up", "--json", f"--parent={os.getpid()}"],
            env=_environment(data_dir), stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemFailed(f"the system did not start: {_last(log.read_text())}")
        yield System(str(json.loads(line)["kafka"]), data_dir)
    finally:
        process.terminate()
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _environment(data_dir: Path) -> dict[str, str]:
    return {**os.environ, **QUIET, "PREFERSTREAM_DATA_DIR": str(data_dir)}


def _last(text: str) -> str:
    return " / ".join(text.strip().splitlines()[-4:]) or "nothing"
