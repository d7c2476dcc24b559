"""Divide the places of a shortlist between the sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.assessor.steps.retrieval.shortlist import Shares
from shared.events.types.feed import Source

LIKES_PART: Final = 0.1
"""Part of the likes alone in the places of the user's taste, where the user has words as well. The
search by the whole taste counts the likes too, as much as the user goes by them; this part brings
what resembles them without fitting the words. With a larger part, more of the images that the model
would rank first are missing (`python -m training.retrieval`)."""
SUBJECT_PART: Final = 0.5
"""Part of the images of a stated subject in the places of the user's taste, where the user has
words or likes as well: as much as the subject then counts in the totals (`STATED_WEIGHT`)."""
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

    def for_taste(self, *, words: bool, likes: bool, subjects: bool = False) -> Shares:
        """The shares for a user: the taste has what the other sources leave.

        A user with neither words nor likes nor stated subjects gets popular images in the places of
        the taste.
        """
        rest = max(1 - self.popular - self.new - self.explored, 0.0)
        of_likes = LIKES_PART if words else 1 - SUBJECT_PART if subjects else 1.0
        part = of_likes if likes else 0.0
        has_taste = words or likes or subjects
        shares: dict[Source, float] = {
            "taste": rest * (1 - part) if has_taste else 0.0,
            "likes": rest * part if has_taste else 0.0,
            "popular": self.popular if has_taste else self.popular + rest,
            "new": self.new,
            "explored": self.explored,
        }
        rounded = {source: round(share, DECIMALS) for source, share in shares.items()}
        return {source: share for source, share in rounded.items() if share > 0}


SIMILAR_ALONE: Final[Shares] = {"similar": 1.0}
"""A request for images that resemble one gets no others."""


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
