"""Collect ranked lists, clicks and addresses from a stream of events, for a sample of users."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Final, Literal

from shared.events.interchange.values import Imported, ShownList
from shared.events.types.catalog import CatalogImage
from shared.events.types.feedback import Action, Feedback

Side = Literal["liked", "disliked"]
SIDES: Final[Mapping[Action, Side]] = {
    "click": "liked", "like": "liked", "reference_like": "liked",
    "dislike": "disliked", "hide": "disliked", "reference_dislike": "disliked",
}  # fmt: skip
"""Feedback that the services take as a reference; a dwell has a length that they judge first."""
CLICKS: Final[frozenset[Action]] = frozenset({"click", "like"})
"""What counts as a success of a list."""
User = tuple[str, str]
"""Tenant and user id."""


@dataclass(frozen=True)
class Opinion:
    """Feedback of a user on an image, as a reference."""

    at: datetime
    image_id: str
    side: Side


@dataclass(frozen=True)
class Ranking:
    """One list as it was shown, and what was clicked in it."""

    user: User
    request_id: str
    at: datetime
    image_ids: tuple[str, ...]
    """Best first."""
    clicked: frozenset[str]
    propensities: tuple[float, ...] = ()
    explored: tuple[bool, ...] = ()

    @property
    def has_chance(self) -> bool:
        """Whether chance made choices in it with known probabilities."""
        return any(self.explored) or any(propensity < 1 for propensity in self.propensities)


@dataclass
class _Shown:
    """What is known about one list while events arrive, in any order."""

    at: datetime | None = None
    listed: ShownList | None = None
    viewed: dict[str, int] = field(default_factory=dict)
    """Positions of views."""
    clicked: set[str] = field(default_factory=set)


@dataclass
class _UserData:
    lists: dict[str, _Shown] = field(default_factory=lambda: defaultdict(_Shown))
    opinions: list[Opinion] = field(default_factory=list)


@dataclass(frozen=True)
class History:
    """The lists, opinions and addresses of the sampled users."""

    rankings: tuple[Ranking, ...]
    """In the order of their times."""
    opinions: Mapping[User, tuple[Opinion, ...]]
    """In the order of their times."""
    clicks: tuple[tuple[datetime, str, User], ...]
    """Every click of the sampled users by time, for the popularity of an image."""
    addresses: Mapping[tuple[str, str], str]
    """By tenant and image id."""
    all_users: int
    """Users of the history before sampling."""


class HistoryBuilder:
    """Takes events in any order; keeps at most `users` users, a random sample by their ids.

    The sample is that of the smallest hashes, so one pass with bounded memory draws it, and the
    same history gives the same users. Addresses are kept of all images.
    """

    def __init__(self, *, users: int, seed: int) -> None:
        self._most = users
        self._seed = seed
        self._data: dict[User, _UserData] = {}
        self._order: list[tuple[int, User]] = []
        """A heap of the kept users, the largest hash first."""
        self._hashes: set[int] = set()
        self._addresses: dict[tuple[str, str], str] = {}

    def add_all(self, events: Iterable[Imported]) -> None:
        for event in events:
            self.add(event)

    def add(self, event: Imported) -> None:
        match event:
            case CatalogImage():
                self.add_address(event.tenant, event.image_id, event.uri)
            case ShownList():
                data = self._of((event.tenant, event.user_id))
                if data is not None:
                    shown = data.lists[event.request_id]
                    shown.listed = shown.listed or event
                    shown.at = _earlier(shown.at, event.occurred_at)
            case Feedback():
                if event.uri is not None:
                    self._addresses.setdefault((event.tenant, event.image_id), event.uri)
                data = self._of((event.tenant, event.user_id))
                if data is not None:
                    _add_feedback(data, event)

    def add_address(self, tenant: str, image_id: str, uri: str) -> None:
        self._addresses[tenant, image_id] = uri

    def _of(self, user: User) -> _UserData | None:
        """The data of a user who is in the sample, or None."""
        text = "\x1f".join((str(self._seed), *user)).encode("utf-8", "surrogatepass")
        number = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
        self._hashes.add(number)
        if user in self._data:
            return self._data[user]
        if len(self._data) >= self._most:
            if number > -self._order[0][0]:
                return None
            _, last = heapq.heapreplace(self._order, (-number, user))
            del self._data[last]
        else:
            heapq.heappush(self._order, (-number, user))
        self._data[user] = _UserData()
        return self._data[user]

    def build(self) -> History:
        rankings = [
            ranking
            for user, data in self._data.items()
            for request_id, shown in data.lists.items()
            if (ranking := _ranking(user, request_id, shown)) is not None
        ]
        clicks = [
            (opinion.at, opinion.image_id, user)
            for user, data in self._data.items()
            for opinion in data.opinions
            if opinion.side == "liked"
        ]
        return History(
            tuple(sorted(rankings, key=lambda r: (r.at, r.user, r.request_id))),
            {
                user: tuple(sorted(data.opinions, key=lambda o: (o.at, o.image_id)))
                for user, data in self._data.items()
            },
            tuple(sorted(clicks)),
            self._addresses,
            len(self._hashes),
        )


def _add_feedback(data: _UserData, event: Feedback) -> None:
    side = SIDES.get(event.type)
    if side is not None:
        data.opinions.append(Opinion(event.occurred_at, event.image_id, side))
    if event.request_id is None:
        return
    shown = data.lists[event.request_id]
    if event.type == "view":
        shown.at = _earlier(shown.at, event.occurred_at)
        if event.position is not None:
            shown.viewed.setdefault(event.image_id, event.position)
    elif event.type in CLICKS:
        shown.clicked.add(event.image_id)


def _ranking(user: User, request_id: str, shown: _Shown) -> Ranking | None:
    """The list of a request: as it was logged, else the views in the order of their positions."""
    if shown.at is None:
        return None
    if shown.listed is not None:
        ids = shown.listed.image_ids
        propensities, explored = shown.listed.propensities, shown.listed.explored
    else:
        ids = tuple(sorted(shown.viewed, key=lambda image_id: (shown.viewed[image_id], image_id)))
        propensities, explored = (), ()
    clicked = frozenset(shown.clicked & set(ids))
    return Ranking(user, request_id, shown.at, ids, clicked, propensities, explored)


def _earlier(first: datetime | None, second: datetime) -> datetime:
    return second if first is None else min(first, second)
