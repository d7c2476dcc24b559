"""Let one process fetch or build what is kept for all, while the others wait for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def once(kept: Path) -> Iterator[bool]:
    """Whether `kept` is still to be made; no other process makes it inside the block."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_name(f"{kept.name}.lock")):
        yield not kept.exists()
