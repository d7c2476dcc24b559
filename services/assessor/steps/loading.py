"""Load the candidate images, listed and retrieved, and reject images that cannot be loaded."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from services.assessor.steps.state import LoadedCandidate, RankingState
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.user import User
from shared.events import Candidate, ImageCandidates, RejectedItem
from shared.images.data_source import is_data_address
from shared.images.loader import LoadedImage, LoadResult
from shared.store.protocol import ImageStore, KnownImage, image_by_content

MIN_SECONDS_FOR_IMAGES: Final = 1.0
"""A request that starts after its deadline still loads its images: they can be ranked by their
stored descriptions, and an empty feed helps no user."""
MAX_REASON_CHARACTERS: Final = 4_000
"""The event's limit for a text."""


class ImageLoader(Protocol):
    """Loads images by their addresses."""

    async def load_many(
        self,
        uris: Sequence[str],
        *,
        within_seconds: float | None = None,
        requester: Hashable | None = None,
    ) -> list[LoadResult]: ...


class Load:
    """The step that loads the images."""

    def __init__(
        self,
        *,
        image_loader: ImageLoader,
        image_store: ImageStore,
        clock: Clock,
    ) -> None:
        self._image_loader = image_loader
        self._image_store = image_store
        self._clock = clock

    async def __call__(self, state: RankingState) -> RankingState:
        request = state.request
        candidates, not_loadable = candidates_to_load(request)
        if state.shortlist is not None:
            candidates += state.shortlist.candidates()
        candidates += state.pinned_candidates
        with state.deadline.stage("images"):
            results = await self._image_loader.load_many(
                [candidate.uri for candidate in candidates],
                within_seconds=max(state.deadline.left_ms / 1000, MIN_SECONDS_FOR_IMAGES),
                requester=User(request.tenant, request.user_id),
            )
        loaded, rejected = separate(candidates, results)
        loaded = tuple(_with_source(candidate, state) for candidate in loaded)
        # Before the feed is published: feedback on it may name an image by its id alone.
        await self._image_store.remember(
            known_images(loaded, tenant=request.tenant, at=self._clock())
        )
        return replace(
            state,
            loaded_candidates=loaded,
            rejected=(*not_loadable, *rejected),
        )


def candidates_to_load(
    request: ImageCandidates,
) -> tuple[list[Candidate], list[RejectedItem]]:
    """Candidates without the excluded ones, each id once, and the rejections of the others.

    Rejected are candidates that break the contract, and duplicates.
    """
    excluded = set(request.exclude_ids)
    seen_ids: set[str] = set()
    candidates: list[Candidate] = []
    rejected = [item for item in request.rejected if item.image_id not in excluded]
    for candidate in request.candidates:
        if candidate.image_id in excluded:
            continue
        if candidate.image_id in seen_ids:
            rejected.append(
                RejectedItem(
                    image_id=candidate.image_id,
                    reason="duplicate_image_id: another candidate of this request has this id;"
                    " the first one is ranked",
                )
            )
            continue
        seen_ids.add(candidate.image_id)
        candidates.append(candidate)
    return candidates, rejected


def separate(
    candidates: Sequence[Candidate], results: Sequence[LoadResult]
) -> tuple[tuple[LoadedCandidate, ...], tuple[RejectedItem, ...]]:
    """Candidates with their images, and a rejection for each image that failed to load."""
    loaded: list[LoadedCandidate] = []
    rejected: list[RejectedItem] = []
    for candidate, result in zip(candidates, results, strict=True):
        if isinstance(result, LoadedImage):
            loaded.append(LoadedCandidate(candidate, result))
        else:
            rejected.append(RejectedItem(image_id=candidate.image_id, reason=_reason(result)))
    return tuple(loaded), tuple(rejected)


def _with_source(loaded: LoadedCandidate, state: RankingState) -> LoadedCandidate:
    """The candidate with the way in which it came into a request with `from_catalog`."""
    if loaded.image_id in state.pinned_in:
        # Neither the request nor a query has found it: the rule of the shop names itself.
        return replace(loaded, is_listed=False)
    if state.request.from_catalog is None:
        return loaded
    retrieved = state.shortlist.by_id.get(loaded.image_id) if state.shortlist else None
    if retrieved is None:
        return replace(loaded, source="listed")
    return replace(
        loaded,
        source=retrieved.source,
        retrieval_propensity=retrieved.propensity,
        is_listed=False,
    )


def known_images(
    loaded: Sequence[LoadedCandidate], *, tenant: str, at: datetime
) -> list[KnownImage]:
    """The record to store for each image.

    A `data:` address contains the whole image, and the app that sent it keeps it: such an image is
    only known by its content, as one of the tenant's images. Those of the catalog are small.
    """
    return [
        image_by_content(candidate.image.content_hash, tenant=tenant, at=at)
        if candidate.is_listed and is_data_address(candidate.image.uri)
        else KnownImage(
            tenant=tenant,
            image_id=candidate.image_id,
            uri=candidate.image.uri,
            content_hash=candidate.image.content_hash,
            seen_at=at,
        )
        for candidate in loaded
    ]


def _reason(error: Unprocessable | Unavailable) -> str:
    slug = error.reason if isinstance(error, Unprocessable) else "not_available"
    return f"{slug}: {error.detail}"[:MAX_REASON_CHARACTERS]
