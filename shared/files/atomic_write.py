"""Write a file atomically: a reader sees the old content or the new content, never a part."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def atomic_write(file: Path, content: str | bytes) -> None:
    """Replace the content of `file` (text as UTF-8); on an OSError `file` is unchanged."""
    with atomic_file(file) as stream:
        stream.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def atomic_file(file: Path) -> Iterator[BinaryIO]:
    """A binary stream whose content replaces `file` when the block ends without an error.

    The temporary file lies in the same folder, because a rename is atomic only inside one file
    system. Its name starts with a dot and holds the process and thread, so that no search for
    `*.json` finds it and two writers do not share it.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        with temporary.open("wb") as stream:
            yield stream
            stream.flush()
            # Without it, a power failure may keep the new name and lose the content.
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
