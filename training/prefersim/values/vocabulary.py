"""Name every value that the simulator can draw, element by element."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element

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
"""Degrees on the color wheel, at least 27 apart: measured from pixels none is taken for another."""
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
UNKNOWN_VALUE: Final = -1
"""Stands in attributes for an element that nobody has decided: a photograph's style and medium."""


def words_of(attributes: Sequence[int] | Attributes) -> dict[Element, str]:
    """One drawing's values in words; a photograph has none for its style and medium."""
    known = zip(ELEMENTS, attributes, strict=True)
    return {e: VALUES[e][int(k)] for e, k in known if k != UNKNOWN_VALUE}


def sample_attributes(rng: np.random.Generator, count: int) -> Attributes:
    """Values drawn independently and evenly: (count, 5)."""
    return np.stack([rng.integers(size, size=count) for size in SIZES], axis=1)


def held_out(attributes: Attributes) -> npt.NDArray[np.bool_]:
    """Style-color combinations kept out of every training user and candidate: one in five."""
    combination = attributes[..., 0] + 3 * attributes[..., 1]
    return np.asarray(combination % 5 == 0)
