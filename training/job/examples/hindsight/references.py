"""Teach the words that users' references share: examples of predict, describe and score.

References are choices too, stated by the user. Where they show that the champion reads one style as
many words (`shared_words`), these examples teach one word for it in all three tasks, so that the
profile and the scores of candidates mean the same.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element
from shared.embedding.images.protocol import ImageEncoder
from shared.prompting import prompt
from training.evaluation.scoring import batches
from training.job.examples.hindsight.choices import Choices
from training.job.examples.hindsight.readings import Readings
from training.job.examples.hindsight.shared_words import SharedWords, accepted_words
from training.job.examples.hindsight.targets import as_json
from training.job.examples.hindsight.vocabulary import Profile, State, Vocabulary
from training.job.scoring.deadline import IsLate
from training.job.scoring.feedback_cases import open_image
from training.job.scoring.pair_scoring import SCORING_BATCH, Model

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Line = dict[str, Any]
Rng = np.random.Generator
Encode = Callable[[Sequence[Path]], Floats]
"""Image vectors of files: (files, d)."""
MAX_SHOWN, MAX_USERS = 300, 80
"""Images of clicked pairs, and users, that are described in one job: the others come another night,
because each job draws its own."""
UNSURE: Final = 0.03
"""Probability of the words that a description does not name."""
LEAST_REFERENCES: Final = 3
"""Of each side: fewer share a word by chance."""
SURE: Final = 0.4
"""Least probability of a word that a profile or a description names."""
SECOND: Final = 0.35
"""Least probability of the second word of a side."""
ORDERS: Final = 4
"""Predictions of a user, with the references in other orders: their order does not count."""
OWN_SCORES, OTHER_SCORES = 5, 10
"""Scores of a user's own references, and of other images, with the user's profile."""
DESCRIBED: Final = 0.5
"""Share of the images that are described."""


@dataclass(frozen=True)
class ReferenceLessons:
    """What the references teach."""

    lines: tuple[Line, ...] = ()
    """SFT examples of descriptions and scores."""
    predictions: Mapping[int, tuple[Line, ...]] = field(default_factory=dict)
    """SFT examples of predictions by user."""
    profiles: Mapping[int, Profile] = field(default_factory=dict)
    """By user the profile that the references share; empty where nothing was learned."""
    readings: Readings | None = None
    """The readings of the chosen images with the learned words; None where nothing was learned."""
    gains: Mapping[Element, float] = field(default_factory=dict)
    """By changed element the gain in log-likelihood of a left-out reference of other users."""


@dataclass(frozen=True)
class _Sides:
    """The numbers of the images of each side of some users."""

    users: tuple[int, ...]
    sides: tuple[Ints, ...]
    """All liked sides first: user `users[n]` has the sides n and n + number of users."""


def learn_from_references(
    champion: Model, choices: Choices, vocabulary: Vocabulary, own: Sequence[Profile],
    folder: Path, *, encode: Encode, rng: Rng, is_late: IsLate,
) -> ReferenceLessons:  # fmt: skip
    """Find the words that references share. `own` is the champion's profile of each user."""
    described = _described(champion, choices, vocabulary, rng=rng, is_late=is_late)
    material = _sides(choices, described)
    if not material.users:
        return ReferenceLessons()
    users = np.array([*material.users, *material.users], np.int64)
    seen = np.flatnonzero(described.read)
    place = np.full(len(choices.images), -1, np.int64)
    place[seen] = np.arange(len(seen))
    accepted = accepted_words(
        Readings({e: described.words[e][seen] for e in ELEMENTS}, described.read[seen]),
        encode([choices.images[number] for number in seen]),
        [place[side] for side in material.sides], users,
    )  # fmt: skip
    if not accepted:
        return ReferenceLessons()
    words = dict(described.words)
    for element, learned in accepted.items():
        words[element] = words[element].copy()
        words[element][seen] = learned.images
    profiles = _profiles(material, accepted, own)
    lines = _lines(choices, material, vocabulary, words, profiles, described.read, folder, rng)
    return ReferenceLessons(
        lines=tuple(lines),
        predictions={
            user: tuple(_predictions(choices, user, vocabulary, profile, folder, rng))
            for user, profile in profiles.items()
        },
        profiles=profiles,
        readings=Readings(words, described.read),
        gains={e: of_element.gain for e, of_element in accepted.items()},
    )


def _described(
    champion: Model, choices: Choices, vocabulary: Vocabulary, *, rng: Rng, is_late: IsLate
) -> Readings:
    """The champion's descriptions: first of clicked and passed images, then user by user.

    A description costs a few scores' time, where a whole reading costs one for two words.
    """
    size = {e: vocabulary.size(e) for e in ELEMENTS}
    words = {e: np.full((len(choices.images), size[e]), 1 / size[e]) for e in ELEMENTS}
    read = np.zeros(len(choices.images), np.bool_)
    for numbers in batches(_order(choices, rng), SCORING_BATCH):
        if is_late():
            break
        images = [open_image(choices.images[number]) for number in numbers]
        for number, answer in zip(numbers, champion.describe(images), strict=True):
            for element in ELEMENTS:
                named = answer.words.get(element, ())
                at = vocabulary.number(element, named[0]) if named else None
                row = np.full(size[element], UNSURE / size[element])
                row[-1 if at is None else at] += 1 - UNSURE
                words[element][number] = row
            read[number] = True
    return Readings(words, read)


