"""Detect that a user's taste has drifted, and replace the words of the elements that changed.

The test compares two explanations of the later references with a Bayes factor: the words before,
or one or two other words per side (infra/decisions/0095, 0098, 0115 and 0120).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import numpy as np

from services.profile.feedback.references import ACTION_WEIGHTS
from services.profile.prediction.base_rates import UNKNOWN_BASE_RATES, BaseRates
from services.profile.prediction.drift.drift_evidence import drift_evidence
from services.profile.prediction.drift.reference_likelihood import Choices, expected_utilities
from services.profile.prediction.drift.word_hypotheses import (
    Floats,
    WordHypotheses,
    word_hypotheses,
)
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord, Words
from shared.prompting.prompt import WORDS_SHOWN
from shared.store.protocol import Reference

WORD_RATIO: Final = 16.0
"""How many times as often as by chance a stated reference shows a liked word of an element with
strength 1. For a like the ratio is 16 ** .5 = 4, for a click 16 ** .25 = 2."""
MIN_BAYES_FACTOR: Final = 30.0
"""How many times better a drift must explain the references. The probability that a Bayes factor
ever exceeds it without a drift is at most its inverse, however often the test is repeated
(Ville's inequality); measured are fewer (training/LOG.md, 2026-11-30)."""
MIN_CHANGE_PROBABILITY: Final = 0.5
"""Probability from which an element has changed, given a drift."""
SESSION_GAP: Final = timedelta(minutes=1)
"""References closer than this are one session and one taste: a user who states ten images at once
means all of them."""
MIN_REFERENCES: Final = 10
"""Least number of references since a drift, as many as one prediction reads (five per side). Fewer
new clicks add to the earlier references and do not replace them."""
MAX_STARTS: Final = 6
"""Sessions at which a drift may begin, evenly chosen among all, the first and the last included."""
SECOND_WORD_PROBABILITY: Final = 0.3
"""Probability from which a second word is named: one word too many costs less than one missing."""


def detect_drift(
    references: Sequence[Reference], voted: Taste, base_rates: BaseRates = UNKNOWN_BASE_RATES
) -> Taste:
    """The taste since the drift, or `voted` where no drift is certain enough.

    A drift may begin at any session. The references from that session on are explained by the voted
    words, or by others: one or two liked and one or two disliked words, each set with the same
    chance. An element may keep its words, and it may hardly count for the user. The age of the
    references does not count.

    `base_rates` has the images that the user could choose from. In a catalog of mostly blue images,
    most clicks are on blue images, whatever the taste is. In a feed that is ranked by blue, the
    other images are there for something else.
    """
    ordered = sorted(references, key=lambda r: (r.occurred_at, r.event_id))
    starts = _session_starts(ordered)
    if not starts:
        return voted
    log_ratio = np.array([ACTION_WEIGHTS[r.action] * np.log(WORD_RATIO) for r in ordered])
    log_ratio *= [1 if reference.side == "liked" else -1 for reference in ordered]
    hypotheses = {
        element: known
        for element in ELEMENTS
        if (known := word_hypotheses(ordered, log_ratio, element, voted, base_rates)) is not None
    }
    if not hypotheses:
        return voted
    compared = list(hypotheses.values())
    from_start = (np.arange(len(ordered)) >= np.array(starts)[:, None]).astype(np.float64)
    likelihoods = _log_likelihoods(compared, Choices(from_start, log_ratio, base_rates))
    evidence = drift_evidence(compared, likelihoods)
    # The mean over the starts is compared with the threshold.
    log_bayes_factor = np.logaddexp.reduce(evidence.log_bayes_factor) - np.log(len(starts))
    if log_bayes_factor <= np.log(MIN_BAYES_FACTOR):
        return voted
    start = int(np.argmax(evidence.log_bayes_factor))
    sides = {reference.side for reference in ordered[starts[start] :]}
    liked: dict[Element, Words] = {}
    disliked: dict[Element, Words] = {}
    for number, (element, known) in enumerate(hypotheses.items()):
        change = evidence.change_of(number, start)
        if change.sum() <= MIN_CHANGE_PROBABILITY:
            continue
        posterior = _word_sets_after(known, likelihoods[number][:, start], change)
        if "liked" in sides:
            liked[element] = _most_probable(known, posterior @ known.liked[:-1])
        if "disliked" in sides:
            disliked[element] = _most_probable(known, posterior @ known.disliked[:-1])
    return Taste(
        preference=_replaced(voted.preference, liked, other=disliked),
        non_preference=_replaced(voted.non_preference, disliked, other=liked),
    )


def _session_starts(ordered: Sequence[Reference]) -> list[int]:
    """Indices at which a session begins and from which enough references follow."""
    starts = [
        i
        for i in range(1, len(ordered) - MIN_REFERENCES + 1)
        if ordered[i].occurred_at > ordered[i - 1].occurred_at + SESSION_GAP
    ]
    if len(starts) <= MAX_STARTS:
        return starts
    return [starts[round(place)] for place in np.linspace(0, len(starts) - 1, MAX_STARTS)]


def _log_likelihoods(hypotheses: Sequence[WordHypotheses], choices: Choices) -> list[Floats]:
    """Of each element, first alone, then given the expected utilities of the other elements."""
    alone = [choices.log_likelihoods(element, None) for element in hypotheses]
    utilities = expected_utilities(hypotheses, alone)
    of_images = [u @ element.shown.T for u, element in zip(utilities, hypotheses, strict=True)]
    total = np.sum(of_images, axis=0)  # (starts, images)
    return [
        choices.log_likelihoods(element, total - own)
        for element, own in zip(hypotheses, of_images, strict=True)
    ]


def _word_sets_after(known: WordHypotheses, likelihoods: Floats, change: Floats) -> Floats:
    """Probability of each hypothesis of a change, given one, over all strengths. (h - 1,)"""
    by_strength = likelihoods[:, :-1] + known.log_prior
    by_strength -= np.logaddexp.reduce(by_strength, axis=1, keepdims=True)
    return np.asarray(change @ np.exp(by_strength) / change.sum())


def _most_probable(known: WordHypotheses, probability: Floats) -> Words:
    """The most probable word, and the second one if it is probable enough."""
    best = np.argsort(-probability, kind="stable")[:WORDS_SHOWN]
    return tuple(
        WeightedWord(word=known.words[i], weight=round(min(float(probability[i]), 1.0), 4))
        for rank, i in enumerate(best)
        if rank == 0 or probability[i] > SECOND_WORD_PROBABILITY
    )


def _replaced(
    side: TasteSide, words: Mapping[Element, Words], *, other: Mapping[Element, Words]
) -> TasteSide:
    """The side with its drifted elements replaced, without words that moved to the other side."""
    by_element: dict[str, Words] = {}
    for element in ELEMENTS:
        moved = {word.word for word in other.get(element, ())}
        kept = words.get(element, side[element])
        by_element[element.value] = tuple(word for word in kept if word.word not in moved)
    return TasteSide.model_validate(by_element)
