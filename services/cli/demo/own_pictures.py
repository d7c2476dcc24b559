"""Choose liked, disliked and new pictures from a folder of the user's own, by a stated rule.

1. Subfolders `liked` and `disliked`: what the names say. Where both have enough pictures, some are
   held out for the check; they are ranked with the other pictures of the folder.
2. Else two or more subfolders with enough pictures: the largest is liked, the second is not.
3. Else the first picture and those most similar to it are liked, the least similar are not.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from services.cli.demo.own_files import ReadableCopies
from services.cli.demo.scenario import Scenario
from shared.embedding.protocol import Vectors
from shared.images.picture_folder import PictureFolder, picture_folder

LIKED, DISLIKED = "liked", "disliked"
REFERENCES: Final = 5
MOST_REFERENCES: Final = 10
HELD_OUT: Final = 6
MIN_HELD_OUT: Final = 3
"""Pictures of a side without which a check means nothing."""
MOST_NEW: Final = 24
MIN_NEW: Final = 2
"""One picture alone has no order."""
COMPARED: Final = 120
"""Pictures that are compared with the first one: a few seconds."""
Encode = Callable[[Sequence[Image.Image]], Vectors]


class TooFewPictures(Exception):
    """The folder does not have enough pictures that can be read; the text says what is needed."""


@dataclass(frozen=True)
class OwnChoice:
    """The scenario of the user's own pictures, and sentences about what was left out."""

    scenario: Scenario
    notes: tuple[str, ...]


def choose_own(folder: Path, copies: Path, *, seed: int, encode: Encode) -> OwnChoice:
    """Choose pictures below `folder`, and write small copies of them into `copies`.

    Raises `TooFewPictures`, and `NotADirectoryError` when `folder` is no folder. `encode` turns
    images into unit vectors; it is called for the third rule only.
    """
    files = picture_folder(folder)
    rng = np.random.default_rng(seed)
    readable = ReadableCopies(folder, copies)
    sides = {name: _shuffled(files.files_below(name), rng) for name in (LIKED, DISLIKED)}
    albums = _albums(files)
    if any(sides.values()):
        scenario = _by_name(files, sides, readable, rng)
    elif len(albums) > 1:
        scenario = _by_album(albums, readable, rng)
    else:
        scenario = _by_similarity(files, readable, rng, encode)
    if len(scenario.slate) < MIN_NEW or not (scenario.liked or scenario.disliked):
        raise TooFewPictures(_too_few(files, readable))
    return OwnChoice(scenario, tuple(filter(None, (files.left_out(), readable.unreadable()))))


def _by_name(
    files: PictureFolder,
    sides: dict[str, list[Path]],
    readable: ReadableCopies,
    rng: np.random.Generator,
) -> Scenario:
    liked, wanted = _split(sides[LIKED], readable)
    disliked, unwanted = _split(sides[DISLIKED], readable)
    both = min(len(wanted), len(unwanted)) >= MIN_HELD_OUT
    named = {path for side in sides.values() for path in side}
    others = _shuffled([path for path in files.files if path not in named], rng)
    new = readable.first(others, MOST_NEW - len(wanted) - len(unwanted))
    if both or len(new) < MIN_NEW:
        new += [*wanted, *unwanted]
    else:
        liked, disliked = (
            (*liked, *wanted)[:MOST_REFERENCES],
            (*disliked, *unwanted)[:MOST_REFERENCES],
        )
    if not both:
        wanted = unwanted = ()
    check = (
        f" {len(wanted)} liked and {len(unwanted)} disliked pictures are held out: the check"
        " compares them."
        if both
        else f" There is no check: it needs {REFERENCES + MIN_HELD_OUT} readable pictures in each."
    )
    return _scenario(
        "The subfolders liked and disliked say what you like." + check,
        (liked, disliked), new, wanted, unwanted, readable, rng,
    )  # fmt: skip


