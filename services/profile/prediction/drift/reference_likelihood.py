"""The likelihood of references, given the liked and disliked words of one element."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Chance:
    """The log normalizer of the likelihood: the mean ratio of all words, by their base rates.

    The likelihood of a shown word is its ratio over this mean. References with equal actions have
    equal ratios, so they are counted together. A reference that shows no compared word counts
    nothing.
    """

    def __init__(
        self,
        from_start: npt.NDArray[np.bool_],
        log_ratio: Floats,
        shows: Floats,
        base_rates: Floats,
    ) -> None:
        self._ratios, kinds = np.unique(log_ratio, return_inverse=True)
        counted = from_start * shows.any(axis=1)  # (starts, n)
        self._counts = counted @ np.eye(len(self._ratios))[kinds]  # (starts, ratios)
        self._base_rates = base_rates  # (words,)

    def log_normalizer(self, liked: Floats, disliked: Floats) -> Floats:
        """(starts, liked sets, disliked sets); the ratio of a disliked reference is inverted."""
        liked_rate, disliked_rate = liked @ self._base_rates, disliked @ self._base_rates
        ratios = self._ratios[:, None, None]
        excess = np.expm1(ratios) * liked_rate[:, None] + np.expm1(-ratios) * disliked_rate
        return np.asarray(np.tensordot(self._counts, np.log1p(excess), 1))


def log_likelihoods(evidence: Floats, chance: Chance, liked: Floats, disliked: Floats) -> Floats:
    """Log likelihood of the references from each start on, for each liked and disliked set.

    Shapes: evidence (starts, words), liked and disliked (sets, words); the result is
    (starts, liked sets, disliked sets).
    """
    shown = (evidence @ liked.T)[:, :, None] - (evidence @ disliked.T)[:, None, :]
    return np.asarray(shown - chance.log_normalizer(liked, disliked))
