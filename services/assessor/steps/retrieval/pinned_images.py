"""The step that finds the images of the shop's pins in the catalog, where no query found them."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.assessor.rules.policy import Pin
from services.assessor.rules.policy_file import Rules
from services.assessor.steps.loading import candidates_to_load
from services.assessor.steps.reranking.shop_rules import takes_pins
from services.assessor.steps.retrieval.shortlist import candidate_of
from services.assessor.steps.state import RankingState
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.domain.images.catalog_filter import CatalogFilter
from shared.domain.images.image_key import ImageKey
from shared.events.types.candidates import MAX_CANDIDATES
from shared.store.catalog.images import StoredImage
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogSelection
from shared.store.catalog.serving import Catalogs

log = logging.getLogger(__name__)
IMAGES_OF_A_TAG: Final = 3
"""Newest images of a pinned tag of which the best for the user is pinned, if no query found one."""
MAX_PINNED: Final = 50
"""Images that pins bring into one request: the model scores each of them."""


class FindPinned:
    """Adds pinned images to the first page of a request with `from_catalog`.

    Never past the request: an image that its filter or `exclude_ids` leaves out, that is not
    available or was removed, is not added. Without the catalog nothing is pinned in.
    """

    def __init__(self, rules: Rules, catalogs: Catalogs | None, *, clock: Clock) -> None:
        self._rules = rules
        self._catalogs = catalogs
        self._clock = clock

    async def __call__(self, state: RankingState) -> RankingState:
        request, wanted = state.request, state.request.from_catalog
        pins = self._rules.current().of_tenant(request.tenant).pins
        if not pins or wanted is None or self._catalogs is None or not takes_pins(request):
            return state
        listed, not_loadable = candidates_to_load(request)
        shortlist = state.shortlist.by_id if state.shortlist else {}
        present = {*shortlist, *(candidate.image_id for candidate in listed)}
        present |= {item.image_id for item in not_loadable}
        left_out = {*request.exclude_ids, *present}
        selection = CatalogSelection(
            request.tenant,
            wanted.filter,
            available_at=self._clock(),
            exclude_ids=frozenset(left_out),
        )
        tags = {tag for image in shortlist.values() for tag in image.image.entry.tags}
        needed = [
            pin
            for pin in pins
            if pin.image_id not in present and (pin.tag is None or pin.tag not in tags)
        ]
        try:
            images = await images_of_pins(await self._catalogs.serving(), needed, selection)
        except Unavailable as error:
            log.warning("no image is pinned into a feed: %s", error)
            return state
        return with_pinned(state, images, others=len(listed) + len(not_loadable))


async def images_of_pins(
    catalog: CatalogStore, pins: Sequence[Pin], selection: CatalogSelection
) -> list[StoredImage]:
    """The selected images of the pins, each once: named images first, then those of tags."""
    keys = [ImageKey(selection.tenant, pin.image_id) for pin in pins if pin.image_id is not None]
    stored = await catalog.get(keys) if keys else {}
    images = {key: stored[key] for key in keys if key in stored and selection.selects(stored[key])}
    for pin in pins:
        if pin.tag is not None and len(images) < MAX_PINNED:
            tagged = replace(selection, filter=with_tag(selection.filter, pin.tag))
            newest = await catalog.newest(tagged, limit=IMAGES_OF_A_TAG)
            images |= {image.entry.key: image for image in newest}
    return list(images.values())[:MAX_PINNED]


def with_tag(conditions: CatalogFilter, tag: str) -> CatalogFilter:
    """The same conditions, and the tag."""
    return conditions.model_copy(update={"tags_all": (*conditions.tags_all, tag)})


def with_pinned(state: RankingState, images: Sequence[StoredImage], *, others: int) -> RankingState:
    """The state with pinned images; the last images of the shortlist leave where it is full."""
    pinned = tuple(candidate_of(image) for image in images)[: MAX_CANDIDATES - others]
    shortlist = state.shortlist
    if shortlist is not None:
        room = MAX_CANDIDATES - others - len(pinned)
        shortlist = replace(shortlist, images=shortlist.images[:room])
    return replace(state, shortlist=shortlist, pinned_candidates=pinned)
