"""Run the whole system as its users do: `preferstream up --json` in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY_SECONDS = 240.0
"""Generous: two shared cores that also run other tests; a quiet machine takes seconds."""


@dataclass(frozen=True)
class System:
    """A running system, its ready line and where it keeps everything."""

    process: subprocess.Popen[str]
    ready: Mapping[str, Any]
    data_dir: Path
    log: Path

    @property
    def kafka(self) -> str:
        return str(self.ready["kafka"])

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        self.process.kill()
        self._ended(30)

    def stop(self) -> int:
        """SIGTERM, and wait for the end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended(120)

    def _ended(self, seconds: float) -> int:
        code = self.process.wait(seconds)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """This process's environment without its own settings, and with these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFERSTREAM_")}
    return {**kept, "PREFERSTREAM_DATA_DIR": str(data_dir), **settings}


def start(data_dir: Path, **settings: str) -> System:
    """Start `up`, and return when its ready line has come; fails with its log when none does."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "up.log"
    with log.open("a") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "up", "--json", f"--parent={os.getpid()}"],
            stdout=subprocess.PIPE, stderr=stderr, text=True,
            env=environment(data_dir, **settings),
        )  # fmt: skip
    assert process.stdout is not None
    timer = threading.Timer(READY_SECONDS, process.kill)
    timer.start()
    line = process.stdout.readline()
    timer.cancel()
    if not line:
        raise AssertionError(f"up did not get ready:\n{log.read_text()[-4000:]}")
    return System(process, json.loads(line), data_dir, log)


@contextmanager
def running(data_dir: Path, **settings: str) -> Iterator[System]:
    """A system for the length of a block, ended whatever happens."""
    system = start(data_dir, **settings)
    try:
        yield system
    finally:
        if system.process.poll() is None:
            try:
                system.stop()
            except subprocess.TimeoutExpired:
                system.kill()


def preferstream(
    *arguments: str, data_dir: Path, timeout: float = 300.0, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run one command of the command line against the system of that folder."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        env=environment(data_dir, **settings), capture_output=True, text=True,
        timeout=timeout, check=False,
    )  # fmt: skip
