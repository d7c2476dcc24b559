"""Divide the places of a shortlist between the sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.assessor.steps.retrieval.shortlist import Shares
from shared.events.types.feed import Source

LEAST_PART: Final = 0.2
"""Least part of words and of likes in the places of the user's taste, where the user has both: the
weights of a user are estimates."""
DECIMALS: Final = 4


@dataclass(frozen=True)
class SourceShares:
    """The shares of the sources that do not depend on the user's taste, 0-1 each."""

    popular: float
    new: float
    explored: float

    def __post_init__(self) -> None:
        if self.popular + self.new + self.explored > 1 + 1e-9:
            raise ValueError(
                f"the shares of popular ({self.popular:g}), new ({self.new:g}) and explored"
                f" ({self.explored:g}) images add up to more than 1; lower one of them"
            )

    def for_taste(self, *, words: bool, likes: bool, subject: float | None) -> Shares:
        """The shares for a user: the taste has what the other sources leave.

        `subject` is the weight of the subject for the user, 0-1: likes show subjects, and words
        describe looks. A user with neither words nor likes gets popular images in their place.
        """
        rest = max(1 - self.popular - self.new - self.explored, 0.0)
        part = _part_of_likes(words=words, likes=likes, subject=subject)
        has_taste = words or likes
        shares: dict[Source, float] = {
            "taste": rest * (1 - part) if has_taste else 0.0,
            "likes": rest * part if has_taste else 0.0,
            "popular": self.popular if has_taste else self.popular + rest,
            "new": self.new,
            "explored": self.explored,
        }
        return {source: round(share, DECIMALS) for source, share in shares.items() if share > 0}


SIMILAR_ALONE: Final[Shares] = {"similar": 1.0}
"""A request for images that resemble one gets no others."""


def _part_of_likes(*, words: bool, likes: bool, subject: float | None) -> float:
    if not (words and likes):
        return float(likes)
    part = 0.5 if subject is None else subject
    return min(max(part, LEAST_PART), 1 - LEAST_PART)


def places(shares: Sequence[float], total: int) -> list[int]:
    """Whole numbers in proportion to the shares, with the sum `total` (largest remainders)."""
    whole = sum(shares)
    if not whole:
        return [0] * len(shares)
    exact = [total * share / whole for share in shares]
    given = [int(number) for number in exact]
    by_remainder = sorted(range(len(shares)), key=lambda n: given[n] - exact[n])
    for number in by_remainder[: total - sum(given)]:
        given[number] += 1
    return given
