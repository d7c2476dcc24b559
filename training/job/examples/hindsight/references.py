"""Teach the words that users' references share: profiles, and examples of describe and score.

References are choices too, stated by the user. Where they show that the champion reads one style as
many words (`shared_words`), these examples teach one word for it in all three tasks, so that the
profile and the scores of candidates mean the same.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Element
from shared.embedding.images.protocol import ImageEncoder
from shared.prompting import prompt
from shared.prompting.prompt import SideWords
from shared.vlm.protocol import SeesImages
from training.evaluation.scoring import batches
from training.job.examples.example_lines import Line, name_in
from training.job.examples.hindsight.choices import Choices
from training.job.examples.hindsight.readings import Readings
from training.job.examples.hindsight.shared_words.acceptance import SharedWords, accepted_words
from training.job.examples.hindsight.shared_words.clicked_pairs import ClickedPairs
from training.job.examples.hindsight.shared_words.components import joined
from training.job.examples.hindsight.targets import as_json
from training.job.examples.hindsight.vocabulary import Profile, State, Vocabulary
from training.job.scoring.deadline import IsLate
from training.job.scoring.feedback_cases import open_image
from training.job.scoring.pair_scoring import SCORING_BATCH, Model

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rng = np.random.Generator
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
SURE: Final = 0.4
"""Least probability of a word that a profile or a description names."""
SECOND: Final = 0.35
"""Least probability of the second word of a side."""
OWN_SCORES, OTHER_SCORES = 5, 8
"""Scores of a user's own references, and of other images, with the user's profile."""
EXPLAINED: Final = 0.15
"""Share of the scores that are explained too: else the rationales keep the champion's words, and
disagree with the scores."""
DESCRIBED: Final = 0.7
"""Share of the images that are described: such an example is short, and teaches a word of each
element. A night takes about half of all examples."""


@dataclass(frozen=True)
class ReferenceLessons:
    """What the references teach."""

    lines: tuple[Line, ...] = ()
    """SFT examples of descriptions and scores."""
    profiles: Mapping[int, Profile] = field(default_factory=dict)
    """By user the profile that the references share; empty where nothing was learned."""
    readings: Readings | None = None
    """The readings of the chosen images with the learned words; None where nothing was learned."""
    gains: Mapping[Element, float] = field(default_factory=dict)
    """By changed element the gain in log-likelihood of a left-out reference of other users."""


@dataclass(frozen=True)
class _Described:
    """The images that the champion described before the deadline."""

    images: Ints
    """Their numbers among all images. (n,)"""
    words: tuple[SideWords, ...]
    vectors: Floats
    """(n, d)"""
    named: tuple[SideWords, ...] | None = None
    """The candidate's words, or the champion's where these cannot be read; None without it."""


@dataclass(frozen=True)
class _Sides:
    """The references of some users, as places among the described images."""

    users: tuple[int, ...]
    sides: tuple[Ints, ...]
    """All liked sides first: user `users[n]` has the sides n and n + number of users."""
    groups: Ints
    """Of each side: users with the same references have one number. (sides,)"""


def learn_from_references(
    champion: Model, choices: Choices, vocabulary: Vocabulary, own: Sequence[Profile],
    folder: Path, *, encode: Encode, rng: Rng, is_late: IsLate, fits_are_late: IsLate,
    rationales: bool = False, candidate: Model | None = None,
) -> ReferenceLessons:  # fmt: skip
    """Find the words that references share. `own` is the champion's profile of each user.

    `candidate` is the model of earlier nights that training continues from; the classes keep the
    names that it has learned.

    `rationales` says whether the champion's rationales follow nano's rule, which words can be put
    into.
    """
    described = _describe(champion, candidate, choices, encode, rng=rng, is_late=is_late)
    material = _sides(choices, described)
    if not material.users:
        return ReferenceLessons()
    read = np.zeros(len(choices.images), np.bool_)
    read[described.images] = True
    words = {e: _as_readings(e, described.words, vocabulary) for e in ELEMENTS}
    accepted = accepted_words(
        Readings(words, read[described.images]), described.vectors, material.sides,
        material.groups, pairs=_pairs(choices, described, material), is_late=fits_are_late,
        named=described.named
        and {e: _as_readings(e, described.named, vocabulary) for e in ELEMENTS},
    )  # fmt: skip
    if not accepted:
        return ReferenceLessons()
    words |= {e: learned.images for e, learned in accepted.items()}
    profiles = _profiles(material, accepted, own)
    names = [name_in(choices.images[n], folder) for n in described.images]
    explained = EXPLAINED if rationales else 0.0
    return ReferenceLessons(
        lines=(
            *_description_lines(names, described, vocabulary, accepted, rng),
            *_score_lines(
                names, material, vocabulary, words, accepted, profiles, rng, explained=explained
            ),
        ),
        profiles=profiles,
        readings=Readings({e: _among_all(words[e], described, len(read)) for e in ELEMENTS}, read),
        gains={e: of_element.gain for e, of_element in accepted.items()},
    )


def _describe(
    champion: Model, candidate: Model | None, choices: Choices, encode: Encode,
    *, rng: Rng, is_late: IsLate,
) -> _Described:  # fmt: skip
    """Descriptions by both models. One costs a few scores' time, a whole reading more."""
    images: list[int] = []
    words: list[SideWords] = []
    named: list[SideWords] = []
    vectors: list[tuple[Floats, ...]] = []
    for numbers in batches(_order(choices, rng), SCORING_BATCH):
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
            if candidate is not None:
                learned = candidate.describe(seen)
                named += [
                    answers[n].words if of_image.problems else of_image.words
                    for n, of_image in zip(usable, learned, strict=True)
                ]
            vectors.append((encode([files[n] for n in usable]), *_seen_in(champion, seen)))
    return _Described(
        np.array(images, np.int64),
        tuple(words),
        joined([np.concatenate(part) for part in zip(*vectors, strict=True)])
        if vectors
        else np.zeros((0, 1)),
        None if candidate is None else tuple(named),
    )


