"""Start workers as processes, read their journal, and end them whatever happens to the test."""

import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.integration.cluster import Cluster
from tests.integration.messaging.worker_process import Entry, Job
from tests.project_root import PROJECT_ROOT

PATIENCE_SECONDS = 120.0
"""No statement about speed: a test that waits so long has failed."""


class Workers:
    """The processes of one test, and what they wrote down together."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._journal = folder / "journal"
        self._journal.touch()
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, path: str, *, seconds: float, **settings: Any) -> subprocess.Popen[bytes]:
        """Returns when the process has its share of the partitions."""
        job = Job(
            topic=self._cluster.topic.name,
            path=path,
            journal=self._journal,
            seconds=seconds,
            settings=self._cluster.settings(**settings),
        )
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.messaging.worker_process", job.model_dump_json()],
                cwd=PROJECT_ROOT, stderr=log, stdout=log,
            )  # fmt: skip
        self._running.append(process)
        self.until(lambda: process.pid in {e.pid for e in self.entries("ready")})
        return process

    def entries(self, *what: str) -> list[Entry]:
        lines = self._journal.read_bytes().split(b"\n")[:-1]
        found = [Entry.model_validate_json(line) for line in lines]
        return [entry for entry in found if entry.what in what]

    def handled(self) -> Counter[int]:
        """How often each image's event came to its end."""
        return Counter(entry.image for entry in self.entries("ends"))

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
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
        """Events of one user that were in work at once in two processes, both of which ended."""
        spans: dict[str, list[tuple[Entry, float]]] = defaultdict(list)
        began: dict[tuple[int, int], Entry] = {}
        for entry in self.entries("begins", "ends"):
            if entry.what == "begins":
                began[entry.pid, entry.image] = entry
            else:
                spans[entry.user].append((began[entry.pid, entry.image], entry.at))
        found = []
        for of_user in spans.values():
            of_user.sort(key=lambda span: span[0].at)
            for number, (one, end) in enumerate(of_user):
                found += [
                    (one, other)
                    for other, _ in of_user[number + 1 :]
                    if other.at < end and other.pid != one.pid
                ]
        return found

    def end(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait(30)
