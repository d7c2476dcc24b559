"""Select the lists that can be measured, with what was known before each of them."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from training.simulate.backtest.history import History, Opinion, Ranking, User

REFERENCES_PER_SIDE: Final = 20
"""As the profile service predicts (`predicted_per_side`): the latest first."""
BACKGROUND: Final = 16
"""Images that the user saw earlier and did not choose: what a like is compared with."""
MOST_IMAGES: Final = 50
"""Longer lists are measured by their first images, which users see."""


NO_CLICK: Final = "no click"
ONLY_CLICKS: Final = "every image was clicked"
OF_VALUE_ONLY: Final = frozenset({NO_CLICK, ONLY_CLICKS})
"""Such lists do not show which order is better, but they count in a click rate."""


@dataclass(frozen=True)
class Known:
    """What the services would have known of a user at one moment: image ids, the latest first."""

    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    """Shown earlier and not chosen."""

    @property
    def image_ids(self) -> tuple[str, ...]:
        return (*self.liked, *self.disliked, *self.passed)


@dataclass(frozen=True)
class Case:
    """One list to rank again."""

    ranking: Ranking
    known: Known
    other: Known | None
    """What was known of another user of the tenant at that time, for the control `other_user`."""
    popularity: Mapping[str, int]
    """Earlier clicks of other users on each image of the list."""
    is_of_value: bool = True
    """Whether the list belongs to the sample from which click rates are estimated."""


@dataclass(frozen=True)
class Cases:
    """The lists to measure, and why others are left out."""

    cases: tuple[Case, ...]
    left_out: Mapping[str, int]


def select_cases(history: History, *, most: int, seed: int) -> Cases:
    """At most `most` lists with a click, of users with an earlier like; drawn at random by id.

    At most as many lists without a click, in which chance made choices, are drawn in the same way:
    a click rate of lists with clicks alone would be too high. `is_of_value` marks the lists that
    were drawn with the same probability whether they have a click or not.
    """
    left_out: Counter[str] = Counter()
    usable, of_value_only = list[Ranking](), list[Ranking]()
    for ranking in history.rankings:
        problem = _problem(ranking)
        is_of_value = problem in OF_VALUE_ONLY and ranking.has_chance
        if (problem is None or is_of_value) and not _liked_before(
            history, ranking.user, ranking.at
        ):
            problem = "no earlier click of this user"
        elif is_of_value:
            of_value_only.append(ranking)
            continue
        if problem is None:
            usable.append(ranking)
        else:
            left_out[problem] += 1

    def drawn(ranking: Ranking) -> bytes:
        return _hash(seed, *ranking.user, ranking.request_id)

    chosen = sorted(usable, key=drawn)[:most]
    if len(chosen) < len(usable):
        left_out["beyond --rankings"] = len(usable) - len(chosen)
        last = drawn(chosen[-1])
        of_value_only = [ranking for ranking in of_value_only if drawn(ranking) <= last]
    without = sorted(of_value_only, key=drawn)[:most]
    limit = drawn(without[-1]) if len(without) < len(of_value_only) else None
    chosen += without
    popularity = _Popularity(history)
    shown = _shown_by_user(history)
    cases = []
    for ranking in sorted(chosen, key=lambda r: (r.at, r.user, r.request_id)):
        other = _other_user(history, ranking, seed=seed)
        cases.append(
            Case(
                ranking,
                _known(history, shown, ranking.user, ranking),
                _known(history, shown, other, ranking) if other is not None else None,
                popularity.before(ranking),
                is_of_value=limit is None or drawn(ranking) <= limit,
            )
        )
    return Cases(tuple(cases), dict(left_out))


def _problem(ranking: Ranking) -> str | None:
    ids = ranking.image_ids[:MOST_IMAGES]
    clicked = ranking.clicked & set(ids)
    if len(ids) < 2:
        return "fewer than two images with positions"
    if not clicked:
        return NO_CLICK
    return ONLY_CLICKS if len(clicked) == len(ids) else None


def _liked_before(history: History, user: User, at: datetime) -> bool:
    opinions = history.opinions.get(user, ())
    return any(o.side == "liked" for o in opinions if o.at < at)


def _known(
    history: History, shown: Mapping[User, Sequence[Ranking]], user: User, ranking: Ranking
) -> Known:
    """What was known before the list was shown; the images of the list itself are left out."""
    in_list = set(ranking.image_ids)
    latest: dict[str, Opinion] = {}
    for opinion in history.opinions.get(user, ()):
        if opinion.at < ranking.at and opinion.image_id not in in_list:
            latest.pop(opinion.image_id, None)
            latest[opinion.image_id] = opinion
    newest = list(reversed(latest.values()))
    passed = (
        image_id
        for earlier in reversed(shown.get(user, ()))
        if earlier.at < ranking.at
        for image_id in earlier.image_ids
        if image_id not in latest and image_id not in in_list
    )
    return Known(
        tuple(o.image_id for o in newest if o.side == "liked")[:REFERENCES_PER_SIDE],
        tuple(o.image_id for o in newest if o.side == "disliked")[:REFERENCES_PER_SIDE],
        tuple(dict.fromkeys(passed))[:BACKGROUND],
    )


def _shown_by_user(history: History) -> dict[User, list[Ranking]]:
    shown: dict[User, list[Ranking]] = {}
    for ranking in history.rankings:
        shown.setdefault(ranking.user, []).append(ranking)
    return shown


def _other_user(history: History, ranking: Ranking, *, seed: int) -> User | None:
    """A user of the same tenant who also had a like before that moment."""
    others = [
        user
        for user in history.opinions
        if user != ranking.user
        and user[0] == ranking.user[0]
        and _liked_before(history, user, ranking.at)
    ]
    return min(others, key=lambda user: _hash(seed, ranking.request_id, *user), default=None)


class _Popularity:
    """Clicks of each image by time."""

    def __init__(self, history: History) -> None:
        self._clicks: dict[tuple[str, str], list[tuple[datetime, User]]] = {}
        for at, image_id, user in history.clicks:
            self._clicks.setdefault((user[0], image_id), []).append((at, user))

    def before(self, ranking: Ranking) -> dict[str, int]:
        tenant = ranking.user[0]
        counts = {}
        for image_id in ranking.image_ids:
            clicks = self._clicks.get((tenant, image_id), [])
            earlier = clicks[: bisect_left(clicks, (ranking.at,))]
            counts[image_id] = len({user for _, user in earlier} - {ranking.user})
        return counts


def _hash(seed: int, *parts: str) -> bytes:
    text = "\x1f".join((str(seed), *parts)).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=8).digest()
