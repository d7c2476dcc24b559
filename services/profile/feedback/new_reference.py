"""Turn a feedback event into a reference: find its side, load its image, keep its address."""

from typing import Protocol

from services.profile.feedback.actions import side_of
from services.profile.feedback.reference_images import persistent_uri
from shared.domain.errors import Unprocessable
from shared.events import Feedback
from shared.images.loader import LoadedImage
from shared.store.protocol import ImageStore, Reference


class ImageLoader(Protocol):
    """Loads one image by address."""

    async def load(self, uri: str) -> LoadedImage: ...


class ReferenceMaker:
    """Make references of feedback; raises `Unprocessable` and `Unavailable` as the loader does."""

    def __init__(
        self, images: ImageLoader, known_images: ImageStore, *, dwell_liked_ms: int
    ) -> None:
        self._images = images
        self._known_images = known_images
        self._dwell_liked_ms = dwell_liked_ms

    async def from_feedback(self, event: Feedback) -> Reference | None:
        """The reference of an event; None for feedback that is no evidence, such as a view."""
        side = side_of(event, dwell_liked_ms=self._dwell_liked_ms)
        if side is None:
            return None
        image = await self._images.load(event.uri or await self._known_uri(event))
        return Reference(
            image_id=event.image_id,
            uri=persistent_uri(image),
            content_hash=image.content_hash,
            side=side,
            action=event.type,
            occurred_at=event.occurred_at,
            event_id=str(event.event_id),
        )

    async def _known_uri(self, event: Feedback) -> str:
        known = await self._known_images.find(tenant=event.tenant, image_ids=[event.image_id])
        if event.image_id not in known:
            raise Unprocessable(
                "unknown_image",
                f"the event has no uri, and no feed has ranked an image {event.image_id!r}; send"
                " the image's uri with the event",
            )
        return known[event.image_id].uri
