"""Teach the words that users' references share: examples of predict, describe and score.

References are choices too, stated by the user. Where they show that the champion reads one style as
many words (`shared_words`), these examples teach one word for it in all three tasks, so that the
profile and the scores of candidates mean the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from training.job.examples.hindsight.choices import Choices
from training.job.examples.hindsight.readings import Readings, read_images
from training.job.examples.hindsight.shared_words import SharedWords, accepted_words
from training.job.examples.hindsight.targets import as_json
from training.job.examples.hindsight.vocabulary import Profile, State, Vocabulary
from training.job.scoring.deadline import IsLate
from training.job.scoring.pair_scoring import Model

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Line = dict[str, Any]
Rng = np.random.Generator
Encode = Callable[[Sequence[Path]], Floats]
"""Image vectors of files: (files, d)."""
MAX_USERS: Final = 70
"""Users whose references are read in one job: each has up to ten images."""
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
    profiles: Mapping[int, Profile] = field(default_factory=dict)
    """By user the profile that the references share; empty where nothing was learned."""
    readings: Readings | None = None
    """The readings of the chosen images with the learned words; None where nothing was learned."""
    gains: Mapping[Element, float] = field(default_factory=dict)
    """By changed element the gain in log-likelihood of a left-out reference of other users."""


@dataclass(frozen=True)
class _Material:
    """Images of chosen users, with the numbers of those of each side."""

    files: tuple[Path, ...]
    """The images of choices first, then those of references."""
    users: tuple[int, ...]
    """Liked side first: user `users[n]` has the sides n and n + number of users."""
    sides: tuple[Ints, ...]

    @property
    def user_of_side(self) -> Ints:
        return np.array([*self.users, *self.users], np.int64)


def learn_from_references(
    champion: Model, choices: Choices, vocabulary: Vocabulary, readings: Readings,
    own: Sequence[Profile], folder: Path, *, encode: Encode, rng: Rng, is_late: IsLate,
) -> ReferenceLessons:  # fmt: skip
    """Read the references of some users and find the words that they share.

    `readings` are those of the images of choices, `own` the champion's profile of each user.
    """
    material = _material(choices, rng)
    more = material.files[len(choices.images) :]
    if not more or is_late():
        return ReferenceLessons()
    read = read_images(champion, more, vocabulary, order=range(len(more)), is_late=is_late)
    whole = Readings(
        {e: np.concatenate([readings.words[e], read.words[e]]) for e in ELEMENTS},
        np.concatenate([readings.read, read.read]),
    )
    sides = [side[whole.read[side]] for side in material.sides]
    is_usable = [len(side) >= LEAST_REFERENCES for side in sides]
    usable = [side for side, is_used in zip(sides, is_usable, strict=True) if is_used]
    users = material.user_of_side[is_usable]
    accepted = accepted_words(whole, encode(material.files), usable, users)
    if not accepted:
        return ReferenceLessons()
    words = {e: accepted[e].images if e in accepted else whole.words[e] for e in ELEMENTS}
    profiles = _profiles(material, is_usable, accepted, own)
    lines = _lines(choices, material, vocabulary, words, profiles, whole.read, folder, rng)
    chosen = slice(len(choices.images))
    return ReferenceLessons(
        lines=tuple(lines),
        profiles=profiles,
        readings=Readings({e: words[e][chosen] for e in ELEMENTS}, readings.read),
        gains={e: of_element.gain for e, of_element in accepted.items()},
    )


def _material(choices: Choices, rng: Rng) -> _Material:
    files = dict.fromkeys(choices.images)
    with_both = [
        user for user, shown in enumerate(choices.references)
        if min(len(shown.liked), len(shown.disliked)) >= LEAST_REFERENCES
    ]  # fmt: skip
    users = tuple(int(user) for user in rng.permutation(with_both)[:MAX_USERS])
    shown = [choices.references[user] for user in users]
    by_side = [*(one.liked for one in shown), *(one.disliked for one in shown)]
    files |= dict.fromkeys(file for side in by_side for file in side)
    number = {file: place for place, file in enumerate(files)}
    sides = tuple(np.array([number[file] for file in side], np.int64) for side in by_side)
    return _Material(tuple(files), users, sides)


def _profiles(
    material: _Material, is_usable: Sequence[bool], accepted: Mapping[Element, SharedWords],
    own: Sequence[Profile],
) -> dict[int, Profile]:  # fmt: skip
    """The champion's profiles, with the shared words of the accepted elements."""
    place = np.cumsum(is_usable) - 1
    count = len(material.users)
    profiles = {}
    for number, user in enumerate(material.users):
        states: list[State] = []
        for state, element in zip(own[user], ELEMENTS, strict=True):
            liked, disliked = state
            if element in accepted and is_usable[number] and is_usable[number + count]:
                liked, disliked = (
                    _named(accepted[element].sides[place[side]])
                    for side in (number, number + count)
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
    choices: Choices, material: _Material, vocabulary: Vocabulary, words: Mapping[Element, Floats],
    profiles: Mapping[int, Profile], read: npt.NDArray[np.bool_], folder: Path, rng: Rng,
) -> Iterator[Line]:  # fmt: skip
    number = {e: words[e].argmax(axis=1) for e in ELEMENTS}
    sure = np.stack([words[e].max(axis=1) >= SURE for e in ELEMENTS], axis=1)
    for user, profile in profiles.items():
        yield from _predictions(choices, user, vocabulary, profile, folder, rng)
    names = [file.relative_to(folder).as_posix() for file in material.files]
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
