"""Store how many records of an import were sent, so that the same command resumes there."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from shared.files.atomic_write import atomic_write

FOLDER: Final = "unfinished"


class ImportCheckpoint:
    """The number of records that are sent and acknowledged; the file is removed at the end.

    Without a writable data folder an import starts again from its first record. Nothing counts
    twice then either, because the events have the same ids.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.records = self._read()

    @classmethod
    def of(cls, data_dir: Path, files: Sequence[Path], *parts: str) -> Self:
        """The checkpoint of these files, with their size and time, and of these options."""
        if any(str(file) == "-" for file in files):
            return cls(None)
        stats = [(file, file.stat()) for file in files if file.exists()]
        names = [f"{file.resolve()} {stat.st_size} {stat.st_mtime_ns}" for file, stat in stats]
        digest = sha256("\0".join([*names, *parts]).encode("utf-8", "surrogateescape"))
        return cls(data_dir / FOLDER / f"import-{digest.hexdigest()}")

    def save(self, records: int) -> None:
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._file, str(records))
        except OSError:
            self._file = None

    def remove(self) -> None:
        if self._file is not None:
            try:
                self._file.unlink(missing_ok=True)
                self._file.parent.rmdir()
            except OSError:
                return  # Other commands are unfinished, or the folder cannot be written.

    def _read(self) -> int:
        try:
            return int(self._file.read_text(encoding="utf-8")) if self._file is not None else 0
        except (OSError, ValueError):
            return 0
