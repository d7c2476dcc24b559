"""Count which images the users of a tenant view and like, in bounded memory."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nlargest
from typing import Final

from services.assessor.popularity.prior import popularity_score
from shared.domain.images.image_key import ImageKey
from shared.domain.user import User
from shared.events import Feedback

MAX_PER_USER: Final = 200
"""Images of one user that count, the latest ones: no user has much more weight than others."""
MAX_ENTRIES: Final = 200_000
"""Images of all users together, about 60 MB. Beyond it the users of the largest tenant who were
silent for longest are dropped, so that a large tenant leaves the small ones their counts."""
PRIOR_VIEWERS: Final = 10.0
"""Viewers whose opinion is assumed for every image (shrinkage): one like out of one view does not
rank above 40 out of 100."""
LONG_DWELL_MS: Final = 5_000
"""Dwell time that counts as interest, as in a profile."""
MAX_RANKED: Final = 1_000
"""Most popular images of a tenant that are remembered."""
RANKED_AGAIN_AFTER: Final = 0.01
"""Share of the images as a number of new opinions, after which the images are ranked again: 100,000
images take about 60 ms."""
EXPLICIT: Final = {
    "like": 1.0, "reference_like": 1.0, "dislike": -1.0, "hide": -1.0, "reference_dislike": -1.0,
}  # fmt: skip
"""What a statement of a user adds to an image. The latest one counts."""
INTEREST: Final = 0.5
"""What a click or a long look adds, if the user states nothing."""


@dataclass(frozen=True)
class _Opinion:
    """What one user thinks of one image."""

    value: float
    stated_at: datetime | None
    """When the user stated it; None for views and clicks."""

    def merged(self, other: "_Opinion") -> "_Opinion":
        """The stronger of both, in whichever order they arrive."""
        if self.stated_at is None and other.stated_at is None:
            return self if self.value >= other.value else other
        if self.stated_at is None or other.stated_at is None:
            return other if self.stated_at is None else self
        return self if self.stated_at > other.stated_at else other


@dataclass
class _Count:
    viewers: int = 0
    value: float = 0.0


@dataclass
class _Tenant:
    users: OrderedDict[str, OrderedDict[str, _Opinion]] = field(default_factory=OrderedDict)
    """Opinions by user and image; the users and images with the latest feedback last."""
    images: dict[str, _Count] = field(default_factory=dict)
    entries: int = 0
    viewers: int = 0
    value: float = 0.0
    changes: int = 0
    """Opinions that were added or removed."""
    ranked: tuple[str, ...] = ()
    """Ids of the images that are liked most, as of `ranked_at`."""
    ranked_at: int | None = None
    """`changes` when `ranked` was computed; None when it must be computed again."""

    def most_popular(self) -> tuple[str, ...]:
        """At most `MAX_RANKED` images that are liked more than the tenant's mean, best first."""
        stale = max(len(self.images) * RANKED_AGAIN_AFTER, 1)
        if self.ranked_at is None or self.changes - self.ranked_at >= stale:
            others = _Others.of(self, without="")
            liked = {
                image_id: rate
                for image_id, count in self.images.items()
                if count.value > 0 and (rate := others.rate(image_id)) > others.mean
            }
            self.ranked = tuple(nlargest(MAX_RANKED, sorted(liked), key=liked.__getitem__))
            self.ranked_at = self.changes
        return self.ranked

    def set(self, user_id: str, image_id: str, opinion: _Opinion) -> None:
        opinions = self.users.setdefault(user_id, OrderedDict())
        self.users.move_to_end(user_id)
        earlier = opinions.get(image_id)
        if earlier is not None:
            opinion = earlier.merged(opinion)
            self._remove(opinions, image_id)
        opinions[image_id] = opinion
        count = self.images.setdefault(image_id, _Count())
        count.viewers += 1
        count.value += opinion.value
        self.entries += 1
        self.changes += 1
        self.viewers += 1
        self.value += opinion.value
        if len(opinions) > MAX_PER_USER:
            self._remove(opinions, next(iter(opinions)))

    def drop_user(self, user_id: str) -> int:
        opinions = self.users.pop(user_id, OrderedDict())
        number = len(opinions)
        # An erased user's opinions have no effect from now on.
        self.ranked_at = None
        for image_id in list(opinions):
            self._remove(opinions, image_id)
        return number

    def drop_images(self, image_ids: Set[str]) -> int:
        """Drop all opinions on these images in one pass over the users; returns their number."""
        before = self.entries
        for user_id, opinions in list(self.users.items()):
            for image_id in opinions.keys() & image_ids:
                self._remove(opinions, image_id)
            if not opinions:
                del self.users[user_id]
        return before - self.entries

    def drop_oldest_user(self) -> int:
        return self.drop_user(next(iter(self.users)))

    def _remove(self, opinions: OrderedDict[str, _Opinion], image_id: str) -> None:
        opinion = opinions.pop(image_id)
        count = self.images[image_id]
        count.viewers -= 1
        count.value -= opinion.value
        if not count.viewers:
            del self.images[image_id]
        self.entries -= 1
        self.viewers -= 1
        self.value -= opinion.value


