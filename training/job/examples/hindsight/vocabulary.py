"""Number the words of each element, and tabulate the digit that a profile gives to each word."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element
from shared.domain.word_forms import is_unknown
from shared.prompting.prompt import WORDS_SHOWN, SideWords
from shared.vlm.pictures.vocabulary import meaning
from shared.vlm.pictures.word_scores import WordScore, word_score
from training.prefersim.values.synonyms import canonical, value_of
from training.rewards.prediction import Sides

Floats = npt.NDArray[np.float64]
State = tuple[tuple[int, ...], tuple[int, ...]]
"""Numbers of the liked and of the disliked words of one element, each at most `WORDS_SHOWN`."""
Profile = tuple[State, ...]
"""One state for each element, in the order of `ELEMENTS`."""
MIN_MENTIONS: Final = 2
"""A word that is named once is often a slip: nano once predicted a color as an art style."""
MAX_WORDS: Final = 24
"""Words of an element: the most frequent ones. Each pair of words costs a score an image."""


def word_key(element: Element, word: str) -> str:
    """One text for all words that mean the same value."""
    if value_of(element, word) is not None:
        return canonical(element, word)
    return meaning(element, word)


@dataclass(frozen=True)
class Vocabulary:
    """The words of each element; a profile's word outside of them is left out."""

    words: Mapping[Element, tuple[str, ...]]
    _digits: dict[tuple[Element, State], Floats] = field(default_factory=dict, repr=False)

    @staticmethod
    def of(sides: Iterable[SideWords]) -> "Vocabulary":
        """The most frequent words of these sides, spelled as most of them spell it."""
        spellings: dict[Element, defaultdict[str, Counter[str]]] = {
            e: defaultdict(Counter) for e in ELEMENTS
        }
        for side in sides:
            for element, words in side.items():
                for word in words:
                    if not is_unknown(word):
                        spellings[element][word_key(element, word)][word] += 1
        return Vocabulary({e: _most_frequent(spellings[e]) for e in ELEMENTS})

    def size(self, element: Element) -> int:
        """Words of the element, and one more place for all other words."""
        return len(self.words[element]) + 1

    def number(self, element: Element, word: str) -> int | None:
        """The place of a word, or None for a word outside the vocabulary."""
        key = word_key(element, word)
        for number, known in enumerate(self.words[element]):
            if word_key(element, known) == key:
                return number
        return None

    def profile(self, sides: Sides) -> Profile:
        """The profile in numbers, with the words that a prompt shows."""
        return tuple((self._side(e, sides.likes), self._side(e, sides.dislikes)) for e in ELEMENTS)

    def sides(self, profile: Profile) -> Sides:
        """The profile in words, without empty elements."""
        likes, dislikes = (
            {
                e: tuple(self.words[e][number] for number in state[side])
                for e, state in zip(ELEMENTS, profile, strict=True)
                if state[side]
            }
            for side in (0, 1)
        )
        return Sides(likes, dislikes)

    def digits(self, element: Element, state: State) -> Floats:
        """The digit 0-5 of each word, the last of all other words. (size,)"""
        known = self._digits.get((element, state))
        if known is None:
            digits = [self.score(element, state, n).digit for n in range(self.size(element))]
            known = self._digits[element, state] = np.array(digits, np.float64)
        return known

    def score(self, element: Element, state: State, number: int) -> WordScore:
        """The digit of one word with its reason; the last number stands for all other words."""
        words = self.words[element]
        likes, dislikes = ([words[place] for place in side] for side in state)
        word = words[number] if number < len(words) else None
        return word_score(element, word, likes=likes, dislikes=dislikes)

    def _side(self, element: Element, side: SideWords) -> tuple[int, ...]:
        numbers = [self.number(element, word) for word in side.get(element, ())[:WORDS_SHOWN]]
        return tuple(dict.fromkeys(number for number in numbers if number is not None))


def _most_frequent(spellings: Mapping[str, Counter[str]]) -> tuple[str, ...]:
    named = [counts for counts in spellings.values() if counts.total() >= MIN_MENTIONS]
    by_count = sorted(named, key=lambda counts: -counts.total())
    return tuple(sorted(counts.most_common(1)[0][0] for counts in by_count[:MAX_WORDS]))
