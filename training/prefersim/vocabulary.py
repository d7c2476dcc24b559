"""Name every value that the simulator can draw, element by element."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.taste import ELEMENTS, Element

Attributes = npt.NDArray[np.int64]
"""The drawn values as indices into `VALUES`, in element order: (..., 5)."""

ART_STYLES: Final = (
    "pixel art",
    "pop art",
    "cubism",
    "impressionism",
    "line art",
    "mosaic",
    "pointillism",
    "stained glass",
)
HUES: Final[Mapping[str, float]] = {
    "red": 0,
    "orange": 30,
    "yellow": 56,
    "lime": 88,
    "green": 130,
    "teal": 170,
    "azure": 205,
    "blue": 238,
    "purple": 275,
    "magenta": 315,
}
"""Degrees on the color wheel, spaced to be told apart rather than evenly."""
MEDIUMS: Final = ("oil painting", "watercolor", "charcoal", "silkscreen", "digital", "embroidery")
CHROMA: Final[Mapping[str, float]] = {"muted": 0.16, "soft": 0.38, "bold": 0.64, "vivid": 0.96}
"""HSV saturation, 0-1."""
ORNAMENT_DENSITY: Final[Mapping[str, float]] = {
    "plain": 0.0,
    "moderate": 0.07,
    "rich": 0.2,
    "intricate": 0.45,
}
"""Share of the cells of a fine grid that carry an ornament."""

VALUES: Final[Mapping[Element, tuple[str, ...]]] = {
    Element.ART_STYLE: ART_STYLES,
    Element.COLOR: tuple(HUES),
    Element.MEDIUM: MEDIUMS,
    Element.SATURATION: tuple(CHROMA),
    Element.DETAIL: tuple(ORNAMENT_DENSITY),
}
SIZES: Final = tuple(len(VALUES[element]) for element in ELEMENTS)
ORDINAL: Final = frozenset({Element.SATURATION, Element.DETAIL})
"""Elements whose values have a natural order, so that a near miss scores between."""


def words_of(attributes: Sequence[int] | Attributes) -> dict[Element, str]:
    """One drawing's values in words."""
    return {e: VALUES[e][int(k)] for e, k in zip(ELEMENTS, attributes, strict=True)}


def sample_attributes(rng: np.random.Generator, count: int) -> Attributes:
    """Values drawn independently and evenly: (count, 5)."""
    return np.stack([rng.integers(size, size=count) for size in SIZES], axis=1)


def held_out(attributes: Attributes) -> npt.NDArray[np.bool_]:
    """Style-color combinations kept out of every training user and candidate: one in five."""
    combination = attributes[..., 0] + 3 * attributes[..., 1]
    return np.asarray(combination % 5 == 0)
