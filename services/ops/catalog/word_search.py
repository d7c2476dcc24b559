"""Search the catalog by words: compare each word with the words of each element of the images."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.domain.taste import ELEMENTS
from shared.embedding.protocol import Embedder
from shared.store.catalog.images import StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogQuery, CatalogSelection

SUBJECT = "subject"
SAME = 1.0
"""Similarity of a word that names the subject of an image; subjects have no vectors of words."""
MAX_PHRASES = 8
PER_QUERY = 200
"""Images of each pair of word and element: an image must be among them for every such pair that
counts."""


@dataclass(frozen=True)
class WordMatch:
    """The element of an image that is nearest to one word of the search."""

    phrase: str
    element: str
    similarity: float
    """Cosine of the word and the words of the element, -1 to 1."""


@dataclass(frozen=True)
class WordHit:
    """One image with its similarity to all words of the search."""

    image: StoredImage
    matches: tuple[WordMatch, ...] = field(default=())

    @property
    def score(self) -> float:
        """Mean similarity over the words of the search."""
        return sum(match.similarity for match in self.matches) / max(len(self.matches), 1)


def phrases_of(text: str) -> list[str]:
    """The words of a search: parts between commas, or else single words; each once."""
    parts = text.split(",") if "," in text else text.split()
    return list(dict.fromkeys(part.strip().lower() for part in parts if part.strip()))[:MAX_PHRASES]


async def search_by_words(
    catalog: CatalogStore,
    selection: CatalogSelection,
    phrases: Sequence[str],
    embedder: Embedder,
    *,
    limit: int,
) -> list[WordHit]:
    """The selected images whose words are nearest to all phrases, the nearest first."""
    if not phrases:
        return []
    embedded = await embedder.embed(phrases)
    pairs = [(number, element) for number in range(len(phrases)) for element in ELEMENTS]
    queries = [
        CatalogQuery(
            element.value, positive=(embedded[number],), strategy="average_vector", limit=PER_QUERY
        )
        for number, element in pairs
    ]
    images: dict[str, StoredImage] = {}
    similarities: dict[tuple[str, int], WordMatch] = {}
    for (number, element), hits in zip(pairs, await catalog.query(selection, queries), strict=True):
        for hit in hits:
            image_id = hit.image.entry.image_id
            images[image_id] = hit.image
            match = WordMatch(phrases[number], element.label, hit.score)
            known = similarities.get((image_id, number))
            if known is None or known.similarity < match.similarity:
                similarities[image_id, number] = match
    results = [
        WordHit(
            image,
            tuple(
                _best(image, phrase, similarities.get((image_id, number)))
                for number, phrase in enumerate(phrases)
            ),
        )
        for image_id, image in images.items()
    ]
    return sorted(results, key=lambda hit: (-hit.score, hit.image.entry.image_id))[:limit]


def _best(image: StoredImage, phrase: str, match: WordMatch | None) -> WordMatch:
    if image.index is not None and phrase in image.index.subject_words:
        return WordMatch(phrase, SUBJECT, SAME)
    return match or WordMatch(phrase, "", 0.0)
