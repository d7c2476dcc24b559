"""Decide what must be done for an image of the catalog, in which order, and when."""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from shared.domain.errors import Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.events import CatalogImage
from shared.events.types.base import image_of_record_key
from shared.store.catalog.images import ImageIndex, Publication, StoredImage


def check_key(event: CatalogImage, record_key: bytes | None) -> None:
    """Raise `Unprocessable` unless the record's key is that of the image.

    Compaction and tombstones go by the key: under another key an image could not be removed.
    """
    named = image_of_record_key(record_key)
    if named != event.image_key:
        raise Unprocessable(
            "wrong_key",
            f"the record's key names the image {_name(named)}, and its value the image"
            f" {_name(event.image_key)}; send the image id as the key, outside the tenant `default`"
            " after the tenant and U+001F",
        )


def is_change(publication: Publication, stored: StoredImage | None) -> bool:
    """Whether a publication changes anything; a redelivered one does not.

    Kafka's order counts and not the time of the event: a compacted topic keeps its last record. An
    image that failed is tried again.
    """
    return stored is None or stored.entry != publication.entry or stored.status == "failed"


@dataclass(frozen=True)
class Work:
    """The steps that one image needs; an image that needs none is done."""

    encode: bool
    """Compute the image vector."""
    describe: bool
    """Let the model describe the image in words."""
    write: bool
    """Write index and vectors, also where both are known from elsewhere."""

    @property
    def load(self) -> bool:
        """Whether the pixels are needed."""
        return self.encode or self.describe


NOTHING = Work(encode=False, describe=False, write=False)


def work_for(
    image: StoredImage, *, model_version: str, elsewhere: ImageIndex | None = None
) -> Work:
    """What an image of the collection needs.

    `elsewhere`: its index in the collection that serves while this one is filled for another
    encoder. Its words are used again if they are about the same address and by the same model.
    """
    if image.status == "failed":
        return NOTHING
    if image.is_current and image.index is not None:
        is_outdated = image.index.model_version != model_version
        return Work(encode=False, describe=is_outdated, write=is_outdated)
    has_words = _is_usable(elsewhere, uri=image.entry.uri, model_version=model_version)
    return Work(encode=True, describe=not has_words, write=True)


def work_after_loading(
    work: Work, image: StoredImage, *, content_hash: str, model_version: str
) -> Work:
    """The remaining work once the content is known: a new address may have the old content."""
    index = image.index
    if index is None or index.content_hash != content_hash:
        return work
    return replace(
        work, encode=False, describe=work.describe and index.model_version != model_version
    )


def by_content(hashes: Mapping[ImageKey, str]) -> dict[str, list[ImageKey]]:
    """The images of each content: a content under a thousand ids is encoded and described once."""
    images: dict[str, list[ImageKey]] = defaultdict(list)
    for key, content_hash in hashes.items():
        images[content_hash].append(key)
    return dict(images)


class Priority(IntEnum):
    """Which images come first; a lower number is earlier."""

    PUBLISHED = 0
    """Images that no query can return yet."""
    OUTDATED = 1
    """Images that serve with an older description, or with vectors of an older encoder."""


@dataclass(frozen=True)
class Waiting:
    """An image that waits for indexing."""

    key: ImageKey
    priority: Priority
    since: float
    """Monotonic seconds at which it began to wait."""


def next_batch(waiting: Collection[Waiting], *, size: int) -> list[Waiting]:
    """The next images to index, at most `size`.

    Published images come before outdated ones. Within a priority the tenants take turns, each with
    its oldest image, so that the bulk import of one tenant does not keep the others waiting.
    """
    batch: list[Waiting] = []
    for priority in Priority:
        queues: dict[str, deque[Waiting]] = defaultdict(deque)
        of_priority = [image for image in waiting if image.priority == priority]
        for image in sorted(of_priority, key=lambda image: (image.since, image.key)):
            queues[image.key.tenant].append(image)
        tenants = deque(queues.values())
        while tenants and len(batch) < size:
            queue = tenants.popleft()
            batch.append(queue.popleft())
            if queue:
                tenants.append(queue)
    return batch


@dataclass(frozen=True)
class Progress:
    """How many images of a collection are indexed, wait, and have failed."""

    indexed: int
    waiting: int
    failed: int

    @property
    def share(self) -> float:
        """Share of the images that need no more work, 0-1; an empty catalog is done."""
        total = self.indexed + self.waiting + self.failed
        return (self.indexed + self.failed) / total if total else 1.0


def may_serve(new: Progress, *, indexed_before: int) -> bool:
    """Whether a collection for another encoder may take the place of the one that serves.

    Nothing waits any more, and at least half as many images are indexed as serve now: an encoder
    with which all images fail must not empty the feeds.
    """
    return new.waiting == 0 and 2 * new.indexed >= indexed_before


def _is_usable(index: ImageIndex | None, *, uri: str, model_version: str) -> bool:
    return index is not None and index.uri == uri and index.model_version == model_version


def _name(image: ImageKey) -> str:
    return f"{image.image_id[:80]!r} of the tenant {image.tenant[:80]!r}"
