"""`preferstream up` prints one ready line, reports its health, and leaves no process behind."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.system import System, environment, no_process_within, preferstream, start

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(400)]


@pytest.fixture(scope="module", autouse=True)
def up_without_cluster(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[subprocess.Popen[str]]:
    """It tries to connect for half a minute, so it starts before the first test."""
    with subprocess.Popen(
        [sys.executable, "-m", "services.cli", "up"],
        env=environment(
            tmp_path_factory.mktemp("cluster"), PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"
        ),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def test_the_ready_line_names_every_address(system: System) -> None:
    assert system.ready["ready"] is True
    assert system.ready["dashboard"] == system.ready["services"]["ops"]
    assert set(system.ready["services"]) == {
        "assessor", "catalog", "ops", "profile", "retrain", "monitor"
    }  # fmt: skip
    assert set(system.ready) == {"ready", "kafka", "dashboard", "services"}


def test_every_service_reports_that_it_is_healthy(system: System) -> None:
    for address in system.ready["services"].values():
        for path in ("/healthz", "/readyz", "/metrics"):
            with urllib.request.urlopen(address + path, timeout=10) as answer:
                assert answer.status == 200, (address, path)


def test_the_doctor_reports_no_problem_in_a_running_system(system: System) -> None:
    completed = preferstream("doctor", "--json", data_dir=system.data_dir)
    assert completed.returncode == 0, completed.stdout
    assert json.loads(completed.stdout)["ok"] is True


def test_the_doctor_names_a_misspelled_setting(tmp_path: Path) -> None:
    completed = preferstream(
        "doctor", "--json", data_dir=tmp_path, PREFERSTREAM_ALOWED_FILE_ROOTS="/x"
    )
    assert completed.returncode == 1
    assert "PREFERSTREAM_ALOWED_FILE_ROOTS" in completed.stdout


def test_the_doctor_checks_the_configured_model(tmp_path: Path) -> None:
    completed = preferstream(
        "doctor", "--json", data_dir=tmp_path, PREFERSTREAM_MODEL=str(tmp_path)
    )
    assert completed.returncode == 1
    assert "PREFERSTREAM_MODEL" in completed.stdout


def test_a_second_system_on_the_same_folder_is_refused(system: System) -> None:
    completed = preferstream("up", data_dir=system.data_dir, timeout=120)
    assert completed.returncode == 1
    assert str(system.process.pid) in completed.stderr or "in use" in completed.stderr


def test_a_stop_ends_with_exit_code_0_and_leaves_no_process(tmp_path: Path) -> None:
    """A kill is tested in `test_killed_in_the_middle`."""
    assert start(tmp_path).stop() == 0
    assert no_process_within(tmp_path, 30)


START_AND_WAIT = """
import sys, time
from pathlib import Path
from services.cli.managed_system import managed_system
with managed_system(Path(sys.argv[1]), on_progress=lambda line: None):
    print("ready", flush=True)
    time.sleep(300)
"""


def test_a_system_started_by_a_command_ends_when_the_command_is_killed(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(tmp_path)],
        stdout=subprocess.PIPE, text=True, env=environment(tmp_path),
    ) as command:  # fmt: skip
        assert command.stdout is not None
        assert command.stdout.readline() == "ready\n"
        command.kill()
    assert no_process_within(tmp_path, 60)


def test_an_unreachable_cluster_ends_with_an_error_message(
    up_without_cluster: subprocess.Popen[str],
) -> None:
    _, errors = up_without_cluster.communicate(timeout=200)
    assert up_without_cluster.returncode == 1
    assert "127.0.0.1:1" in errors
    assert "Traceback" not in errors
