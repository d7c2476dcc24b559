"""Decide what must be done for an image of the catalog, and when another encoder may serve."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.errors import Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element
from shared.events import CatalogImage
from shared.events.types.base import image_of_record_key
from shared.store.catalog.images import ImageIndex, Publication, StoredImage

Words = Mapping[Element, tuple[str, ...]]
"""The words of one description."""


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
    image with a failure is tried again.
    """
    return stored is None or stored.entry != publication.entry or stored.failure is not None


def needs_indexing(image: StoredImage, *, model_version: str) -> bool:
    """Whether an image waits for its index, or for the description of a newer model.

    An image that failed waits for its next publication. One that could not be loaded for a newer
    description serves with the old one until then.
    """
    if image.failure is not None and image.failure.uri == image.entry.uri:
        return False
    index = image.index
    return not image.is_current or index is None or index.model_version != model_version


def known_hash(image: StoredImage, *, elsewhere: ImageIndex | None = None) -> str | None:
    """The hash of the content at the present address, as far as an index knows it.

    `elsewhere`: the index in the collection that serves while this one is filled for another
    encoder. Only the app can change what an address shows, and it must not
    (`shared/events/types/catalog.py`), so the content is not loaded for its hash alone.
    """
    for index in (image.index, elsewhere):
        if index is not None and index.uri == image.entry.uri:
            return index.content_hash
    return None


def known_words(
    image: StoredImage, *, model_version: str, elsewhere: ImageIndex | None = None
) -> dict[str, Words]:
    """The words of this model, by content hash: also of the old content of a changed address.

    A new address may have the old content, which is then not described again.
    """
    indexes = [index for index in (elsewhere, image.index) if index is not None]
    return {i.content_hash: i.words for i in indexes if i.model_version == model_version}


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


def _name(image: ImageKey) -> str:
    return f"{image.image_id[:80]!r} of the tenant {image.tenant[:80]!r}"
