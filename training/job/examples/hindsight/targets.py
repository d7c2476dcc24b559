"""Turn kept profiles and words of images into SFT examples: predict, describe and score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from training.job.examples.example_lines import Line, name_in, shuffled
from training.job.examples.hindsight.choices import Choices
from training.job.examples.hindsight.image_words import Words
from training.job.examples.hindsight.readings import Readings
from training.job.examples.hindsight.vocabulary import Floats, Profile, Vocabulary
from training.rewards.prediction import Sides

Rng = np.random.Generator
MIN_WORD_EVIDENCE: Final = 0.75
"""Least probability, on held-back pairs, that a new word is better than the champion's reading."""
MIN_WORD_PROBABILITY: Final = 0.6
"""Least probability of a new word after all choices."""
MAX_PREDICTIONS: Final = 400
PREDICTIONS_A_USER: Final = 2
"""With the references in other orders: their order does not count."""
MAX_DESCRIPTIONS: Final = 400
MAX_SCORES: Final = 1_200
SCORES_A_USER: Final = 12
SCORES_AN_IMAGE: Final = 8
UNCHANGED: Final = 0.3
"""Share of the score examples of images whose words are the champion's own."""


@dataclass(frozen=True)
class ImageWords:
    """The words that examples teach: new ones where choices speak, else the champion's own."""

    number: dict[Element, np.ndarray]
    """The word of each image and element; the last number stands for no word. (images,) each"""
    changed: np.ndarray
    """Elements of each image with another word than the champion's. (images, 5)"""
    evidence: Floats
    """Of the surest change of each image, 0-1. (images,)"""


def image_words(fitted: Words, readings: Readings, evidence: dict[Element, Floats]) -> ImageWords:
    """Decide the words of every image."""
    number, changed, sure = {}, [], []
    for element in ELEMENTS:
        own, new = readings.words[element].argmax(axis=1), fitted[element].argmax(axis=1)
        other = fitted[element].shape[1] - 1
        is_new = (
            (new != own) & (new != other) & readings.read
            & (evidence[element] >= MIN_WORD_EVIDENCE)
            & (fitted[element].max(axis=1) >= MIN_WORD_PROBABILITY)
        )  # fmt: skip
        number[element] = np.where(is_new, new, own)
        changed.append(is_new)
        sure.append(np.where(is_new, evidence[element], 0.0))
    return ImageWords(number, np.stack(changed, axis=1), np.max(sure, axis=0))


def predict_lines(
    choices: Choices, profiles: Sequence[Sides], users: Sequence[int], folder: Path, rng: Rng,
    *, orders: int = PREDICTIONS_A_USER,
) -> Iterator[Line]:  # fmt: skip
    """The profile as the answer to each user's references, in so many orders."""
    for user in list(users)[: MAX_PREDICTIONS // orders]:
        shown = choices.references[user]
        if not (shown.liked or shown.disliked):
            continue
        for _ in range(orders):
            liked, disliked = (shuffled(side, rng) for side in (shown.liked, shown.disliked))
            yield {
                "ask": "predict", "liked": len(liked), "disliked": len(disliked),
                "images": [name_in(file, folder) for file in (*liked, *disliked)],
                "taste": as_json(profiles[user]),
            }  # fmt: skip


def describe_lines(
    choices: Choices, vocabulary: Vocabulary, words: ImageWords, folder: Path
) -> Iterator[Line]:
    """The words of images of which at least one is new, the surest first."""
    order = np.argsort(-words.evidence, kind="stable")
    for image in order[: min(MAX_DESCRIPTIONS, int((words.evidence > 0).sum()))]:
        yield {
            "ask": "describe", "images": [name_in(choices.images[image], folder)],
            "words": {
                e.value: [name] for e in ELEMENTS
                if (name := _word(vocabulary, e, words, int(image)))
            },
        }  # fmt: skip


def score_lines(
    choices: Choices, vocabulary: Vocabulary, profiles: Sequence[Profile], words: ImageWords,
    readings: Readings, users: Sequence[int], folder: Path, rng: Rng,
) -> Iterator[Line]:  # fmt: skip
    """Digits by the rule, for images that these users saw; images with new words first."""
    usable = set(users)
    shown = {
        (int(user), int(image))
        for image_of in (choices.better, choices.worse)
        for user, image in zip(choices.user, image_of, strict=True)
        if int(user) in usable and readings.read[image]
    }
    pairs = sorted(shown)
    pairs = [pairs[n] for n in rng.permutation(len(pairs))]
    new = [pair for pair in pairs if words.changed[pair[1]].any()]
    same = [pair for pair in pairs if not words.changed[pair[1]].any()]
    chosen = _capped(new, most=MAX_SCORES)
    share = UNCHANGED / (1 - UNCHANGED)
    most = min(MAX_SCORES - len(chosen), max(round(share * len(chosen)), len(usable)))
    for user, image in [*chosen, *_capped(same, most=most)]:
        digits = {
            e: int(vocabulary.digits(e, profiles[user][k])[words.number[e][image]])
            for k, e in enumerate(ELEMENTS)
        }
        yield {
            "ask": "score", "profile": as_json(vocabulary.sides(profiles[user])),
            "images": [name_in(choices.images[image], folder)],
            "answer": prompt.score_line(digits),
        }  # fmt: skip


def as_json(sides: Sides) -> dict[str, dict[str, list[str]]]:
    """The words of both sides by the element's name, without empty elements."""
    return {
        name: {e.value: list(words) for e, words in side.items() if words}
        for name, side in (("likes", sides.likes), ("dislikes", sides.dislikes))
    }


def _capped(pairs: Sequence[tuple[int, int]], *, most: int) -> list[tuple[int, int]]:
    by_user: dict[int, int] = {}
    by_image: dict[int, int] = {}
    chosen: list[tuple[int, int]] = []
    for user, image in pairs:
        if len(chosen) >= most:
            break
        if by_user.get(user, 0) < SCORES_A_USER and by_image.get(image, 0) < SCORES_AN_IMAGE:
            by_user[user] = by_user.get(user, 0) + 1
            by_image[image] = by_image.get(image, 0) + 1
            chosen.append((user, image))
    return chosen


def _word(vocabulary: Vocabulary, element: Element, words: ImageWords, image: int) -> str | None:
    number = int(words.number[element][image])
    named = vocabulary.words[element]
    return named[number] if number < len(named) else None
