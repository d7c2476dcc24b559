"""Apply a user's corrections (pin, veto, edit) to the taste that a model predicted."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from shared.domain.subjects.element import ProfileElement
from shared.domain.taste import (
    ELEMENTS,
    MAX_WORDS,
    Element,
    Taste,
    TasteSide,
    Value,
    WeightedWord,
    Words,
)
from shared.domain.word_forms import NO_SYNONYMS, Synonyms, canonical

SideName = Literal["preference", "non_preference"]
SIDES: Final[tuple[SideName, SideName]] = ("preference", "non_preference")
MAX_VETOES: Final = 64
"""Vetoed words kept for one element of one side: more than any model has for it. The oldest veto is
dropped first."""

Word = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[^;:,./()\x00-\x1f\x7f]*[^;:,./()\x00-\x20\x7f]$"),
    AfterValidator(lambda word: " ".join(word.split())),
]
"""One or a few words, as prompts print them. The prompts' own punctuation is not allowed, because
it would end the word early."""


class CorrectedWord(Value):
    """A word that a user has put into their own profile."""

    word: Word
    weight: float = Field(default=1.0, ge=0, le=1)
    """Strength of the word, 0-1; prompts show the two words with the highest weight."""


class Correction(Value):
    """All corrections of one element on one side of a profile."""

    side: SideName
    element: ProfileElement
    """One of the five elements of the look, or `subject`: what images show."""
    edited: Annotated[
        tuple[CorrectedWord, ...] | None,
        Field(max_length=MAX_WORDS, exclude_if=lambda words: words is None),
    ] = None
    """Words that replace the predicted ones; an empty list makes the element unknown."""
    pinned: Annotated[tuple[Word, ...], Field(max_length=MAX_WORDS)] = ()
    """Words that rank first, whatever the model predicts; the latest first."""
    vetoed: Annotated[tuple[Word, ...], Field(max_length=MAX_VETOES)] = ()
    """Words that are left out, whatever the model predicts; the latest last."""

    @property
    def is_empty(self) -> bool:
        return self.edited is None and not self.pinned and not self.vetoed

    @property
    def words(self) -> tuple[str, ...]:
        """All words of the correction."""
        return (*self.pinned, *self.vetoed, *(entry.word for entry in self.edited or ()))

    @property
    def stated(self) -> frozenset[str]:
        """The words that the user pinned or wrote on this side, in their canonical form."""
        return self.stated_meanings(canonical)

    def stated_meanings(self, meaning: Callable[[str], str]) -> frozenset[str]:
        """The meanings of the words that the user pinned or wrote on this side."""
        edited = (entry.word for entry in self.edited or ())
        return frozenset(meaning(word) for word in (*self.pinned, *edited))


def stated_elements(corrections: Iterable[Correction]) -> frozenset[Element]:
    """The elements of the look of which the user has pinned or written a word."""
    return frozenset(
        Element(correction.element)
        for correction in corrections
        if correction.element in ELEMENTS and correction.stated
    )


def apply_corrections(
    taste: Taste, corrections: Iterable[Correction], synonyms: Synonyms = NO_SYNONYMS
) -> Taste:
    """The taste with the corrections; an element without a correction stays as predicted.

    A pinned or vetoed word replaces or removes its near-synonyms as well.
    Corrections of the subject are no part of a taste: `shared.domain.subjects.corrections`.
    """
    by_place = {(correction.side, correction.element): correction for correction in corrections}
    if not by_place:
        return taste
    preference, non_preference = (
        TasteSide.model_validate(
            {
                element.value: _corrected_words(
                    getattr(taste, side)[element],
                    by_place.get((side, element)),
                    other_side=by_place.get((other, element)),
                    meaning=partial(synonyms.meaning, element),
                )
                for element in ELEMENTS
            }
        )
        for side, other in zip(SIDES, reversed(SIDES), strict=True)
    )
    return Taste(preference=preference, non_preference=non_preference)


def _corrected_words(
    predicted: Words,
    correction: Correction | None,
    *,
    other_side: Correction | None,
    meaning: Callable[[str], str],
) -> Words:
    """The words of one element and side, without those that the user put on the other side."""
    counts = {meaning(word.word): word.count for word in predicted}
    own = correction or Correction(side="preference", element=Element.COLOR)
    base = predicted
    if own.edited is not None:
        base = tuple(
            _weighted(entry.word, entry.weight, counts.get(meaning(entry.word), 0))
            for entry in own.edited
        )
    pinned = tuple(_weighted(word, 1.0, counts.get(meaning(word), 0)) for word in own.pinned)
    removed = {meaning(word) for word in (*own.pinned, *own.vetoed)}
    if other_side is not None:
        removed |= other_side.stated_meanings(meaning) - own.stated_meanings(meaning)
    kept = [word for word in base if meaning(word.word) not in removed]
    # The sort is stable: pinned words come before edited words of equal weight.
    ranked = sorted((*pinned, *kept), key=lambda word: -word.weight)
    return tuple(ranked[:MAX_WORDS])


def _weighted(word: str, weight: float, count: int) -> WeightedWord:
    return WeightedWord(word=word, weight=weight, count=count)