def _order(choices: Choices, rng: Rng) -> list[int]:
    """Images of at most `MAX_SHOWN` clicked pairs' sides, then the references of some users."""
    clicked = choices.clicked
    shown = np.unique(np.concatenate([choices.better[clicked], choices.worse[clicked]]))
    number = {file: place for place, file in enumerate(choices.images)}
    order = dict.fromkeys(int(image) for image in rng.permutation(shown)[:MAX_SHOWN])
    for user in rng.permutation(len(choices.users))[:MAX_USERS]:
        of_user = choices.references[user]
        files = (*of_user.liked, *of_user.disliked)
        order |= dict.fromkeys(number[file] for file in files if file in number)
    return list(order)


def _sides(choices: Choices, readings: Readings) -> _Sides:
    """Of the users with enough references that the champion read."""
    number = {file: place for place, file in enumerate(choices.images)}
    liked: list[Ints] = []
    disliked: list[Ints] = []
    users: list[int] = []
    for user, shown in enumerate(choices.references):
        both = [
            np.array([number[file] for file in side if file in number], np.int64)
            for side in (shown.liked, shown.disliked)
        ]
        both = [side[readings.read[side]] for side in both]
        if min(map(len, both)) >= LEAST_REFERENCES:
            users.append(user)
            liked.append(both[0])
            disliked.append(both[1])
    return _Sides(tuple(users), (*liked, *disliked))


def _profiles(
    material: _Sides, accepted: Mapping[Element, SharedWords], own: Sequence[Profile]
) -> dict[int, Profile]:
    """The champion's profiles, with the shared words of the accepted elements."""
    count = len(material.users)
    profiles = {}
    for number, user in enumerate(material.users):
        states: list[State] = []
        for state, element in zip(own[user], ELEMENTS, strict=True):
            liked, disliked = state
            if element in accepted:
                liked, disliked = (
                    _named(accepted[element].sides[side]) for side in (number, number + count)
                )
                disliked = tuple(word for word in disliked if word not in liked)
            states.append((liked, disliked))
        profiles[user] = tuple(states)
    return profiles


def _named(probabilities: Floats) -> tuple[int, ...]:
    """The sure words of a side, the surest first."""
    first, second = (int(word) for word in np.argsort(-probabilities)[:2])
    if probabilities[first] < SURE:
        return ()
    return (first, second) if probabilities[second] >= SECOND else (first,)


def _lines(
    choices: Choices, material: _Sides, vocabulary: Vocabulary, words: Mapping[Element, Floats],
    profiles: Mapping[int, Profile], read: npt.NDArray[np.bool_], folder: Path, rng: Rng,
) -> Iterator[Line]:  # fmt: skip
    number = {e: words[e].argmax(axis=1) for e in ELEMENTS}
    sure = np.stack([words[e].max(axis=1) >= SURE for e in ELEMENTS], axis=1)
    names = [file.relative_to(folder).as_posix() for file in choices.images]
    for image in np.flatnonzero(read & (rng.random(len(names)) < DESCRIBED)):
        named = {
            e.value: [vocabulary.words[e][number[e][image]]]
            for k, e in enumerate(ELEMENTS)
            if sure[image, k] and number[e][image] < len(vocabulary.words[e])
        }
        if named:
            yield {"ask": "describe", "images": [names[image]], "words": named}
    known = np.flatnonzero(read & sure.all(axis=1))
    count = len(material.users)
    for place, user in enumerate(material.users):
        own = np.concatenate([material.sides[place], material.sides[place + count]])
        own = rng.permutation(np.intersect1d(own, known))[:OWN_SCORES]
        for image in np.unique(np.concatenate([own, rng.permutation(known)[:OTHER_SCORES]])):
            digits = {
                e: int(vocabulary.digits(e, profiles[user][k])[number[e][image]])
                for k, e in enumerate(ELEMENTS)
            }
            yield {
                "ask": "score", "profile": as_json(vocabulary.sides(profiles[user])),
                "images": [names[image]], "answer": prompt.score_line(digits),
            }  # fmt: skip


def _predictions(
    choices: Choices, user: int, vocabulary: Vocabulary, profile: Profile, folder: Path, rng: Rng
) -> Iterator[Line]:
    shown = choices.references[user]
    for _ in range(ORDERS):
        liked, disliked = (
            [side[int(n)].relative_to(folder).as_posix() for n in rng.permutation(len(side))]
            for side in (shown.liked, shown.disliked)
        )
        yield {
            "ask": "predict", "liked": len(liked), "disliked": len(disliked),
            "images": [*liked, *disliked], "taste": as_json(vocabulary.sides(profile)),
        }  # fmt: skip


def encode_files(open_encoder: Callable[[], ImageEncoder]) -> Encode:
    """An `Encode` with the image encoder of the settings; it is opened with the first call."""

    def encode(files: Sequence[Path]) -> Floats:
        vectors = asyncio.run(open_encoder().encode([open_image(file) for file in files]))
        return np.asarray(vectors, np.float64)

    return encode
