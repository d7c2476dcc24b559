"""Turn a feedback event into a reference: find its side, load its image, keep its address."""

import base64
import io
from typing import Final, Protocol

from PIL import Image

from shared.domain.errors import Unprocessable
from shared.events import Feedback
from shared.events.types.feedback import Action
from shared.images.loader import LoadedImage
from shared.store.protocol import ImageStore, Reference, Side

_SIDES: Final[dict[Action, Side]] = {
    "reference_like": "liked",
    "like": "liked",
    "click": "liked",
    "dwell": "liked",
    "reference_dislike": "disliked",
    "dislike": "disliked",
    "hide": "disliked",
}
COPY_SIDE: Final = 336
"""Longer side, in pixels, of the stored copy of a `data:` image: the small model reads 84 pixels,
larger models read this many."""
COPY_QUALITY: Final = 92


class ImageLoader(Protocol):
    """Loads one image by address."""

    async def load(self, uri: str) -> LoadedImage: ...


class ReferenceMaker:
    """Makes references from feedback; raises the errors of the loader."""

    def __init__(
        self, image_loader: ImageLoader, image_store: ImageStore, *, dwell_liked_ms: int
    ) -> None:
        self._image_loader = image_loader
        self._image_store = image_store
        self._dwell_liked_ms = dwell_liked_ms

    async def from_feedback(self, event: Feedback) -> Reference | None:
        """The reference of an event; None for feedback that is no evidence, such as a view."""
        side = side_of(event, dwell_liked_ms=self._dwell_liked_ms)
        if side is None:
            return None
        image = await self._image_loader.load(event.uri or await self._stored_uri(event))
        return Reference(
            image_id=event.image_id,
            uri=persistent_uri(image),
            content_hash=image.content_hash,
            side=side,
            action=event.type,
            occurred_at=event.occurred_at,
            event_id=str(event.event_id),
        )

    async def _stored_uri(self, event: Feedback) -> str:
        stored = await self._image_store.find(tenant=event.tenant, image_ids=[event.image_id])
        if event.image_id not in stored:
            raise Unprocessable(
                "unknown_image",
                f"the event has no uri, and no feed has ranked an image {event.image_id!r}; send"
                " the image's uri with the event",
            )
        return stored[event.image_id].uri


def side_of(event: Feedback, *, dwell_liked_ms: int) -> Side | None:
    """The side of an event; None for a view or a short dwell, which are no evidence."""
    if event.type == "dwell" and (event.dwell_ms or 0) < dwell_liked_ms:
        return None
    return _SIDES.get(event.type)


def persistent_uri(image: LoadedImage) -> str:
    """The image's own address; of a `data:` image, a `data:` address of a copy of about 20 KB.

    Without the copy, each read of a profile would transfer up to eighty images of a megabyte.
    """
    if not image.uri.startswith("data:"):
        return image.uri
    small = image.pixels.copy()
    small.thumbnail((COPY_SIDE, COPY_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=COPY_QUALITY)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
