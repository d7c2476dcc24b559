"""Select the pictures of a set: files of a package, or files inside its Qt resource files."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from training.evaluation.real_pictures.picture_sets import MAX_PICTURES, PictureSet
from training.evaluation.real_pictures.pictures.qt_resources import read_resources


@dataclass(frozen=True)
class Picture:
    """The encoded bytes of one picture, and its path in the package."""

    path: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def select(picture_set: PictureSet, folder: Path, *, seed: int) -> list[Picture]:
    """At most `MAX_PICTURES` pictures of an extracted package, in the order of their paths.

    The same files and seed give the same pictures; equal files count once.
    """
    chosen = all_pictures(picture_set, folder)
    random.Random(f"{seed}/{picture_set.name}").shuffle(chosen)
    return sorted(chosen[:MAX_PICTURES], key=lambda picture: picture.path)


def all_pictures(picture_set: PictureSet, folder: Path) -> list[Picture]:
    """All pictures of a set in the order of their paths; equal files count once."""
    pictures = {
        picture.sha256: picture
        for picture in sorted(_all(picture_set, folder), key=lambda picture: picture.path)
        if not any(part in picture.path for part in picture_set.without)
    }
    return list(pictures.values())


def _all(picture_set: PictureSet, folder: Path) -> Iterator[Picture]:
    pattern, _, inside = picture_set.pattern.partition("!")
    for file in sorted(folder.glob(pattern)):
        path = file.relative_to(folder).as_posix()
        if not inside:
            yield Picture(path, file.read_bytes())
            continue
        ending = inside.removeprefix("**/")
        for name, data in read_resources(file):
            if PurePosixPath(name).match(ending):
                yield Picture(f"{path}!{name}", data)
