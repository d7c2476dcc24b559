"""Sample element weights that are not equal."""

from typing import Final

from shared.domain.element_weights import ElementWeights

COLOR_FIRST: Final = ElementWeights(
    art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5
)
"""Weights of users who look at color, then at saturation."""
