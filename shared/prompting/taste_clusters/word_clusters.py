"""Divide liked references into tastes: as many clusters as their words support.

A mixture model with a Dirichlet process prior. Within a taste the elements are independent, so a
user who likes two words of an element in any combination has one taste. Two tastes are whole
combinations: watercolor and blue, or pixel art and neon. The partition is built by merging the two
clusters that gain most, as in Bayesian hierarchical clustering (Heller and Ghahramani, ICML 2005).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lgamma, log
from typing import Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from shared.domain.joint_tastes import MAX_TASTES
from shared.domain.taste import ELEMENTS, Element
from shared.domain.word_forms import canonical

MIN_LIKES: Final = 4
"""Liked references of a taste. Three equal images among eight may be chance or contradictions."""
MIN_BAYES_FACTOR: Final = 1_000.0
"""How many times better two tastes must explain the references than one, as for a drift."""
WORD_CONCENTRATION: Final = 1.0
"""Concentration of the words of one element within a taste: most references show the same word."""
INDIFFERENCE: Final = 0.5
"""Prior probability that a taste does not depend on an element; its words are the catalog's."""
NEW_TASTE: Final = 1.0
"""Concentration of the Dirichlet process: the weight of a new cluster against one reference."""
KIND_ELEMENTS: Final = (Element.ART_STYLE, Element.MEDIUM)
"""Elements that say what kind of picture an image is."""
MIN_SEPARATION: Final = 100.0
"""Bayes factor from which these words separate likes from dislikes."""
Floats = npt.NDArray[np.float64]
ShownWords = Mapping[Element, Sequence[str]]


class WordRates(Protocol):
    """How often images show each word."""

    def of(self, element: Element, words: Sequence[str]) -> Floats:
        """The share of images that show each of these words, above 0; (words,)."""
        ...


class EqualRates:
    """The rates where nothing is known: all words are equally likely."""

    def of(self, element: Element, words: Sequence[str]) -> Floats:
        return np.full(len(words), 1 / max(len(words), 1))


def word_clusters(
    shown: Sequence[ShownWords], base_rates: WordRates | None = None
) -> list[tuple[int, ...]]:
    """The tastes as indices of their references, the largest first; one taste gives no cluster.

    `shown` has the described words of each liked reference. References of no taste are in no
    cluster. `base_rates` are the words of the images that the user could choose from; without them
    all words are equally likely.
    """
    clusters = _clusters_of_one(shown, base_rates or EqualRates())
    # An image without words would join the largest taste at no cost.
    described = [cluster for cluster in clusters if any(c.any() for c in cluster.counts)]
    if len(described) < 2 * MIN_LIKES:
        return []
    partition = _merge(described, while_gain_above=0.0)
    tastes = [cluster for cluster in partition if len(cluster.members) >= MIN_LIKES]
    # Tastes that are not certain enough are one.
    tastes = _merge(tastes, while_gain_above=-log(MIN_BAYES_FACTOR))
    if len(tastes) < 2:
        return []
    tastes.sort(key=lambda cluster: (-len(cluster.members), cluster.members))
    return [cluster.members for cluster in tastes[:MAX_TASTES]]


def words_separate(liked: Sequence[ShownWords], disliked: Sequence[ShownWords]) -> bool:
    """Whether the likes show decisively other styles and mediums than the dislikes.

    A model that does not know a kind of pictures gives all of them the same words, or none. Colors
    can be measured in every picture, and are no sign that the model knows its kind.
    """
    evidence = sum(_log_separation(liked, disliked, element) for element in KIND_ELEMENTS)
    return evidence > log(MIN_SEPARATION)


