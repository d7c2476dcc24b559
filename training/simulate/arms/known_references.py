"""List what serving knew of each user on the morning of a day, in the order of the services."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from services.profile.feedback.references import merge_references
from services.profile.prediction.unchosen_images import MAX_VIEWED
from shared.events.types.feedback import Action
from shared.store.protocol import Reference
from training.simulate.arms.recorded_days import Recording
from training.simulate.loop.day import REFERENCES

PER_SIDE: Final = 40
"""References stored of each side, as the profile service does (`references_per_side`)."""
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
STATED: Final[dict[str, Action]] = {"liked": "reference_like", "disliked": "reference_dislike"}


@dataclass(frozen=True)
class Known:
    """What was known of one user; images by key, see `pictures.py`."""

    references: tuple[Reference, ...] = ()
    """Liked before disliked, on each side the highest weight first."""
    passed: tuple[str, ...] = ()
    """Keys of images that were viewed and not chosen, the latest first."""
    viewed: tuple[str, ...] = ()
    """Keys of all viewed images, the latest first."""

    @property
    def latest(self) -> frozenset[str]:
        """The latest viewed images, as many as serving reads."""
        return frozenset(self.viewed[:MAX_VIEWED])

    @property
    def background(self) -> tuple[str, ...]:
        """Those of them that were not chosen."""
        latest = self.latest
        return tuple(key for key in self.passed if key in latest)


def stated_key(user: int, side: str, number: int) -> str:
    """The key of a reference with which a user starts."""
    return f"{user}/{side}/{number}"


def catalog_key(image: int) -> str:
    """The key of an image of the catalog."""
    return f"catalog/{image}"


def known_at(recording: Recording, day: int) -> list[Known]:
    """By user: the references of the start and the clicks of the days before `day`.

    A day's own clicks are left out: its second slate is ranked like its first.
    """
    known = [Known(_stated(user)) for user in range(recording.options.users)]
    for number in range(day):
        for visit in recording.visits(number):
            at = START + timedelta(days=number + 1)
            clicked = [_click(image, at, rank) for rank, image in enumerate(visit.clicked)]
            passed = [catalog_key(i) for i in visit.viewed if i not in visit.clicked]
            viewed = [catalog_key(i) for i in visit.viewed]
            before = known[visit.user]
            known[visit.user] = Known(
                merge_references(before.references, clicked, per_side=PER_SIDE),
                tuple(dict.fromkeys((*passed, *before.passed))),
                tuple(dict.fromkeys((*viewed, *before.viewed))),
            )
    return [_without_references(one) for one in known]


def _without_references(known: Known) -> Known:
    chosen = {reference.content_hash for reference in known.references}
    passed = [key for key in known.passed if key not in chosen]
    return replace(known, passed=tuple(passed))


def _stated(user: int) -> tuple[Reference, ...]:
    references: Sequence[Reference] = [
        _reference(stated_key(user, side, n), action, START, n)
        for side, action in STATED.items()
        for n in range(REFERENCES)
    ]
    return merge_references((), references, per_side=PER_SIDE)


def _click(image: int, at: datetime, rank: int) -> Reference:
    return _reference(catalog_key(image), "click", at, rank)


def _reference(key: str, action: Action, at: datetime, number: int) -> Reference:
    return Reference(
        image_id=key, uri="", content_hash=key,
        side="disliked" if action == "reference_dislike" else "liked",
        action=action, occurred_at=at + timedelta(seconds=number), event_id=f"{at:%j}-{key}",
    )  # fmt: skip
