"""End with whoever started us: a training that nobody waits for must not hold the machine."""

import os
import threading
from typing import Final

from shared.runtime.child_process import ChildProcess

ORPHANED: Final = 3
_children: set[ChildProcess] = set()


def hold_on() -> None:
    """From now on this process ends when the other end of its standard input is closed."""
    threading.Thread(target=_watch, daemon=True, name="lifeline").start()


def adopt(child: ChildProcess) -> None:
    """This one ends with us."""
    _children.add(child)


def release(child: ChildProcess) -> None:
    _children.discard(child)


def _watch() -> None:
    # Not `sys.stdin.buffer`: its lock could be held when the interpreter shuts down.
    while os.read(0, 4096):
        pass
    for child in list(_children):
        child.kill()
    # At once and without goodbyes: every stage can be killed anywhere, which is tested.
    os._exit(ORPHANED)
