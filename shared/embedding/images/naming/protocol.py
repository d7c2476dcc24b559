"""The optional abilities of an image encoder to name what images show, and to rate words."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from shared.domain.subjects.words import ShownWord
from shared.embedding.protocol import Vectors


@runtime_checkable
class NamesSubjects(Protocol):
    """An image encoder whose vectors can be named. Equal vectors always get equal words."""

    async def subject_words(self, vectors: Vectors) -> Sequence[tuple[ShownWord, ...]]:
        """Words for each vector that it is sure of, the narrowest first: `bird`, `animal`.

        `vectors` are its own unit vectors, shape (images, dimension). Most images that show none
        of the known words get none.
        """
        ...


@runtime_checkable
class RatesSubjects(Protocol):
    """An image encoder that says how probable it is that an image shows a given subject."""

    async def subject_probabilities(
        self, vectors: Vectors, words: Sequence[str]
    ) -> Sequence[Mapping[str, float]]:
        """The probability, 0-1, of each word that it knows, for each vector.

        `vectors` are its own unit vectors, shape (images, dimension). Words that it does not know
        are left out. The probabilities order images also where it is not sure of any word.
        """
        ...
