"""List the values of each element that the simulator can draw."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element

Attributes = npt.NDArray[np.int64]
"""Values as indices into `VALUES`, in the order of the elements: (..., 5)."""

ART_STYLES: Final = (
    "pixel art",
    "pop art",
    "cubism",
    "impressionism",
    "line art",
    "mosaic",
    "pointillism",
    "stained glass",
    "op art",
    "neon art",
    "art deco",
    "glitch art",
)
HUES: Final[Mapping[str, float]] = {
    "red": 0,
    "orange": 29,
    "yellow": 56,
    "lime": 85,
    "green": 120,
    "emerald": 150,
    "teal": 177,
    "azure": 205,
    "blue": 235,
    "purple": 267,
    "magenta": 299,
    "pink": 331,
}
"""Degrees on the color wheel, at least 27 apart, so that measured hues are not confused."""
MEDIUMS: Final = ("oil painting", "watercolor", "charcoal", "silkscreen", "digital", "embroidery")
CHROMA: Final[Mapping[str, float]] = {
    "muted": 0.13,
    "soft": 0.29,
    "balanced": 0.49,
    "bold": 0.72,
    "vivid": 0.97,
}
"""HSV saturation, 0-1."""
ORNAMENT_DENSITY: Final[Mapping[str, float]] = {
    "plain": 0.0,
    "moderate": 0.07,
    "rich": 0.2,
    "intricate": 0.45,
}
"""Share of the cells of a fine grid that have an ornament."""

VALUES: Final[Mapping[Element, tuple[str, ...]]] = {
    Element.ART_STYLE: ART_STYLES,
    Element.COLOR: tuple(HUES),
    Element.MEDIUM: MEDIUMS,
    Element.SATURATION: tuple(CHROMA),
    Element.DETAIL: tuple(ORNAMENT_DENSITY),
}
SIZES: Final = tuple(len(VALUES[element]) for element in ELEMENTS)
ORDINAL: Final = frozenset({Element.SATURATION, Element.DETAIL})
"""Elements with ordered values: a value between a liked and a disliked one has a score between."""
UNKNOWN_VALUE: Final = -1
"""The value of an element that is not known: style and medium of a photograph."""


def words_of(attributes: Sequence[int] | Attributes) -> dict[Element, str]:
    """The values of one image in words, without the unknown ones."""
    known = zip(ELEMENTS, attributes, strict=True)
    return {e: VALUES[e][int(k)] for e, k in known if k != UNKNOWN_VALUE}


def sample_attributes(rng: np.random.Generator, count: int) -> Attributes:
    """Independent, uniformly drawn values: (count, 5)."""
    return np.stack([rng.integers(size, size=count) for size in SIZES], axis=1)


def held_out(attributes: Attributes) -> npt.NDArray[np.bool_]:
    """Whether a combination of style and color is held out of training, as one in five is."""
    combination = attributes[..., 0] + 3 * attributes[..., 1]
    return np.asarray(combination % 5 == 0)
