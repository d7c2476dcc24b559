"""Append a line to a file so that a line that was cut off on a full disk damages no other line."""

import os
from pathlib import Path


def append_line(file: Path, line: str) -> None:
    """Append a line (UTF-8) and write it to the disk; on an OSError the file is as before."""
    with file.open("a+b", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(size - 1, 0))
        # A process that was killed may have left a line without its end.
        torn = size > 0 and stream.read(1) != b"\n"
        content = (b"\n" if torn else b"") + line.encode("utf-8") + b"\n"
        try:
            if (written := stream.write(content)) != len(content):
                stream.write(content[written:])  # raises the reason
            os.fsync(stream.fileno())
        except OSError:
            os.truncate(stream.fileno(), size)
            raise
