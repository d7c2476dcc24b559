"""Collect in forked children, and kill each with SIGKILL at a given line or time.

Reads one number a line. A positive number: the child is killed when it has run that many lines of
our own code. A negative number: it is killed after that many milliseconds, also inside a
library. 0: it runs to its end. Prints `killed`, `failed`, or the number of lines that were run.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from shared.events import Feedback
from shared.events.topics import Topic
from tests.integration.retrain.lakes import Lake

OURS = ("services/retrain/", "shared/messaging/read/")
LAKE_SETTINGS = {"collect_batch_records": 4, "compact_files": 4}
"""Most runs then have several commits and a compaction."""


class Lines:
    """Counts the lines of our own code, and kills the process at a given count."""

    def __init__(self, fatal: int) -> None:
        self.count = 0
        self._fatal = fatal

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if not any(part in name for part in OURS):
            return None
        if event == "line":
            self.count += 1
            if self.count == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.trace


def collect(lake: Lake, fatal: int) -> int:
    lines = Lines(fatal)
    sys.settrace(lines.trace)
    result = lake.collector(**LAKE_SETTINGS).run()
    sys.settrace(None)
    assert not result.problems, result.problems
    return lines.count


def in_a_child(lake: Lake, number: int) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        count = collect(lake, fatal=max(number, 0))
        os.write(writing, str(count).encode())
        os._exit(0)
    os.close(writing)
    if number < 0:
        time.sleep(-number / 1000)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    line_count = os.read(reading, 32).decode()
    os.close(reading)
    if os.WIFSIGNALED(status):
        return "killed"
    return line_count if os.WEXITSTATUS(status) == 0 else "failed"


if __name__ == "__main__":
    kafka, folder, topic = sys.argv[1:]
    lake = Lake(kafka, Path(folder), Topic(topic, Feedback, None))
    for line in sys.stdin:
        print(in_a_child(lake, int(line)), flush=True)
