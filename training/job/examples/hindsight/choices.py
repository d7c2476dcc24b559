"""Number the users and images of clicked pairs, and divide each user's pairs for cross-fitting."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from training.job.scoring.feedback_cases import FeedbackCase

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
FOLDS: Final = 3
"""Parts of a user's slates; two of them fit what the third one judges."""
NO_FOLD: Final = -1
"""Of a pair whose images are in two parts, of a user with one slate: only the final fit uses it."""
OF_REFERENCES: Final = -2
"""Of a pair of a liked and a disliked reference: every fit uses it, and it judges nothing."""
REFERENCE_WEIGHT: Final = 5.0
"""Weight of all pairs of one user's references, in mean weights of a click's pair."""
MAX_WEIGHT: Final = 3.0
"""Of one pair, in mean weights: a rare swap must not decide the words of an image."""
MAX_USER_SHARE: Final = 3.0
"""Weight of one user's pairs, in medians over the users: one user with half of all clicks must not
decide which words images show."""


TIE: Final = 1e-9
"""A smaller difference of two images is a tie."""


def ranked_right(difference: Floats) -> Floats:
    """1 for each pair whose chosen image is ahead, 0 where it is behind, and one half for a tie.

    `difference` is the chosen image's score less the other's. (pairs,)
    """
    return np.asarray(np.where(np.abs(difference) < TIE, 0.5, difference > 0))


@dataclass(frozen=True)
class Shown:
    """The references of one user from which a profile is predicted."""

    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]


@dataclass(frozen=True)
class Choices:
    """Pairs as numbers, of clicks and then of references; pairs of one click share their weight."""

    users: tuple[str, ...]
    images: tuple[Path, ...]
    references: tuple[Shown, ...]
    """By user: those of most of the user's slates."""
    cases: tuple[FeedbackCase, ...]
    """One for each pair."""
    user: Ints
    better: Ints
    worse: Ints
    weight: Floats
    fold: Ints
    """Part of the user's slates, or of the images of a single slate; `NO_FOLD`, `OF_REFERENCES`."""

    @property
    def clicked(self) -> Bools:
        """The pairs of clicks. (pairs,)"""
        return np.asarray(self.fold != OF_REFERENCES)

    def of_user(self, mask: Bools) -> list[Ints]:
        """By user the numbers of the pairs of the mask."""
        order = np.flatnonzero(mask)
        order = order[np.argsort(self.user[order], kind="stable")]
        ends = np.searchsorted(self.user[order], np.arange(len(self.users) + 1))
        return [order[a:b] for a, b in pairwise(ends)]


def number_choices(cases: Iterable[FeedbackCase]) -> Choices:
    """Clicked pairs without a reference of the user, and pairs of the user's references."""
    by_user: defaultdict[str, list[FeedbackCase]] = defaultdict(list)
    for case in cases:
        by_user[case.user].append(case)
    users = tuple(sorted(by_user))
    references = tuple(_references(by_user[user]) for user in users)
    kept: list[tuple[int, FeedbackCase]] = []
    for number, (user, shown) in enumerate(zip(users, references, strict=True)):
        own = {*shown.liked, *shown.disliked}
        kept += [(number, case) for case in by_user[user] if not {case.better, case.worse} & own]
    clicked = _Pairs.of(kept)
    stated = _Pairs.of(
        [
            (number, replace(by_user[user][0], better=liked, worse=disliked))
            for number, (user, shown) in enumerate(zip(users, references, strict=True))
            for liked, disliked in product(shown.liked, shown.disliked)
            if liked != disliked
        ]
    )
    files = sorted({*clicked.better, *clicked.worse, *stated.better, *stated.worse})
    number_of = {file: number for number, file in enumerate(files)}
    better, worse, of_liked, of_disliked = (
        np.array([number_of[file] for file in side], np.int64)
        for side in (clicked.better, clicked.worse, stated.better, stated.worse)
    )
    weights = _weights(clicked.user, better, clicked.weight)
    counts = np.bincount(stated.user, minlength=len(users))
    of_references = REFERENCE_WEIGHT / np.maximum(counts, 1)[stated.user]
    return Choices(
        users, tuple(files), references, (*clicked.cases, *stated.cases),
        np.concatenate([clicked.user, stated.user]),
        np.concatenate([better, of_liked]), np.concatenate([worse, of_disliked]),
        np.concatenate([weights, of_references]),
        np.concatenate(
            [_folds(clicked, better, worse, files), np.full(len(stated.user), OF_REFERENCES)]
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class _Pairs:
    """Pairs of one kind with the numbers of their users."""

    user: Ints
    cases: tuple[FeedbackCase, ...]

    @staticmethod
    def of(pairs: Sequence[tuple[int, FeedbackCase]]) -> "_Pairs":
        return _Pairs(
            np.array([number for number, _ in pairs], np.int64), tuple(case for _, case in pairs)
        )

    @property
    def better(self) -> list[Path]:
        return [case.better for case in self.cases]

    @property
    def worse(self) -> list[Path]:
        return [case.worse for case in self.cases]

    @property
    def weight(self) -> Floats:
        return np.array([case.weight for case in self.cases], np.float64)


def _references(cases: Sequence[FeedbackCase]) -> Shown:
    counts = Counter(Shown(case.liked, case.disliked) for case in cases)
    complete = {s: n for s, n in counts.items() if s.liked and s.disliked} or counts
    return max(complete, key=lambda shown: (complete[shown], len(shown.liked)))


def _weights(user: Ints, better: Ints, weight: Floats) -> Floats:
    if not len(user):
        return weight
    clipped = np.minimum(weight / max(weight.mean(), 1e-12), MAX_WEIGHT)
    clicks = Counter(zip(user.tolist(), better.tolist(), strict=True))
    shared = np.array([clicks[key] for key in zip(user.tolist(), better.tolist(), strict=True)])
    clipped = clipped / np.sqrt(shared)
    totals = np.bincount(user, weights=clipped)
    most = MAX_USER_SHARE * float(np.median(totals[totals > 0]))
    return np.asarray(clipped * np.minimum(1.0, most / np.maximum(totals, 1e-12))[user])


def _folds(pairs: "_Pairs", better: Ints, worse: Ints, images: Sequence[Path]) -> Ints:
    """Whole slates where a user has several, else images: a non-click is in many pairs."""
    fold = np.full(len(pairs.user), NO_FOLD)
    slates = np.array([case.shown_at for case in pairs.cases], np.int64)
    half = np.array([zlib.crc32(file.name.encode()) % 2 for file in images], np.int64)
    for number in np.unique(pairs.user):
        own = np.flatnonzero(pairs.user == number)
        different, slate = np.unique(slates[own], return_inverse=True)
        if len(different) > 1:
            fold[own] = slate % FOLDS
        else:
            a, b = half[better[own]], half[worse[own]]
            fold[own] = np.where(a == b, a, NO_FOLD)
    return fold
