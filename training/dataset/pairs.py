"""Pair viewed images of one slate, one preferred to the other, and weight the pairs.

A FairPairs pair was ordered by a fair coin (Radlinski and Joachims 2006), so its click is unbiased
and has full weight. In any other pair the order is (nearly) the model's, and a click may depend on
the position as much as on the image: its weight is the inverse propensity, clipped and
self-normalized, times a lower factor. A pair with an image that a rule of the shop has pinned or
boosted is used only if it is fair: its order is the shop's, and the clicks that it brings with it.
"""

import duckdb

from training.dataset.settings import DatasetSettings

MIN_DIFFERENCE = 0.2
"""Two images whose feedback differs less in strength (a dislike and a hide, a click and a long
dwell) make no pair."""


def make_pairs(connection: duckdb.DuckDBPyConnection, settings: DatasetSettings) -> dict[str, int]:
    """Create table `pairs`, capped; return how many pairs each cap excluded."""
    connection.execute(_RAW, {"least": MIN_DIFFERENCE, "clip": settings.clip})
    excluded = {"placed_by_rule": _drop_placed(connection)}
    excluded["repeated"] = _keep(connection, _LATEST)
    excluded["slate_cap"] = _keep(connection, f"{_PLACE_IN_SLATE} <= {settings.pairs_per_slate}")
    excluded["user_cap"] = _keep(connection, f"{_PLACE_OF_USER} <= {settings.pairs_per_user}")
    (count,) = connection.execute("SELECT count(*) FROM pairs").fetchone() or (0,)
    most = max(int(settings.pairs_per_image * count), settings.min_pairs_per_image)
    excluded["image_cap"] = _keep(connection, f"{_PLACE_OF_IMAGE} <= {most}")
    return excluded


def add_weights(connection: duckdb.DuckDBPyConnection, settings: DatasetSettings) -> None:
    """Add column `weight`: reliability of the kind, strength, inverse propensity; 1 on average."""
    connection.execute("ALTER TABLE pairs ADD COLUMN weight DOUBLE")
    connection.execute(
        """
        UPDATE pairs SET weight = weighted.weight FROM (
            SELECT pair_id,
                CASE WHEN kind = 'fair' THEN 1.0
                     ELSE ? * inverse / avg(inverse) OVER (PARTITION BY kind) END
                * strength AS weight
            FROM pairs) weighted
        WHERE weighted.pair_id = pairs.pair_id
        """,
        [settings.biased_weight],
    )
    connection.execute("UPDATE pairs SET weight = weight / (SELECT avg(weight) FROM pairs)")


_RAW = """
CREATE TABLE pairs AS
SELECT
    md5(concat_ws(chr(31), w.tenant, w.user_id, w.request_id, w.image_id, l.image_id)) AS pair_id,
    w.tenant, w.user_id, w.request_id, w.shown_at,
    w.image_id AS better, l.image_id AS worse, w.rank AS better_rank, l.rank AS worse_rank,
    CASE WHEN w.pair = l.pair THEN 'fair' ELSE 'biased' END AS kind,
    least(w.strength - l.strength, 1.0) AS strength,
    least(1 / (w.propensity * l.propensity), $clip) AS inverse,
    w.is_placed OR l.is_placed AS is_placed
FROM outcomes w
JOIN outcomes l USING (tenant, user_id, request_id)
WHERE w.strength - l.strength >= $least AND w.image_id <> l.image_id
"""
_BEST_FIRST = "kind = 'fair' DESC, strength DESC, pair_id"
_LATEST = """row_number() OVER (
    PARTITION BY tenant, user_id, least(better, worse), greatest(better, worse)
    ORDER BY shown_at DESC, pair_id) = 1"""
"""Of the same two images of a user the latest pair counts, also against an earlier one."""
_PLACE_IN_SLATE = f"""row_number() OVER (
    PARTITION BY tenant, user_id, request_id ORDER BY {_BEST_FIRST})"""
_PLACE_OF_USER = f"row_number() OVER (PARTITION BY tenant, user_id ORDER BY {_BEST_FIRST})"
_PLACE_OF_IMAGE = f"row_number() OVER (PARTITION BY tenant, better ORDER BY {_BEST_FIRST})"


def _drop_placed(connection: duckdb.DuckDBPyConnection) -> int:
    """Delete pairs whose order a rule of the shop has made; return how many."""
    (count,) = connection.execute(
        "DELETE FROM pairs WHERE is_placed AND kind <> 'fair'"
    ).fetchone() or (0,)
    connection.execute("ALTER TABLE pairs DROP COLUMN is_placed")
    return int(count)


def _keep(connection: duckdb.DuckDBPyConnection, condition: str) -> int:
    """Keep the pairs for which a condition holds; return how many were removed."""
    (before,) = connection.execute("SELECT count(*) FROM pairs").fetchone() or (0,)
    connection.execute(f"CREATE OR REPLACE TABLE pairs AS SELECT * FROM pairs QUALIFY {condition}")
    (after,) = connection.execute("SELECT count(*) FROM pairs").fetchone() or (0,)
    return int(before - after)
