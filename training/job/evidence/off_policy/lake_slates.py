"""Choose logged slates that users looked at, and count looks, swaps and clicks by image."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np

from training.dataset.images import ImageKey
from training.dataset.split import is_held_out
from training.gate.off_policy.evidence import Looks, Swaps

MOST_IMAGES: Final = 40
"""Images of a slate, all of which must be scored; slates with more are left out."""
MOST_SLATES: Final = 240
"""Slates of held-out users: with 20 images and two models 9,600 scores, if the time allows them."""
MOST_OTHERS: Final = 80
"""Slates of training users, on which baselines without a model are compared."""
GROUPS: Final = 50
"""Groups of training users whose looks are left out one at a time, for the interval."""
REFERENCES: Final = 5
"""Of each side, as the prompt shows."""


@dataclass(frozen=True)
class LakeSlate:
    """One slate with its feedback; columns in the order shown."""

    tenant: str
    user: str
    request: str
    shown_at: int
    """Microseconds since the epoch."""
    images: tuple[str, ...]
    propensities: tuple[float, ...]
    explored: tuple[bool, ...]
    viewed: tuple[bool, ...]
    clicked: tuple[bool, ...]

    @property
    def owner(self) -> tuple[str, str]:
        return self.tenant, self.user

    def image_keys(self) -> list[ImageKey]:
        return [(self.tenant, image) for image in self.images]


@dataclass(frozen=True)
class UserReferences:
    """Images that a user had liked and disliked before the first chosen slate, newest first."""

    liked: tuple[str, ...]
    disliked: tuple[str, ...]


def read_slates(
    connection: duckdb.DuckDBPyConnection, *, held_out_share: float
) -> tuple[list[LakeSlate], list[LakeSlate]]:
    """Slates of held-out and of training users, after `join_feedback`; the latest of each first.

    Feeds without a view are left out: nobody saw them. So are feeds in which a rule of the shop
    has placed an image, and those of bots.
    """
    connection.execute(_SEEN_SLATES)
    connection.execute("CREATE TABLE training_users (tenant VARCHAR, user_id VARCHAR)")
    owners = connection.execute("SELECT DISTINCT tenant, user_id FROM seen_items").fetchall()
    training = [o for o in owners if not is_held_out(*o, share=held_out_share)]
    if training:
        connection.executemany("INSERT INTO training_users VALUES (?, ?)", training)
    known, slates = set(training), list[LakeSlate]()
    for tenant, user, request, at, *columns in connection.execute(
        _SLATES, [MOST_IMAGES]
    ).fetchall():
        slates.append(LakeSlate(tenant, user, request, at, *map(tuple, columns)))
    held_out = [slate for slate in slates if slate.owner not in known]
    others = [slate for slate in slates if slate.owner in known]
    return round_robin(held_out)[:MOST_SLATES], round_robin(others)[:MOST_OTHERS]


def round_robin(slates: Iterable[LakeSlate]) -> list[LakeSlate]:
    """The latest slate of each user, then the one before; users by the hash of their id."""
    by_user: dict[tuple[str, str], list[LakeSlate]] = defaultdict(list)
    for slate in slates:
        by_user[slate.owner].append(slate)
    users = sorted(by_user, key=lambda user: hashlib.sha256("\x1f".join(user).encode()).digest())
    rounds = max(map(len, by_user.values()), default=0)
    return [by_user[u][n] for n in range(rounds) for u in users if n < len(by_user[u])]


def count_looks(connection: duckdb.DuckDBPyConnection) -> Looks | None:
    """How often slates of training users reached each rank; None without any."""
    rows = connection.execute(_LOOKS).fetchall()
    if not rows:
        return None
    counts = np.zeros((2, GROUPS, max(row[2] for row in rows)))
    for tenant, user, rank, shown, viewed in rows:
        digest = hashlib.sha256(f"{tenant}\x1f{user}".encode()).digest()
        counts[:, int.from_bytes(digest[-4:], "big") % GROUPS, rank - 1] += (shown, viewed)
    filled = counts[0].sum(axis=1) > 0
    return Looks(counts[0, filled], counts[1, filled])


def count_swaps(connection: duckdb.DuckDBPyConnection) -> Swaps:
    """Clicks on neighbors in random order that were both looked at, of each user."""
    rows = connection.execute(_SWAPS).fetchall()
    counts = np.array(rows, np.float64).reshape(-1, 2)
    return Swaps(counts[:, 0], counts[:, 1])


def popularity(
    connection: duckdb.DuckDBPyConnection, slates: Sequence[LakeSlate]
) -> list[list[float]]:
    """Clicks a view of each image by training users other than the slate's, shrunk to the mean."""
    total: dict[ImageKey, tuple[float, float]] = {}
    own: dict[tuple[str, str, str], tuple[float, float]] = {}
    for tenant, user, image, clicks, views in connection.execute(_POPULAR).fetchall():
        before = total.get((tenant, image), (0.0, 0.0))
        total[tenant, image] = (before[0] + clicks, before[1] + views)
        own[tenant, user, image] = (float(clicks), float(views))
    views = sum(v for _, v in total.values())
    mean = sum(c for c, _ in total.values()) / views if views else 0.0

    def rate(slate: LakeSlate, image: str) -> float:
        clicks, seen = total.get((slate.tenant, image), (0.0, 0.0))
        own_clicks, own_seen = own.get((slate.tenant, slate.user, image), (0.0, 0.0))
        return (clicks - own_clicks + 2 * mean) / (seen - own_seen + 2)

    return [[rate(slate, image) for image in slate.images] for slate in slates]


