"""One list ranked again: the orders of each method over the images that could be loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from training.evaluation.controls import OTHER_USER, USER_BLIND
from training.simulate.backtest.cases import Case

OURS: Final = "ours"
LOGGED: Final = "logged"
POPULARITY: Final = "popularity"
RANDOM: Final = "random"
METHODS: Final = (OURS, LOGGED, POPULARITY, RANDOM, USER_BLIND, OTHER_USER)


@dataclass(frozen=True)
class RankedCase:
    """Scores of the images of one list; all methods rank the same images."""

    case: Case
    places: tuple[int, ...]
    """Places in the logged list of the images that could be loaded, ascending, from 0."""
    scores: Mapping[str, Sequence[float]]
    """By method, in the order of `places`; `other_user` is missing where there is no other user."""

    @property
    def clicked(self) -> list[bool]:
        ranking = self.case.ranking
        return [ranking.image_ids[place] in ranking.clicked for place in self.places]

    @property
    def is_mixed(self) -> bool:
        """Whether some images were clicked and others not: then its clicks compare orders."""
        return len(set(self.clicked)) == 2
