"""Prepare images of the catalog as tiles: picture, state, words, and why each one is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.ops.catalog.taste_search import NearReference, TasteHit
from services.ops.catalog.word_search import WordHit
from services.ops.pages.catalog.catalog_ref import address
from services.ops.pages.playground.feed_cards import Bar
from shared.domain.taste import ELEMENTS
from shared.store.catalog.images import StoredImage
from shared.store.catalog.queries import CatalogHit

MAX_WORDS: Final = 6


@dataclass(frozen=True)
class Tile:
    """One image."""

    image_id: str
    page: str
    """Address of its own page."""
    picture: str | None
    """Address of its thumbnail; None for an image that cannot be loaded."""
    status: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    score: str = ""
    """Score with its unit, in words."""
    reasons: tuple[str, ...] = ()
    """Why the image is here, a sentence each."""
    bars: tuple[Bar, ...] = ()
    """Scores of the elements, 0-5."""
    near: tuple[NearReference, ...] = ()
    """The user's liked references that it resembles."""

    @property
    def screen_reader_text(self) -> str:
        """All scores in one sentence."""
        return ", ".join(f"{bar.name} {bar.score:.1f} of 5" for bar in self.bars)


def tile(image: StoredImage, **fields: object) -> Tile:
    """The tile of an image in a list."""
    tenant, image_id = image.entry.key
    words = image_words(image)
    is_failed = image.status == "failed" and image.index is None
    return Tile(
        image_id=image_id,
        page=address("/catalog/image", tenant, image=image_id),
        picture=None if is_failed else address("/catalog/thumbnail", tenant, image=image_id),
        status=image.status,
        words=words[:MAX_WORDS],
        tags=image.entry.tags,
        **fields,  # type: ignore[arg-type]  # each caller below names fields of the tile
    )


def image_words(image: StoredImage) -> tuple[str, ...]:
    """The words of all elements in their order, then the subject."""
    index = image.index
    if index is None:
        return ()
    words = [word for element in ELEMENTS for word in index.words.get(element, ())]
    return tuple(dict.fromkeys([*words, *index.subject_words]))


def word_tiles(hits: Sequence[WordHit]) -> list[Tile]:
    return [
        tile(
            hit.image,
            score=f"{hit.score:.2f} similar",
            reasons=tuple(
                f"{match.phrase}: {match.element} {match.similarity:.2f}"
                if match.element
                else f"{match.phrase}: no element is near"
                for match in hit.matches
            ),
        )
        for hit in hits
    ]


def similar_tiles(hits: Sequence[CatalogHit]) -> list[Tile]:
    return [tile(hit.image, score=f"{hit.score:.2f} similar") for hit in hits]


def taste_tiles(hits: Sequence[TasteHit]) -> list[Tile]:
    return [
        tile(
            hit.image,
            score=f"{hit.score.total:.1f} of 25",
            bars=taste_bars(hit),
            reasons=(f"source: {_sources(hit)}",) if hit.sources else (),
            near=hit.near,
        )
        for hit in hits
    ]


def _sources(hit: TasteHit) -> str:
    """The queries that returned the image; the five elements as one."""
    labels = [element.label for element in ELEMENTS]
    others = [source for source in hit.sources if source not in labels]
    if set(labels) <= set(hit.sources):
        return ", ".join(["all elements", *others])
    return ", ".join(hit.sources)


def taste_bars(hit: TasteHit) -> tuple[Bar, ...]:
    score = hit.score
    bars = [Bar(element.label, score.elements[element], None) for element in ELEMENTS]
    return (*bars, *([Bar("subject", score.subject, None)] if score.subject is not None else []))
