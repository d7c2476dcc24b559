"""Name a subject by the words of a vision-language model, with their broader words."""

from collections.abc import Iterable
from typing import Final

from shared.domain.word_forms import canonical
from shared.embedding.images.naming.hypernyms import HYPERNYMS, with_broader

BY_FORM: Final = {canonical(word): word for word in HYPERNYMS}


def described_subject(words: Iterable[str]) -> tuple[str, ...]:
    """The words as a model wrote them, each followed by the broader words that we know.

    "small birds" is no word of the table and stays alone; "birds" becomes `bird`, `animal`. So a
    reference that a model named and one that the image encoder named can share a word.
    """
    chains = (
        with_broader(BY_FORM[canonical(word)]) if canonical(word) in BY_FORM else (word,)
        for word in words
    )
    return tuple(dict.fromkeys(word for chain in chains for word in chain))
