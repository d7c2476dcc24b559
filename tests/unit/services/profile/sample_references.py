"""References in one line each: what was done with an image of one color, and when."""

from datetime import UTC, datetime, timedelta

from services.profile.feedback.references import side_of
from shared.domain.taste import Element
from shared.events import Feedback
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, Shown

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def told(color: str, action: Action, *, number: int = 0, day: float = 0, **words: str) -> Reference:
    """What the image shows beside its color stands in `words`, by element."""
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
    shows = {Element.COLOR: color, **{Element(element): word for element, word in words.items()}}
    return Reference(
        image_id=name, uri=f"drawing:{name}", content_hash=name, side=side, action=action,
        occurred_at=at, event_id=name,
        shown=Shown(model_version="colors-1", words=tuple((e, (w,)) for e, w in shows.items())),
    )  # fmt: skip
