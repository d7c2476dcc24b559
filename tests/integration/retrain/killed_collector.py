"""A process that collects in forked children and kills each at a given line: SIGKILL, no goodbye.

Reads one number a line: the child is killed when it has run so many lines of our own code; a
negative number is milliseconds after which it is killed wherever it is, vendors' code included;
0 lets it finish. Answers with `killed` or the number of lines that were run.
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
"""Several commits and a compaction in most runs."""


class Lines:
    """Counts the lines of our own code, and kills the process at one of them."""

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
    collected = lake.collector(**LAKE_SETTINGS).run()
    sys.settrace(None)
    assert not collected.problems, collected.problems
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
    told = os.read(reading, 32).decode()
    os.close(reading)
    if os.WIFSIGNALED(status):
        return "killed"
    return told if os.WEXITSTATUS(status) == 0 else "failed"


if __name__ == "__main__":
    kafka, folder, topic = sys.argv[1:]
    lake = Lake(kafka, Path(folder), Topic(topic, Feedback, None))
    for line in sys.stdin:
        print(in_a_child(lake, int(line)), flush=True)
