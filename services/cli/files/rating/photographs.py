"""Find the photographs below a folder, RAW and other files next to them, and their sidecars."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"})
NOT_DECODED: Final = frozenset({".avif", ".heic", ".heif", ".jxl", ".psd", ".tif", ".tiff"})
RAW_SUFFIXES: Final = NOT_DECODED | frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mos", ".mrw", ".nef",
     ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"}
)  # fmt: skip
SIDECAR: Final = ".xmp"
NO_JPEG: Final = "cannot be decoded; export a JPEG of the same name next to it"
Names = Literal["full", "stem"]
"""`full`: `IMG.JPG.xmp`, as darktable and digiKam write. `stem`: `IMG.xmp`, as Lightroom does."""


@dataclass(frozen=True)
class Photograph:
    """An image that can be shown, with its RAW files and its sidecars."""

    path: Path
    raws: tuple[Path, ...] = ()
    """Files of the same name in the same folder that cannot be decoded here: the same picture."""
    sidecars: tuple[Path, ...] = ()
    """The sidecars that exist, of either naming."""
    shares_stem: bool = False
    """Whether another image has the same name with another suffix, so `IMG.xmp` is not its own."""

    def targets(self, names: Names) -> tuple[Path, ...]:
        """The sidecars to write: those that exist, and new ones of this naming.

        Next to an existing `IMG.xmp` no `IMG.JPG.xmp` is made: darktable and digiKam would read the
        new one alone, without what the person has written into the other.
        """
        existing = {path.name.lower() for path in self.sidecars}
        stem = self.path.with_suffix(SIDECAR)
        wanted: list[Path] = []
        if names == "stem" and not self.shares_stem:
            wanted = [stem]
        elif self.shares_stem or stem.name.lower() not in existing:
            wanted = [f.with_name(f.name + SIDECAR) for f in (self.path, *self.raws)]
        new = (path for path in wanted if path.name.lower() not in existing)
        return (*self.sidecars, *new)


@dataclass(frozen=True)
class Skipped:
    """A file that is not rated, and why."""

    path: Path
    reason: str


def photographs(
    folder: Path, on_skipped: Callable[[Skipped], None] = lambda skipped: None
) -> Iterator[Photograph]:
    """The photographs below a folder, folder by folder, in a stable order.

    Linked files are rated under their own name; linked folders and hidden ones are not entered.
    """

    def cannot_list(error: OSError) -> None:
        on_skipped(Skipped(Path(error.filename or folder), error.strerror or str(error)))

    for parent, folders, names in os.walk(folder, onerror=cannot_list):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from _of_folder(Path(parent), sorted(names), on_skipped)


def _of_folder(
    parent: Path, names: Iterable[str], on_skipped: Callable[[Skipped], None]
) -> Iterator[Photograph]:
    images: dict[str, list[Path]] = defaultdict(list)
    raws: dict[str, list[Path]] = defaultdict(list)
    sidecars: dict[str, list[Path]] = defaultdict(list)
    for name in names:
        path = parent / name
        suffix = path.suffix.lower()
        if name.startswith("."):
            continue
        known = suffix == SIDECAR or suffix in SUFFIXES or suffix in RAW_SUFFIXES
        if known and not path.is_file():
            # A pipe would be read without end; a broken link has no picture.
            on_skipped(Skipped(path, "is no regular file, or a link to a file that is missing"))
        elif suffix == SIDECAR:
            sidecars[name[: -len(SIDECAR)].lower()].append(path)
        elif suffix in SUFFIXES:
            images[path.stem.lower()].append(path)
        elif suffix in RAW_SUFFIXES:
            raws[path.stem.lower()].append(path)
    for stem, files in images.items():
        for number, path in enumerate(files):
            is_first = number == 0
            own = tuple(raws.get(stem, ())) if is_first else ()
            beginnings = [file.name for file in (path, *own)]
            if len(files) == 1:
                beginnings += [file.stem for file in (path, *own)]
            lower = [file.name.lower() for file in files]
            is_alone = lower.count(path.name.lower()) == 1
            existing = tuple(
                sidecar
                for beginning in _each_once(beginnings)
                for sidecar in sidecars.get(beginning.lower(), ())
                # IMG.jpg and IMG.JPG may be two photographs, each with a sidecar.
                if is_alone or sidecar.name[: -len(SIDECAR)] == beginning
            )
            yield Photograph(path, own, existing, shares_stem=len(files) > 1)
    for stem, files in raws.items():
        if stem not in images:
            for path in files:
                on_skipped(Skipped(path, NO_JPEG))


def _each_once(names: Iterable[str]) -> list[str]:
    """The names without those that differ in case alone."""
    return list({name.lower(): name for name in names}.values())