def _by_album(
    albums: list[tuple[str, list[Path]]], readable: ReadableCopies, rng: np.random.Generator
) -> Scenario:
    (first, liked_files), (second, disliked_files), *rest = albums
    liked, wanted = _split(_shuffled(liked_files, rng), readable)
    disliked, unwanted = _split(_shuffled(disliked_files, rng), readable)
    others = _shuffled([path for _, paths in rest for path in paths], rng)
    new = [*wanted, *unwanted]
    new += readable.first(others, MOST_NEW - len(new))
    text = (
        f"There are no subfolders {LIKED} and {DISLIKED}. By a simple rule, the largest subfolder"
        f" counts as liked ({first}) and the second largest as disliked ({second}); some pictures"
        " of both are held out for the check."
    )
    return _scenario(text, (liked, disliked), new, wanted, unwanted, readable, rng)


def _by_similarity(
    files: PictureFolder, readable: ReadableCopies, rng: np.random.Generator, encode: Encode
) -> Scenario:
    candidates = [*files.files[:1], *_shuffled(files.files[1:], rng)]
    copies = readable.first(candidates, COMPARED)
    if len(copies) < 2 * REFERENCES + MIN_NEW:
        raise TooFewPictures(_too_few(files, readable))
    vectors = encode([readable.image(copy) for copy in copies])
    by_similarity = [copies[int(row)] for row in np.argsort(-(vectors @ vectors[0]), kind="stable")]
    liked, disliked = by_similarity[:REFERENCES], by_similarity[-REFERENCES:]
    middle = _shuffled(by_similarity[REFERENCES:-REFERENCES], rng)
    text = (
        f"There are no subfolders {LIKED} and {DISLIKED}. By a simple rule, the first picture"
        f" ({readable.path(copies[0])}) and the {REFERENCES - 1} most similar to it count as"
        f" liked, and the {REFERENCES} least similar as disliked. There is no check, because"
        " nobody has said what is right."
    )
    return _scenario(text, (liked, disliked), middle[:MOST_NEW], (), (), readable, rng)


def _scenario(
    text: str,
    references: tuple[Sequence[Path], Sequence[Path]],
    new: Sequence[Path],
    wanted: Sequence[Path],
    unwanted: Sequence[Path],
    readable: ReadableCopies,
    rng: np.random.Generator,
) -> Scenario:
    liked, disliked = references
    return Scenario(
        name="own", title="Your own pictures", text=text,
        liked=tuple(liked), disliked=tuple(disliked), slate=tuple(_shuffled(new, rng)),
        wanted=frozenset(path.name for path in wanted),
        unwanted=frozenset(path.name for path in unwanted),
        shows={path.name: readable.path(path) for path in new},
    )  # fmt: skip


def _split(
    files: Sequence[Path], readable: ReadableCopies
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """References, and up to `HELD_OUT` pictures for the check, if there are enough of them."""
    copies = readable.first(files, MOST_REFERENCES + HELD_OUT)
    held_out = min(HELD_OUT, max(0, len(copies) - REFERENCES))
    if held_out < MIN_HELD_OUT:
        held_out = 0
    references = copies[: len(copies) - held_out][:MOST_REFERENCES]
    return tuple(references), tuple(copies[len(copies) - held_out :])


def _albums(files: PictureFolder) -> list[tuple[str, list[Path]]]:
    """Subfolders with enough pictures for references and a check, the largest first."""
    below: dict[str, list[Path]] = defaultdict(list)
    for path in files.files:
        first, *more = path.relative_to(files.folder).parts
        if more:
            below[first].append(path)
    enough = [item for item in below.items() if len(item[1]) >= REFERENCES + MIN_HELD_OUT]
    return sorted(enough, key=lambda item: (-len(item[1]), item[0]))


def _shuffled(paths: Sequence[Path], rng: np.random.Generator) -> list[Path]:
    return [paths[int(number)] for number in rng.permutation(len(paths))]


def _too_few(files: PictureFolder, readable: ReadableCopies) -> str:
    parts = [f"{files.folder} has {len(files.files)} files of a format that is read (PNG, JPEG,"]
    parts.append("WebP, GIF, BMP), with its subfolders")
    notes = [note for note in (files.left_out(), readable.unreadable()) if note]
    return (
        f"{' '.join(parts)}; {len(readable.copies)} of them were readable and used"
        f"{''.join(f'; {note}' for note in notes)}. The demo needs pictures in subfolders {LIKED}"
        f" and {DISLIKED} and at least {MIN_NEW} others, or at least"
        f" {2 * REFERENCES + MIN_NEW} pictures"
    )
