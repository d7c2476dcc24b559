"""Read pairs of a clicked and a viewed image of one feed, with the differences of their scores."""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from training.dataset.settings import DatasetSettings
from training.dataset.slates import join_feedback

_ITEMS = """
WITH served AS (
    SELECT tenant, user_id, request_id,
           event->'ranking_weights' AS weights,
           unnest(from_json(event->'items', '[{
               "image_id": "VARCHAR", "subject": "DOUBLE", "elements": {
                   "art_style": {"score": "DOUBLE"}, "color": {"score": "DOUBLE"},
                   "medium": {"score": "DOUBLE"}, "saturation": {"score": "DOUBLE"},
                   "detail": {"score": "DOUBLE"}}}]')) AS item
    FROM slates
    WHERE NOT is_reused AND (event->'ranking_weights') IS NOT NULL),
views AS (
    SELECT DISTINCT tenant, user_id, request_id, image_id
    FROM feedback WHERE use = 'used' AND type = 'view'),
scored AS (
    SELECT s.tenant, s.user_id, s.request_id, i.rank,
           [(s.weights->>'art_style')::DOUBLE * s.item.elements.art_style.score,
            (s.weights->>'color')::DOUBLE * s.item.elements.color.score,
            (s.weights->>'medium')::DOUBLE * s.item.elements.medium.score,
            (s.weights->>'saturation')::DOUBLE * s.item.elements.saturation.score,
            (s.weights->>'detail')::DOUBLE * s.item.elements.detail.score,
            (s.weights->>'subject')::DOUBLE * s.item.subject] AS scores,
           coalesce(o.strength, 0.0) AS strength,
           v.image_id IS NOT NULL AS is_viewed
    FROM served s
    JOIN items i ON i.tenant = s.tenant AND i.user_id = s.user_id
        AND i.request_id = s.request_id AND i.image_id = s.item.image_id
    LEFT JOIN outcomes o ON o.tenant = s.tenant AND o.user_id = s.user_id
        AND o.request_id = s.request_id AND o.image_id = s.item.image_id
    LEFT JOIN views v ON v.tenant = s.tenant AND v.user_id = s.user_id
        AND v.request_id = s.request_id AND v.image_id = s.item.image_id
    -- A pinned or boosted image has its rank from the shop, not from the scores.
    WHERE NOT i.is_placed AND s.item.elements IS NOT NULL AND s.item.subject IS NOT NULL)
SELECT hash(a.tenant || chr(31) || a.user_id) AS user_number, a.scores, b.scores, a.rank, b.rank
FROM scored a JOIN scored b USING (tenant, user_id, request_id)
WHERE a.strength > 0 AND b.strength <= 0 AND b.is_viewed
-- One long session must not dominate: the same pairs are kept in every run.
QUALIFY row_number() OVER (
    PARTITION BY a.tenant, a.user_id, a.request_id
    ORDER BY hash(a.request_id || '/' || a.rank::VARCHAR || '/' || b.rank::VARCHAR)) <= 20
ORDER BY a.tenant, a.user_id, a.request_id, a.rank, b.rank
"""


@dataclass(frozen=True)
class ClickPairs:
    """Pairs of images of one feed: the first was clicked or liked, the second only viewed."""

    user: NDArray[np.uint64]
    """Number of the user, (pairs,)."""
    differences: NDArray[np.float64]
    """Of the six scores, each times the user's share: first minus second, (pairs, 6)."""
    position: NDArray[np.float64]
    """Difference of the discounts of both ranks, 1 / log2(1 + rank), (pairs,)."""

    def __len__(self) -> int:
        return len(self.user)

    def select(self, mask: NDArray[np.bool_]) -> "ClickPairs":
        return ClickPairs(self.user[mask], self.differences[mask], self.position[mask])


def read_click_pairs(
    connection: duckdb.DuckDBPyConnection, settings: DatasetSettings | None = None
) -> ClickPairs:
    """The pairs of a lake that `open_lake` has read; bots and reused request ids are left out."""
    join_feedback(connection, settings or DatasetSettings())
    return click_pairs(connection.execute(_ITEMS).fetchall())


def click_pairs(rows: list[Any]) -> ClickPairs:
    """Rows of user number, scores of both images, and ranks of both images."""
    if not rows:
        return ClickPairs(np.zeros(0, np.uint64), np.zeros((0, 6)), np.zeros(0))
    user, first, second, first_rank, second_rank = zip(*rows, strict=True)
    discounts = [1 / np.log2(1 + np.array(ranks)) for ranks in (first_rank, second_rank)]
    return ClickPairs(
        np.array(user, np.uint64),
        np.array(first, np.float64) - np.array(second, np.float64),
        discounts[0] - discounts[1],
    )
