"""Load the user's profile and the candidate images, and reject images that cannot be loaded."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from services.assessor.steps.state import UNKNOWN_TASTE, LoadedCandidate, RankingState
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable, Unprocessable
from shared.events import Candidate, ImageCandidates, RejectedItem
from shared.images.loader import LoadedImage, LoadResult
from shared.store.protocol import ImageStore, KnownImage, ProfileStore

MIN_SECONDS_FOR_IMAGES: Final = 1.0
"""A request that starts after its deadline still loads its images: they can be ranked by their
stored descriptions, and an empty feed helps no user."""
MAX_REASON_CHARACTERS: Final = 4_000
"""The event's limit for a text."""


class ImageSource(Protocol):
    """Loads images by their addresses."""

    async def load_many(
        self, uris: Sequence[str], *, within_seconds: float | None = None
    ) -> list[LoadResult]: ...


class Load:
    """The step that loads the profile and the images."""

    def __init__(
        self,
        *,
        profiles: ProfileStore,
        images: ImageSource,
        descriptions: ImageStore,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._images = images
        self._descriptions = descriptions
        self._clock = clock

    async def __call__(self, state: RankingState) -> RankingState:
        request = state.request
        profile = await self._profiles.get(tenant=request.tenant, user_id=request.user_id)
        candidates, duplicates = candidates_to_load(request)
        with state.deadline.stage("images"):
            results = await self._images.load_many(
                [candidate.uri for candidate in candidates],
                within_seconds=max(state.deadline.left_ms / 1000, MIN_SECONDS_FOR_IMAGES),
            )
        loaded, refused = separate(candidates, results)
        # Before the feed is published: feedback on it may name an image by its id alone.
        await self._descriptions.remember(
            known_images(loaded, tenant=request.tenant, at=self._clock())
        )
        return replace(
            state,
            profile=profile,
            taste=UNKNOWN_TASTE if profile is None else profile.taste,
            loaded=loaded,
            rejected=(*duplicates, *refused),
        )


def candidates_to_load(
    request: ImageCandidates,
) -> tuple[list[Candidate], list[RejectedItem]]:
    """Candidates without the excluded ones, each id once, and a rejection for each duplicate."""
    excluded = set(request.exclude_ids)
    seen_ids: set[str] = set()
    candidates: list[Candidate] = []
    duplicates: list[RejectedItem] = []
    for candidate in request.candidates:
        if candidate.image_id in excluded:
            continue
        if candidate.image_id in seen_ids:
            duplicates.append(
                RejectedItem(
                    image_id=candidate.image_id,
                    reason="duplicate_image_id: another candidate of this request has this id;"
                    " the first one is ranked",
                )
            )
            continue
        seen_ids.add(candidate.image_id)
        candidates.append(candidate)
    return candidates, duplicates


def separate(
    candidates: Sequence[Candidate], results: Sequence[LoadResult]
) -> tuple[tuple[LoadedCandidate, ...], tuple[RejectedItem, ...]]:
    """Candidates with their images, and a rejection for each image that failed to load."""
    loaded: list[LoadedCandidate] = []
    refused: list[RejectedItem] = []
    for candidate, result in zip(candidates, results, strict=True):
        if isinstance(result, LoadedImage):
            loaded.append(LoadedCandidate(candidate, result))
        else:
            refused.append(RejectedItem(image_id=candidate.image_id, reason=_reason(result)))
    return tuple(loaded), tuple(refused)


def known_images(
    loaded: Sequence[LoadedCandidate], *, tenant: str, at: datetime
) -> list[KnownImage]:
    """What is stored of each image under its id, except for images inside a `data:` address.

    A `data:` address is the whole image; the app that sent it keeps it.
    """
    return [
        KnownImage(
            tenant=tenant,
            image_id=one.candidate.image_id,
            uri=one.image.uri,
            content_hash=one.image.content_hash,
            seen_at=at,
        )
        for one in loaded
        if not one.image.uri.startswith("data:")
    ]


def _reason(refusal: Unprocessable | Unavailable) -> str:
    slug = refusal.reason if isinstance(refusal, Unprocessable) else "not_available"
    return f"{slug}: {refusal.detail}"[:MAX_REASON_CHARACTERS]
