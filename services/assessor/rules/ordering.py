"""Apply pins, caps and boosts to scored images; pure functions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Final

from services.assessor.rules.policy import Boost, Cap, Pin
from services.assessor.steps.state import ScoredImage
from shared.domain.images.catalog_entry import CatalogEntry
from shared.events import AppliedRule

Entries = Mapping[str, CatalogEntry]
"""What is known of each image, by its id."""


def boosted(
    images: Sequence[ScoredImage], boosts: Sequence[Boost], entries: Entries
) -> list[ScoredImage]:
    """The images with the points of all boosts whose conditions they meet.

    An image without a score gets no points: nothing says where in an order by popularity or by
    nothing it would belong.
    """
    return [_boosted(image, boosts, entries.get(image.image_id)) for image in images]


def _boosted(
    image: ScoredImage, boosts: Sequence[Boost], entry: CatalogEntry | None
) -> ScoredImage:
    if entry is None or not image.is_scored:
        return image
    matching = [boost for boost in boosts if boost.when.matches(entry)]
    if not matching:
        return image
    applied = (AppliedRule(kind="boost", name=rule.name, points=rule.points) for rule in matching)
    return replace(
        image,
        boost=image.boost + sum(rule.points for rule in matching),
        rules=(*image.rules, *applied),
    )


class CapCounter:
    """Counts the images of each capped group, from the first place on."""

    def __init__(self, caps: Sequence[Cap], entries: Entries) -> None:
        self._caps = caps
        self._entries = entries
        self._counts: Counter[tuple[str, str]] = Counter()

    def exceeded(self, image: ScoredImage) -> tuple[Cap, ...]:
        """The caps that are used up for this image."""
        return tuple(
            cap
            for cap in self._caps
            if any(self._counts[cap.name, group] >= cap.most for group in self._groups(cap, image))
        )

    def count(self, image: ScoredImage) -> None:
        """Count an image that has its place."""
        for cap in self._caps:
            self._counts.update((cap.name, group) for group in self._groups(cap, image))

    def _groups(self, cap: Cap, image: ScoredImage) -> tuple[str, ...]:
        entry = self._entries.get(image.image_id)
        return () if entry is None else cap.groups(tags=entry.tags, author_id=entry.author_id)


NO_CAPS: Final = CapCounter((), {})
"""Caps nothing, and so counts nothing."""


def capped(image: ScoredImage, caps: Iterable[Cap]) -> ScoredImage:
    """The image with the names of the caps that rank it lower."""
    return replace(
        image, rules=(*image.rules, *(AppliedRule(kind="cap", name=cap.name) for cap in caps))
    )


def pinned_images(
    ordered: Sequence[ScoredImage],
    pins: Sequence[Pin],
    entries: Entries,
    *,
    size: int,
    seen_ids: Set[str] = frozenset(),
) -> dict[int, ScoredImage]:
    """The pinned images by their index in the feed, from 0.

    `ordered` has the images in the order without pins, and `size` is the length of the feed. A pin
    on an image that is not among them, and a pin beyond the end of the feed, do nothing. Images are
    pinned before tags, and a tag pins the first of its images that has no pin yet.
    """
    by_id = {image.image_id: image for image in ordered}
    length = min(size, len(ordered))
    chosen: dict[int, ScoredImage] = {}
    pinned_ids: set[str] = set()
    for pin in sorted(pins, key=lambda pin: (pin.image_id is None, pin.place)):
        if pin.place > length:
            continue
        possible = [by_id.get(pin.image_id)] if pin.image_id is not None else ordered
        image = next(
            (
                image
                for image in possible
                if image is not None
                and image.image_id not in pinned_ids
                and not (pin.unless_seen and image.image_id in seen_ids)
                and (pin.tag is None or pin.tag in _tags(entries, image))
            ),
            None,
        )
        if image is not None:
            pinned_ids.add(image.image_id)
            applied = AppliedRule(kind="pin", name=pin.name)
            chosen[pin.place - 1] = replace(image, rules=(*image.rules, applied))
    return chosen


def placed(
    others: Sequence[ScoredImage], pinned: Mapping[int, ScoredImage], *, size: int
) -> list[ScoredImage]:
    """At most `size` images: pinned images at their indexes, the others around them in order."""
    rest = iter(others)
    length = min(size, len(others) + len(pinned))
    return [pinned[index] if index in pinned else next(rest) for index in range(length)]


def _tags(entries: Entries, image: ScoredImage) -> tuple[str, ...]:
    entry = entries.get(image.image_id)
    return () if entry is None else entry.tags
