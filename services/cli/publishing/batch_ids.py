"""Give the events of an interrupted command the same ids when the command is run again."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4, uuid5

from shared.files.atomic_write import atomic_write

FOLDER = "unfinished"
REPEAT_SECONDS = 3600.0
"""Later, the same command is meant as a new one: the profile has changed, and so will the feed."""


class Batch:
    """The events of one run of a command, and of its repetitions until one of them has finished."""

    def __init__(self, batch_id: UUID, *, is_repeated: bool) -> None:
        self._id = batch_id
        self.is_repeated = is_repeated
        """An earlier run with the same input was interrupted."""
        self._new_ids: set[str] = set()

    def id_of(self, name: str) -> str:
        """An id that is the same in each run of this batch, such as the one of line 3."""
        new_id = str(uuid5(self._id, name))
        self._new_ids.add(new_id)
        return new_id

    def was_sent_before(self, request_ids: Iterable[str]) -> bool:
        """Whether some of these requests may have been sent: by an earlier run, or with own ids."""
        return self.is_repeated or not self._new_ids.issuperset(request_ids)


@contextmanager
def batch(data_dir: Path, *input_parts: bytes) -> Iterator[Batch]:
    """The batch of this input; it ends when the block ends without an exception.

    Its id is in a file of the data folder until then, so that it outlives also SIGKILL. Without a
    writable data folder, a repetition has other ids.
    """
    checksum = hashlib.sha256()
    for part in input_parts:
        checksum.update(hashlib.sha256(part).digest())
    file = data_dir / FOLDER / checksum.hexdigest()
    try:
        if time.time() - file.stat().st_mtime > REPEAT_SECONDS:
            _remove(file)
        current = Batch(UUID(file.read_text(encoding="utf-8")), is_repeated=True)
    except (OSError, ValueError):
        new_id = uuid4()
        current = Batch(new_id, is_repeated=False)
        _write(file, str(new_id))
    yield current
    _remove(file)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(file, text)
    except OSError:
        return


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
        file.parent.rmdir()
    except OSError:
        return  # Other batches are unfinished, or the folder cannot be written.