def references(
    connection: duckdb.DuckDBPyConnection, slates: Sequence[LakeSlate]
) -> dict[tuple[str, str], UserReferences]:
    """Each user's references before the first of the slates, without the images of any of them."""
    first: dict[tuple[str, str], int] = {}
    shown: dict[tuple[str, str], set[str]] = defaultdict(set)
    for slate in slates:
        first[slate.owner] = min(slate.shown_at, first.get(slate.owner, slate.shown_at))
        shown[slate.owner] |= set(slate.images)
    sides: dict[tuple[str, str], tuple[list[str], list[str]]] = {o: ([], []) for o in first}
    for tenant, user, image, liked, at in connection.execute(_REFERENCES).fetchall():
        owner = (tenant, user)
        if owner in first and at < first[owner] and image not in shown[owner]:
            sides[owner][0 if liked else 1].append(image)
    return {
        owner: UserReferences(*(tuple(dict.fromkeys(side))[:REFERENCES] for side in both))
        for owner, both in sides.items()
    }


_SEEN_SLATES = """
CREATE TABLE seen_items AS
WITH acts AS (
    SELECT tenant, user_id, request_id, image_id,
        bool_or(type = 'view') AS viewed, bool_or(type IN ('click', 'like')) AS clicked
    FROM feedback WHERE use = 'used' GROUP BY ALL),
usable AS (
    SELECT tenant, user_id, request_id FROM slates s
    WHERE status = 'ok' AND NOT is_reused
      AND EXISTS (FROM acts a WHERE a.tenant = s.tenant AND a.user_id = s.user_id
          AND a.request_id = s.request_id AND a.viewed)
      AND NOT EXISTS (FROM items i WHERE i.tenant = s.tenant AND i.user_id = s.user_id
          AND i.request_id = s.request_id AND (i.is_placed OR i.propensity IS NULL)))
SELECT i.tenant, i.user_id, i.request_id, i.shown_at, i.image_id, i.rank, i.propensity,
    coalesce(i.explored, FALSE) AS explored, i.pair,
    coalesce(a.viewed, FALSE) AS viewed, coalesce(a.viewed AND a.clicked, FALSE) AS clicked
FROM items i JOIN usable USING (tenant, user_id, request_id)
LEFT JOIN acts a USING (tenant, user_id, request_id, image_id)
"""
_SLATES = """
SELECT tenant, user_id, request_id, shown_at, list(image_id ORDER BY rank),
    list(propensity ORDER BY rank), list(explored ORDER BY rank), list(viewed ORDER BY rank),
    list(clicked ORDER BY rank)
FROM seen_items GROUP BY ALL
HAVING count(*) BETWEEN 2 AND ? AND max(rank) = count(*) AND count(DISTINCT image_id) = count(*)
ORDER BY shown_at DESC, request_id
"""
_LOOKS = """
SELECT tenant, user_id, rank, count(*), count(*) FILTER (viewed)
FROM seen_items JOIN training_users USING (tenant, user_id) GROUP BY ALL
"""
_SWAPS = """
WITH pairs AS (
    SELECT tenant, user_id,
        arg_min(clicked, rank)::INT AS upper, arg_max(clicked, rank)::INT AS lower
    FROM seen_items WHERE pair IS NOT NULL
    GROUP BY tenant, user_id, request_id, pair HAVING count(*) = 2 AND bool_and(viewed))
SELECT sum(upper), sum(lower) FROM pairs GROUP BY tenant, user_id ORDER BY tenant, user_id
"""
_POPULAR = """
SELECT tenant, user_id, image_id, count(*) FILTER (clicked), count(*) FILTER (viewed)
FROM seen_items JOIN training_users USING (tenant, user_id) GROUP BY ALL
"""
_REFERENCES = """
SELECT tenant, user_id, image_id, type IN ('reference_like', 'like', 'click') AS liked, written_at
FROM feedback
WHERE use IN ('used', 'stated_reference', 'names_no_slate')
  AND type IN ('reference_like', 'reference_dislike', 'like', 'dislike', 'hide', 'click')
ORDER BY type LIKE 'reference%' DESC, type <> 'click' DESC, written_at DESC, image_id
"""
