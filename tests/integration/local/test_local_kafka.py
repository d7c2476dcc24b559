"""The local Kafka keeps acknowledged records, leaves no process behind, and explains failures."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local.kafka.broker import LocalKafka, start_local_kafka
from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.supervised_process import SupervisedProcess
from tests.support.folder_names import NAMES
from tests.support.project_root import PROJECT_ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

TIMEOUT_SECONDS = 120.0
RECORDS = [f"record {number}".encode() for number in range(500)]

PARENT = """
import signal, sys, time
from pathlib import Path
from services.local.kafka.broker import start_local_kafka

# A shell starts background jobs with SIGINT ignored, and child processes inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
with start_local_kafka(Path(sys.argv[1]), start_timeout_seconds=120.0) as kafka:
    print(kafka.pid, kafka.bootstrap, flush=True)
    time.sleep(600)
"""
"""A process like `preferstream up`: it runs a Kafka until it is ended."""


def start(folder: Path, **options: int) -> LocalKafka:
    return start_local_kafka(folder, start_timeout_seconds=TIMEOUT_SECONDS, **options)


def write(bootstrap: str, topic: str) -> None:
    from kafka import KafkaAdminClient, KafkaProducer

    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}})
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    for future in [producer.send(topic, record) for record in RECORDS]:
        future.get(timeout=60)
    producer.close()


def read(bootstrap: str, topic: str) -> list[bytes]:
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest"
    )
    values: list[bytes] = []
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(values) < len(RECORDS) and time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=200).values():
            values += [record.value for record in records]
    consumer.close()
    return values


def has_ended(pid: int) -> bool:
    """Whether the process is gone or is a zombie."""
    if Path("/proc/self/stat").exists():  # slim containers have no `ps`
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
        except (FileNotFoundError, ProcessLookupError):
            return True
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip()[:1] in ("", "Z")


def ends(pid: int) -> bool:
    """Whether the process ends within 40 seconds."""
    deadline = time.monotonic() + 40.0
    while not has_ended(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def parent_of_a_kafka(folder: Path) -> tuple["subprocess.Popen[str]", int, str]:
    """Start it in a process group of its own, as a terminal does."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    with parent.stdout as output:
        words = output.readline().split()
    assert len(words) == 2, "the parent did not start its Kafka"
    return parent, int(words[0]), words[1]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the records of a Kafka that was stopped cleanly."""
    folder = tmp_path_factory.mktemp("written")
    with start(folder) as kafka:
        write(kafka.bootstrap, "kept")
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of that folder, which a test may damage."""
    copy = tmp_path / "kafka"
    shutil.copytree(written, copy)
    yield copy
    shutil.rmtree(copy)


def test_records_and_ports_survive_a_stop_and_the_second_start_is_refused(folder: Path) -> None:
    steps: list[str] = []
    with start_local_kafka(
        folder, on_progress=steps.append, start_timeout_seconds=TIMEOUT_SECONDS
    ) as first:
        assert sorted(read(first.bootstrap, "kept")) == sorted(RECORDS)
        with pytest.raises(KafkaDidNotStart, match="already runs a Kafka on"):
            start(folder)
        assert first.is_alive()
    assert not first.is_alive()
    assert has_ended(first.pid)
    first.stop()
    assert steps[0] == "starting"
    assert steps[-1].startswith("ready in ")
    with start(folder) as second:
        assert second.bootstrap == first.bootstrap
        assert second.cluster_id == first.cluster_id


def test_acknowledged_records_survive_a_kill_of_the_java_process(folder: Path) -> None:
    with start(folder) as kafka:
        write(kafka.bootstrap, "acknowledged")
        os.kill(kafka.pid, signal.SIGKILL)
    assert not kafka.is_alive()
    with start(folder) as again:
        assert sorted(read(again.bootstrap, "acknowledged")) == sorted(RECORDS)


