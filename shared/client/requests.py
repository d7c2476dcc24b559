"""Make the events that apps send, with ids and moments filled in."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from shared.domain.clock import system_clock
from shared.events import Candidate, Feedback, ImageCandidates, UserErase
from shared.events.types.feedback import Action

Images = Mapping[str, str] | Iterable[Candidate]
"""Images to rank: addresses by image id, or candidates with all that is known of them."""


class NoAnswer(Exception):
    """No feed came in time. It may still come: ask again by `request_id`."""

    def __init__(self, request_id: str, *, seconds: float) -> None:
        super().__init__(
            f"no feed for request {request_id} within {seconds:g} s; it may still come."
            " Is the assessor running (`preferstream doctor`)?"
        )
        self.request_id = request_id
        self.seconds = seconds


def request(user_id: str, images: Images, **fields: Any) -> ImageCandidates:
    """Rank these images for this user; raises pydantic's `ValidationError`, a `ValueError`."""
    found = (
        [Candidate(image_id=image_id, uri=uri) for image_id, uri in images.items()]
        if isinstance(images, Mapping)
        else list(images)
    )
    return ImageCandidates.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": system_clock(),
            "user_id": user_id,
            "request_id": str(uuid4()),
            "candidates": tuple(found),
            **fields,
        }
    )


def action(user_id: str, type: Action, image_id: str, **fields: Any) -> Feedback:
    """This user did this with that image; raises pydantic's `ValidationError`, a `ValueError`."""
    return Feedback.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": system_clock(),
            "user_id": user_id,
            "type": type,
            "image_id": image_id,
            **fields,
        }
    )


def erasure(user_id: str, **fields: Any) -> UserErase:
    """Forget this person; raises pydantic's `ValidationError`, a `ValueError`."""
    return UserErase.model_validate(
        {"event_id": uuid4(), "occurred_at": system_clock(), "user_id": user_id, **fields}
    )
