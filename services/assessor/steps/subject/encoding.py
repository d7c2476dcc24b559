"""Read the vectors of images and references once, and encode new images while the model scores."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from services.assessor.steps.state import RankingState
from services.assessor.steps.subject.scoring import stored_weights
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.protocol import Vectors
from shared.store.protocol import Reference

MIN_LEFT_MS: Final = 1_000.0
"""Time until the deadline from which images are encoded while the model scores. Both use the cores;
with less time the scores come first, because a feed without them is degraded."""


class StartEncoding:
    """The step that starts the work and does not wait for it; the step of the subject does.

    It runs before the model's scores, and again after them for a request with a near deadline.
    Without an encoder, references or time nothing is started, and the subject does not count.
    """

    def __init__(self, encoded_images: EncodedImages | None, *, min_left_ms: float = 0.0) -> None:
        self._encoded_images = encoded_images
        self._min_left_ms = min_left_ms

    async def __call__(self, state: RankingState) -> RankingState:
        encoded, profile = self._encoded_images, state.profile
        if encoded is None or profile is None or not profile.references:
            return state
        if state.encoding is not None or stored_weights(profile, state) is None:
            return state
        if state.deadline.left_ms <= self._min_left_ms:
            return state
        encoding = asyncio.create_task(_vectors(state, profile.references, encoded))
        # Read here, since no step may wait for the task: asyncio reports unread errors.
        encoding.add_done_callback(lambda done: done.cancelled() or done.exception())
        return replace(state, encoding=encoding)


async def _vectors(
    state: RankingState, references: Iterable[Reference], encoded: EncodedImages
) -> Mapping[str, Vectors]:
    """The vectors of the references and of all images, by content hash.

    Nothing is encoded for a user whose references have no vector, since nothing could be compared.
    """
    of_references = await encoded.stored([reference.content_hash for reference in references])
    if not of_references:
        return {}
    pixels = {c.image.content_hash: c.image.pixels for c in state.loaded_candidates}
    others = {name: image for name, image in pixels.items() if name not in of_references}
    return of_references | await encoded.vectors(others)


async def vectors_of(
    state: RankingState, content_hashes: Iterable[str], encoded: EncodedImages
) -> dict[str, Vectors]:
    """Vectors by content hash: those at hand, and those of other images that are stored."""
    hashes = list(dict.fromkeys(content_hashes))
    missing = [name for name in hashes if name not in state.image_vectors]
    vectors = {**state.image_vectors, **(await encoded.stored(missing) if missing else {})}
    return {name: vectors[name] for name in hashes if name in vectors}
