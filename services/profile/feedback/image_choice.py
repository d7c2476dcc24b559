"""Choose the images of a user's new events that can change the references, best first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from services.profile.feedback.new_reference import reference_again, side_of
from services.profile.feedback.references import SIDES, Rank, merge_references, rank
from shared.events import Feedback
from shared.store.protocol import Reference, Side

LOWEST: Final[Rank] = (0.0, datetime.min.replace(tzinfo=UTC), "")


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
    again: tuple[tuple[EventsOnImage, Reference], ...]
    """Events on images of stored references, with their new references: they need no load."""
    moved: tuple[EventsOnImage, ...]
    """Events on stored image ids at another address. All are loaded, whatever their side is: an
    event can also move an image away from the other side."""
    to_load: Mapping[Side, Sequence[EventsOnImage]]
    """Events on new images by side, the best first."""


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
    by_stored_uri = {reference.uri: reference for reference in stored}
    stored_ids = {reference.image_id for reference in stored}
    again, moved, new = [], [], []
    for uri, on_image in by_uri.items():
        on_image.sort(key=_rank, reverse=True)
        side = side_of(on_image[0], dwell_liked_ms=dwell_liked_ms)
        if side is None:
            without_effect += on_image
            continue
        image = EventsOnImage(uri, side, on_image[0], tuple(on_image[1:]))
        if uri in by_stored_uri:
            reference = reference_again(image.decisive, side, by_stored_uri[uri])
            again.append((image, reference))
        elif any(event.image_id in stored_ids for event in on_image):
            moved.append(image)
        else:
            new.append(image)
    new.sort(key=lambda image: _rank(image.decisive), reverse=True)
    # Feedback on stored images can make room on a full side.
    known = merge_references(stored, [reference for _, reference in again], per_side=per_side)
    # No side counts as full while images of `moved` may leave it.
    full = per_side + 1 if moved else per_side
    lowest = {side: _lowest_rank(known, side, full) for side in SIDES}
    to_load: dict[Side, list[EventsOnImage]] = {side: [] for side in SIDES}
    for image in new:
        if _rank(image.decisive) > lowest[image.side]:
            to_load[image.side].append(image)
        else:
            without_effect += image.events
    return Choice(
        applied=tuple(applied),
        unknown=tuple(unknown),
        without_effect=tuple(without_effect),
        again=tuple(again),
        moved=tuple(moved),
        to_load=to_load,
    )


def _lowest_rank(references: Sequence[Reference], side: Side, per_side: int) -> Rank:
    """The rank that a new image must exceed; below all ranks while the side has room."""
    ranks = [rank(r.action, r.occurred_at, r.event_id) for r in references if r.side == side]
    return min(ranks) if len(ranks) >= per_side else LOWEST


def _rank(event: Feedback) -> Rank:
    return rank(event.type, event.occurred_at, str(event.event_id))
