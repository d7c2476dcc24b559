"""How much each visual element counts in a total: 1 each for a release, learned from clicks later.

People who look at color first are ranked for wrongly by a sum that counts color as one in five.
A model's version carries these weights in its manifest, so that whoever reads a feed of that
version can form its totals again.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from shared.domain.taste import ELEMENTS, Element, Value

BEST: Final = 5.0
"""The highest score of one element."""
SUM: Final = float(len(ELEMENTS))
SUM_TOLERANCE: Final = 1e-3
"""For weights that somebody has rounded; a total never rises above 25 for it."""
Weight = Annotated[float, Field(ge=0, le=SUM)]


class ElementWeights(Value):
    """What one point of each element adds to a total; they sum to 5, so that totals are 0-25."""

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
        found = sum(self.in_order)
        if abs(found - SUM) > SUM_TOLERANCE:
            raise ValueError(f"element weights sum to {found:.4f}; they must sum to {SUM:g}")
        return self

    @property
    def in_order(self) -> tuple[float, ...]:
        """As `ELEMENTS` are."""
        return tuple(self[element] for element in ELEMENTS)

    @property
    def are_equal(self) -> bool:
        return all(weight == 1.0 for weight in self.in_order)

    def total(self, points: Mapping[Element, float]) -> float:
        """0-25 from each element's 0-5."""
        weighed = sum(self[element] * points[element] for element in ELEMENTS)
        return min(weighed, SUM * BEST)

    @property
    def told(self) -> str:
        """In words, for those who read a night's report."""
        return ", ".join(f"{element.spoken} {self[element]:.2f}" for element in ELEMENTS)


EQUAL: Final = ElementWeights()
