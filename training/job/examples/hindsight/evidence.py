"""Judge profiles and words by choices that did not shape them (cross-fitting).

Each part of a user's choices is predicted by a fit without it. The likelihood ratio on all parts
compares a user's hindsight profile with the champion's own and with a coin, and an image's words
with the champion's reading. Which share of the users (or images) a fit explains at all is estimated
from the same ratios (`posterior`): where choices are random, this share goes to 0 and nothing is
kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from training.job.examples.hindsight.choices import FOLDS, NO_FOLD, Bools, Choices, ranked_right
from training.job.examples.hindsight.image_words import Words, digit_tables, log_odds
from training.job.examples.hindsight.joint_fit import JointFit, Start, joint_fit
from training.job.examples.hindsight.profile_search import ProfileSearch, log_likelihood
from training.job.examples.hindsight.vocabulary import Floats
from training.job.scoring.deadline import IsLate

MIN_POSTERIOR: Final = 0.9
"""Least probability that a profile explains the user's choices better than a coin."""
MIN_BETTER: Final = 0.75
"""Least probability that it explains them better than the champion's own profile."""
MIN_GAIN: Final = 0.02
"""Least gain in the share of held-back pairs that are ranked right: a margin against luck."""
EM_STEPS: Final = 100


@dataclass(frozen=True)
class HeldBack:
    """Log-likelihood ratios on pairs outside the fits."""

    against_coin: Floats
    """By user. (users,)"""
    against_own: Floats
    """By user, against the champion's own profile with the same words of images. (users,)"""
    gain: Floats
    """By user, the gain in the share of pairs that are ranked right. (users,)"""
    pairs: Floats
    """By user, judged pairs. (users,)"""
    words: dict[Element, Floats]
    """By image, the fitted words against the champion's reading. (images,) each"""

    @property
    def kept(self) -> Bools:
        """Users whose hindsight profile is kept."""
        return np.asarray(self.evidence > 0)

    @property
    def evidence(self) -> Floats:
        """Probability that the profile is better than both, 0 where it is not kept. (users,)"""
        judged = self.pairs > 0
        over_coin, over_own = (
            posterior(ratio, judged) for ratio in (self.against_coin, self.against_own)
        )
        is_kept = (over_coin >= MIN_POSTERIOR) & (over_own >= MIN_BETTER) & (self.gain >= MIN_GAIN)
        return np.asarray(np.where(is_kept & judged, over_coin * over_own, 0.0))

    def word_evidence(self, element: Element) -> Floats:
        """Probability that the fitted word of each image is better than the reading. (images,)"""
        ratio = self.words[element]
        return posterior(ratio, ratio != 0)


def posterior(log_ratio: Floats, judged: Bools) -> Floats:
    """Probability that each ratio comes from the better explanation.

    The share of better explanations is that of the highest likelihood (EM), with a weak prior at
    zero. Under the other explanation a ratio is 1 on average, so that the share falls to zero.
    """
    if not judged.any():
        return np.zeros(len(log_ratio))
    ratio = np.exp(np.clip(log_ratio, -20, 20))
    share = 0.5
    for _ in range(EM_STEPS):
        belongs = share * ratio[judged] / (share * ratio[judged] + 1 - share)
        share = float(belongs.sum() / (judged.sum() + 1))
    return np.asarray(np.where(judged, share * ratio / (share * ratio + 1 - share), 0.0))


def held_back(
    choices: Choices, start: Start, search: ProfileSearch, *, is_late: IsLate
) -> HeldBack:
    """Fit without each part, and judge it; parts after the deadline judge nothing."""
    users, images = len(choices.users), len(choices.images)
    coin, own, right, own_right, pairs = (np.zeros(users) for _ in range(5))
    words = {e: np.zeros(images) for e in ELEMENTS}
    for fold in range(FOLDS):
        judged = (choices.fold == fold) & start.known(choices)
        if not judged.any() or is_late():
            continue
        # A pair across two parts of one slate shares an image with the judged part.
        fit = joint_fit(choices, (choices.fold != fold) & (choices.fold != NO_FOLD), start, search)
        z, z_own = _log_odds(choices, fit, start)
        user, weight = choices.user[judged], choices.weight[judged]
        fitted, of_own = log_likelihood(z[judged]), log_likelihood(z_own[judged])
        coin += np.bincount(user, weight * (fitted + np.log(2)), minlength=users)
        own += np.bincount(user, weight * (fitted - of_own), minlength=users)
        right += np.bincount(user, weight * ranked_right(z[judged]), minlength=users)
        own_right += np.bincount(user, weight * ranked_right(z_own[judged]), minlength=users)
        pairs += np.bincount(user, minlength=users)
        _add_word_ratios(words, choices, judged, fit, start)
    judged = (choices.fold >= 0) & start.known(choices)
    total = np.bincount(choices.user, choices.weight * judged, minlength=users)
    gain = (right - own_right) / np.maximum(total, 1e-12)
    return HeldBack(coin, own, gain, pairs, words)


def _log_odds(choices: Choices, fit: JointFit, start: Start) -> Sequence[Floats]:
    tables = (digit_tables(start.vocabulary, p) for p in (fit.profiles, start.own))
    return [log_odds(choices, fit.words, table, fit.weights)[0] for table in tables]


def _add_word_ratios(
    ratios: Words, choices: Choices, judged: Bools, fit: JointFit, start: Start
) -> None:
    """Per image and element: the log-likelihood of its judged pairs with and without new words."""
    tables = digit_tables(start.vocabulary, fit.profiles)
    z, better, worse = log_odds(choices, fit.words, tables, fit.weights)
    _, read_better, read_worse = log_odds(
        choices, {e: start.readings.with_doubt(e) for e in ELEMENTS}, tables, fit.weights
    )
    weight, fitted = choices.weight[judged], log_likelihood(z[judged])
    for k, element in enumerate(ELEMENTS):
        for image, change in (
            (choices.better, (read_better - better)[:, k]),
            (choices.worse, (worse - read_worse)[:, k]),
        ):
            with_reading = log_likelihood((z + change)[judged])
            np.add.at(ratios[element], image[judged], weight * (fitted - with_reading))
