"""Read the files inside a Qt resource file (`.rcc`), in which some packages keep their pictures."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAGIC: Final = b"qres"
COMPRESSED: Final = 1
FOLDER: Final = 2
NODE_BYTES: Final = {1: 14, 2: 22, 3: 22}
"""Bytes of one entry of the tree, by version of the format."""


class NotQtResources(Exception):
    """The file is not a Qt resource file that can be read here."""


def read_resources(path: Path) -> Iterator[tuple[str, bytes]]:
    """The path and the bytes of each file inside; raises `NotQtResources`.

    Files compressed with zstd are left out: pictures are stored as they are.
    """
    content = path.read_bytes()
    if content[:4] != MAGIC:
        raise NotQtResources(f"{path.name} does not begin with {MAGIC.decode()}")
    version, tree, data, names = struct.unpack_from(">4I", content, 4)
    if version not in NODE_BYTES:
        raise NotQtResources(f"{path.name} has the format version {version}, expected 1 to 3")
    yield from _Resources(content, NODE_BYTES[version], tree, data, names).below(0, "")


class _Resources:
    """The three tables of a resource file: tree, data and names."""

    def __init__(self, content: bytes, node: int, tree: int, data: int, names: int) -> None:
        self._content = content
        self._node = node
        self._tree = tree
        self._data = data
        self._names = names

    def below(self, index: int, parent: str) -> Iterator[tuple[str, bytes]]:
        """The files of the entry `index`, which is a file or a folder; 0 is the root."""
        at = self._tree + index * self._node
        name_at, flags = struct.unpack_from(">IH", self._content, at)
        path = f"{parent}/{self._name(name_at)}".lstrip("/") if index else ""
        if flags & FOLDER:
            count, first = struct.unpack_from(">II", self._content, at + 6)
            for child in range(first, first + count):
                yield from self.below(child, path)
            return
        (data_at,) = struct.unpack_from(">I", self._content, at + 10)
        value = self._value(data_at)
        if not flags & ~COMPRESSED:
            # The first four bytes of compressed data are its length.
            yield path, zlib.decompress(value[4:]) if flags & COMPRESSED else value

    def _value(self, at: int) -> bytes:
        (size,) = struct.unpack_from(">I", self._content, self._data + at)
        start = self._data + at + 4
        return self._content[start : start + size]

    def _name(self, at: int) -> str:
        (length,) = struct.unpack_from(">H", self._content, self._names + at)
        start = self._names + at + 6  # the length, then a hash of four bytes
        return self._content[start : start + 2 * length].decode("utf-16-be")
