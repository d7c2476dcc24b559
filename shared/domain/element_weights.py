"""Weights of the visual elements in a total score: equal at first, later learned from clicks.

Users who look at color first get wrong rankings from a sum in which color counts one fifth.
The manifest of a model version carries its weights, so that a reader of a feed can recompute the
totals.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from shared.domain.taste import ELEMENTS, Element, Value

MAX_SCORE: Final = 5.0
"""The highest score of one element."""
SUM: Final = float(len(ELEMENTS))
SUM_TOLERANCE: Final = 1e-3
"""Allowed rounding error of the sum; a total is still at most 25."""
Weight = Annotated[float, Field(ge=0, le=SUM)]


class ElementWeights(Value):
    """The factor of each element's score in a total; they sum to 5, so that totals are 0-25."""

    art_style: Weight = 1.0
    color: Weight = 1.0
    medium: Weight = 1.0
    saturation: Weight = 1.0
    detail: Weight = 1.0

    def __getitem__(self, element: Element) -> float:
        weight: float = getattr(self, element.value)
        return weight

    @model_validator(mode="after")
    def _sum_to_five(self) -> Self:
        total = sum(self.in_order)
        if abs(total - SUM) > SUM_TOLERANCE:
            raise ValueError(f"element weights sum to {total:.4f}; they must sum to {SUM:g}")
        return self

    @property
    def in_order(self) -> tuple[float, ...]:
        """The five weights in the order of `ELEMENTS`."""
        return tuple(self[element] for element in ELEMENTS)

    @property
    def are_equal(self) -> bool:
        return all(weight == 1.0 for weight in self.in_order)

    def total(self, points: Mapping[Element, float]) -> float:
        """The weighted sum, 0-25, of each element's score, 0-5."""
        # Without a loop: feeds of 300 images need it for each image.
        weighted = (
            self.art_style * points[Element.ART_STYLE]
            + self.color * points[Element.COLOR]
            + self.medium * points[Element.MEDIUM]
            + self.saturation * points[Element.SATURATION]
            + self.detail * points[Element.DETAIL]
        )
        return min(weighted, SUM * MAX_SCORE)

    @property
    def summary(self) -> str:
        """The weights as text, for reports: `art style 0.50, color 2.25, ...`."""
        return ", ".join(f"{element.label} {self[element]:.2f}" for element in ELEMENTS)


EQUAL_WEIGHTS: Final = ElementWeights()
