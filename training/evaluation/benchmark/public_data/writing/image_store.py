"""Store the images of a set by their content, and remember which ones cannot be used, and why."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from shared.domain.errors import Unprocessable
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings

NAME_DIGITS: Final = 24
"""Hexadecimal digits of a content hash in a file name: no collision in any data set."""
_ENDING: Final = re.compile(r"\.[a-z0-9]{1,5}")


class ImageStore:
    """A folder of images; equal bytes are one file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._settings = ImageSettings()
        self.files: dict[str, str] = {}
        """File name by what names the image in the data."""
        self.broken: dict[str, Unprocessable] = {}

    def add(self, image: str, data: bytes, *, name: str) -> None:
        """Store one image as it is, if the services can decode it; `name` gives its ending."""
        try:
            decode(data, name, self._settings)
        except Unprocessable as error:
            self.broken[image] = error
            return
        ending = Path(name).suffix.lower()
        digest = hashlib.sha256(data).hexdigest()[:NAME_DIGITS]
        file = f"{digest}{ending if _ENDING.fullmatch(ending) else '.img'}"
        if not (self._folder / file).exists():
            (self._folder / file).write_bytes(data)
        self.files[image] = file

    def keep(self, files: Iterable[str]) -> None:
        """Delete the stored files that are not among these."""
        kept = set(files)
        for path in self._folder.iterdir():
            if path.name not in kept:
                path.unlink()


def load_files(images: Iterable[str], store: ImageStore) -> None:
    """Add images whose names are paths of files."""
    for image in images:
        try:
            data = Path(image).read_bytes()
        except OSError as error:
            store.broken[image] = Unprocessable(
                "unreadable_file", f"{image} cannot be read: {error.strerror}"
            )
            continue
        store.add(image, data, name=image)


def find_image(name: str, roots: Iterable[Path]) -> str:
    """The path of an image that a row names, below one of the folders; raises `Unprocessable`."""
    relative = Path(name.strip())
    if not name.strip() or relative.is_absolute() or ".." in relative.parts:
        raise Unprocessable(
            "bad_image_name", f"{name[:80]!r} is no file name within a folder of images"
        )
    folders = list(roots)
    for folder in folders:
        for path in (folder / relative, folder / relative.name):
            if path.is_file():
                return str(path)
    raise Unprocessable("missing_image", f"{relative} is in none of {', '.join(map(str, folders))}")
