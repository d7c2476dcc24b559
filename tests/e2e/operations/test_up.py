"""`preferstream up`: one ready line, health that can be asked, an end without leftovers."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.system import System, environment, preferstream, start

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(400)]


def _processes_of(data_dir: Path) -> list[str]:
    """Command lines of all processes that name this data folder."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(data_dir) in command:
                found.append(command)
    return found


def _gone_within(data_dir: Path, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while _processes_of(data_dir):
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def test_the_ready_line_says_where_everything_is(system: System) -> None:
    assert system.ready["ready"] is True
    assert system.ready["dashboard"] == system.ready["services"]["ops"]
    assert set(system.ready["services"]) == {"assessor", "ops", "profile", "retrain", "watch"}
    assert set(system.ready) == {"ready", "kafka", "dashboard", "services"}


def test_every_service_says_that_it_is_well(system: System) -> None:
    for address in system.ready["services"].values():
        for path in ("/healthz", "/readyz", "/metrics"):
            with urllib.request.urlopen(address + path, timeout=10) as answer:
                assert answer.status == 200, (address, path)


def test_the_doctor_finds_nothing_wrong_with_a_running_system(system: System) -> None:
    told = preferstream("doctor", "--json", data_dir=system.data_dir)
    assert told.returncode == 0, told.stdout
    assert json.loads(told.stdout)["ok"] is True


def test_the_doctor_names_a_misspelt_setting(tmp_path: Path) -> None:
    told = preferstream("doctor", "--json", data_dir=tmp_path, PREFERSTREAM_ALOWED_FILE_ROOTS="/x")
    assert told.returncode == 1
    assert "PREFERSTREAM_ALOWED_FILE_ROOTS" in told.stdout


def test_the_doctor_looks_at_the_model_that_was_chosen(tmp_path: Path) -> None:
    told = preferstream("doctor", "--json", data_dir=tmp_path, PREFERSTREAM_MODEL=str(tmp_path))
    assert told.returncode == 1
    assert "PREFERSTREAM_MODEL" in told.stdout


def test_a_second_system_on_the_same_folder_is_refused(system: System) -> None:
    told = preferstream("up", data_dir=system.data_dir, timeout=120)
    assert told.returncode == 1
    assert str(system.process.pid) in told.stderr or "in use" in told.stderr


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_nothing_is_left_running(tmp_path: Path, how: str) -> None:
    system = start(tmp_path)
    getattr(system, how)()
    assert _gone_within(tmp_path, 30)


STARTS_AND_WAITS = """
import sys, time
from pathlib import Path
from services.cli.managed_system import managed_system
with managed_system(Path(sys.argv[1]), say=lambda line: None):
    print("ready", flush=True)
    time.sleep(300)
"""


def test_a_system_that_a_command_started_ends_with_it_even_where_it_is_killed(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_AND_WAITS, str(tmp_path)],
        stdout=subprocess.PIPE, text=True, env=environment(tmp_path),
    ) as command:  # fmt: skip
        assert command.stdout is not None
        assert command.stdout.readline() == "ready\n"
        command.kill()
    assert _gone_within(tmp_path, 60)


def test_a_stop_is_a_success(tmp_path: Path) -> None:
    assert start(tmp_path).stop() == 0


def test_an_unreachable_cluster_ends_with_a_reason(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "services.cli", "up"],
        env=environment(tmp_path, PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "127.0.0.1:1" in told.stderr
    assert "Traceback" not in told.stderr
