"""Draw ranking tasks: liked and disliked references from two sets, and new pictures of both."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.vlm.protocol import References
from training.evaluation.real_pictures.picture_sets import PictureSet

REFERENCES: Final = 5
"""Liked references of a task, and as many disliked ones."""
NEW: Final = 8
"""New pictures of each set that are ranked."""


@dataclass(frozen=True)
class Task:
    """One ranking task; `liked_set` and `disliked_set` name the sets."""

    liked_set: str
    disliked_set: str
    references: References
    better: tuple[Image, ...]
    """New pictures of the liked set."""
    worse: tuple[Image, ...]

    @property
    def pair(self) -> tuple[str, str]:
        """Both sets in alphabetical order: tasks of one pair are not independent."""
        first, second = sorted((self.liked_set, self.disliked_set))
        return first, second


def pairs_of_kinds(sets: Sequence[PictureSet]) -> list[tuple[PictureSet, PictureSet]]:
    """All pairs of sets of different kinds: a person who likes one kind of picture."""
    return [pair for pair in itertools.combinations(sets, 2) if pair[0].kind != pair[1].kind]


def pairs_of_subjects(sets: Sequence[PictureSet], kind: str) -> list[tuple[PictureSet, PictureSet]]:
    """All pairs of sets of one kind and package: a person who likes one subject."""
    return [
        pair
        for pair in itertools.combinations(sets, 2)
        if pair[0].kind == pair[1].kind == kind and pair[0].package == pair[1].package
    ]


def pairs_of_looks(sets: Sequence[PictureSet]) -> list[tuple[PictureSet, PictureSet]]:
    """All pairs of sets of one subject and two kinds: a person who likes one look of it."""
    return [pair for pair in pairs_of_kinds(sets) if pair[0].subject == pair[1].subject]


def draw_tasks(
    pairs: Sequence[tuple[PictureSet, PictureSet]],
    images: Mapping[str, Sequence[Image]],
    *,
    tasks_per_pair: int,
    seed: int,
) -> Iterator[Task]:
    """`tasks_per_pair` tasks of each pair; every second one likes the second set."""
    for number, pair in enumerate(pairs):
        rng = np.random.default_rng([seed, number])
        for repeat in range(tasks_per_pair):
            liked, disliked = pair if repeat % 2 == 0 else pair[::-1]
            references, new = zip(
                *(_split(images[chosen.name], rng) for chosen in (liked, disliked)), strict=True
            )
            yield Task(
                liked.name, disliked.name, References(references[0], references[1]), new[0], new[1]
            )


def _split(
    images: Sequence[Image], rng: np.random.Generator
) -> tuple[tuple[Image, ...], tuple[Image, ...]]:
    """Different pictures as references and as new ones."""
    order = rng.permutation(len(images))
    chosen = [images[index] for index in order[: REFERENCES + NEW]]
    return tuple(chosen[:REFERENCES]), tuple(chosen[REFERENCES:])
