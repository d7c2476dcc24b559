"""Describe the references of users and clicked images, and group the references into sides.

The champion describes them, and so does a candidate of earlier nights, whose words name what the
references share.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.domain.taste import Element
from shared.embedding.images.protocol import ImageEncoder
from shared.prompting.prompt import SideWords
from shared.vlm.protocol import SeesImages
from training.evaluation.scoring import batches
from training.job.examples.hindsight.choices import Choices, Floats, Ints
from training.job.examples.hindsight.shared_words.clicked_pairs import ClickedPairs
from training.job.examples.hindsight.shared_words.components import joined
from training.job.examples.hindsight.vocabulary import Vocabulary
from training.job.examples.rejection_sampling import Rng
from training.job.scoring.deadline import IsLate
from training.job.scoring.feedback_cases import open_image
from training.job.scoring.pair_scoring import SCORING_BATCH, Model

Encode = Callable[[Sequence[Path]], Floats]
"""Image vectors of files: (files, d)."""
MAX_SHOWN, MAX_USERS = 300, 160
"""Images of clicked pairs, and users whose references are described and scored in one job: the
others come another night, because each job draws its own. With 80 users a medium was learned worse
than the champion reads it, with 128 better (training/LOG.md)."""
UNSURE: Final = 0.03
"""Probability of the words that a description does not name."""
LEAST_REFERENCES: Final = 3
"""Of each side: fewer share a word by chance."""


@dataclass(frozen=True)
class Described:
    """The images that the champion described before the deadline."""

    images: Ints
    """Their numbers among all images. (n,)"""
    words: tuple[SideWords, ...]
    vectors: Floats
    """(n, d)"""
    candidate_words: tuple[SideWords, ...] | None = None
    """The candidate's words, or the champion's where there are none; None without a candidate."""


@dataclass(frozen=True)
class ReferenceSides:
    """The references of some users, as places among the described images."""

    users: tuple[int, ...]
    sides: tuple[Ints, ...]
    """All liked sides first: user `users[n]` has the sides n and n + number of users."""
    groups: Ints
    """Of each side: users with the same references have one number. (sides,)"""


def describe(
    champion: Model, candidate: Model | None, choices: Choices, encode: Encode,
    *, rng: Rng, is_late: IsLate,
) -> Described:  # fmt: skip
    """Descriptions by both models, the champion's first: what follows needs all of these.

    A description costs a few scores' time, a whole reading more.
    """
    images: list[int] = []
    words: list[SideWords] = []
    vectors: list[tuple[Floats, ...]] = []
    for numbers in batches(reading_order(choices, rng), SCORING_BATCH):
        if is_late():
            break
        files = [choices.images[number] for number in numbers]
        opened = [open_image(file) for file in files]
        answers = champion.describe(opened)
        usable = [n for n, answer in enumerate(answers) if not answer.problems]
        if usable:
            images += [numbers[n] for n in usable]
            words += [answers[n].words for n in usable]
            seen = [opened[n] for n in usable]
            vectors.append((encode([files[n] for n in usable]), *_seen_in(champion, seen)))
    return Described(
        np.array(images, np.int64),
        tuple(words),
        joined([np.concatenate(part) for part in zip(*vectors, strict=True)])
        if vectors
        else np.zeros((0, 1)),
        candidate
        and _named_by(candidate, [choices.images[n] for n in images], words, is_late=is_late),
    )


def _named_by(
    candidate: Model, files: Sequence[Path], words: Sequence[SideWords], *, is_late: IsLate
) -> tuple[SideWords, ...]:
    """The candidate's words, and the champion's `words` of images that it does not describe."""
    named = list(words)
    for places in batches(range(len(files)), SCORING_BATCH):
        if is_late():
            break
        answers = candidate.describe([open_image(files[place]) for place in places])
        for place, answer in zip(places, answers, strict=True):
            if not answer.problems:
                named[place] = answer.words
    return tuple(named)


def _seen_in(champion: Model, images: Sequence[Image]) -> tuple[Floats, ...]:
    """The vectors of the champion's vision tower, or nothing where it has no known one.

    The tower was trained to tell styles and mediums, and hardly sees subjects; the image encoder
    was trained on subjects. Both together tell the words of images better than each alone.
    """
    vectors = champion.seen_in(images) if isinstance(champion, SeesImages) else None
    return () if vectors is None else (np.asarray(vectors, np.float64),)


def reading_order(choices: Choices, rng: Rng) -> list[int]:
    """References of at most `MAX_USERS` users, mixed with `MAX_SHOWN` images of clicked pairs.

    So a deadline leaves some of both: a profile with new words needs images with new words.
    """
    clicked = choices.clicked
    shown = np.unique(np.concatenate([choices.better[clicked], choices.worse[clicked]]))
    number = {file: place for place, file in enumerate(choices.images)}
    users = rng.permutation(len(choices.users))[:MAX_USERS]
    order: dict[int, None] = {}
    parts = np.array_split(rng.permutation(shown)[:MAX_SHOWN], len(users))
    for user, part in zip(users, parts, strict=True):
        of_user = choices.references[user]
        files = (*of_user.liked, *of_user.disliked)
        order |= dict.fromkeys(number[file] for file in files if file in number)
        order |= dict.fromkeys(map(int, part))
    return list(order)


def sides_of(choices: Choices, described: Described) -> ReferenceSides:
    """Of the users with enough references that the champion described."""
    place = {choices.images[number]: n for n, number in enumerate(described.images)}
    users: list[int] = []
    sides: list[tuple[Ints, ...]] = []
    groups: dict[tuple[frozenset[int], ...], int] = {}
    numbers: list[int] = []
    for user, shown in enumerate(choices.references):
        both = [
            [place[file] for file in dict.fromkeys(side) if file in place]
            for side in (shown.liked, shown.disliked)
        ]
        if min(map(len, both)) >= LEAST_REFERENCES:
            users.append(user)
            sides.append(tuple(np.array(side, np.int64) for side in both))
            numbers.append(groups.setdefault(tuple(map(frozenset, both)), len(groups)))
    liked_first = tuple(both[side] for side in (0, 1) for both in sides)
    return ReferenceSides(tuple(users), liked_first, np.array([*numbers, *numbers], np.int64))


def pairs_of(choices: Choices, described: Described, material: ReferenceSides) -> ClickedPairs:
    """The clicked pairs of the described users and images."""
    user = np.full(len(choices.users), -1)
    user[list(material.users)] = np.arange(len(material.users))
    image = np.full(len(choices.images), -1)
    image[described.images] = np.arange(len(described.images))
    places = user[choices.user], image[choices.better], image[choices.worse]
    used = choices.clicked & (np.min(places, axis=0) >= 0)
    user_of, better, worse = (place[used] for place in places)
    return ClickedPairs(user_of, better, worse, choices.weight[used])


def as_readings(element: Element, words: Sequence[SideWords], vocabulary: Vocabulary) -> Floats:
    """The first word of each description as probabilities. (images, words + 1)"""
    size = vocabulary.size(element)
    number = cache(lambda word: vocabulary.number(element, word))
    rows = np.full((len(words), size), UNSURE / size)
    for row, named in zip(rows, words, strict=True):
        at = number(named[element][0]) if named.get(element) else None
        row[-1 if at is None else at] += 1 - UNSURE
    return rows


def encode_files(open_encoder: Callable[[], ImageEncoder]) -> Encode:
    """An `Encode` with the image encoder of the settings; the first call opens it."""
    encoder = cache(open_encoder)

    def encode(files: Sequence[Path]) -> Floats:
        vectors = asyncio.run(encoder().encode([open_image(file) for file in files]))
        return np.asarray(vectors, np.float64)

    return encode
