"""Collections are killed at many lines and times: each record is collected exactly once."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.retrain.lakes import Lake, Sender, each_once, new_lake, views

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(600)]

KILL_LINES = 60
"""Number of lines at which a collection is killed, evenly spread over all lines that it runs."""
KILL_TIMES = 25
"""Number of random times at which it is killed, also inside the code of a library."""
RECORDS = 10


class Killer:
    """The process that forks collections (`tests.integration.retrain.killed_collector`)."""

    def __init__(self, lake: Lake) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.retrain.killed_collector",
             lake.kafka, str(lake.folder), lake.topic.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def collect(self, number: int) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(number, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture
def lake(kafka: str, tmp_path: Path, topic_prefix: str) -> Lake:
    return new_lake(kafka, tmp_path / "lake", topic_prefix)


@pytest.fixture
def killer(lake: Lake) -> Iterator[Killer]:
    killer = Killer(lake)
    yield killer
    killer.close()


def test_a_collection_killed_at_any_line_loses_and_duplicates_nothing(
    lake: Lake, killer: Killer
) -> None:
    sender = Sender(lake)
    sender.send(views(RECORDS))
    lines = int(killer.collect(0))
    killed = 0
    for number in range(KILL_LINES):
        sender.send(views(RECORDS))
        outcome = killer.collect(1 + number * lines // KILL_LINES)
        assert outcome != "failed"
        killed += outcome == "killed"
        assert set(lake.positions()) <= set(sender.sent)
        assert len(set(lake.positions())) == len(lake.positions())
    assert killed > KILL_LINES * 0.8
    assert killer.collect(0).isdigit()
    assert each_once(lake.positions(), sender.sent)


def test_a_collection_killed_at_any_time_loses_and_duplicates_nothing(
    lake: Lake, killer: Killer
) -> None:
    sender = Sender(lake)
    sender.send(views(RECORDS))
    assert killer.collect(0).isdigit()
    rng = random.Random(5)
    killed = 0
    for _ in range(KILL_TIMES):
        sender.send(views(RECORDS))
        killed += killer.collect(-rng.randrange(50, 1_500)) == "killed"
        assert len(set(lake.positions())) == len(lake.positions())
    assert killed
    assert killer.collect(0).isdigit()
    assert each_once(lake.positions(), sender.sent)