def _seen_in(champion: Model, images: Sequence[Image]) -> tuple[Floats, ...]:
    """The vectors of the champion's vision tower, or nothing where it has no known one.

    The tower was trained to tell styles and mediums, and hardly sees subjects; the image encoder
    was trained on subjects. Both together tell the words of images better than each alone.
    """
    vectors = champion.seen_in(images) if isinstance(champion, SeesImages) else None
    return () if vectors is None else (np.asarray(vectors, np.float64),)


def _order(choices: Choices, rng: Rng) -> list[int]:
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


def _sides(choices: Choices, described: _Described) -> _Sides:
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
    return _Sides(tuple(users), liked_first, np.array([*numbers, *numbers], np.int64))


def _pairs(choices: Choices, described: _Described, material: _Sides) -> ClickedPairs:
    """The clicked pairs of the described users and images."""
    user = np.full(len(choices.users), -1)
    user[list(material.users)] = np.arange(len(material.users))
    image = np.full(len(choices.images), -1)
    image[described.images] = np.arange(len(described.images))
    places = user[choices.user], image[choices.better], image[choices.worse]
    used = choices.clicked & (np.min(places, axis=0) >= 0)
    user_of, better, worse = (place[used] for place in places)
    return ClickedPairs(user_of, better, worse, choices.weight[used])


def _as_readings(element: Element, words: Sequence[SideWords], vocabulary: Vocabulary) -> Floats:
    """The first word of each description as probabilities. (images, words + 1)"""
    size = vocabulary.size(element)
    number = cache(lambda word: vocabulary.number(element, word))
    rows = np.full((len(words), size), UNSURE / size)
    for row, named in zip(rows, words, strict=True):
        at = number(named[element][0]) if named.get(element) else None
        row[-1 if at is None else at] += 1 - UNSURE
    return rows


