"""Write small copies of a user's picture files, and count those that cannot be read."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PIL import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.decoding.image_file import read_small_image
from shared.images.display_name import unique

SIDE_PIXELS: Final = 512
"""More than the models look at; 24 such pictures fit into one event."""
QUALITY: Final = 88
MAX_NAME_BYTES: Final = 180
"""A file name has at most 255 bytes, and an image id 256 characters."""
SHOWN: Final = 3


class ReadableCopies:
    """Copies of the readable files, each made once."""

    def __init__(self, folder: Path, copies: Path) -> None:
        self._folder = folder
        self._into = copies
        self._into.mkdir(parents=True, exist_ok=True)
        self._names: set[str] = set()
        self._problems: dict[Path, str] = {}
        self.copies: dict[Path, Path] = {}
        """The file of the user by its copy."""

    def first(self, files: Iterable[Path], number: int) -> list[Path]:
        """Copies of the first `number` readable files."""
        copies: list[Path] = []
        for path in files:
            if len(copies) >= number:
                break
            if (copy := self._copy(path)) is not None:
                copies.append(copy)
        return copies

    def path(self, copy: Path) -> str:
        """The path of the user's file below the folder, printable."""
        return _printable(self.copies[copy].relative_to(self._folder).as_posix())

    def image(self, copy: Path) -> Image.Image:
        return read_small_image(copy, side=SIDE_PIXELS)

    def unreadable(self) -> str:
        """One sentence about the files that cannot be read; empty when there are none."""
        if not self._problems:
            return ""
        shown = [
            f"{_printable(path.relative_to(self._folder).as_posix())} ({reason})"
            for path, reason in list(self._problems.items())[:SHOWN]
        ]
        more = len(self._problems) - len(shown)
        rest = f" and {more} more" if more else ""
        return f"{len(self._problems)} files are left out: {', '.join(shown)}{rest}"

    def _copy(self, path: Path) -> Path | None:
        try:
            small = read_small_image(path, side=SIDE_PIXELS)
        except Unprocessable as error:
            self._problems[path] = error.reason.replace("_", " ")
            return None
        except Unavailable as error:
            self._problems[path] = error.detail
            return None
        copy = self._into / unique(self._name(path), self._names)
        small.save(copy, "WEBP", quality=QUALITY)
        self.copies[copy] = path
        return copy

    def _name(self, path: Path) -> str:
        parts = path.relative_to(self._folder).with_suffix("").parts
        encoded = _printable("-".join(parts)).encode()[-MAX_NAME_BYTES:]
        return encoded.decode("utf-8", "ignore") or "picture"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "_" for letter in text)
