"""Run Java for a parent process, and end it when that parent ends, however it ends.

Started by path as `guardian.py LIFELINE LOCK GRACE_SECONDS COMMAND...` in a session of its own, so
that a terminal's Ctrl-C reaches the services first and Kafka last. LIFELINE is the read end of a
pipe whose other end only the parent holds: when the parent closes it, or dies, Java is ended.
Only the standard library and nothing of ours: it starts in hundredths of a second.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys

LOOK_SECONDS = 0.2
PR_SET_PDEATHSIG = 1
"""Linux only: the kernel kills Java should this process itself be killed."""


def main(arguments: list[str]) -> int:
    lifeline, lock, grace = int(arguments[0]), int(arguments[1]), float(arguments[2])
    parent = os.getppid()
    asked_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked_to_stop.append(received))
    try:
        java = subprocess.Popen(
            arguments[3:],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            stderr=sys.stderr,
            pass_fds=(lock,),
            preexec_fn=_die_with_parent,
        )
    except OSError as error:
        print(f"{arguments[3]} cannot be run: {error}", file=sys.stderr)
        return 127
    print(java.pid, flush=True)
    # A fork of the parent may hold the pipe open after the parent's death: look at both.
    while java.poll() is None and not asked_to_stop and os.getppid() == parent:
        if select.select([lifeline], [], [], LOOK_SECONDS)[0]:
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
    return code if code >= 0 else 128 - code


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
