"""References of a user to plain images, for the tests of popularity."""

from shared.events.types.feedback import Action
from shared.store.protocol import Reference, Side
from tests.fakes.images import plain_image
from tests.unit.services.assessor.users import NOW


def reference(color: str, *, side: Side = "liked", uri: str | None = None) -> Reference:
    image = plain_image(uri or color, color)
    action: Action = "like" if side == "liked" else "dislike"
    return Reference(
        image_id=image.uri, uri=image.uri, content_hash=image.content_hash, side=side,
        action=action, occurred_at=NOW, event_id=image.uri,
    )  # fmt: skip


def references(count: int, *, side: Side = "liked") -> tuple[Reference, ...]:
    """Different references with the same content."""
    color = "red" if side == "liked" else "blue"
    return tuple(reference(color, side=side, uri=f"{color}-{n}") for n in range(count))
