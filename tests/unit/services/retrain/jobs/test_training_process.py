"""Training in a child process ends with a result or a reason, also when it is killed."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.retrain.jobs.training_process import TrainingCrashed, TrainingProcess, TrainingStopped


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit(3)", "ended with code 3"),
        ("raise RuntimeError('a bug')", "RuntimeError: a bug"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("pass", "left no result.json"),
    ],
)
def test_a_training_that_fails_gives_a_reason(tmp_path: Path, program: str, reason: str) -> None:
    train = TrainingProcess((sys.executable, "-c", program), needs="sys")
    with pytest.raises(TrainingCrashed, match=reason):
        train(tmp_path, minutes=1, on_step=lambda step: None, stop=threading.Event())


def test_a_training_that_hangs_is_ended_with_a_reason(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import time; time.sleep(60)")
    train = TrainingProcess(command, needs="sys", overtime_seconds=0.5)
    with pytest.raises(TrainingCrashed, match=r"was ended after 1\.1 s"):
        train(tmp_path, minutes=0.01, on_step=lambda step: None, stop=threading.Event())


def test_a_killed_training_is_resumed_once(tmp_path: Path) -> None:
    program = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
if not (folder / "begun").exists():
    (folder / "begun").touch()
    os.kill(os.getpid(), 9)
(folder / "result.json").write_text('{"code": "no_time", "reason": "resumed"}')
print('{"stage": "sft", "text": "resuming", "seconds_spent": 1}')
"""
    steps = []
    train = TrainingProcess((sys.executable, "-c", program), needs="sys")
    result = train(tmp_path, minutes=1, on_step=steps.append, stop=threading.Event())
    assert (result.reason, [step.text for step in steps]) == ("resumed", ["resuming"])


def test_a_stop_request_ends_the_training(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    train = TrainingProcess((sys.executable, "-c", "import time; time.sleep(60)"), needs="sys")
    with pytest.raises(TrainingStopped):
        train(tmp_path, minutes=1, on_step=lambda step: None, stop=stop)


def test_an_error_names_the_missing_training_packages(tmp_path: Path) -> None:
    train = TrainingProcess(needs="no_such_package")
    with pytest.raises(TrainingCrashed, match=r"preferstream\[training\]"):
        train(tmp_path, minutes=1, on_step=lambda step: None, stop=threading.Event())


def test_a_training_ends_when_its_parent_dies(tmp_path: Path) -> None:
    program = (
        "import sys, time; from training.job import parent_death; parent_death.exit_with_parent();"
        " print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    process.stdin.close()
    assert process.wait(10) == 3
    process.stdout.close()