def test_a_killed_parent_leaves_no_java_process_and_loses_no_record(folder: Path) -> None:
    parent, java, bootstrap = parent_of_a_kafka(folder)
    with pytest.raises(KafkaDidNotStart, match=rf"in use: process {parent.pid} runs a Kafka"):
        start(folder)
    write(bootstrap, "acknowledged")
    os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()
    # Without a pause: the start waits until the Java of the killed parent has ended.
    with start(folder) as again:
        assert has_ended(java)
        assert sorted(read(again.bootstrap, "acknowledged")) == sorted(RECORDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_parent_that_is_ended_by_a_signal_leaves_no_java_process(
    folder: Path, number: signal.Signals
) -> None:
    parent, java, _ = parent_of_a_kafka(folder)
    os.killpg(parent.pid, number)
    parent.wait()
    assert ends(java)


def test_a_taken_port_is_replaced_unless_it_was_requested(folder: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        (folder / "ports").write_text(f"{taken} {taken + 1}\n")
        with pytest.raises(KafkaDidNotStart, match=f"port {taken} is taken"):
            start(folder, port=taken)
        with start(folder) as kafka:
            assert kafka.bootstrap != f"127.0.0.1:{taken}"


def test_the_error_quotes_the_message_of_java(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:+NoSuchOption")
    with pytest.raises(KafkaDidNotStart, match="Java ended with 1 ") as failure:
        start(folder)
    assert "NoSuchOption" in failure.value.detail
    assert str(folder / "kafka.log") in failure.value.detail


def test_a_start_that_times_out_leaves_no_process(folder: Path) -> None:
    with pytest.raises(KafkaDidNotStart, match="did not answer in time"):
        start_local_kafka(folder, start_timeout_seconds=0.1)
    with (folder / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_kafka_does_not_start_on_a_damaged_metadata_log(folder: Path) -> None:
    log = folder / "records" / "__cluster_metadata-0" / "00000000000000000000.log"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)
    with pytest.raises(KafkaDidNotStart, match=r"is damaged.*is corrupt at byte"):
        start(folder)
    assert log.read_bytes() == content


def supervised(tmp_path: Path, program: str, grace_seconds: float) -> SupervisedProcess:
    command = [sys.executable, "-c", program]
    with (tmp_path / "lock").open("w") as lock:
        return SupervisedProcess(
            command,
            folder=tmp_path,
            log=tmp_path / "log",
            lock=lock.fileno(),
            grace_seconds=grace_seconds,
        )


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "open('started', 'w').close(); time.sleep(600)"
    )
    process = supervised(tmp_path, program, grace_seconds=0.3)
    while not (tmp_path / "started").exists():
        time.sleep(0.02)
    process.stop()
    assert has_ended(process.pid)
    assert process.exit_code == 128 + signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_killing_the_supervisor_leaves_no_process(tmp_path: Path) -> None:
    process = supervised(tmp_path, "import time; time.sleep(600)", grace_seconds=5.0)
    os.kill(process.supervisor_pid, signal.SIGKILL)
    assert ends(process.pid)
    process.stop()


@pytest.mark.parametrize("how", ["the command is killed", "it is stopped", "it is killed at once"])
def test_the_processes_that_a_command_started_end_with_it(tmp_path: Path, how: str) -> None:
    program = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "open('part', 'w').write(str(child.pid)); open('child', 'w').close(); time.sleep(600)"
    )
    process = supervised(tmp_path, program, grace_seconds=5.0)
    while not (tmp_path / "child").exists():
        time.sleep(0.02)
    if how == "the command is killed":
        os.kill(process.pid, signal.SIGKILL)
    elif how == "it is killed at once":
        process.kill()
    else:
        process.stop()
    assert ends(int((tmp_path / "part").read_text()))
    process.stop()


def test_a_command_that_cannot_run_is_reported_in_the_log(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        process = SupervisedProcess(
            ["no-such-java"], folder=tmp_path, log=tmp_path / "log", lock=lock.fileno()
        )
    process.stop()
    assert process.exit_code == 127
    assert "no-such-java cannot be run" in (tmp_path / "log").read_text()


def test_a_folder_of_any_name_works_in_a_locale_without_utf_8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LANG"):
        monkeypatch.setenv(name, "C")
    folder = tmp_path.joinpath(*(name for name in NAMES if len(name) < 100))
    with start(folder) as kafka:
        write(kafka.bootstrap, "names")
    assert list(folder.glob("records/names-*")), "the records are in that folder"
    assert [entry.name for entry in tmp_path.iterdir()] == [NAMES[0]]
