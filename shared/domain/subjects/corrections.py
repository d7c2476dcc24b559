"""Apply a user's corrections of subjects: to the words of the profile, and to subject scores."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from shared.domain.corrections import Correction
from shared.domain.subjects.element import SUBJECT
from shared.domain.subjects.forms import subject_form
from shared.domain.subjects.words import Subjects, SubjectSide, SubjectWord
from shared.domain.taste import MAX_WORDS

MAX_SCORE: Final = 5.0
NEUTRAL: Final = 2.5
"""The subject score when nothing is known about what an image shows."""
STATED_WEIGHT: Final = 0.5
"""Least weight of the subject once a user has stated a subject: enough to move an image with the
word past most others, and the look still orders the images that share it."""


@dataclass(frozen=True)
class StatedSubjects:
    """The words that a user has stated or vetoed as subjects, in one form each."""

    liked: dict[str, float]
    """Weight of each word, 0-1, that the user pinned or wrote as liked."""
    disliked: dict[str, float]
    not_liked: frozenset[str]
    """Words that are no reason to like an image."""
    not_disliked: frozenset[str]

    @classmethod
    def of(cls, corrections: Iterable[Correction]) -> Self:
        by_side = {c.side: c for c in corrections if c.element == SUBJECT}
        liked, disliked = by_side.get("preference"), by_side.get("non_preference")
        return cls(_weights(liked), _weights(disliked), _vetoed(liked), _vetoed(disliked))

    @property
    def has_words(self) -> bool:
        """Whether the user goes by a subject in their own words."""
        return any(weight > 0 for weight in (*self.liked.values(), *self.disliked.values()))

    @property
    def words(self) -> frozenset[str]:
        """All words that the user stated or vetoed."""
        return self.not_liked | self.not_disliked | self.liked.keys() | self.disliked.keys()

    @property
    def is_empty(self) -> bool:
        return not (self.liked or self.disliked or self.not_liked or self.not_disliked)

    def decide(self, words: Sequence[str]) -> bool:
        """Whether a correction names one of these words of an image."""
        return any(self._names(subject_form(word)) for word in words)

    def score(self, score: float, words: Sequence[str]) -> float:
        """The subject score, 0-5, of an image with these words, the narrowest first.

        The narrowest word that a correction names decides: a stated word gives the score, a vetoed
        one takes the liking or the dislike away.
        """
        for word in (subject_form(word) for word in words):
            if word in self.liked:
                return NEUTRAL + (MAX_SCORE - NEUTRAL) * self.liked[word]
            if word in self.disliked:
                return NEUTRAL - NEUTRAL * self.disliked[word]
            if self._names(word):
                highest = NEUTRAL if word in self.not_liked else MAX_SCORE
                lowest = NEUTRAL if word in self.not_disliked else 0.0
                return min(max(score, lowest), highest)
        return score

    def _names(self, word: str) -> bool:
        return (
            word in self.liked
            or word in self.disliked
            or word in self.not_liked
            or word in self.not_disliked
        )


@dataclass(frozen=True)
class SubjectScale:
    """The weight of the subject in a feed, and what its scores are multiplied with."""

    weight: float
    spread: float
    """Factor of a score's distance from neutral, 0-1."""

    @classmethod
    def of(cls, weight: float | None, stated: StatedSubjects) -> Self:
        """The scale of a user whose references give `weight`; None: they give no subject scores.

        A stated subject raises a low weight. The spread then keeps the order of all images that
        the statement does not name: `spread = weight / (1 - weight)` at half the total.
        """
        weight = weight or 0.0
        if not stated.has_words or weight >= STATED_WEIGHT:
            return cls(weight, 1.0)
        ratio = STATED_WEIGHT / (1 - STATED_WEIGHT)
        return cls(STATED_WEIGHT, weight / (1 - weight) / ratio)

    def score(self, score: float) -> float:
        return NEUTRAL + (score - NEUTRAL) * self.spread


def apply_to_subjects(subjects: Subjects, corrections: Iterable[Correction]) -> Subjects:
    """The subjects with the corrections; a side without a correction stays as predicted."""
    by_side = {c.side: c for c in corrections if c.element == SUBJECT}
    if not by_side:
        return subjects
    liked, disliked = by_side.get("preference"), by_side.get("non_preference")
    return Subjects(
        preference=_corrected(subjects.preference, liked, disliked),
        non_preference=_corrected(subjects.non_preference, disliked, liked),
    )


def _corrected(
    predicted: SubjectSide, own: Correction | None, other: Correction | None
) -> SubjectSide:
    known = {subject_form(word.word): word for word in predicted.words}
    words = predicted.words
    pinned: tuple[SubjectWord, ...] = ()
    removed = _stated_forms(other)
    if own is not None:
        if own.edited is not None:
            words = tuple(_stated(entry.word, entry.weight, known) for entry in own.edited)
        pinned = tuple(_stated(word, 1.0, known) for word in own.pinned)
        removed -= _stated_forms(own)
        removed |= {subject_form(word) for word in (*own.pinned, *own.vetoed)}
    kept = [word for word in words if subject_form(word.word) not in removed]
    ranked = sorted((*pinned, *kept), key=lambda word: -word.weight)
    return predicted.model_copy(update={"words": tuple(ranked[:MAX_WORDS])})


def _stated(word: str, weight: float, known: dict[str, SubjectWord]) -> SubjectWord:
    predicted = known.get(subject_form(word))
    if predicted is None:
        return SubjectWord(word=word, weight=weight)
    return predicted.model_copy(update={"word": word, "weight": weight})


def _weights(correction: Correction | None) -> dict[str, float]:
    if correction is None:
        return {}
    edited = {subject_form(entry.word): entry.weight for entry in correction.edited or ()}
    vetoed = _vetoed(correction)
    pinned = {subject_form(word): 1.0 for word in correction.pinned}
    return {word: weight for word, weight in (edited | pinned).items() if word not in vetoed}


def _vetoed(correction: Correction | None) -> frozenset[str]:
    return (
        frozenset(subject_form(word) for word in correction.vetoed) if correction else frozenset()
    )


def _stated_forms(correction: Correction | None) -> frozenset[str]:
    return (
        frozenset(subject_form(word) for word in correction.stated) if correction else frozenset()
    )
