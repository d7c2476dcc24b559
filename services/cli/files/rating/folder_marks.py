"""Read the person's own ratings of a folder: from sidecars, and from the photographs themselves."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from PIL import Image

from services.cli.files.rating.photographs import Photograph, Skipped
from services.cli.files.rating.sidecar import Marks, marks_of
from services.cli.files.rating.xmp_document import MAX_BYTES, BadXmp, XmpDocument

log = logging.getLogger(__name__)
LIKED_STARS: Final = frozenset({4, 5})
DISLIKED_STARS: Final = frozenset({-1, 1, 2})
MAX_REFERENCES: Final = 100
"""References of one side: more change the taste little, and cost a second for each hundred."""


@dataclass
class FolderMarks:
    """The photographs of a folder, and the person's own ratings of them."""

    photographs: list[Photograph] = field(default_factory=list)
    stars: dict[Path, int] = field(default_factory=dict)
    """The person's own stars by photograph."""
    liked: list[Path] = field(default_factory=list)
    disliked: list[Path] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)
    """Sidecars that cannot be read; they are not changed."""


@dataclass(frozen=True)
class Labels:
    """Color labels that mean a like or a dislike; their names differ between programs."""

    liked: frozenset[str] = frozenset()
    disliked: frozenset[str] = frozenset()


def read_marks(
    photographs: Iterable[Photograph], labels: Labels, on_skipped: Callable[[Skipped], None]
) -> FolderMarks:
    """Read all ratings; a sidecar that cannot be read is reported and left alone."""
    marks = FolderMarks()
    for photograph in photographs:
        path = photograph.path
        marks.photographs.append(photograph)
        all_marks = [_embedded(path)]
        for sidecar in photograph.sidecars:
            try:
                all_marks.append(marks_of(XmpDocument(read_bounded(sidecar))))
            except (BadXmp, OSError) as error:
                on_skipped(Skipped(sidecar, f"left as it is: {error}"))
                marks.broken.add(sidecar)
        stars = next((m.stars for m in all_marks if m.stars is not None), None)
        label = next((m.label for m in all_marks if m.label), None)
        if stars is not None:
            marks.stars[path] = stars
        if stars in LIKED_STARS or (stars is None and label in labels.liked):
            marks.liked.append(path)
        elif stars in DISLIKED_STARS or (stars is None and label in labels.disliked):
            marks.disliked.append(path)
    marks.liked = chosen(marks.liked, marks.stars, best_first=True)
    marks.disliked = chosen(marks.disliked, marks.stars, best_first=False)
    return marks


def chosen(paths: list[Path], stars: dict[Path, int], *, best_first: bool) -> list[Path]:
    """At most `MAX_REFERENCES` of one side: the clearest ratings first, then by a fixed draw."""
    sign = -1 if best_first else 1

    def clearest(path: Path) -> tuple[int, str]:
        return sign * stars.get(path, 0), sha256(str(path).encode("utf-8", "replace")).hexdigest()

    return sorted(paths, key=clearest)[:MAX_REFERENCES]


def read_bounded(path: Path) -> bytes:
    """The bytes of a sidecar, and one more than is allowed of a larger one; raises `OSError`."""
    if not path.is_file():
        raise OSError("it is no regular file")
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _embedded(path: Path) -> Marks:
    """The rating inside the photograph; nothing where it has no XMP or cannot be read."""
    try:
        with Image.open(path) as image:
            packet = image.info.get("xmp")
        if isinstance(packet, str):
            packet = packet.encode()
        return marks_of(XmpDocument(packet.rstrip(b"\0"))) if packet else Marks()
    # Damaged files make Pillow raise all kinds of errors; the scorer names what is wrong.
    except Exception as error:
        log.debug("no embedded rating of %s: %s", path, error)
        return Marks()
