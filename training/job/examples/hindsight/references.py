"""Teach the words that users' references share: profiles, and examples of describe and score.

References are choices too, stated by the user. Where they show that the champion reads one style as
many words (`shared_words`), these examples teach one word for it in all three tasks, so that the
profile and the scores of candidates mean the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from training.job.examples.example_lines import Line, name_in
from training.job.examples.hindsight.choices import Choices, Floats, Ints
from training.job.examples.hindsight.described_references import (
    MAX_USERS,
    Described,
    Encode,
    ReferenceSides,
    as_readings,
    describe,
    pairs_of,
    sides_of,
)
from training.job.examples.hindsight.readings import Readings
from training.job.examples.hindsight.shared_words.acceptance import SharedWords, accepted_words
from training.job.examples.hindsight.targets import as_json
from training.job.examples.hindsight.vocabulary import Profile, State, Vocabulary
from training.job.examples.rejection_sampling import Rng
from training.job.scoring.deadline import IsLate
from training.job.scoring.pair_scoring import Model

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


def learn_from_references(
    champion: Model, choices: Choices, vocabulary: Vocabulary, own: Sequence[Profile],
    folder: Path, *, encode: Encode, rng: Rng, is_late: IsLate, fits_are_late: IsLate,
    rationales: bool = False, candidate: Model | None = None,
) -> ReferenceLessons:  # fmt: skip
    """Find the words that references share. `own` is the champion's profile of each user.

    `candidate` is the model of earlier nights; the classes keep the names that it has learned.

    `rationales` says whether the champion's rationales follow nano's rule, which words can be put
    into.
    """
    described = describe(champion, candidate, choices, encode, rng=rng, is_late=is_late)
    material = sides_of(choices, described)
    if not material.users:
        return ReferenceLessons()
    read = np.zeros(len(choices.images), np.bool_)
    read[described.images] = True
    words = {e: as_readings(e, described.words, vocabulary) for e in ELEMENTS}
    accepted = accepted_words(
        Readings(words, read[described.images]), described.vectors, material.sides,
        material.groups, pairs=pairs_of(choices, described, material), is_late=fits_are_late,
        named=described.candidate_words
        and {e: as_readings(e, described.candidate_words, vocabulary) for e in ELEMENTS},
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


def _among_all(rows: Floats, described: Described, images: int) -> Floats:
    """The rows of described images among those of all images, which know nothing."""
    whole = np.full((images, rows.shape[1]), 1 / rows.shape[1])
    whole[described.images] = rows
    return whole


def _profiles(
    material: ReferenceSides, accepted: Mapping[Element, SharedWords], own: Sequence[Profile]
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
    names: Sequence[str], described: Described, vocabulary: Vocabulary,
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
    names: Sequence[str], material: ReferenceSides, vocabulary: Vocabulary,
    words: Mapping[Element, Floats],
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
