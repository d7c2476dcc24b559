"""Order scored images: best first, seen images and images beyond a cap last, and varied (MMR)."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Final

from services.assessor.rules.ordering import NO_CAPS, CapCounter, capped
from services.assessor.steps.reranking.diversity import Similarity, maximal_marginal_relevance
from services.assessor.steps.reranking.stated_words import moved
from services.assessor.steps.state import ScoredImage
from shared.events.types.feed import Demotion

NO_DIRECTIONS: Final[Mapping[str, float]] = {}


def ordered(
    scored: Sequence[ScoredImage],
    *,
    seen_ids: Set[str],
    author_cap: int,
    diversity: float = 0.0,
    similarity: Similarity | None = None,
    size: int,
    directions: Mapping[str, float] = NO_DIRECTIONS,
    caps: CapCounter = NO_CAPS,
    placed: Sequence[ScoredImage] = (),
) -> list[ScoredImage]:
    """All images in the order of the feed, without pins and exploration.

    `size` is the number of images that are shown: diversity chooses no more. Without `similarity`
    the feed is not diversified. `directions` says, by image id, which images the user's own words
    move up or down. `placed` are images that have their place already: caps count them.
    """
    first, behind, seen = split_by_rules(
        by_total(scored), seen_ids=seen_ids, author_cap=author_cap, caps=caps, placed=placed
    )
    if diversity and similarity is not None:
        first = maximal_marginal_relevance(first, similarity, weight=diversity, size=size)
    return [*moved(first, directions, size=size), *behind, *seen]


def by_total(scored: Sequence[ScoredImage]) -> list[ScoredImage]:
    """Best first; images with equal totals, or without one, stay in the order of the request."""
    return sorted(scored, key=lambda image: -image.ranking_total)


def split_by_rules(
    ranked: Sequence[ScoredImage],
    *,
    seen_ids: Set[str],
    author_cap: int,
    caps: CapCounter = NO_CAPS,
    placed: Sequence[ScoredImage] = (),
) -> tuple[list[ScoredImage], list[ScoredImage], list[ScoredImage]]:
    """Images to show first, images beyond a cap, and images seen already.

    Each group keeps the order of `ranked`. `author_cap` 0 turns the cap of the settings off; images
    without an author are never capped by it.
    """
    first: list[ScoredImage] = []
    behind: list[ScoredImage] = []
    seen: list[ScoredImage] = []
    by_author = Counter(author for image in placed if (author := _author(image)) is not None)
    for image in placed:
        caps.count(image)
    for image in ranked:
        author = _author(image)
        if image.image_id in seen_ids:
            seen.append(_demoted(image, "seen"))
        elif author_cap and author is not None and by_author[author] >= author_cap:
            behind.append(_demoted(image, "author_cap"))
        elif exceeded := caps.exceeded(image):
            behind.append(capped(image, exceeded))
        else:
            first.append(image)
            caps.count(image)
            if author is not None:
                by_author[author] += 1
    return first, behind, seen


def _author(image: ScoredImage) -> str | None:
    return image.loaded_candidate.candidate.author_id


def _demoted(image: ScoredImage, rule: Demotion) -> ScoredImage:
    return replace(image, demoted=(*image.demoted, rule))