def _log_separation(
    liked: Sequence[ShownWords], disliked: Sequence[ShownWords], element: Element
) -> float:
    """Log Bayes factor of two sides with words of their own against common words; from 0."""
    both = [shown.get(element, ()) for shown in (*liked, *disliked)]
    words = sorted({canonical(word) for shown in both for word in shown})
    counts = np.array([_counts(shown, words) for shown in both])  # (images, words)
    sides = [counts[: len(liked)].sum(axis=0), counts[len(liked) :].sum(axis=0)]
    rates = EqualRates().of(element, words)
    apart = sum(_log_concentrated(side, rates) for side in sides)
    return max(apart - _log_concentrated(sides[0] + sides[1], rates), 0.0)


@dataclass(frozen=True)
class _Cluster:
    """References that share a taste, with the counts of their words by element."""

    members: tuple[int, ...]
    counts: tuple[Floats, ...]
    base_rates: tuple[Floats, ...]

    @cached_property
    def log_evidence(self) -> float:
        """Log marginal likelihood of the words, and the prior weight of the cluster."""
        prior = log(NEW_TASTE) + lgamma(len(self.members))
        return prior + sum(map(_log_marginal, self.counts, self.base_rates))

    def merged(self, other: Self) -> Self:
        counts = tuple(a + b for a, b in zip(self.counts, other.counts, strict=True))
        members = tuple(sorted((*self.members, *other.members)))
        return type(self)(members, counts, self.base_rates)


def _clusters_of_one(shown: Sequence[ShownWords], base_rates: WordRates) -> list[_Cluster]:
    words = {
        element: sorted({canonical(word) for words in shown for word in words.get(element, ())})
        for element in ELEMENTS
    }
    rates = tuple(base_rates.of(element, words[element]) for element in ELEMENTS)
    return [
        _Cluster(
            (number,),
            tuple(_counts(of_image.get(element, ()), words[element]) for element in ELEMENTS),
            rates,
        )
        for number, of_image in enumerate(shown)
    ]


def _counts(shown: Sequence[str], words: Sequence[str]) -> Floats:
    """The share of each word in what one image shows of an element. (words,)"""
    forms = {canonical(word) for word in shown}
    return np.array([(word in forms) / max(len(forms), 1) for word in words])


def _log_marginal(counts: Floats, base_rates: Floats) -> float:
    """Words of one element: concentrated on few words, or as frequent as in the catalog."""
    concentrated = _log_concentrated(counts, base_rates) + log(1 - INDIFFERENCE)
    indifferent = _log_indifferent(counts, base_rates) + log(INDIFFERENCE)
    return float(np.logaddexp(concentrated, indifferent))


def _log_concentrated(counts: Floats, base_rates: Floats) -> float:
    """Log likelihood of a taste for few words (Dirichlet-multinomial)."""
    likelihood = lgamma(WORD_CONCENTRATION) - lgamma(WORD_CONCENTRATION + float(counts.sum()))
    for count, rate in zip(counts, base_rates, strict=True):
        if count:
            likelihood += lgamma(WORD_CONCENTRATION * rate + count)
            likelihood -= lgamma(WORD_CONCENTRATION * rate)
    return likelihood


def _log_indifferent(counts: Floats, base_rates: Floats) -> float:
    return float(counts @ np.log(base_rates))


def _merge(clusters: Sequence[_Cluster], *, while_gain_above: float) -> list[_Cluster]:
    """Merge the two clusters that gain most, again and again; gains are log Bayes factors."""
    left = dict(enumerate(clusters))
    gains = {(i, j): _gain(left[i], left[j]) for i in left for j in left if j < i}
    while gains:
        (first, second), gain = max(gains.items(), key=lambda entry: (entry[1], entry[0]))
        if gain <= while_gain_above:
            break
        new = max(left) + 1
        merged = left.pop(first).merged(left.pop(second))
        gains = {pair: g for pair, g in gains.items() if not {first, second} & {*pair}}
        gains |= {(new, other): _gain(merged, cluster) for other, cluster in left.items()}
        left[new] = merged
    return list(left.values())


def _gain(first: _Cluster, second: _Cluster) -> float:
    return first.merged(second).log_evidence - first.log_evidence - second.log_evidence
