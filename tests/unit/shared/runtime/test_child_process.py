"""A child process passes on its lines, and ends in time together with its children."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from shared.runtime import child_process
from shared.runtime.child_process import ChildProcess, run_child


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("pass", "ended with code 0; standard error: empty"),
        ("raise SystemExit(3)", "ended with code 3; standard error: empty"),
        ("import sys; sys.exit('no room')", "ended with code 1; standard error: no room"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL; standard error: empty"),
    ],
)
def test_the_exit_of_a_child_is_a_reason(program: str, reason: str) -> None:
    assert run_child(python(program)).reason == reason


def test_only_the_last_lines_of_standard_error_are_kept() -> None:
    program = "import sys; [print(n, file=sys.stderr) for n in range(9)]"
    assert run_child(python(program)).last_lines == ("5", "6", "7", "8")


def test_each_line_arrives_while_the_child_still_runs() -> None:
    # It waits for its standard input, which stays open.
    program = "import sys; print('first', flush=True); print(sys.stdin.readline())"
    with ChildProcess(python(program)) as child:
        assert child.first_line(seconds=30) == "first"
        assert child.end().killed, "it still waited for its standard input"


def test_undecodable_output_is_replaced() -> None:
    lines: list[str] = []
    program = r"import sys; sys.stdout.buffer.write(b'\xff!\n')"
    run_child(python(program), on_line=lines.append)
    assert lines == ["\ufffd!"]


def test_a_child_that_takes_too_long_is_ended() -> None:
    ended = run_child(python("import time; time.sleep(600)"), seconds=0.3)
    assert ended.timed_out
    assert ended.killed
    assert "after 0.3 s, its time limit" in ended.reason


def test_a_child_without_its_first_line_in_time_is_ended() -> None:
    with ChildProcess(python("import time; time.sleep(600)")) as child:
        assert child.first_line(seconds=0.3) is None
        assert child.wait().timed_out


def test_a_stop_event_ends_the_child() -> None:
    stop = threading.Event()
    stop.set()
    ended = run_child(python("import time; time.sleep(600)"), stop=stop)
    assert (ended.killed, ended.timed_out) == (True, False)


def test_the_child_of_a_child_is_ended_too() -> None:
    program = (
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    with ChildProcess(python(program)) as child:
        grandchild = int(child.first_line(seconds=60) or 0)
        assert _runs(grandchild)
    deadline = time.monotonic() + 30
    while _runs(grandchild):
        assert time.monotonic() < deadline, "the grandchild was left running"
        time.sleep(0.05)


def test_an_exception_during_the_end_shortens_the_grace_period(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child_process, "FORCED_SECONDS", 0.1)
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('ready', flush=True); time.sleep(600)"
    )
    child = ChildProcess(python(program), grace_seconds=600)
    assert child.first_line(seconds=60) == "ready"
    main_thread = threading.get_ident()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.2, signal.pthread_kill, (main_thread, signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt), child:
            pass
    finally:
        signal.signal(signal.SIGINT, before)
    assert child.wait().killed


def test_an_error_of_the_reader_ends_the_child() -> None:
    def refuse(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="first"):
        run_child(
            python("import time; print('first', flush=True); time.sleep(600)"), on_line=refuse
        )


def test_a_command_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        run_child(["/no/such/program"])


def _runs(pid: int) -> bool:
    """Whether a process exists and is not a zombie that waits for its parent."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
