"""Choose the images of a user's new events that can change the references, best first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.profile.feedback.new_reference import side_of
from services.profile.feedback.references import SIDES, rank
from shared.events import Feedback
from shared.store.protocol import Reference, Side


@dataclass(frozen=True)
class EventsOnImage:
    """The events of one user on one image."""

    uri: str
    side: Side
    decisive: Feedback
    """The event that becomes the reference: the highest weight, and of equal weights the latest.
    The others change nothing once this one counts (`merge_references`)."""
    others: tuple[Feedback, ...]

    @property
    def events(self) -> tuple[Feedback, ...]:
        return (self.decisive, *self.others)


@dataclass(frozen=True)
class Choice:
    """The events of one batch, by what happens to them."""

    applied: tuple[Feedback, ...]
    """Events that the stored profile contains."""
    unknown: tuple[Feedback, ...]
    """Events without an address on images that no feed has ranked."""
    without_effect: tuple[Feedback, ...]
    """Events that no longer change the references, since better ones fill their side."""
    to_load: Mapping[Side, Sequence[EventsOnImage]]
    """The other events by side and image, the best first."""


def choose(
    events: Iterable[Feedback],
    *,
    stored: Sequence[Reference],
    applied_ids: Collection[str],
    uris: Mapping[str, str],
    per_side: int,
    dwell_liked_ms: int,
) -> Choice:
    """Sort the events of one user; `uris` has the addresses of images that are named by id only."""
    applied, unknown, without_effect = [], [], []
    by_uri: dict[str, list[Feedback]] = {}
    for event in events:
        uri = event.uri or uris.get(event.image_id)
        if str(event.event_id) in applied_ids:
            applied.append(event)
        elif uri is None:
            unknown.append(event)
        else:
            by_uri.setdefault(uri, []).append(event)
    sides = {side: _Side(side, stored, per_side) for side in SIDES}
    to_load: dict[Side, list[EventsOnImage]] = {side: [] for side in SIDES}
    for uri, on_image in by_uri.items():
        on_image.sort(key=_rank, reverse=True)
        side = side_of(on_image[0], dwell_liked_ms=dwell_liked_ms)
        if side is None:
            without_effect += on_image
            continue
        image = EventsOnImage(uri, side, on_image[0], tuple(on_image[1:]))
        if sides[side].can_be_changed_by(image):
            to_load[side].append(image)
        else:
            without_effect += on_image
    for images in to_load.values():
        images.sort(key=lambda image: _rank(image.decisive), reverse=True)
    return Choice(tuple(applied), tuple(unknown), tuple(without_effect), to_load)


class _Side:
    """One side of the stored references, as new events see it."""

    def __init__(self, side: Side, stored: Sequence[Reference], per_side: int) -> None:
        ranks = [rank(r.action, r.occurred_at, r.event_id) for r in stored if r.side == side]
        self._lowest = min(ranks) if len(ranks) >= per_side else None
        # Of both sides: an event can move an image from one side to the other.
        self._image_ids = {reference.image_id for reference in stored}
        self._uris = {reference.uri for reference in stored}

    def can_be_changed_by(self, image: EventsOnImage) -> bool:
        """False when the side is full of references that rank higher, and the image is new."""
        if self._lowest is None or _rank(image.decisive) > self._lowest:
            return True
        is_stored = any(event.image_id in self._image_ids for event in image.events)
        return is_stored or image.uri in self._uris


def _rank(event: Feedback) -> tuple[float, datetime, str]:
    return rank(event.type, event.occurred_at, str(event.event_id))
