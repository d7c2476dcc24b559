"""Build the events that apps send, with ids and times filled in."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from shared.domain.clock import system_clock
from shared.events import Candidate, Feedback, ImageCandidates, RejectedItem, UserErase
from shared.events.types.feedback import Action
from shared.events.types.fields import now_context
from shared.events.wire.bad_candidates import rejected_candidate, rejection_reason

ANSWER_SECONDS = 30.0
"""A feed takes one or two seconds; a cold model on a busy machine takes many."""

Images = Mapping[str, str] | Iterable[Candidate]
"""Images to rank: addresses by image id, or complete candidates."""


class NoAnswer(Exception):
    """No feed arrived in time. It may arrive later: look for its `request_id`."""

    def __init__(self, request_id: str, *, seconds: float) -> None:
        super().__init__(
            f"no feed for request {request_id} within {seconds:g} s; it may still come."
            " Is the assessor running (`preferstream doctor`)?"
        )
        self.request_id = request_id
        self.seconds = seconds


def request(user_id: str, images: Images, **fields: Any) -> ImageCandidates:
    """A request to rank images for a user; raises pydantic's `ValidationError`, a `ValueError`.

    Of addresses by image id, those that break the contract go to `rejected` of the request, and so
    of its feed.
    """
    candidates, rejected = _checked(images) if isinstance(images, Mapping) else (list(images), [])
    if rejected:
        fields["rejected"] = (*fields.get("rejected", ()), *rejected)
    return ImageCandidates.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": system_clock(),
            "user_id": user_id,
            "request_id": str(uuid4()),
            "candidates": tuple(candidates),
            **fields,
        },
        context=now_context(),
    )


def _checked(uris: Mapping[str, str]) -> tuple[list[Candidate], list[RejectedItem]]:
    candidates: list[Candidate] = []
    rejected: list[RejectedItem] = []
    for image_id, uri in uris.items():
        try:
            candidates.append(Candidate(image_id=image_id, uri=uri))
        except ValidationError as error:
            item = rejected_candidate(image_id, rejection_reason(error))
            if item is None:
                raise
            rejected.append(item)
    return candidates, rejected


def action(user_id: str, type: Action, image_id: str, **fields: Any) -> Feedback:
    """A user's action on an image; raises pydantic's `ValidationError`, a `ValueError`."""
    return Feedback.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": system_clock(),
            "user_id": user_id,
            "type": type,
            "image_id": image_id,
            **fields,
        },
        context=now_context(),
    )


def erasure(user_id: str, **fields: Any) -> UserErase:
    """A request to erase a user; raises pydantic's `ValidationError`, a `ValueError`."""
    return UserErase.model_validate(
        {"event_id": uuid4(), "occurred_at": system_clock(), "user_id": user_id, **fields},
        context=now_context(),
    )
