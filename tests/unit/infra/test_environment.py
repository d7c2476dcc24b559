"""The installation can be interrupted at any step, and the next one completes it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.system import processes_of
from tests.support.project_root import PROJECT_ROOT

FAKE_PYTHON = """#!/bin/sh
echo "python $*" >> {folder}/calls
case "$*" in
  "-m pip install"*) cp {folder}/fake-uv {folder}/bin/uv;;
  "-m services.local.prepare") [ -e {folder}/slow-prepare ] && sleep 600;;
esac
exit 0
"""
FAKE_UV = """#!/bin/sh
echo "uv $*" >> {folder}/calls
[ "$1" = pip ] && [ -e {folder}/slow-uv ] && sleep 600
case "$*" in
  *"--requirements -"*) grep -q mezzanine && [ -e {folder}/no-mezzanine ] && exit 1;;
esac
exit 0
"""
LIMIT_SECONDS = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An environment whose programs only note their arguments."""
    folder = tmp_path / "environment"
    (folder / "bin").mkdir(parents=True)
    for name, text in (("bin/python", FAKE_PYTHON), ("fake-uv", FAKE_UV)):
        (folder / name).write_text(text.format(folder=folder))
        (folder / name).chmod(0o755)
    return folder


def install(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(PROJECT_ROOT / "infra" / "environment.py"), str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def calls(folder: Path) -> str:
    return (folder / "calls").read_text() if (folder / "calls").exists() else ""


def interrupt_at(folder: Path, step: str, number: signal.Signals) -> tuple[int, str]:
    """Exit code and output of an installation that gets a signal when `step` has begun."""
    process = install(folder)
    end = time.monotonic() + LIMIT_SECONDS
    while step not in calls(folder):
        assert time.monotonic() < end, calls(folder)
        time.sleep(0.05)
    os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=LIMIT_SECONDS)
    return process.returncode, output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    ("slow", "step"), [("slow-uv", "uv pip"), ("slow-prepare", "services.local.prepare")]
)
def test_an_interrupted_installation_ends_with_a_sentence(
    folder: Path, slow: str, step: str, number: signal.Signals
) -> None:
    (folder / slow).touch()
    code, output = interrupt_at(folder, step, number)
    assert code == 128 + number
    assert "interrupted; run the same command again" in output
    assert "Traceback" not in output
    assert not (folder / ".installed").exists()
    assert processes_of(folder) == []


def test_packages_that_may_be_there_in_part_are_installed_again(folder: Path) -> None:
    (folder / "slow-uv").touch()
    interrupt_at(folder, "uv pip", signal.SIGINT)
    assert "--reinstall" not in calls(folder)
    (folder / "slow-uv").unlink()
    process = install(folder)
    output, _ = process.communicate(timeout=LIMIT_SECONDS)
    assert (process.returncode, "done in" in output) == (0, True), output
    assert "uv pip install --reinstall" in calls(folder)
    assert (folder / ".installed").exists()


def test_a_complete_environment_is_not_installed_from_the_beginning(folder: Path) -> None:
    for _ in range(2):
        process = install(folder)
        output, _ = process.communicate(timeout=LIMIT_SECONDS)
        assert process.returncode == 0, output
        assert "1/5" not in output
    assert "--reinstall" not in calls(folder)


def test_an_environment_without_pip_is_created_again(folder: Path) -> None:
    """The creation was interrupted between the program `python` and the package `pip`."""
    (folder / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    process = install(folder)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("preferstream setup: 1/5")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=LIMIT_SECONDS)


def test_a_package_of_pictures_that_cannot_be_installed_is_named_and_left_out(folder: Path) -> None:
    (folder / "no-mezzanine").touch()
    process = install(folder)
    output, _ = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 0, output
    assert "the demo shows fewer pictures, because mezzanine could not be installed" in output
    (call, *_) = [line for line in calls(folder).splitlines() if "--requirements -" in line]
    assert "--no-deps" in call
    assert "--require-hashes" in call
    assert f"--target {folder / 'share' / 'preferstream' / 'pictures'}" in call
    assert (folder / ".installed").exists()
