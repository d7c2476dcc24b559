"""Turn feedback on an image into a reference, or its failed load into the error of the event."""

import base64
import io
from typing import Final

from PIL import Image

from shared.domain.errors import Unavailable, Unprocessable
from shared.events import Feedback
from shared.events.types.feedback import Action
from shared.images.data_source import is_data_address
from shared.images.loader import LoadedImage
from shared.store.protocol import Reference, Side
from shared.store.removal.removal_check import REASON as REMOVED

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


WEB: Final = ("https:", "http:")
OUR_SETTINGS: Final = frozenset({"plain_http", "private_address"})
"""Reasons for which an image from the web is refused without contacting its host."""
MAY_PASS: Final = frozenset({"unknown_host"})
"""Reasons that may pass: a name that a server does not know now may be known again in minutes."""


class ImageUnavailable(Unavailable):
    """The source of an event's image does not answer now; only this event is tried again later."""


def image_error(uri: str, error: Exception) -> Exception:
    """The error of an event whose image raised `error` on loading."""
    if isinstance(error, Unprocessable):
        if error.reason in MAY_PASS:
            return ImageUnavailable(error.reason, error.detail)
        if uri.lower().startswith(WEB) and error.reason not in OUR_SETTINGS:
            # Its host sent it: a host whose images are gone must not stop the service.
            return Unprocessable(error.reason, error.detail, external=True)
    if isinstance(error, Unavailable):
        return ImageUnavailable(error.part, error.detail)
    return error


def unknown_image(event: Feedback) -> Unprocessable:
    """The error of an event without `uri` on an image that no feed has ranked."""
    return Unprocessable(
        "unknown_image",
        f"the event has no uri, and no feed has ranked an image {event.image_id!r}; send"
        " the image's uri with the event",
    )


def new_reference(event: Feedback, side: Side, image: LoadedImage) -> Reference:
    """The reference of an event on its side."""
    return Reference(
        image_id=event.image_id,
        uri=persistent_uri(image),
        content_hash=image.content_hash,
        side=side,
        action=event.type,
        occurred_at=event.occurred_at,
        event_id=str(event.event_id),
    )


def reference_again(event: Feedback, side: Side, stored: Reference) -> Reference:
    """The reference of an event on an image that a stored reference has."""
    return Reference(
        image_id=event.image_id,
        uri=stored.uri,
        content_hash=stored.content_hash,
        side=side,
        action=event.type,
        occurred_at=event.occurred_at,
        event_id=str(event.event_id),
        description=stored.description,
    )


def removed_image(event: Feedback) -> Unprocessable:
    """The error of an event without `uri` on an image that the app has removed.

    Users still see the image for a while, so many such events are no fault of the app.
    """
    return Unprocessable(
        REMOVED,
        f"the event has no uri, and the app has removed the image {event.image_id!r} from its"
        " catalog; publish the image again, or send its uri with the event",
        external=True,
    )


def side_of(event: Feedback, *, dwell_liked_ms: int) -> Side | None:
    """The side of an event; None for a view or a short dwell, which are no evidence."""
    if event.type == "dwell" and (event.dwell_ms or 0) < dwell_liked_ms:
        return None
    return _SIDES.get(event.type)


def persistent_uri(image: LoadedImage) -> str:
    """The image's own address; of a `data:` image, a `data:` address of a copy of about 20 KB.

    Without the copy, each read of a profile would transfer up to eighty images of a megabyte.
    """
    if not is_data_address(image.uri):
        return image.uri
    small = image.pixels.copy()
    small.thumbnail((COPY_SIDE, COPY_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=COPY_QUALITY)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
