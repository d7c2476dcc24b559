"""What one user goes by: the share of each of the six scores in the total that images rank by."""

from collections.abc import Collection, Mapping
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from shared.domain.element_weights import MAX_SCORE, ElementWeights
from shared.domain.taste import ELEMENTS, Element, Value

MAX_TOTAL: Final = 25.0
STATED_SHARE: Final = 0.2
"""Least share of an element of which the user has stated a word: that of five equal elements. An
element that hardly counts would not move the images that show the word (decision 0148)."""
STATED_TOGETHER: Final = 0.5
"""Least share of several such elements together."""
SUM_TOLERANCE: Final = 1e-3
"""Allowed rounding error of the sum."""
DECIMALS: Final = 4
Share = Annotated[float, Field(ge=0, le=1)]


class RankingWeights(Value):
    """The shares of the five elements and of the subject in `score_total`; they sum to 1."""

    art_style: Share
    color: Share
    medium: Share
    saturation: Share
    detail: Share
    subject: Share

    def __getitem__(self, element: Element) -> float:
        share: float = getattr(self, element.value)
        return share

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = sum(share for _, share in self.shares)
        if abs(total - 1) > SUM_TOLERANCE:
            raise ValueError(f"ranking weights sum to {total:.4f}; they must sum to 1")
        return self

    @classmethod
    def of(cls, elements: ElementWeights, *, subject: float) -> Self:
        """The shares of a population's element weights, with this share of the subject."""
        return cls.normalized({e: elements[e] for e in ELEMENTS}, subject=subject)

    @classmethod
    def normalized(cls, elements: Mapping[Element, float], *, subject: float) -> Self:
        """The share of the subject as it is, and the elements in proportion in the rest.

        Raises ValueError when the rest cannot be divided, because no element has a weight.
        """
        total = sum(elements.values())
        if total <= 0 and subject < 1:
            raise ValueError("no element has a weight, and the subject has not the whole total")
        factor = (1 - subject) / total if total > 0 else 0.0
        shares = {e.value: round(elements[e] * factor, DECIMALS) for e in ELEMENTS}
        # The subject takes the rounding errors.
        return cls(**shares, subject=round(max(1 - sum(shares.values()), 0.0), DECIMALS))

    def with_subject(self, subject: float) -> Self:
        """The same proportions of the elements, with another share of the subject."""
        look = {e: self[e] for e in ELEMENTS}
        if not any(look.values()):
            look = dict.fromkeys(ELEMENTS, 1.0)
        return type(self).normalized(look, subject=subject)

    def with_stated(self, elements: Collection[Element]) -> Self:
        """At least `STATED_SHARE` for each of these elements; the other shares in proportion.

        Several elements together get at least `STATED_TOGETHER`, so that the others still count.
        """
        if not elements:
            return self
        least = min(STATED_SHARE, STATED_TOGETHER / len(elements))
        low: set[Element] = set()
        factor = 1.0
        # Raising one share lowers the others, which may bring another one below the least.
        while below := {e for e in elements if e not in low and self[e] * factor < least}:
            low |= below
            others = 1 - sum(self[e] for e in low)
            factor = (1 - least * len(low)) / others if others > 0 else 0.0
        if not low:
            return self
        looks = {e: least if e in low else self[e] * factor for e in ELEMENTS}
        return type(self).normalized(looks, subject=min(self.subject * factor, 1.0))

    @property
    def shares(self) -> tuple[tuple[str, float], ...]:
        """The six names as people read them, with their shares, in the order of the fields."""
        elements = tuple((element.label, self[element]) for element in ELEMENTS)
        return (*elements, ("subject", self.subject))

    def total(self, elements: Mapping[Element, float], subject: float) -> float:
        """The total, 0-25, of scores 0-5."""
        # Without a loop: feeds of 300 images need it for each image.
        weighted = (
            self.art_style * elements[Element.ART_STYLE]
            + self.color * elements[Element.COLOR]
            + self.medium * elements[Element.MEDIUM]
            + self.saturation * elements[Element.SATURATION]
            + self.detail * elements[Element.DETAIL]
            + self.subject * subject
        )
        return min(max(weighted * MAX_TOTAL / MAX_SCORE, 0.0), MAX_TOTAL)

    @property
    def summary(self) -> str:
        """The shares from high to low, without those below half a percent: `subject 60 %, ...`."""
        ordered = sorted(self.shares, key=lambda share: -share[1])
        return ", ".join(f"{name} {share:.0%}" for name, share in ordered if share >= 0.005)
