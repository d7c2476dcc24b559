"""Judge words of images by clicked pairs, which did not shape them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shared.domain.taste import Element
from training.job.examples.hindsight.choices import ranked_right
from training.job.examples.hindsight.shared_words.sides import (
    Floats,
    Ints,
    Sides,
    ratio_to_mean,
)


@dataclass(frozen=True)
class ClickedPairs:
    """Pairs of images of which a user clicked one."""

    user: Ints
    """Places of the users: user n has the liked side n and the disliked side n + users. (pairs,)"""
    better: Ints
    worse: Ints
    """Places of the images. (pairs,)"""
    weight: Floats
    """(pairs,)"""

    def right(self, words: Mapping[Element, Floats], sides: Sides) -> Floats:
        """Weight of the pairs of each user whose clicked image is ranked first. (users,)

        An image is ranked by whether it shows the words that the user's liked references share, and
        not those of the disliked ones; all elements count the same. A tie is half right.
        """
        users = len(sides.sizes) // 2
        difference = np.zeros(len(self.user))
        for rows in words.values():
            prior: Floats = rows.mean(axis=0)
            shared = sides.words(ratio_to_mean(rows, prior), prior)
            taste = (shared[:users] - shared[users:])[self.user]
            difference += ((rows[self.better] - rows[self.worse]) * taste).sum(axis=1)
        return np.bincount(self.user, self.weight * ranked_right(difference), minlength=users)

    def z(self, right: Floats, than: Floats) -> float:
        """How clearly one ranking is right more often than another, in standard errors over users.

        Both are results of `right`.
        """
        total = np.bincount(self.user, self.weight, minlength=len(right))
        gained = right - than
        mean = float(gained.sum() / max(total.sum(), 1e-12))
        error = float(np.sqrt(((gained - mean * total) ** 2).sum()))
        return float(gained.sum()) / max(error, 1e-9)
