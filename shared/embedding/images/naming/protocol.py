"""The optional ability of an image encoder to name what images show."""

from collections.abc import Sequence
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
