"""Run Java for a parent process, and stop it when the parent ends for any reason.

Started by path as `supervisor.py PIPE LOCK GRACE_SECONDS COMMAND...` in its own session, so that
Ctrl-C in a terminal reaches the services first and Kafka last. PIPE is the read end of a pipe; only
the parent holds the write end. When the parent closes it or dies, Java is stopped. This file uses
only the standard library, so that it starts in hundredths of a second.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys

POLL_SECONDS = 0.2
PR_SET_PDEATHSIG = 1
"""Linux only: the kernel kills Java when this process is killed."""


def main(arguments: list[str]) -> int:
    pipe, lock, grace = int(arguments[0]), int(arguments[1]), float(arguments[2])
    parent = os.getppid()
    stop_signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: stop_signals.append(received))
    try:
        java = subprocess.Popen(
            arguments[3:],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            stderr=sys.stderr,
            pass_fds=(lock,),
            # A group of its own: a model server has processes of its own, which must end with it.
            process_group=0,
            preexec_fn=_die_with_parent,
        )
    except OSError as error:
        print(f"{arguments[3]} cannot be run: {error}", file=sys.stderr)
        return 127
    print(java.pid, flush=True)
    # A fork of the parent may keep the pipe open after the parent's death: check both.
    while java.poll() is None and not stop_signals and os.getppid() == parent:
        if select.select([pipe], [], [], POLL_SECONDS)[0]:
            break
    return _end(java, grace)


def _end(java: "subprocess.Popen[bytes]", grace: float) -> int:
    if java.poll() is None:
        java.terminate()
        try:
            java.wait(grace)
        except subprocess.TimeoutExpired:
            java.kill()
    code = java.wait()
    # Processes that it has left behind, which would keep the memory of a GPU.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(java.pid, signal.SIGKILL)
    return code if code >= 0 else 128 - code


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
