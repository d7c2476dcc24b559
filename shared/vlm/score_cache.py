"""Keep the latest scores of a model in memory, so that a known image is not scored again."""

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Taste
from shared.domain.user import User
from shared.vlm.protocol import Scores

ENTRY_BYTES: Final = 700
"""Memory of one entry, about: the hash, 30 probabilities and their place in the mapping."""


class ScoreKey(NamedTuple):
    """What the scores of an image depend on, besides the image."""

    user: User
    """Equal tastes of two users are kept twice: an erasure removes all of a user's scores, and no
    user learns from the time of an answer what another one was shown."""
    model_version: str
    taste: bytes
    """Hash of the words with their weights: another taste is another version of them."""


@dataclass
class _Group:
    """The scores of one user by one taste and one model version."""

    weights: ElementWeights
    digits: dict[str, bytes] = field(default_factory=dict)
    """Probabilities of the digits as 30 floats of 64 bits, by content hash, the oldest first."""


class ScoreCache:
    """At most `max_entries` scores; the groups that were not used for longest are dropped first.

    Scores are kept to the last bit. A model scores each image by itself, so they are valid in every
    slate; only the composition of a batch changes them, in the seventh digit. Whatever compares the
    images of a slate (pairwise comparisons) must not be kept here. Prompt style and limits of
    pixels are fixed for a process and a model version, so they are no part of the key.
    """

    def __init__(self, *, max_entries: int) -> None:
        """0 entries turn the cache off."""
        self._max_entries = max_entries
        self._groups: OrderedDict[ScoreKey, _Group] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def tastes(self) -> int:
        """Number of tastes with scores."""
        return len(self._groups)

    def get(self, key: ScoreKey, content_hashes: Collection[str]) -> dict[str, Scores]:
        """The scores that are known, by content hash."""
        group = self._groups.get(key)
        if group is None:
            return {}
        self._groups.move_to_end(key)
        known: dict[str, Scores] = {}
        for content_hash in content_hashes:
            digits = group.digits.get(content_hash)
            if digits is not None:
                known[content_hash] = _unpacked(digits, group.weights)
        return known

    def put(self, key: ScoreKey, scores: Mapping[str, Scores]) -> None:
        """Keep the scores of images, by content hash."""
        if not self._max_entries or not scores:
            return
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(next(iter(scores.values())).weights)
        self._groups.move_to_end(key)
        before = len(group.digits)
        for content_hash, of_image in scores.items():
            group.digits[content_hash] = _packed(of_image)
        self._count += len(group.digits) - before
        self._drop_oldest()

    def erase(self, user: User) -> int:
        """Drop all scores of a user; the number of them."""
        keys = [key for key in self._groups if key.user == user]
        return sum(self._drop(key) for key in keys)

    def count(self, user: User) -> int:
        """Number of scores of a user."""
        return sum(len(group.digits) for key, group in self._groups.items() if key.user == user)

    def forget(self, content_hashes: Collection[str]) -> int:
        """Drop the scores of removed images, for all users; the number of them."""
        removed = 0
        for key, group in list(self._groups.items()):
            removed += sum(group.digits.pop(name, None) is not None for name in content_hashes)
            if not group.digits:
                del self._groups[key]
        self._count -= removed
        return removed

    def _drop_oldest(self) -> None:
        while self._count > self._max_entries and len(self._groups) > 1:
            self._drop(next(iter(self._groups)))
        if self._count > self._max_entries:
            digits = next(iter(self._groups.values())).digits
            for name in list(digits)[: self._count - self._max_entries]:
                del digits[name]
            self._count = len(digits)

    def _drop(self, key: ScoreKey) -> int:
        dropped = len(self._groups.pop(key).digits)
        self._count -= dropped
        return dropped


def score_key(user: User, *, model_version: str, taste: Taste) -> ScoreKey:
    """The key of the scores of a user's images by one taste."""
    digest = hashlib.blake2b(taste.model_dump_json().encode(), digest_size=16).digest()
    return ScoreKey(user, model_version, digest)


def _packed(scores: Scores) -> bytes:
    digits: Sequence[tuple[float, ...]] = [scores.digits[element] for element in ELEMENTS]
    return np.asarray(digits, np.float64).tobytes()


def _unpacked(digits: bytes, weights: ElementWeights) -> Scores:
    rows = np.frombuffer(digits, np.float64).reshape(len(ELEMENTS), -1).tolist()
    return Scores(dict(zip(ELEMENTS, map(tuple, rows), strict=True)), weights)
