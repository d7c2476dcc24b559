"""Draw people who like one set of real pictures and dislike another, with a catalog of all sets.

What a picture shows follows from its folder and file name (`real_subjects`), and its color,
saturation and detail from measurements that are not the model's (`real_words`). The packages give
the skew: most subjects are rare, and a few are on many pictures.
"""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from shared.domain.errors import Unprocessable
from shared.domain.subjects.element import SUBJECT, ProfileElement
from shared.images.decoding.decoder import decode
from shared.images.loader import LoadedImage
from shared.images.settings import ImageSettings
from training.evaluation.real_pictures.picture_sets import Use
from training.evaluation.real_pictures.pictures.packages import extracted
from training.evaluation.real_pictures.pictures.selection import Picture, select
from training.evaluation.real_subjects.named_sets import sets_for
from training.evaluation.real_words.reference import measure_file
from training.evaluation.serving_model import SEED
from training.evaluation.steerability.edits import CatalogImage, Person

STREAM: Final = 0x57EF
REFERENCES: Final = 5
PER_SET: Final = 12
"""Pictures of a set, at most: enough for references and a catalog of a few hundred pictures."""
SIDE: Final = 384
"""Longest side in pixels to which pictures are scaled, and at which their colors are measured."""
Sets = Mapping[str, Sequence[CatalogImage]]


def fetch(
    cache: Path, use: Use, *, subjects: Collection[str] = ()
) -> dict[str, list[CatalogImage]]:
    """The pictures of every set whose subjects are known; raises `CannotFetch`.

    `subjects` names the sets by what they show; without any, all sets are read.
    """
    cache.mkdir(parents=True, exist_ok=True)
    pictures = {}
    for named in sets_for(use):
        if subjects and named.pictures.subject not in subjects:
            continue
        print(f"{named.name} ...", file=sys.stderr, flush=True)
        folder = extracted(named.pictures.package, cache.resolve())
        pictures[named.name] = [
            image
            for picture in _some(select(named.pictures, folder, seed=SEED))
            if (image := catalog_image(picture, named.right_words(picture.path))) is not None
        ]
    return pictures


def _some(pictures: Sequence[Picture]) -> list[Picture]:
    """Pictures of the whole set, evenly over the order of their paths."""
    places = np.linspace(0, len(pictures) - 1, min(PER_SET, len(pictures))).astype(int)
    return [pictures[place] for place in places]


def catalog_image(picture: Picture, subjects: frozenset[str]) -> CatalogImage | None:
    """A picture and its words; None where the services cannot decode it."""
    try:
        pixels = decode(picture.data, picture.path, ImageSettings())
    except Unprocessable:
        return None
    pixels.thumbnail((SIDE, SIDE))
    words = measure_file(picture.data, largest=SIDE).words
    shows: dict[ProfileElement, frozenset[str]] = {e: frozenset({w}) for e, w in words.items()}
    shows[SUBJECT] = subjects
    uri = f"https://example.com/{picture.sha256}.png"
    return CatalogImage(LoadedImage(uri, picture.sha256, pixels), shows)


def draw_people(count: int, sets: Sets, *, seed: int) -> Iterator[Person]:
    """People of one seed, always the same; the references of a person are in no slate of theirs."""
    enough = [name for name, images in sets.items() if len(images) > REFERENCES]
    # Pictures of two sets may be equal files.
    every = {image.name: image for images in sets.values() for image in images}
    for number in range(count):
        rng = np.random.default_rng((seed, STREAM, number))
        names = rng.choice(len(enough), 2, replace=False)
        sides = [_drawn(sets[enough[index]], rng) for index in names]
        used = {image.name for side in sides for image in side}
        liked, disliked = (tuple(image.image for image in side) for side in sides)
        catalog = tuple(image for name, image in every.items() if name not in used)
        yield Person(f"real-{seed}-{number}", liked, disliked, catalog)


def _drawn(images: Sequence[CatalogImage], rng: np.random.Generator) -> list[CatalogImage]:
    return [images[index] for index in rng.permutation(len(images))[:REFERENCES]]
