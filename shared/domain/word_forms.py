"""Recognize the forms of one word, and the answers that stand for no word."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import Element

UNKNOWN_ANSWERS: Final = re.compile(
    r"any(?: (?:kind|one|style|color|medium))?|none|nothing|null|unknown|unclear|unsure|various"
    r"|unspecified|undetermined|indeterminate|n/?a|-+|\?+"
    r"|(?:not|un) ?(?:clear|known|specified|sure|applicable|available|determined|visible)"
    r"|(?:no|cannot) (?:clear |strong |specific )?(?:preference|determine|tell|answer)"
)
"""Answers with which a model says that it does not know the word of an element."""
SPELLINGS: Final = ((re.compile(r"colour"), "color"), (re.compile(r"\bgrey"), "gray"))
NO_PLURAL: Final = ("ss", "us", "is", "as", "os")
"""Endings of words that are singular although they end with s: glass, canvas, chaos."""
MIN_PLURAL_LETTERS: Final = 4


def is_unknown(word: str) -> bool:
    """Whether an answer names no word: `any`, `none`, `n/a`, `not clear`."""
    return UNKNOWN_ANSWERS.fullmatch(" ".join(word.casefold().strip(" .!").split())) is not None


def canonical(word: str) -> str:
    """One form for all forms of a word, to compare words: `Oil-Paintings` and `oil painting`.

    Case, hyphens, plural and British spelling do not count. The form is not always a word of the
    language (`lense`), so it is compared and never shown.
    """
    text = " ".join(re.sub(r"[-_\u2010-\u2015]+", " ", word.casefold()).split())
    for pattern, spelling in SPELLINGS:
        text = pattern.sub(spelling, text)
    return _singular(text)


def _singular(text: str) -> str:
    if len(text.rpartition(" ")[2]) < MIN_PLURAL_LETTERS or text.endswith(NO_PLURAL):
        return text
    if text.endswith(("shes", "ches", "xes", "sses")):
        return text[:-2]
    if text.endswith("ies"):
        return text[:-3] + "y"
    return text.removesuffix("s")


class Spellings:
    """The spelling that stands for all forms of a word: the most frequent one, then the first.

    The spelling of a `preferred` word stands for all of its forms.
    """

    def __init__(self, words: Iterable[str], *, preferred: Iterable[str] = ()) -> None:
        counts: dict[str, Counter[str]] = {}
        for word in words:
            counts.setdefault(canonical(word), Counter())[word] += 1
        self._chosen = {form: count.most_common(1)[0][0] for form, count in counts.items()}
        self._chosen |= {canonical(word): word for word in preferred}

    def of(self, word: str) -> str:
        """The spelling of a word; a word of another form stays as it is."""
        return self._chosen.get(canonical(word), word)

    def all_of(self, words: Iterable[str]) -> tuple[str, ...]:
        """The spellings of several words, each once, in their order."""
        return tuple(dict.fromkeys(self.of(word) for word in words))


@dataclass(frozen=True)
class Synonyms:
    """Words of an element that mean nearly the same, and the word that stands for them."""

    words: Mapping[Element, Mapping[str, str]]
    """The word that stands for a canonical form; a form without synonyms is missing."""

    def of(self, element: Element, word: str) -> str:
        """The word that stands for this one; a word without synonyms stays as it is."""
        return self.words.get(element, {}).get(canonical(word), word)

    def meaning(self, element: Element, word: str) -> str:
        """One form for all forms and near-synonyms of a word, to compare words."""
        return canonical(self.of(element, word))

    def all_of(self, element: Element, words: Iterable[str]) -> tuple[str, ...]:
        """The same as `of` for several words, each result once, in their order."""
        return tuple(dict.fromkeys(self.of(element, word) for word in words))

    def joined(self, later: "Synonyms") -> "Synonyms":
        """The groups of both; where they share a word, the later one has the word that stands."""
        words = {element: dict(of_element) for element, of_element in later.words.items()}
        for element, of_element in self.words.items():
            joined = words.setdefault(element, {})
            for form, word in of_element.items():
                joined.setdefault(form, later.of(element, word))
        return Synonyms(words)


NO_SYNONYMS: Final = Synonyms({})
