"""Start workers as processes, read their journal, and kill them at the end of the test."""

import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.integration.cluster import Cluster
from tests.integration.messaging.worker_process import Entry, WorkerConfig
from tests.support.project_root import PROJECT_ROOT

TIMEOUT_SECONDS = 120.0
"""A test that waits this long has failed; the limit does not measure speed."""


WORKER = "tests.integration.messaging.worker_process"


class Workers:
    """The worker processes of one test, and their common journal."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._journal = folder / "journal"
        self._journal.touch()
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, path: str, *, seconds: float, **settings: Any) -> subprocess.Popen[bytes]:
        """Start a worker; returns when it has its partitions."""
        config = WorkerConfig(
            topic=self._cluster.topic.name,
            path=path,
            journal=self._journal,
            seconds=seconds,
            settings=self._cluster.settings(**settings),
        )
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", WORKER, config.model_dump_json()],
                cwd=PROJECT_ROOT, stderr=log, stdout=log,
            )  # fmt: skip
        self._running.append(process)
        self.until(lambda: process.pid in {e.pid for e in self.entries("ready")})
        return process

    def entries(self, *kinds: str) -> list[Entry]:
        lines = self._journal.read_bytes().split(b"\n")[:-1]
        entries = [Entry.model_validate_json(line) for line in lines]
        return [entry for entry in entries if entry.kind in kinds]

    def handled(self) -> Counter[int]:
        """By image, how often its event was finished."""
        return Counter(entry.image for entry in self.entries("ends"))

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not condition():
            ended = [p for p in self._running if p.poll() not in (None, 0, -signal.SIGKILL)]
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"{ended or 'too late'}: {self.log()}")
            time.sleep(0.05)

    def until_handled(self, numbers: Iterable[int]) -> None:
        wanted = set(numbers)
        self.until(lambda: wanted <= set(self.handled()))

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")[-6000:]

    def overlaps(self) -> list[tuple[Entry, Entry]]:
        """Pairs of events of one user that two processes handled at the same time and finished."""
        spans: dict[str, list[tuple[Entry, float]]] = defaultdict(list)
        started: dict[tuple[int, int], Entry] = {}
        for entry in self.entries("begins", "ends"):
            if entry.kind == "begins":
                started[entry.pid, entry.image] = entry
            else:
                spans[entry.user].append((started[entry.pid, entry.image], entry.at))
        pairs = []
        for of_user in spans.values():
            of_user.sort(key=lambda span: span[0].at)
            for number, (entry, end) in enumerate(of_user):
                pairs += [
                    (entry, other)
                    for other, _ in of_user[number + 1 :]
                    if other.at < end and other.pid != entry.pid
                ]
        return pairs

    def end(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait(30)
