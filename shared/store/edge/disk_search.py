"""Search the engine's files for a text: an erasure proves that it reached them."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

BLOCK_BYTES: Final = 4 << 20


def collection_folder(engine_folder: Path, collection: str) -> Path:
    """Where the files of a collection lie."""
    return engine_folder / f"collection-{quote(collection, safe='')}"


def count_files_with(text: str, folders: Iterable[Path]) -> int:
    """Number of files that contain a text."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return sum(_contains(file, text.encode()) for file in files)


def _contains(file: Path, word: bytes) -> bool:
    with suppress(FileNotFoundError), file.open("rb") as stream:  # the engine may remove it
        rest = b""
        while block := stream.read(BLOCK_BYTES):
            if word in rest + block:
                return True
            rest = block[-len(word) :]
    return False
