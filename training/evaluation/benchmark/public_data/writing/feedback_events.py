"""Make the feedback of these users for training jobs: references, then each pair as a small feed.

A job trains on feedback on feeds that were recorded. A judged pair becomes a feed of two images
whose order a fair coin decided, as in FairPairs (Radlinski and Joachims 2006), with views of both
and a like of the preferred one. Its `model_version` begins with `import-` and its tier is
`fallback`, because no model ranked it. Pairs come round by round, so that the latest feeds are of
all users.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from shared.domain.ids import derived_id
from shared.events.types.base import UserEvent
from shared.events.types.feed import RankedFeed, RankedItem
from shared.events.types.feedback import Action, Feedback
from training.evaluation.benchmark.public_data.values import JudgedPair, UserCases
from training.evaluation.benchmark.public_data.writing.set_writer import is_first

PROPENSITY = 0.5
"""Probability of each of the two orders."""


class EventWriter:
    """The events of one set, with ids that follow from the data, so that each counts once."""

    def __init__(
        self, set_name: str, images: Path, *, tenant: str, seed: int, now: datetime
    ) -> None:
        self._set = set_name
        self._images = images.absolute()
        self._tenant = tenant
        self._seed = seed
        self._now = now

    def references(self, users: Sequence[UserCases]) -> Iterator[Feedback]:
        """What each user likes and dislikes; it must be in Kafka before the first feed."""
        at = self._now - timedelta(seconds=1 + max((len(u.pairs) for u in users), default=0))
        for user in users:
            for image in user.liked:
                yield self._feedback(user.user, "reference_like", image, at)
            for image in user.disliked:
                yield self._feedback(user.user, "reference_dislike", image, at)

    def pairs(self, users: Sequence[UserCases]) -> Iterator[UserEvent]:
        """The first pair of each user, then the second."""
        rounds = max((len(user.pairs) for user in users), default=0)
        for number in range(rounds):
            at = self._now - timedelta(seconds=rounds - number)
            for user in users:
                if number < len(user.pairs):
                    yield from self._pair(user.user, user.pairs[number], at)

    def _pair(self, user: str, pair: JudgedPair, at: datetime) -> Iterator[UserEvent]:
        first = is_first(user, pair, self._seed)
        images = (pair.better, pair.worse) if first else (pair.worse, pair.better)
        feed_id = derived_id("imported-pair", self._tenant, self._set, user, *images)
        request = f"import-{feed_id}"
        items = tuple(
            RankedItem(
                image_id=image, rank=rank, score=None, elements=None, propensity=PROPENSITY,
                explored=True, tier="fallback", uri=self._uri(image),
            )
            for rank, image in enumerate(images, start=1)
        )  # fmt: skip
        yield RankedFeed(
            event_id=feed_id, occurred_at=at, user_id=user, tenant=self._tenant,
            request_id=request, status="ok", items=items, profile_version=None,
            model_version=f"import-{self._set.lower()}",
        )  # fmt: skip
        for position, image in enumerate(images, start=1):
            yield self._feedback(user, "view", image, at, request=request, position=position)
        yield self._feedback(user, "like", pair.better, at, request=request)

    def _feedback(
        self, user: str, type: Action, image: str, at: datetime, *,
        request: str | None = None, position: int | None = None,
    ) -> Feedback:  # fmt: skip
        return Feedback(
            event_id=derived_id(
                "imported-feedback", self._tenant, self._set, user, type, image, request
            ),
            occurred_at=at, user_id=user, tenant=self._tenant, type=type, image_id=image,
            uri=self._uri(image), request_id=request, position=position,
        )  # fmt: skip

    def _uri(self, image: str) -> str:
        return (self._images / image).as_uri()
