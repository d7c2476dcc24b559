"""A disk that fills stops the system with one sentence; after space is made, nothing is lost."""

import json
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from shared.domain.clock import system_clock
from shared.events import Feedback
from shared.events.topics import FEEDBACK
from shared.events.wire.codec import encode
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import whole_topic
from tests.e2e.system import environment, running, start

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(500)]
MAX_FILE_BYTES = 256 * 1024
"""A log of a partition reaches it after some hundred events."""
MAX_LINES = 25
"""Of standard error: the steps of the start, the reason, and a few warnings."""
END_SECONDS = 120


def test_kafka_that_cannot_write_ends_the_system_and_loses_no_acknowledged_event(
    tmp_path: Path,
) -> None:
    system = start(tmp_path)
    acknowledged = send(system.kafka, count=50)
    # A limit on the size of files, for Java alone: it works everywhere, and Kafka treats an error
    # of a write the same, whatever its number is.
    resource.prlimit(java_pid(tmp_path), resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    acknowledged |= send(system.kafka, count=20_000)
    try:
        assert system.process.wait(END_SECONDS) == 1
    finally:
        system.kill()
    lines = system.log.read_text().splitlines()
    assert len(lines) < MAX_LINES, lines
    assert not [line for line in lines if "Traceback" in line]
    (reason,) = (line for line in lines if line.startswith("preferstream: "))
    assert "Kafka has ended, because it could not write" in reason
    assert "ulimit -f" in reason

    with running(tmp_path) as again:
        assert acknowledged <= stored_ids(again.kafka)


def test_a_system_stops_before_the_disk_is_full(tmp_path: Path) -> None:
    completed = subprocess.run(
        [sys.executable, "-m", "services.cli", "up"],
        env=environment(
            tmp_path,
            PREFERSTREAM_DISK_WARNING_MEGABYTES=str(2**40),
            PREFERSTREAM_DISK_STOP_MEGABYTES=str(2**40),
        ),
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert completed.returncode == 1
    assert "is full" in completed.stderr
    assert "no acknowledged event is lost" in completed.stderr
    assert "Traceback" not in completed.stderr


def test_little_space_is_logged_once_while_the_system_runs(tmp_path: Path) -> None:
    with running(tmp_path, PREFERSTREAM_DISK_WARNING_MEGABYTES=str(2**40)) as system:
        time.sleep(5)
        assert system.process.poll() is None
        for log in (system.log, tmp_path / "services.log"):
            assert log.read_text().count("gets full") == 1


def send(kafka: str, *, count: int) -> set[str]:
    """Send views until one fails; returns the ids of the acknowledged ones."""
    acknowledged: set[str] = set()
    failed = threading.Event()
    producer = Producer(
        {"bootstrap.servers": kafka, "acks": "all", "message.timeout.ms": 5_000, "log_level": 0}
    )
    for _ in range(count):
        event = Feedback(
            event_id=uuid4(), occurred_at=system_clock(), user_id=uuid4().hex, type="view",
            image_id="x" * 200, request_id="r", position=1,
        )  # fmt: skip
        record = encode(event)

        def delivered(error: object, _: object, id_: str = str(event.event_id)) -> None:
            failed.set() if error else acknowledged.add(id_)

        producer.produce(FEEDBACK.name, record.value, record.key, on_delivery=delivered)
        producer.poll(0)
        if failed.is_set():
            break
    producer.flush(30)
    return acknowledged


def stored_ids(kafka: str) -> set[str]:
    records = whole_topic(MessagingSettings(kafka_bootstrap_servers=kafka), FEEDBACK)
    return {json.loads(record.value or b"{}")["event_id"] for record in records}


def java_pid(data_dir: Path) -> int:
    """The process that works in Kafka's folder and is Java."""
    folder = (data_dir / "kafka").resolve()
    for process in Path("/proc").iterdir():
        try:
            if (process / "cwd").resolve() == folder and (process / "exe").resolve().name == "java":
                return int(process.name)
        except OSError:
            continue
    raise AssertionError(f"no Java runs in {folder}")
