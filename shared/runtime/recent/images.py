"""An image store that keeps the latest descriptions and known image ids in memory."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element
from shared.runtime.recent.bounded import RecentlyUsed
from shared.store.protocol import Described, ImageStore, KnownImage

MAX_SECONDS: Final = 600.0
"""How long a known image is not written again, and a description is not read again."""
DESCRIPTION_BYTES: Final = 10_000
"""Memory of one description, about: a vector of 1,920 numbers, and its words."""
IDS_PER_DESCRIPTION: Final = 4
"""Image ids that are kept for each description; an id takes a twentieth of its memory."""


class RecentImages:
    """An `ImageStore` in front of another one. Raises `Unavailable` as that one does.

    A description never changes: it belongs to a content and a model version. So only a removal
    makes it invalid, which `forget` and `forget_image` pass on.
    """

    def __init__(self, store: ImageStore, *, max_bytes: int) -> None:
        self._store = store
        entries = max_bytes // DESCRIPTION_BYTES
        self._described: RecentlyUsed[tuple[str, str], Described] = RecentlyUsed(
            max_entries=entries, max_seconds=MAX_SECONDS
        )
        self._known: RecentlyUsed[ImageKey, tuple[str, str]] = RecentlyUsed(
            max_entries=entries * IDS_PER_DESCRIPTION, max_seconds=MAX_SECONDS
        )
        """Address and content hash of the image ids that were written lately."""
        self._listeners: list[Callable[[Collection[str]], object]] = []

    def on_forget(self, forget: Callable[[Collection[str]], object]) -> None:
        """Call this function with the content hashes of each removed image."""
        self._listeners.append(forget)

    async def remember(self, images: Sequence[KnownImage]) -> None:
        """Write the images that were not written with this address and content lately."""
        keys = [ImageKey(image.tenant, image.image_id) for image in images]
        known = self._known.get(keys)
        new = [
            (key, image)
            for key, image in zip(keys, images, strict=True)
            if known.get(key) != (image.uri, image.content_hash)
        ]
        if new:
            await self._store.remember([image for _, image in new])
            self._known.put((key, (image.uri, image.content_hash)) for key, image in new)

    async def find(self, *, tenant: str, image_ids: Sequence[str]) -> dict[str, KnownImage]:
        return await self._store.find(tenant=tenant, image_ids=image_ids)

    async def forget(self, keys: Collection[ImageKey]) -> dict[ImageKey, str]:
        removed = await self._store.forget(keys)
        for key in keys:
            self.forget_image(key)
        self.forget_contents(removed.values())
        return removed

    def forget_image(self, key: ImageKey) -> None:
        """Drop a removed image from the memory of this process alone."""
        content = self._known.get([key]).get(key)
        self._known.drop([key])
        if content is not None:
            self.forget_contents([content[1]])

    def forget_contents(self, content_hashes: Collection[str]) -> None:
        """Drop the descriptions of removed images from memory."""
        removed = set(content_hashes)
        self._described.drop([key for key in self._described if key[0] in removed])
        for forget in self._listeners:
            forget(removed)

    async def sample(self, *, tenant: str, limit: int) -> list[KnownImage]:
        return await self._store.sample(tenant=tenant, limit=limit)

    async def describe(self, described: Sequence[Described]) -> None:
        await self._store.describe(described)

    async def descriptions(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Described]:
        keys = [(content_hash, model_version) for content_hash in dict.fromkeys(content_hashes)]
        known = {key[0]: image for key, image in self._described.get(keys).items()}
        missing = [content_hash for content_hash, _ in keys if content_hash not in known]
        if missing:
            read = await self._store.descriptions(
                content_hashes=missing, model_version=model_version
            )
            for image in read.values():
                # Several requests share the array.
                image.vector.flags.writeable = False
            self._described.put(((name, model_version), image) for name, image in read.items())
            known |= read
        return known

    async def described_words(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Mapping[Element, tuple[str, ...]]]:
        return await self._store.described_words(
            content_hashes=content_hashes, model_version=model_version
        )
