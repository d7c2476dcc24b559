"""Find the pictures of installed packages, and read their bytes. No package is imported."""

import fnmatch
import importlib.util
import re
import sys
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from shared.images.display_name import unique
from shared.images.packaged.sources import LEFT_OUT, SOURCES, Kind, PictureSource

INSTALLED_FOR_PICTURES: Final = Path(sys.prefix) / "share" / "preferstream" / "pictures"
"""Where `infra/environment.py` installs the packages of `infra/demo-pictures.txt`."""
SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp"})
UTF8_FLAG: Final = 0x800
"""Of a member of a zip archive; without it, the name of a file is read as code page 437."""


@dataclass(frozen=True)
class PackagePicture:
    """One picture of an installed package."""

    name: str
    """Unique and safe as a file name, without a suffix: `city-amsterdam-holland`."""
    title: str
    """The name of its file in words: `Amsterdam, Holland`."""
    kind: Kind
    subject: str
    package: str
    path: Path
    member: str | None = None
    """Name inside the zip archive `path`; None for a file of its own."""

    def read(self) -> bytes:
        """The encoded image; raises `OSError`, and `zipfile.BadZipFile` for a broken archive."""
        if self.member is None:
            return self.path.read_bytes()
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(self.member)


def package_pictures(
    *, sources: Sequence[PictureSource] = SOURCES, folder: Path = INSTALLED_FOR_PICTURES
) -> tuple[PackagePicture, ...]:
    """All pictures of the sources that are installed, in the order of the sources and files.

    `folder` is searched before the installed packages. A source that is not there brings none.
    """
    names: set[str] = set()
    return tuple(
        replace(picture, name=unique(picture.name, names))
        for source in sources
        for picture in _pictures(source, folder)
    )


def _pictures(source: PictureSource, folder: Path) -> Iterator[PackagePicture]:
    place = _place(source, folder)
    if place is None:
        return
    for below, path, member in _files(place):
        subject = _subject(below, source)
        if subject is None or Path(below).suffix.lower() not in SUFFIXES:
            continue
        title = _title(below)
        name = f"{subject}-{_slug(title)}".replace(" ", "-")
        yield PackagePicture(name, title, source.kind, subject, source.package, path, member)


def _place(source: PictureSource, folder: Path) -> Path | None:
    if (folder / source.place).exists():
        return folder / source.place
    package, _, rest = source.place.partition("/")
    spec = importlib.util.find_spec(package)  # Does not import a package without a dot.
    for location in (spec.submodule_search_locations or ()) if spec else ():
        if (place := Path(location) / rest).exists():
            return place
    return None


def _files(place: Path) -> Iterator[tuple[str, Path, str | None]]:
    """Path below the place, file, and name in the archive, if it is one."""
    if place.suffix != ".zip":
        for path in sorted(place.rglob("*")):
            if path.is_file():
                yield path.relative_to(place).as_posix(), path, None
        return
    try:
        with zipfile.ZipFile(place) as archive:
            members = archive.infolist()
    except (OSError, zipfile.BadZipFile):
        return
    for info in sorted(members, key=lambda info: info.filename):
        name = info.filename
        if not info.flag_bits & UTF8_FLAG:
            name = name.encode("cp437").decode("utf-8", "replace")
        yield name, place, info.filename


def _subject(below: str, source: PictureSource) -> str | None:
    for pattern, subject in source.subjects:
        if fnmatch.fnmatchcase(below, pattern):
            return None if subject == LEFT_OUT else subject
    return None


def _title(below: str) -> str:
    """`items/keyBlue.png` becomes `key blue`; `Paris, France.jpg` stays `Paris, France`."""
    stem = Path(below).stem
    if "," in stem:
        return stem
    words = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", stem.replace("_", " ").replace("-", " "))
    return " ".join(words.lower().split())


def _slug(title: str) -> str:
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", letters.lower()).strip("-")
