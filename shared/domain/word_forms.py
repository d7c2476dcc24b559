"""Recognize the forms of one word, and the answers that stand for no word."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

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
