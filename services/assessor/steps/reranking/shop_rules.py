"""Apply the rules of the shop to the scored images of one request."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Protocol

from services.assessor.rules.ordering import (
    NO_CAPS,
    CapCounter,
    Entries,
    boosted,
    pinned_images,
    placed,
)
from services.assessor.rules.policy import TenantRules
from services.assessor.steps.state import ScoredImage
from shared.events import ImageCandidates


class Order(Protocol):
    """Orders scored images by taste and by the settings, with the caps of the shop."""

    def __call__(
        self,
        scored: Sequence[ScoredImage],
        *,
        caps: CapCounter = NO_CAPS,
        placed: Sequence[ScoredImage] = (),
    ) -> list[ScoredImage]: ...


@dataclass(frozen=True)
class RuledRequest:
    """The rules of a request's tenant, and what they look at."""

    rules: TenantRules
    entries: Entries
    seen_ids: Set[str]
    takes_pins: bool
    """Pins are for the first page; caps and boosts apply to each page, also of similar images."""
    pinned_in: Set[str] = frozenset()
    """Images that are in the request for a pin alone: without it they are not in the feed."""


def apply_rules(
    scored: Sequence[ScoredImage], ruled: RuledRequest, *, order: Order, size: int
) -> tuple[list[ScoredImage], frozenset[int]]:
    """The feed with the rules applied, and the indexes of its pinned images.

    Boosts change totals, then pins take their places, and the other images follow `order`. Pinned
    images are neither demoted nor capped, and count first where caps count.
    """
    rules, entries = ruled.rules, ruled.entries
    images = boosted(scored, rules.boosts, entries)
    pinned: dict[int, ScoredImage] = {}
    if rules.pins and ruled.takes_pins:
        plain = {image.image_id: image for image in images}
        before = order(images, caps=CapCounter(rules.caps, entries))
        pinned = pinned_images(
            # Without demotions: a pinned image keeps its place in spite of them.
            [plain[image.image_id] for image in before],
            rules.pins,
            entries,
            size=size,
            seen_ids=ruled.seen_ids,
        )
    others = _others(images, pinned, ruled)
    while pinned and (last := max(pinned)) >= min(size, len(others) + len(pinned)):
        # Without images that were in the request for another pin, the feed is shorter.
        del pinned[last]
        others = _others(images, pinned, ruled)
    others = order(others, caps=CapCounter(rules.caps, entries), placed=tuple(pinned.values()))
    return placed(others, pinned, size=size), frozenset(pinned)


def _others(
    images: Sequence[ScoredImage], pinned: Mapping[int, ScoredImage], ruled: RuledRequest
) -> list[ScoredImage]:
    """The images of the feed that no pin has placed."""
    left_out = {image.image_id for image in pinned.values()} | ruled.pinned_in
    return [image for image in images if image.image_id not in left_out]


def with_earlier_ranks(
    feed: Sequence[ScoredImage], without_rules: Sequence[ScoredImage]
) -> list[ScoredImage]:
    """The feed with `rank_without_rules` for each image that a rule has moved."""
    ranks = {image.image_id: rank for rank, image in enumerate(without_rules, start=1)}
    return [
        replace(image, rank_without_rules=ranks.get(image.image_id)) if image.rules else image
        for image in feed
    ]


def takes_pins(request: ImageCandidates) -> bool:
    """Whether pins apply: to the first page of a feed, and not to images that resemble one."""
    wanted = request.from_catalog
    return wanted is None or (wanted.cursor is None and wanted.similar_to is None)
