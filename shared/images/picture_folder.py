"""List the picture files below a folder, and count the pictures in formats that are not read."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

READ: Final = frozenset({".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp"})
NOT_READ: Final[Mapping[str, str]] = {
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIC"),
    ".avif": "AVIF",
    ".jxl": "JPEG XL",
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".svg", ".svgz"), "SVG"),
    ".psd": "Photoshop",
    **dict.fromkeys((".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"), "raw"),
}
"""Suffixes of pictures that the decoder refuses, with the name of their format."""
NO_PICTURES: Final = frozenset({"__MACOSX", "@eaDir", "node_modules"})
"""Folders that programs fill with copies, as folders with a dot at the beginning."""


@dataclass(frozen=True)
class PictureFolder:
    """The picture files below a folder, sorted by path."""

    folder: Path
    files: tuple[Path, ...]
    not_read: Mapping[str, int] = field(default_factory=dict)
    """Number of pictures by format that the decoder does not read."""
    closed: int = 0
    """Number of folders below that this user may not read."""

    def files_below(self, name: str) -> tuple[Path, ...]:
        """Files below the subfolder of this name; upper and lower case are the same."""
        return tuple(
            path
            for path in self.files
            if path.relative_to(self.folder).parts[0].casefold() == name
            and path.parent != self.folder
        )

    def left_out(self) -> str:
        """One sentence about what is left out and what to do; empty when nothing is."""
        sentences = []
        if self.not_read:
            counts = [f"{number} {name}" for name, number in sorted(self.not_read.items())]
            sentences.append(
                f"{' and '.join(counts)} files are left out: convert them to JPEG or PNG first"
            )
        if self.closed:
            sentences.append(f"{self.closed} folders cannot be opened: check their rights")
        return "; ".join(sentences)


def picture_folder(folder: Path) -> PictureFolder:
    """List the pictures below `folder`; the suffix decides, and no file is opened.

    Symbolic links to folders are not followed, and hidden files and folders are left out. Raises
    `NotADirectoryError` when `folder` is no folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    closed: list[OSError] = []
    files: list[Path] = []
    not_read: Counter[str] = Counter()
    for path in _files(folder, closed):
        suffix = path.suffix.lower()
        if suffix in READ:
            files.append(path)
        elif suffix in NOT_READ:
            not_read[NOT_READ[suffix]] += 1
    return PictureFolder(folder, tuple(sorted(files)), dict(not_read), len(closed))


def _files(folder: Path, closed: list[OSError]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = [n for n in folders if not n.startswith(".") and n not in NO_PICTURES]
        for name in names:
            if not name.startswith("."):
                yield Path(parent) / name
