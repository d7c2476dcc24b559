"""A signal ends a command after its clean-up, with a sentence and the code of the signal."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

LIMIT_SECONDS = 60.0
START = """
import signal, sys, threading, time
for number in (signal.SIGINT, signal.SIGHUP):
    if "ignored" not in sys.argv:
        signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
from services.cli.program.interruption import interruptible, interruption
interruption.watch()
def run(body):
    try:
        body()
    except BaseException:
        if interruption.signals.first is None:
            raise
    if interruption.signals.first is not None:
        interruption.end()
"""
WAITS = """
def body():
    with interruptible(lambda: "sent 3 of 5 events", grace_seconds=1.0):
        try:
            print("ready", flush=True)
            time.sleep(600)
        finally:
            print("cleaned up", flush=True)
"""
SWALLOWS = """
def body():
    with interruptible(lambda: "swallowed", grace_seconds=0.3):
        while True:
            try:
                print("ready", flush=True)
                time.sleep(600)
            except BaseException:
                pass
"""
CLEANS_SLOWLY = """
def body():
    with interruptible(lambda: "stopped", grace_seconds=600):
        try:
            print("ready", flush=True)
            time.sleep(600)
        finally:
            print("cleaning", flush=True)
            time.sleep(600)
"""
HAS_A_THREAD = """
def body():
    threading.Thread(target=time.sleep, args=(600,)).start()
    print("ready", flush=True)
    time.sleep(600)
"""


@contextmanager
def started(program: str, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """The program after it has printed its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{START}{program}\nrun(body)", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_sentence_comes_after_the_clean_up(number: signal.Signals) -> None:
    with started(WAITS) as process:
        process.send_signal(number)
        output, errors = process.communicate(timeout=LIMIT_SECONDS)
    assert (process.returncode, output) == (128 + number, "cleaned up\n")
    assert errors == "preferstream: sent 3 of 5 events\n"


@pytest.mark.parametrize(
    ("program", "sentence"), [(SWALLOWS, "swallowed"), (HAS_A_THREAD, "stopped before the end")]
)
def test_nothing_keeps_the_command_from_its_end(program: str, sentence: str) -> None:
    with started(program) as process:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT_SECONDS)
    assert (process.returncode, errors) == (130, f"preferstream: {sentence}\n")


def test_a_second_signal_interrupts_the_clean_up_and_a_repeated_one_does_not() -> None:
    with started(CLEANS_SLOWLY) as process:
        assert process.stdout is not None
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)  # as `make` passes it on
        assert process.stdout.readline() == "cleaning\n"
        process.send_signal(signal.SIGINT)
        time.sleep(0.7)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT_SECONDS)
    assert (process.returncode, errors) == (130, "preferstream: stopped\n")


def test_a_command_under_nohup_ignores_a_closed_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with started(WAITS, "ignored") as process:
            process.send_signal(signal.SIGHUP)
            time.sleep(0.2)
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=LIMIT_SECONDS)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.returncode == 128 + signal.SIGTERM


IMPORT_INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class InterruptsImport:
    def find_spec(self, name, path=None, target=None):
        if name == "MODULE":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, InterruptsImport())
from services.cli.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "rich.table", "services.cli.verbs.models.models"])
def test_ctrl_c_during_the_imports_has_no_traceback(module: str) -> None:
    program = IMPORT_INTERRUPTED.replace("MODULE", module)
    ended = subprocess.run(
        [sys.executable, "-c", program, "models", "list"],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert ended.returncode == 130
    assert ended.stderr == "preferstream: stopped before the end\n"