@dataclass(frozen=True)
class _Others:
    """The counts of a tenant without the opinions of one user."""

    images: Mapping[str, _Count]
    own: Mapping[str, _Opinion]
    mean: float
    """The tenant's mean opinion, shrunk towards 0."""

    @classmethod
    def of(cls, tenant: _Tenant, *, without: str) -> "_Others":
        own: Mapping[str, _Opinion] = tenant.users.get(without) or {}
        only_own = sum(tenant.images[image_id].viewers == 1 for image_id in own)
        viewers = tenant.viewers - len(own) + PRIOR_VIEWERS * (len(tenant.images) - only_own)
        value = tenant.value - sum(opinion.value for opinion in own.values())
        return cls(tenant.images, own, value / viewers if viewers else 0.0)

    def count(self, image_id: str) -> _Count:
        count, own = self.images.get(image_id), self.own.get(image_id)
        if count is None:
            return _Count()
        if own is None:
            return count
        return _Count(count.viewers - 1, count.value - own.value)

    def rate(self, image_id: str) -> float:
        return self.rate_of(self.count(image_id))

    def rate_of(self, count: _Count) -> float:
        return (count.value + PRIOR_VIEWERS * self.mean) / (count.viewers + PRIOR_VIEWERS)


class Popularity:
    """The opinions of recent users by tenant. Each user counts once for an image.

    The order of the events does not matter, and an event that is delivered twice counts once.
    """

    def __init__(self, *, max_entries: int = MAX_ENTRIES) -> None:
        self._max_entries = max_entries
        self._tenants: dict[str, _Tenant] = {}
        self._removed_images: dict[str, set[str]] = {}
        """Images by tenant whose opinions are dropped before the next use: many in one pass."""
        self._entries = 0

    def __len__(self) -> int:
        """Number of pairs of a user and an image."""
        return self._entries

    def add(self, event: Feedback, *, at: datetime | None = None) -> None:
        """Count one action; `at` replaces its time."""
        self._tenant(event.tenant)
        tenant = self._tenants.setdefault(event.tenant, _Tenant())
        before = tenant.entries
        tenant.set(event.user_id, event.image_id, _opinion(event, at or event.occurred_at))
        self._entries += tenant.entries - before
        if self._entries > self._max_entries:
            self._make_room()

    def rates(self, user: User, *, image_ids: Collection[str]) -> dict[str, float]:
        """How popular each image is with the other users of the tenant: the mean opinion, -1 to 1.

        Each rate is shrunk towards the tenant's mean with `PRIOR_VIEWERS` viewers, and that mean
        itself towards 0, so that more likes count more where an app sends no views. An image that
        nobody viewed has the tenant's mean. The user's own opinions do not count. Empty when no
        other user has viewed any of the images.
        """
        others = self._others(user)
        if others is None or not any(others.count(image_id).viewers for image_id in image_ids):
            return {}
        return {image_id: others.rate(image_id) for image_id in image_ids}

    def scores(self, user: User, *, image_ids: Collection[str]) -> dict[str, float]:
        """The popularity of each image as a score, 0-5, where `rates` are known; else empty."""
        rates = self.rates(user, image_ids=image_ids)
        others = self._others(user)
        if others is None:
            return {}
        return {name: popularity_score(rate, mean=others.mean) for name, rate in rates.items()}

    def most_popular(self, user: User, *, limit: int) -> list[str]:
        """At most `limit` images that other users of the tenant like more than its mean image.

        The best first. Which images these are may be a hundredth of the opinions old in a large
        tenant; their order and the exclusion of the user's own opinions are not.
        """
        tenant = self._tenant(user.tenant)
        if tenant is None:
            return []
        others = _Others.of(tenant, without=user.user_id)
        counts = {image_id: others.count(image_id) for image_id in tenant.most_popular()}
        rates = {
            image_id: others.rate_of(count) for image_id, count in counts.items() if count.value > 0
        }
        popular = [image_id for image_id, rate in rates.items() if rate > others.mean]
        return sorted(popular, key=lambda image_id: -rates[image_id])[:limit]

    def viewers(self, tenant: str, *, image_ids: Collection[str]) -> dict[str, int]:
        """Number of recent users who have viewed each image; without those that nobody has."""
        known = self._tenant(tenant)
        images = known.images if known else {}
        return {name: images[name].viewers for name in image_ids if name in images}

    def _others(self, user: User) -> "_Others | None":
        tenant = self._tenant(user.tenant)
        return _Others.of(tenant, without=user.user_id) if tenant else None

    def forget(self, user: User) -> int:
        """Remove all opinions of a user; returns how many there were."""
        tenant = self._tenant(user.tenant)
        if tenant is None:
            return 0
        number = tenant.drop_user(user.user_id)
        self._entries -= number
        if not tenant.users:
            del self._tenants[user.tenant]
        return number

    def forget_image(self, image: ImageKey) -> None:
        """Drop all opinions on an image that was removed from the catalog."""
        known = self._tenants.get(image.tenant)
        if known is not None and image.image_id in known.images:
            self._removed_images.setdefault(image.tenant, set()).add(image.image_id)

    def _tenant(self, name: str) -> _Tenant | None:
        """The opinions of a tenant, without those on removed images."""
        tenant = self._tenants.get(name)
        removed = self._removed_images.pop(name, None)
        if tenant is not None and removed:
            self._entries -= tenant.drop_images(removed)
            if not tenant.users:
                del self._tenants[name]
                return None
        return tenant

    def count(self, user: User) -> int:
        """Number of opinions of a user."""
        tenant = self._tenant(user.tenant)
        return len(tenant.users.get(user.user_id, ())) if tenant else 0

    def _make_room(self) -> None:
        # A twentieth at once, so that this is rare.
        while self._entries > self._max_entries * 0.95:
            name, largest = max(self._tenants.items(), key=lambda entry: entry[1].entries)
            self._entries -= largest.drop_oldest_user()
            if not largest.users:
                del self._tenants[name]


def _opinion(event: Feedback, at: datetime) -> _Opinion:
    value = EXPLICIT.get(event.type)
    if value is not None:
        return _Opinion(value, at)
    is_long = event.type == "dwell" and (event.dwell_ms or 0) >= LONG_DWELL_MS
    return _Opinion(INTEREST if event.type == "click" or is_long else 0.0, None)
