"""Distinguish a return to one of several tastes from a drift."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from services.profile.prediction.drift_detection import MIN_REFERENCES, SESSION_GAP
from shared.domain.joint_tastes import JointTaste
from shared.prompting.taste_clusters.word_clusters import MIN_LIKES
from shared.store.protocol import Reference


def returns_to_a_taste(tastes: Sequence[JointTaste], references: Sequence[Reference]) -> bool:
    """Whether the taste of the latest likes is older than likes of another taste.

    A user with two tastes may like images of one taste alone for an evening. After a drift, the
    taste of the latest likes begins when the other one ends. A taste counts with four likes.
    """
    of_image = {image_id: taste.taste_id for taste in tastes for image_id in taste.reference_ids}
    liked = sorted(
        (r for r in references if r.side == "liked" and r.image_id in of_image),
        key=lambda r: (r.occurred_at, r.event_id),
    )
    if not liked:
        return False
    sessions = _sessions(liked)
    labels = [of_image[reference.image_id] for reference in liked]
    latest = Counter(labels[-MIN_REFERENCES:]).most_common(1)[0][0]
    own = [session for session, label in zip(sessions, labels, strict=True) if label == latest]
    if len(own) < MIN_LIKES:
        return False
    begun = own[MIN_LIKES - 1]
    later = Counter(
        label
        for session, label in zip(sessions, labels, strict=True)
        if label != latest and session >= begun
    )
    return any(count >= MIN_LIKES for count in later.values())


def _sessions(ordered: Sequence[Reference]) -> list[int]:
    """The number of each reference's session, from 0."""
    numbers = [0]
    for before, after in pairwise(ordered):
        is_new = after.occurred_at > before.occurred_at + SESSION_GAP
        numbers.append(numbers[-1] + is_new)
    return numbers
