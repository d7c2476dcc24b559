"""Let one process download or build a shared file while the others wait for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def once(path: Path) -> Iterator[bool]:
    """Whether `path` is missing; no other process creates it during the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock")):
        yield not path.exists()
