"""A training in a process of its own ends with a result or a reason, whoever kills it."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.retrain.jobs.training_process import NightCrashed, NightStopped, TrainApart


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("raise SystemExit(3)", "ended with code 3"),
        ("raise RuntimeError('a bug')", "RuntimeError: a bug"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("pass", "left no result.json"),
        ("import time; time.sleep(60)", "did not end within 1.1 s"),
    ],
)
def test_a_training_that_dies_leaves_a_reason(tmp_path: Path, program: str, told: str) -> None:
    train = TrainApart((sys.executable, "-c", program), needs="sys", beyond_budget=0.5)
    with pytest.raises(NightCrashed, match=told):
        train(tmp_path, minutes=0.01, say=lambda step: None, stop=threading.Event())


def test_a_training_that_was_killed_goes_on_once(tmp_path: Path) -> None:
    program = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
if not (folder / "begun").exists():
    (folder / "begun").touch()
    os.kill(os.getpid(), 9)
(folder / "result.json").write_text('{"code": "no_time", "reason": "gone on"}')
print('{"stage": "sft", "text": "going on", "seconds_spent": 1}')
"""
    heard = []
    train = TrainApart((sys.executable, "-c", program), needs="sys")
    result = train(tmp_path, minutes=1, say=heard.append, stop=threading.Event())
    assert (result.reason, [step.text for step in heard]) == ("gone on", ["going on"])


def test_a_training_that_is_asked_to_end_ends_soon(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    train = TrainApart((sys.executable, "-c", "import time; time.sleep(60)"), needs="sys")
    with pytest.raises(NightStopped):
        train(tmp_path, minutes=1, say=lambda step: None, stop=stop)


def test_without_the_training_packages_the_reason_names_them(tmp_path: Path) -> None:
    train = TrainApart(needs="no_such_package")
    with pytest.raises(NightCrashed, match=r"preferstream\[training\]"):
        train(tmp_path, minutes=1, say=lambda step: None, stop=threading.Event())


def test_a_training_ends_with_whoever_asked_for_it(tmp_path: Path) -> None:
    program = (
        "import sys, time; from training.job import parent_death; parent_death.hold_on();"
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
