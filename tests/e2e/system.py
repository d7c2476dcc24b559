"""Run the whole system as users do: `preferstream up --json` in its own process."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY_SECONDS = 240.0
"""Generous, because two shared cores also run other tests; a quiet machine takes seconds."""


@dataclass(frozen=True)
class System:
    """A running system: its process, its ready line, its data folder and its log."""

    process: subprocess.Popen[str]
    ready: Mapping[str, Any]
    data_dir: Path
    log: Path

    @property
    def kafka(self) -> str:
        return str(self.ready["kafka"])

    def kill(self) -> None:
        """End it with SIGKILL, without a clean shutdown."""
        self.process.kill()
        self._ended(30)

    def stop(self) -> int:
        """End it with SIGTERM; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended(120)

    def _ended(self, seconds: float) -> int:
        code = self.process.wait(seconds)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """This process's environment with these settings in place of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFERSTREAM_")}
    return {**kept, "PREFERSTREAM_DATA_DIR": str(data_dir), **settings}


def start(data_dir: Path, **settings: str) -> System:
    """Start `preferstream up` and wait for its ready line; fails with the log when none comes."""
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
        raise AssertionError(f"`preferstream up` printed no ready line:\n{log.read_text()[-4000:]}")
    return System(process, json.loads(line), data_dir, log)


@contextmanager
def running(data_dir: Path, **settings: str) -> Iterator[System]:
    """A system for the length of a block; it ends with the block in any case."""
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
    """Run one command against the system of that folder."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        env=environment(data_dir, **settings), capture_output=True, text=True,
        timeout=timeout, check=False,
    )  # fmt: skip


def processes_of(data_dir: Path) -> list[str]:
    """Command lines of all processes that name this data folder."""
    commands = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(data_dir) in command:
                commands.append(command)
    return commands


def no_process_within(data_dir: Path, seconds: float) -> bool:
    """Whether all processes of this data folder end within that time."""
    end = time.monotonic() + seconds
    while processes_of(data_dir):
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
