"""Number the users and images of clicked pairs, and divide each user's pairs for cross-fitting."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from training.job.scoring.feedback_cases import FeedbackCase

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
FOLDS: Final = 3
"""Parts of a user's images; two of them fit what the third one judges."""
NO_FOLD: Final = -1
"""Of a pair whose images are in two parts: it judges nothing, and only the final fit uses it."""
MAX_WEIGHT: Final = 3.0
"""Of one pair, in mean weights: a rare swap must not decide the words of an image."""
MAX_USER_SHARE: Final = 3.0
"""Weight of one user's pairs, in medians over the users: one user with half of all clicks must not
decide which words images show."""


@dataclass(frozen=True)
class Shown:
    """The references of one user from which a profile is predicted."""

    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]


@dataclass(frozen=True)
class Choices:
    """Clicked pairs as numbers: pairs of one click share their weight."""

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
    """Part of the user's images that both images are in, or `NO_FOLD`."""

    def of_user(self, mask: Bools) -> list[Ints]:
        """By user the numbers of the pairs of the mask."""
        order = np.flatnonzero(mask)
        order = order[np.argsort(self.user[order], kind="stable")]
        ends = np.searchsorted(self.user[order], np.arange(len(self.users) + 1))
        return [order[a:b] for a, b in pairwise(ends)]


def number_choices(cases: Iterable[FeedbackCase]) -> Choices:
    """The pairs without those that show one of the user's chosen references."""
    by_user: defaultdict[str, list[FeedbackCase]] = defaultdict(list)
    for case in cases:
        by_user[case.user].append(case)
    users = tuple(sorted(by_user))
    references = tuple(_references(by_user[user]) for user in users)
    kept: list[tuple[int, FeedbackCase]] = []
    for number, (user, shown) in enumerate(zip(users, references, strict=True)):
        own = {*shown.liked, *shown.disliked}
        kept += [(number, case) for case in by_user[user] if not {case.better, case.worse} & own]
    images = tuple(sorted({file for _, case in kept for file in (case.better, case.worse)}))
    number_of = {file: number for number, file in enumerate(images)}
    user = np.array([number for number, _ in kept], np.int64)
    better = np.array([number_of[case.better] for _, case in kept], np.int64)
    worse = np.array([number_of[case.worse] for _, case in kept], np.int64)
    weight = np.array([case.weight for _, case in kept], np.float64)
    return Choices(
        users, images, references, tuple(case for _, case in kept), user, better, worse,
        _weights(user, better, weight), _folds(user, better, worse, images),
    )  # fmt: skip


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


def _folds(user: Ints, better: Ints, worse: Ints, images: Sequence[Path]) -> Ints:
    """Whole slates where a user has several, else single images: a non-click is in many pairs."""
    fold = np.full(len(user), NO_FOLD)
    for number in np.unique(user):
        pairs = np.flatnonzero(user == number)
        part = _parts(list(zip(better[pairs].tolist(), worse[pairs].tolist(), strict=True)), images)
        for pair in pairs:
            a, b = part[int(better[pair])], part[int(worse[pair])]
            fold[pair] = a if a == b else NO_FOLD
    return fold


def _parts(pairs: Sequence[tuple[int, int]], images: Sequence[Path]) -> dict[int, int]:
    """The part of each image of one user."""
    root = {image: image for pair in pairs for image in pair}

    def find(image: int) -> int:
        while root[image] != image:
            image = root[image]
        return image

    for a, b in pairs:
        root[find(a)] = find(b)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for image in root:
        groups[find(image)].append(image)
    if len(groups) < FOLDS and max(map(len, groups.values())) > len(root) / 2:
        return {image: zlib.crc32(images[image].name.encode()) % 2 for image in root}
    part, sizes = {}, [0] * FOLDS
    for members in sorted(groups.values(), key=lambda group: (-len(group), min(group))):
        smallest = sizes.index(min(sizes))
        sizes[smallest] += len(members)
        part.update(dict.fromkeys(members, smallest))
    return part
