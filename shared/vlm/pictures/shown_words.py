"""The words that a real picture shows, each with how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.taste import ELEMENTS, Element


@dataclass(frozen=True)
class ShownWords:
    """By element, the probability of each word; the rest to 1 is unknown.

    The most probable word describes the picture. A measured value between two levels has both: so
    a picture a little more saturated than another scores a little differently.
    """

    probabilities: Mapping[Element, Mapping[str, float]] = field(default_factory=dict)

    def word(self, element: Element) -> str | None:
        """The word that describes the picture; None where the element is unknown."""
        words = self.probabilities.get(element)
        return max(words, key=words.__getitem__) if words else None

    @property
    def words(self) -> dict[Element, tuple[str, ...]]:
        """One word for each element, or none for an unknown one, as in a description."""
        named = {element: self.word(element) for element in ELEMENTS}
        return {element: () if word is None else (word,) for element, word in named.items()}
