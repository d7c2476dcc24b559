"""Score images by whether they show the words of a taste, each reference without itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide
from shared.domain.weights.weight_estimation import NEUTRAL, Floats
from shared.domain.word_forms import canonical

SCORED_WORDS: Final = 2
"""Words of an element that count, as many as a prompt shows to the model."""
ShownWords = Mapping[Element, Sequence[str]]


def word_scores(images: Sequence[ShownWords], tastes: Sequence[Taste]) -> Floats:
    """The element scores of images, (images, 5), 0-5, by the taste that fits each image best.

    A liked word gives 5, a disliked one 0, any other 2.5; two words of an element give the mean.
    """
    return _best([_scores(images, taste) for taste in tastes], len(images))


def reference_scores(
    liked: Sequence[ShownWords], disliked: Sequence[ShownWords], tastes: Sequence[Taste]
) -> tuple[Floats, Floats]:
    """The same for references, each scored without itself.

    The taste was predicted from these references. A word that only one of them shows would then be
    an argument for itself: what a reference gains is multiplied by the share of the others that
    show its word, over the share of all.
    """
    return (
        _best([_left_out(liked, taste, "liked") for taste in tastes], len(liked)),
        _best([_left_out(disliked, taste, "disliked") for taste in tastes], len(disliked)),
    )


def known_share(images: Sequence[ShownWords]) -> float:
    """The share of the elements that have a word, over the described images; 1 without any."""
    described = [image for image in images if any(image.values())]
    if not described:
        return 1.0
    known = sum(bool(_forms(image, e)) for image in described for e in ELEMENTS)
    return known / (len(described) * len(ELEMENTS))


def _scores(images: Sequence[ShownWords], taste: Taste) -> Floats:
    likes, dislikes = _shares(images, taste.preference), _shares(images, taste.non_preference)
    return NEUTRAL + NEUTRAL * (likes - dislikes)


def _left_out(images: Sequence[ShownWords], taste: Taste, side: str) -> Floats:
    likes, dislikes = _shares(images, taste.preference), _shares(images, taste.non_preference)
    if side == "liked":
        likes = likes * _support(images, taste.preference)
    else:
        dislikes = dislikes * _support(images, taste.non_preference)
    return NEUTRAL + NEUTRAL * (likes - dislikes)


def _best(by_taste: Sequence[Floats], images: int) -> Floats:
    """Each image by the taste with the highest sum."""
    if not by_taste:
        return np.full((images, len(ELEMENTS)), NEUTRAL)
    stacked = np.stack(by_taste)  # (tastes, images, 5)
    best = stacked.sum(axis=2).argmax(axis=0)
    return np.asarray(stacked[best, np.arange(images)])


def _shares(images: Sequence[ShownWords], side: TasteSide) -> Floats:
    """The share of each image's words that the side names. (images, 5)"""
    named = _named(side)
    return np.array(
        [
            [
                len(shown & named[e]) / len(shown) if (shown := _forms(image, e)) else 0.0
                for e in ELEMENTS
            ]
            for image in images
        ]
    ).reshape(len(images), len(ELEMENTS))


def _support(images: Sequence[ShownWords], side: TasteSide) -> Floats:
    """How much of a word's support among the images is left without each image. (images, 5)"""
    named = _named(side)
    count = len(images)
    counts = {e: Counter(w for image in images for w in _forms(image, e)) for e in ELEMENTS}

    def left(image: ShownWords, element: Element) -> float:
        support = max((counts[element][w] for w in _forms(image, element) & named[element]),
                      default=0)  # fmt: skip
        if support < 2:
            return 0.0
        return ((support - 1) / (count - 1)) / (support / count)

    return np.array([[left(image, e) for e in ELEMENTS] for image in images]).reshape(
        count, len(ELEMENTS)
    )


def _named(side: TasteSide) -> dict[Element, set[str]]:
    return {e: {canonical(word.word) for word in side[e][:SCORED_WORDS]} for e in ELEMENTS}


def _forms(image: ShownWords, element: Element) -> set[str]:
    return {canonical(word) for word in image.get(element, ())}
