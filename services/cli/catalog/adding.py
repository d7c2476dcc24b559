"""Publish the pictures of a folder to the catalog: only those that it does not have already."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Final

from services.cli.catalog.folder_images import RefusedFile
from services.cli.catalog.gateway import Gateway
from shared.client import Client
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.images.catalog_entry import CatalogEntry
from shared.events import CatalogImage
from shared.events.topics import CATALOG
from shared.events.wire.codec import decode
from shared.events.wire.record import Record

SENT_AT_ONCE: Final = 200
"""Images between two acknowledgments and two lines of progress."""
POLL_SECONDS: Final = 1.0
STALL_SECONDS: Final = 300.0
"""Time without progress after which `--wait` gives up: the model may be busy with feeds."""


@dataclass
class Added:
    """What `catalog add` has done so far."""

    files: int
    accepted: list[str] = field(default_factory=list)
    """Ids of the images that Kafka has acknowledged."""
    unchanged: list[str] = field(default_factory=list)
    """Ids of the images that the catalog has already, with the same fields."""
    refused: list[RefusedFile] = field(default_factory=list)

    def sentence(self) -> str:
        """For an interruption."""
        done = len(self.accepted) + len(self.unchanged) + len(self.refused)
        return (
            f"{len(self.accepted)} images were published, {self.files - done} of {self.files} files"
            " are left. Run the same command again: it continues with those"
        )


def published_entries(records: Iterable[Record], *, tenant: str) -> dict[str, CatalogEntry]:
    """What the topic of the catalog holds of a tenant, by image id; `records` in their order."""
    entries: dict[bytes | None, CatalogEntry] = {}
    for record in records:
        if record.value is None:
            entries.pop(record.key, None)
            continue
        try:
            event = decode(CATALOG, record)
        except Unprocessable:
            continue
        if isinstance(event, CatalogImage) and event.tenant == tenant:
            entries[record.key] = event.entry
    return {entry.image_id: entry for entry in entries.values()}


def add_images(
    app: Client,
    images: Iterable[CatalogImage | RefusedFile],
    known: Mapping[str, CatalogEntry],
    added: Added,
    *,
    on_progress: Callable[[str], None],
) -> None:
    """Publish the new and the changed images. Raises `Unavailable`.

    A file that was changed under the same address is removed first, so that it is indexed again.
    """
    waiting: list[CatalogImage] = []

    def send() -> None:
        changed = [image.image_id for image in waiting if _is_other_content(image, known)]
        if changed:
            app.remove_images(*changed)
        app.send(*waiting)
        added.accepted += [image.image_id for image in waiting]
        waiting.clear()
        on_progress(f"{len(added.accepted)} of {added.files} published")

    for image in images:
        if isinstance(image, RefusedFile):
            added.refused.append(image)
        elif known.get(image.image_id) == image.entry:
            added.unchanged.append(image.image_id)
        else:
            waiting.append(image)
            if len(waiting) == SENT_AT_ONCE:
                send()
    if waiting:
        send()


def _is_other_content(image: CatalogImage, known: Mapping[str, CatalogEntry]) -> bool:
    before = known.get(image.image_id)
    return before is not None and before.uri == image.uri and before.created_at != image.created_at


@dataclass(frozen=True)
class Indexed:
    """The state of the images that `--wait` waited for."""

    indexed: int
    failed: Mapping[str, str]
    """The reason for each image that cannot be indexed."""


def wait_for_indexing(
    gateway: Gateway,
    image_ids: Sequence[str],
    *,
    tenant: str,
    on_progress: Callable[[str], None],
    stall_seconds: float = STALL_SECONDS,
) -> Indexed:
    """Wait until no image waits any more. Raises `Unavailable` when nothing progresses."""
    waiting = list(image_ids)
    failed: dict[str, str] = {}
    progressed_at = monotonic()
    while waiting:
        # Those that were published first: to read all of a large import each time takes long.
        images = gateway.images_by_id(waiting[:SENT_AT_ONCE], tenant=tenant)
        done = {i: image for i, image in images.items() if image["status"] != "waiting"}
        failed |= {
            image_id: image["failure"]["detail"]
            for image_id, image in done.items()
            if image["status"] == "failed"
        }
        if done:
            waiting = [image_id for image_id in waiting if image_id not in done]
            progressed_at = monotonic()
            on_progress(f"{len(image_ids) - len(waiting)} of {len(image_ids)} indexed")
            continue
        if monotonic() - progressed_at > stall_seconds:
            raise Unavailable(
                "catalog",
                f"{len(waiting)} of {len(image_ids)} images still wait for indexing, without"
                f" progress for {stall_seconds:g} s. They are published and will be indexed;"
                " `preferstream doctor` shows whether the catalog service runs",
            )
        sleep(POLL_SECONDS)
    return Indexed(len(image_ids) - len(failed), failed)
