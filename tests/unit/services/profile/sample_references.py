"""References in one line each: the action on an image of one color, and its time."""

from datetime import UTC, datetime, timedelta

from services.profile.feedback.new_reference import side_of
from shared.domain.taste import Element
from shared.events import Feedback
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, ReferenceDescription

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def described_reference(
    color: str, action: Action, *, number: int = 0, day: float = 0, **words: str
) -> Reference:
    """A reference with a description: its color, and further `words` by element."""
    name = f"{color}-{action}-{day:g}-{number}"
    at = NOON + timedelta(days=day, seconds=number)
    event = Feedback.model_validate(
        {
            "event_id": "00000000-0000-4000-8000-000000000000",
            "occurred_at": at,
            "user_id": "ana",
            "image_id": name,
            "type": action,
        }
    )
    side = side_of(event, dwell_liked_ms=0)
    assert side is not None
    shown = {Element.COLOR: color, **{Element(element): word for element, word in words.items()}}
    description = ReferenceDescription(
        model_version="colors-1", words=tuple((element, (word,)) for element, word in shown.items())
    )
    return Reference(
        image_id=name, uri=f"drawing:{name}", content_hash=name, side=side, action=action,
        occurred_at=at, event_id=name, description=description,
    )  # fmt: skip
