"""Tell images that are the same picture, re-encoded or resized, from images that are alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from PIL import Image

HASH_BITS = 64
MOST_BITS = 6
"""Bits of 64 in which the hashes of one picture may differ after a strong JPEG or a resize."""
BANDS = MOST_BITS + 1
"""Two hashes that differ in so few bits agree in at least one of so many bands."""
SIDE = 16
MOST_DIFFERENCE = 4.0
"""Root mean square, of 255, between thumbnails. The hash sees no color; this does: drawings that
differ in color or saturation alone are two images, and among the most telling pairs there are. Of
40 drawings of 336 pixels, JPEG (75) and a resize made 0.3 to 3.6, another element 5.9 and more."""


@dataclass(frozen=True)
class Signature:
    """A difference hash of the brightness, and a small thumbnail in color: (16, 16, 3)."""

    bits: int
    thumbnail: npt.NDArray[np.float32]


def signature(image: Image.Image) -> Signature:
    gray = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    brighter = (gray[:, 1:] > gray[:, :-1]).ravel()
    small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    bits = int("".join("1" if one else "0" for one in brighter), 2)
    return Signature(bits, np.asarray(small, np.float32))


def same_picture(a: Signature, b: Signature) -> bool:
    if (a.bits ^ b.bits).bit_count() > MOST_BITS:
        return False
    difference = float(np.sqrt(np.mean((a.thumbnail - b.thumbnail) ** 2)))
    return difference <= MOST_DIFFERENCE


def groups(signatures: Mapping[str, Signature]) -> dict[str, str]:
    """For each name the first name, in their order, of its picture."""
    leader = {name: name for name in signatures}

    def root(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    names = list(signatures)
    order = {name: number for number, name in enumerate(names)}
    for bucket in _buckets(signatures).values():
        for a, b in combinations(bucket, 2):
            first, second = sorted((root(a), root(b)), key=order.__getitem__)
            if first != second and same_picture(signatures[a], signatures[b]):
                leader[second] = first
    return {name: root(name) for name in names}


def _buckets(signatures: Mapping[str, Signature]) -> dict[tuple[int, int], Sequence[str]]:
    """Names whose hashes agree in a band: only these can be the same picture."""
    width = -(-HASH_BITS // BANDS)
    found: dict[tuple[int, int], list[str]] = {}
    for name, one in signatures.items():
        for band in range(BANDS):
            part = one.bits >> (band * width) & ((1 << width) - 1)
            found.setdefault((band, part), []).append(name)
    return dict(found)
