"""Turn scores into stars: by the place within the folder, or by the score itself."""

from collections.abc import Mapping
from typing import Final, Literal, TypeVar

Key = TypeVar("Key")
By = Literal["quantile", "score"]
SHARES: Final = {5: 0.10, 4: 0.20, 3: 0.40, 2: 0.20, 1: 0.10}
"""Share of the folder that gets each number of stars, the best first."""
BANDS: Final = ((20.0, 5), (15.0, 4), (10.0, 3), (5.0, 2), (0.0, 1))
"""Lowest score, 0-25, of each number of stars: five equal bands, 3 stars around neutral."""


def stars_of(scores: Mapping[Key, float], *, by: By) -> dict[Key, int]:
    """The stars of each photograph, 1-5; equal scores have equal stars."""
    if by == "score":
        return {key: next(s for low, s in BANDS if score >= low) for key, score in scores.items()}
    ordered = sorted(scores.values(), reverse=True)
    by_score: dict[float, int] = {}
    for index, score in enumerate(ordered):
        # The middle of its place: a folder of one photograph is in the middle of itself.
        by_score.setdefault(score, _of_share((index + 0.5) / len(ordered)))
    return {key: by_score[score] for key, score in scores.items()}


def _of_share(share: float) -> int:
    total = 0.0
    for stars, size in SHARES.items():
        total += size
        if share <= total + 1e-9:
            return stars
    return min(SHARES)