def _among_all(rows: Floats, described: _Described, images: int) -> Floats:
    """The rows of described images among those of all images, which know nothing."""
    whole = np.full((images, rows.shape[1]), 1 / rows.shape[1])
    whole[described.images] = rows
    return whole


def _profiles(
    material: _Sides, accepted: Mapping[Element, SharedWords], own: Sequence[Profile]
) -> dict[int, Profile]:
    """The champion's profiles, where it predicted one, with the words of accepted elements."""
    count = len(material.users)
    profiles = {}
    for number, user in enumerate(material.users):
        if not any(liked or disliked for liked, disliked in own[user]):
            continue
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
    first, second = (int(word) for word in np.argsort(-probabilities, kind="stable")[:2])
    if probabilities[first] < SURE:
        return ()
    return (first, second) if probabilities[second] >= SECOND else (first,)


def _sure(accepted: Mapping[Element, SharedWords]) -> Ints:
    """Images with a sure word of each accepted element: the others would teach `any`."""
    return np.flatnonzero(
        np.all([learned.images.max(axis=1) >= SURE for learned in accepted.values()], axis=0)
    )


def _description_lines(
    names: Sequence[str], described: _Described, vocabulary: Vocabulary,
    accepted: Mapping[Element, SharedWords], rng: Rng,
) -> Iterator[Line]:  # fmt: skip
    """The champion's own words, with the learned ones of accepted elements."""
    for image in _sure(accepted):
        if rng.random() >= DESCRIBED:
            continue
        words = {e.value: list(own) for e in ELEMENTS if (own := described.words[image].get(e))}
        for element, learned in accepted.items():
            words[element.value] = [vocabulary.words[element][learned.images[image].argmax()]]
        yield {"ask": "describe", "images": [names[image]], "words": words}


def _score_lines(
    names: Sequence[str], material: _Sides, vocabulary: Vocabulary, words: Mapping[Element, Floats],
    accepted: Mapping[Element, SharedWords], profiles: Mapping[int, Profile], rng: Rng,
    *, explained: float,
) -> Iterator[Line]:  # fmt: skip
    """Digits by the rule, of images of the user's own references and of others.

    The share `explained` of them is given once more with rationales.
    """
    sure = _sure(accepted)
    number = {e: words[e].argmax(axis=1) for e in ELEMENTS}
    count = len(material.users)
    of_user = {user: place for place, user in enumerate(material.users) if user in profiles}
    for user in sorted(rng.permutation(list(of_user))[:MAX_USERS].tolist()):
        place, profile = of_user[user], profiles[user]
        own = np.concatenate([material.sides[place], material.sides[place + count]])
        own = rng.permutation(np.intersect1d(own, sure))[:OWN_SCORES]
        for image in np.unique(np.concatenate([own, rng.permutation(sure)[:OTHER_SCORES]])):
            scores = {
                e: vocabulary.score(e, profile[k], int(number[e][image]))
                for k, e in enumerate(ELEMENTS)
            }
            shown = {"profile": as_json(vocabulary.sides(profile)), "images": [names[image]]}
            digits = {e: score.digit for e, score in scores.items()}
            yield {"ask": "score", **shown, "answer": prompt.score_line(digits)}
            if rng.random() < explained:
                yield {
                    "ask": "explain", **shown,
                    "digits": {e.value: digit for e, digit in digits.items()},
                    "rationales": {e.value: score.rationale for e, score in scores.items()},
                }  # fmt: skip


def encode_files(open_encoder: Callable[[], ImageEncoder]) -> Encode:
    """An `Encode` with the image encoder of the settings; the first call opens it."""
    encoder = cache(open_encoder)

    def encode(files: Sequence[Path]) -> Floats:
        vectors = asyncio.run(encoder().encode([open_image(file) for file in files]))
        return np.asarray(vectors, np.float64)

    return encode
