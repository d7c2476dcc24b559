"""Read the vectors of images from the store, and encode and store those that are missing."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.domain.subjects.words import ShownWord
from shared.embedding.images.encoders.unit_vectors import unit_vector
from shared.embedding.images.naming.protocol import NamesSubjects, RatesSubjects
from shared.embedding.images.protocol import ImageEncoder, UnreadableImages
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.protocol import Vectors
from shared.store.protocol import ImageVectorStore, Reference

log = logging.getLogger(__name__)
BATCH: Final = 16
"""Images that are encoded and stored together: work that is done is kept when the service ends."""
MAX_RUNNING: Final = 256
"""Images in encoding beyond which further ones wait: 5 to 10 s of one core. What a caller at its
deadline leaves behind is bounded by it."""
UNREADABLE_SECONDS: Final = 600.0
"""Seconds for which an image that cannot be encoded is not tried again."""
MAX_UNREADABLE: Final = 10_000
MAX_WORDS_KEPT: Final = 20_000
"""Images whose words are kept in memory, about 10 MB: naming 300 images takes 10 ms of a core."""


class EncodedImages:
    """The vectors of one encoder. Raises `Unavailable` as the store and the encoder do.

    An image that several callers need is encoded once. The work continues when a caller gives up,
    such as a feed at its deadline, so that the next caller finds the vectors.
    """

    def __init__(
        self,
        encoder: ImageEncoder,
        store: ImageVectorStore,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._encoder = encoder
        self._store = store
        self._now = now
        self._running: dict[str, asyncio.Task[Mapping[str, Vectors]]] = {}
        """The work on each image, by content hash."""
        self._words: dict[str, tuple[ShownWord, ...]] = {}
        """What images show, by content hash, the oldest first; it follows from their vectors."""
        self._unreadable: dict[str, float] = {}
        """When each image that cannot be encoded was tried, by content hash, oldest first."""

    async def vectors(self, images: Mapping[str, Image]) -> dict[str, Vectors]:
        """The vector of each image, by content hash; each content is encoded once.

        An image that the encoder cannot read is left out, and the log names the reason.
        """
        while True:
            stored = await self._store.get(list(images))
            missing = [
                content_hash
                for content_hash in images
                if content_hash not in stored and not self._is_unreadable(content_hash)
            ]
            new = [name for name in missing if name not in self._running]
            if not new or len(self._running) < MAX_RUNNING:
                break
            # Every caller has a deadline of its own; one that gives up here adds no work.
            await asyncio.wait(set(self._running.values()), return_when=asyncio.FIRST_COMPLETED)
        running = {self._running[name] for name in missing if name in self._running}
        for start in range(0, len(new), BATCH):
            running.add(self._start({name: images[name] for name in new[start : start + BATCH]}))
        # Shielded: a caller that gives up does not stop the work that others wait for.
        encoded = await asyncio.gather(*(asyncio.shield(task) for task in running))
        for vectors in encoded:
            stored |= {name: vectors[name] for name in images if name in vectors}
        return stored

    @property
    def space(self) -> str:
        """Name of the encoder, whose vectors alone are comparable."""
        return self._encoder.name

    async def encode_one(self, image: Image) -> Vectors:
        """The vector of one image that is not stored, such as the picture of a search.

        Raises `Unprocessable` for an image that the encoder cannot read.
        """
        try:
            (vector,) = await self._encoder.encode([image])
        except UnreadableImages as error:
            raise error.reasons[0] from error
        return unit_vector(vector)

    async def close(self) -> None:
        """Give up the work in progress."""
        tasks = set(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def stored(self, content_hashes: Sequence[str]) -> dict[str, Vectors]:
        """The vectors that are stored, by content hash; nothing is encoded."""
        return await self._store.get(content_hashes)

    async def subject_words(
        self, vectors: Mapping[str, Vectors]
    ) -> dict[str, tuple[ShownWord, ...]]:
        """The words that the encoder is sure of, by content hash; it may be unable to name any."""
        if not isinstance(self._encoder, NamesSubjects):
            return {}
        known = {name: self._words[name] for name in vectors if name in self._words}
        new = [name for name in vectors if name not in known]
        if new:
            words = await self._encoder.subject_words(np.stack([vectors[name] for name in new]))
            named = dict(zip(new, words, strict=True))
            self._words |= named
            while len(self._words) > MAX_WORDS_KEPT:
                del self._words[next(iter(self._words))]
            known |= named
        return {name: known[name] for name in vectors}

    async def subject_probabilities(
        self, vectors: Mapping[str, Vectors], words: Sequence[str]
    ) -> dict[str, Mapping[str, float]]:
        """The probabilities of these words, by content hash; the encoder may know none of them."""
        if not vectors or not isinstance(self._encoder, RatesSubjects):
            return {}
        rated = await self._encoder.subject_probabilities(np.stack(list(vectors.values())), words)
        return dict(zip(vectors, rated, strict=True))

    def forget_words(self, content_hashes: Collection[str]) -> None:
        """Drop the words of removed images from memory."""
        for content_hash in content_hashes:
            self._words.pop(content_hash, None)

    async def references(self, references: Sequence[Reference]) -> SubjectReferences:
        """The stored vectors of a user's references; a reference without one is left out."""
        stored = await self._store.get([reference.content_hash for reference in references])
        return self.by_side(references, stored)

    async def reference_vectors(
        self, references: Sequence[Reference], pixels: Mapping[str, Image]
    ) -> dict[str, Vectors]:
        """The vectors of references, where those are encoded and stored whose pixels are given.

        Both are by content hash; a reference without a vector is left out.
        """
        vectors = await self._store.get([reference.content_hash for reference in references])
        missing = {name: image for name, image in pixels.items() if name not in vectors}
        if missing:
            vectors |= await self.vectors(missing)
        return vectors

    def by_side(
        self, references: Sequence[Reference], vectors: Mapping[str, Vectors]
    ) -> SubjectReferences:
        """The references by side, with vectors at hand; one without a vector is left out."""
        sides = [
            [
                vectors[reference.content_hash]
                for reference in references
                if reference.side == side and reference.content_hash in vectors
            ]
            for side in ("liked", "disliked")
        ]
        liked, disliked = (
            np.stack(side) if side else np.zeros((0, self._encoder.dimension), np.float32)
            for side in sides
        )
        return SubjectReferences(liked, disliked)

    def _start(self, images: Mapping[str, Image]) -> asyncio.Task[Mapping[str, Vectors]]:
        task = asyncio.create_task(self._encode_and_store(images))
        self._running |= dict.fromkeys(images, task)
        task.add_done_callback(lambda done: self._ended(done, images))
        return task

    def _ended(
        self, task: asyncio.Task[Mapping[str, Vectors]], images: Mapping[str, Image]
    ) -> None:
        for content_hash in images:
            del self._running[content_hash]
        if not task.cancelled():
            # Read here, since every caller may have given up: asyncio reports unread errors.
            task.exception()

    async def _encode_and_store(self, images: Mapping[str, Image]) -> Mapping[str, Vectors]:
        names = list(images)
        try:
            encoded = dict(enumerate(await self._encoder.encode(list(images.values()))))
        except UnreadableImages as error:
            encoded = dict(error.vectors)
            for position, reason in error.reasons.items():
                self._leave_out(names[position], reason)
        vectors: dict[str, Vectors] = {}
        for position, vector in encoded.items():
            try:
                vectors[names[position]] = unit_vector(vector)
            except Unprocessable as error:
                self._leave_out(names[position], error)
        await self._store.put(vectors)
        return vectors

    def _leave_out(self, content_hash: str, reason: Unprocessable) -> None:
        log.warning("the image %s has no vector and no score of its subject: %s",
                    content_hash[:12], reason)  # fmt: skip
        self._unreadable[content_hash] = self._now()
        while len(self._unreadable) > MAX_UNREADABLE:
            del self._unreadable[next(iter(self._unreadable))]

    def _is_unreadable(self, content_hash: str) -> bool:
        tried_at = self._unreadable.get(content_hash)
        if tried_at is None:
            return False
        if self._now() - tried_at < UNREADABLE_SECONDS:
            return True
        del self._unreadable[content_hash]
        return False
