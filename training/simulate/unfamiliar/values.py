"""List the values of unfamiliar pictures: styles and mediums that no training draws.

Colors, saturations and amounts of detail are those of the simulator.
"""

from collections.abc import Mapping
from typing import Final

from shared.domain.taste import Element
from training.prefersim.values.vocabulary import VALUES

STYLES: Final = (
    "woodcut",
    "contour map",
    "low poly",
    "spiral engraving",
    "basket weave",
    "ripples",
    "hexagons",
    "cross-hatching",
)
MEDIUMS: Final = ("crayon", "linen", "fresco", "spray paint")
UNFAMILIAR_VALUES: Final[Mapping[Element, tuple[str, ...]]] = {
    **VALUES,
    Element.ART_STYLE: STYLES,
    Element.MEDIUM: MEDIUMS,
}
