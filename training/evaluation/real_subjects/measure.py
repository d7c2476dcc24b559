"""Measure the words of single pictures, and the words of users with five references a side."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.subjects.words import NamedReference, Side, Subjects, SubjectSide, subjects_of
from training.evaluation.real_pictures.tasks import REFERENCES
from training.statistics.bootstrap import share
from training.statistics.interval import Share
from training.statistics.wilson import wilson

MOST: Final = 0.5
"""A word of a profile is right when it is right for this share of the references of its side."""


@dataclass(frozen=True)
class NamedPicture:
    """One picture: the words that the encoder gives to it, and those that are right."""

    set_name: str
    path: str
    words: tuple[str, ...]
    right_words: frozenset[str]

    @property
    def is_named(self) -> bool:
        return bool(self.words)

    @property
    def is_right(self) -> bool:
        """Whether every word is right, the narrow one and the broad ones."""
        return set(self.words) <= self.right_words


@dataclass(frozen=True)
class Naming:
    """How many pictures or profile sides are named, and how many of those have right words."""

    count: int
    named: Share
    right: Share | None
    """Share of the named ones; None where none is named."""


def picture_naming(pictures: Sequence[NamedPicture]) -> Naming:
    """The shares of single pictures, with Wilson intervals."""
    named = [picture for picture in pictures if picture.is_named]
    right = sum(picture.is_right for picture in named)
    return Naming(
        len(pictures),
        _wilson(len(named), len(pictures)),
        _wilson(right, len(named)) if named else None,
    )


@dataclass(frozen=True)
class SideResult:
    """The words of one side of a user's profile."""

    pair: tuple[str, str]
    words: tuple[str, ...]
    is_right: bool


def profile_naming(results: Sequence[SideResult], *, seed: int) -> Naming:
    """The shares of profile sides; pairs of sets are the clusters of the bootstrap."""
    by_pair: dict[tuple[str, str], list[SideResult]] = {}
    for result in results:
        by_pair.setdefault(result.pair, []).append(result)
    named = [[float(bool(r.words)) for r in rows] for rows in by_pair.values()]
    right = [[float(r.is_right) for r in rows if r.words] for rows in by_pair.values()]
    has_words = any(right)
    return Naming(
        len(results), share(named, seed=seed), share(right, seed=seed) if has_words else None
    )


def simulated_profiles(
    sets: Mapping[str, Sequence[NamedPicture]], *, users_per_pair: int, seed: int
) -> Iterator[SideResult]:
    """Both sides of users who like one set and dislike another, five references a side."""
    enough = [name for name, pictures in sets.items() if len(pictures) >= REFERENCES]
    for number, pair in enumerate(itertools.combinations(enough, 2)):
        rng = np.random.default_rng([seed, number])
        for user in range(users_per_pair):
            liked, disliked = (_draw(sets[name], rng) for name in _alternating(pair, user))
            subjects = profile_subjects(liked, disliked)
            for side, references in (
                (subjects.preference, liked), (subjects.non_preference, disliked),
            ):  # fmt: skip
                yield side_result(pair, side, references)


def profile_subjects(liked: Sequence[NamedPicture], disliked: Sequence[NamedPicture]) -> Subjects:
    """The subjects that the profile service would store for these references."""
    sides: tuple[tuple[Side, Sequence[NamedPicture]], ...] = (
        ("liked", liked), ("disliked", disliked),
    )  # fmt: skip
    return subjects_of(
        [NamedReference(p.path, side, p.words) for side, pictures in sides for p in pictures]
    )


def side_result(
    pair: tuple[str, str], side: SubjectSide, references: Sequence[NamedPicture]
) -> SideResult:
    """A word is right when it is right for half of the references of its side at least."""
    words = tuple(word.word for word in side.words)
    is_right = all(
        sum(word in picture.right_words for picture in references) >= MOST * len(references)
        for word in words
    )
    return SideResult(pair, words, is_right)


def _draw(pictures: Sequence[NamedPicture], rng: np.random.Generator) -> list[NamedPicture]:
    return [pictures[index] for index in rng.permutation(len(pictures))[:REFERENCES]]


def _alternating(pair: tuple[str, str], user: int) -> tuple[str, str]:
    return pair if user % 2 == 0 else (pair[1], pair[0])


def _wilson(successes: int, count: int) -> Share:
    value = successes / count
    low, high = wilson(value, count)
    return Share(value, low, high, count, count)
