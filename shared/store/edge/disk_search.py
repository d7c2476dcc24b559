"""Search the engine's files for a text: an erasure proves that it reached them."""

import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

BLOCK_BYTES: Final = 4 << 20


def collection_folder(engine_folder: Path, collection: str) -> Path:
    """Where the files of a collection lie."""
    return engine_folder / f"collection-{quote(collection, safe='')}"


def files_with(traces: Collection[bytes], folders: Iterable[Path]) -> list[Path]:
    """The files of these folders that contain one of the traces; there must be at least one."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    pattern = re.compile(b"|".join(re.escape(trace) for trace in traces))
    longest = max(len(trace) for trace in traces)
    return [file for file in files if _contains(file, pattern, longest)]


def _contains(file: Path, pattern: re.Pattern[bytes], longest: int) -> bool:
    with suppress(FileNotFoundError), file.open("rb") as stream:  # the engine may remove it
        for begin, end in _written_parts(stream):
            stream.seek(begin)
            rest = b""
            while block := stream.read(min(BLOCK_BYTES, end - stream.tell())):
                if pattern.search(rest + block):
                    return True
                rest = block[-longest:]
    return False


def _written_parts(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """Begin and end of the parts that have data: a file of 32 MB often has some kilobytes."""
    size = stream.seek(0, os.SEEK_END)
    end = 0
    # An OSError means that no data follows.
    with suppress(OSError):
        while end < size:
            begin = os.lseek(stream.fileno(), end, os.SEEK_DATA)
            end = os.lseek(stream.fileno(), begin, os.SEEK_HOLE)
            yield begin, end
