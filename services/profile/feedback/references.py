"""Merge new references into a user's stored ones: one per image, bounded per side."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from shared.domain.times.time_bounds import MAX_AHEAD
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, Side, StoredProfile

SIDES: Final[tuple[Side, Side]] = ("liked", "disliked")
ACTION_WEIGHTS: Final[Mapping[Action, float]] = {
    "reference_like": 1.0,
    "reference_dislike": 1.0,
    "like": 0.5,
    "dislike": 0.5,
    "hide": 0.5,
    "click": 0.25,
    "dwell": 0.25,
}
"""Evidence of one reference: stated references, likes and dislikes, implicit feedback."""

ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
"""Earlier than any feedback."""
Rank = tuple[float, datetime, str]
"""Weight, time and event id of feedback."""


def merge_references(
    stored: Sequence[Reference], new: Iterable[Reference], *, per_side: int
) -> tuple[Reference, ...]:
    """All references, liked before disliked, on each side the highest weight first.

    Later feedback on an image replaces earlier feedback, except that a click does not replace an
    explicit statement. A full side drops the lowest weight first, and of equal weights the oldest.
    The result does not depend on the order of the input.
    """
    by_image: dict[str, Reference] = {}
    for reference in sorted([*stored, *new], key=_time):
        known = by_image.get(reference.content_hash)
        if known is None or _weight(reference) >= _weight(known):
            by_image[reference.content_hash] = reference
    ranked = sorted(by_image.values(), key=_time, reverse=True)
    ranked.sort(key=_weight, reverse=True)
    return tuple(
        reference
        for side in SIDES
        for reference in [r for r in ranked if r.side == side][:per_side]
    )


def likes_complete_since(references: Sequence[Reference], *, per_side: int) -> datetime | None:
    """From when on every image that the user liked is among the references.

    A full side drops the lowest weight first: clicks before the oldest one that is kept, or all of
    them. None: any click may have been dropped.
    """
    liked = [reference for reference in references if reference.side == "liked"]
    if len(liked) < per_side:
        return ALWAYS
    last = min(liked, key=lambda reference: (_weight(reference), _time(reference)))
    return last.occurred_at if _weight(last) <= min(ACTION_WEIGHTS.values()) else None


def rank(action: Action, occurred_at: datetime, event_id: str) -> Rank:
    """The place of feedback among other feedback on the same side or image: highest first."""
    return (ACTION_WEIGHTS[action], occurred_at, event_id)


def dated_references(stored: StoredProfile | None) -> tuple[Reference, ...]:
    """The stored references, each with a time at which it can have been stored.

    Earlier versions accepted any time: a like of the year 9999 would stay the latest for ever.
    """
    if stored is None:
        return ()
    latest = stored.updated_at
    return tuple(
        reference.model_copy(update={"occurred_at": latest})
        if reference.occurred_at - latest > MAX_AHEAD
        else reference
        for reference in stored.references
    )


def _time(reference: Reference) -> tuple[datetime, str]:
    return (reference.occurred_at, reference.event_id)


def _weight(reference: Reference) -> float:
    return ACTION_WEIGHTS[reference.action]
