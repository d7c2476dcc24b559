"""No event is lost when consumers are killed, stopped or added during their work."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cluster import Cluster, event
from tests.integration.messaging.workers import Workers

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture
def workers(cluster: Cluster, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(cluster, tmp_path)
    yield started
    started.end()


def committed_but_unfinished(cluster: Cluster, workers: Workers) -> list[tuple[int, int]]:
    """Offsets that are committed although no worker finished them."""
    finished = {(entry.partition, entry.offset) for entry in workers.entries("ends")}
    return [
        (partition, offset)
        for partition, head in cluster.committed().items()
        for offset in range(head)
        if (partition, offset) not in finished
    ]


@pytest.mark.parametrize("path", ["slow", "fast"])
def test_a_kill_loses_no_event_and_a_named_instance_gets_its_partitions_back_early(
    cluster: Cluster, workers: Workers, path: str
) -> None:
    cluster.write_events(range(300), users=300)
    seconds = {"slow": 0.1, "fast": 0.005}[path]
    # Without a name the partitions would be free only after the session timeout.
    settings = {"instance_id": "one", "events_in_flight": 16, "session_timeout_seconds": 120.0}
    worker = workers.start(path, seconds=seconds, **settings)
    workers.until(lambda: len(workers.handled()) >= 100)
    worker.kill()
    worker.wait(30)
    before = set(workers.handled())
    assert len(before) < 300
    assert committed_but_unfinished(cluster, workers) == []
    killed_at = time.monotonic()
    again = workers.start(path, seconds=seconds, **settings)
    workers.until(lambda: any(entry.pid == again.pid for entry in workers.entries("ends")))
    assert time.monotonic() - killed_at < 90.0
    workers.until_handled(range(300))
    workers.until(lambda: sum(cluster.committed().values()) == 300)
    repeated = sum(count - 1 for count in workers.handled().values())
    assert repeated <= len(before), "it started at the beginning and not at the committed offset"


def test_sigterm_finishes_and_commits_the_events_in_flight_and_accepts_no_more(
    cluster: Cluster, workers: Workers
) -> None:
    cluster.write_events(range(200), users=200)
    worker = workers.start("slow", seconds=0.3, events_in_flight=8)
    workers.until(lambda: len(workers.handled()) >= 8)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0, workers.log()
    started = {entry.image for entry in workers.entries("begins")}
    assert set(workers.handled()) == started
    assert len(started) < 200
    assert sum(cluster.committed().values()) == len(started)
    # The next worker continues exactly there.
    workers.start("slow", seconds=0.005)
    workers.until_handled(range(200))
    assert set(workers.handled().values()) == {1}


@pytest.mark.parametrize("path", ["slow", "fast"])
def test_a_second_instance_gets_partitions_and_no_event_is_lost_or_handled_twice_at_a_time(
    cluster: Cluster, workers: Workers, path: str
) -> None:
    seconds = {"slow": 0.1, "fast": 0.01}[path]
    cluster.write_events(range(200), users=10)
    first = workers.start(path, seconds=seconds)
    workers.until(lambda: len(workers.handled()) >= 20)
    second = workers.start(path, seconds=seconds)
    cluster.write_events(range(200, 300), users=10)
    cluster.write(event(300 + n, user=f"early-{n}", partition=n) for n in range(3))
    workers.until_handled(range(303))
    assert {entry.pid for entry in workers.entries("ends")} == {first.pid, second.pid}
    assert workers.overlaps() == []
    workers.until(lambda: sum(cluster.committed().values()) == 303)
    assert committed_but_unfinished(cluster, workers) == []
    # The events of one user are in one partition, and were handled in its order.
    for user in range(10):
        order = [e.image for e in workers.entries("ends") if e.user == f"user-{user}"]
        first_times = list(dict.fromkeys(order))
        assert first_times == sorted(first_times)
    # When the second stops, the first gets all partitions.
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0, workers.log()
    cluster.write(event(303 + n, user=f"late-{n}", partition=n) for n in range(3))
    workers.until_handled(range(306))
