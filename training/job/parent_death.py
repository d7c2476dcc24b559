"""Exit when the parent process dies."""

import os
import threading
from typing import Final, Protocol

PARENT_DIED: Final = 3
"""Exit code."""


class Killable(Protocol):
    """A child process."""

    def kill(self) -> None: ...


_children: set[Killable] = set()


def exit_with_parent() -> None:
    """From now on this process exits when the other end of its standard input is closed."""
    threading.Thread(target=_watch, daemon=True, name="parent-death").start()


def register_child(child: Killable) -> None:
    """Kill this child too when the parent dies."""
    _children.add(child)


def unregister_child(child: Killable) -> None:
    """Forget a child that has ended."""
    _children.discard(child)


def _watch() -> None:
    # Not `sys.stdin.buffer`: its lock could be held when the interpreter shuts down.
    while os.read(0, 4096):
        pass
    for child in list(_children):
        child.kill()
    # At once, without cleaning up: every stage can be killed at any point, which is tested.
    os._exit(PARENT_DIED)
