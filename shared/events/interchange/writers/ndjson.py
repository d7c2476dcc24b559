"""Write JSON lines, plain or gzip, as they come."""

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from shared.files.atomic_write import atomic_file


class NdjsonWriter:
    """Appends one line a document."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.count = 0

    def write(self, document: Mapping[str, Any]) -> None:
        line = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        self._stream.write(line.encode("utf-8") + b"\n")
        self.count += 1


@contextmanager
def ndjson_writer(path: Path, *, packed: bool = False) -> Iterator[NdjsonWriter]:
    """A writer; its file appears complete when the block ends. Raises `OSError`."""
    with atomic_file(path) as file:
        if not packed:
            yield NdjsonWriter(file)
            return
        # Without a time in its header, the same events give the same file.
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as stream:
            yield NdjsonWriter(stream)  # type: ignore[arg-type]  # it writes bytes, too
