"""Join slates with what was done on them: which images were viewed, and how well each was liked.

Built anew from the whole window each time, so a click that comes days after its slate finds it.
"""

import duckdb

from training.dataset.settings import DatasetSettings

ITEM = (
    '[{"image_id": "VARCHAR", "rank": "INTEGER", "score": "DOUBLE", "propensity": "DOUBLE",'
    ' "explored": "BOOLEAN", "elements": {"art_style": {"score": "DOUBLE"},'
    ' "color": {"score": "DOUBLE"}, "medium": {"score": "DOUBLE"},'
    ' "saturation": {"score": "DOUBLE"}, "detail": {"score": "DOUBLE"}}}]'
)


def join(connection: duckdb.DuckDBPyConnection, settings: DatasetSettings) -> None:
    """Tables `slates`, `items`, `feedback` (each event once, with what it is good for), `outcomes`.

    `items.pair` numbers the FairPairs pairs of a slate: its explored places, two by two.
    """
    connection.execute(_SLATES)
    connection.execute(_ITEMS, [ITEM])
    connection.execute(_FEEDBACK)
    connection.execute(_MACHINES, [
        settings.actions_per_day, settings.click_rate_views, settings.click_rate
    ])  # fmt: skip
    connection.execute(_USE)
    connection.execute(_OUTCOMES, [settings.bounce_ms, settings.long_dwell_ms])


_SLATES = """
CREATE TABLE slates AS
SELECT tenant, user_id, request_id, model_version, profile_version, status,
       written_at AS shown_at, event
FROM lake_feeds
WHERE refused IS NULL
-- Redelivered requests: the first feed is the one that was shown.
QUALIFY row_number() OVER (
    PARTITION BY tenant, user_id, request_id
    ORDER BY written_at, kafka_partition, kafka_offset) = 1
"""

_ITEMS = """
CREATE TABLE items AS
WITH told AS (
    SELECT tenant, user_id, request_id, shown_at,
           unnest(from_json(event->'items', ?)) AS item
    FROM slates)
SELECT tenant, user_id, request_id, shown_at, item.image_id, item.rank, item.score,
       item.propensity, item.explored, item.elements,
       CASE WHEN item.explored THEN (item.rank - min(item.rank) FILTER (item.explored) OVER (
           PARTITION BY tenant, user_id, request_id)) // 2 END AS pair
FROM told
"""

_FEEDBACK = """
CREATE TABLE heard AS
SELECT * FROM lake_feedback
WHERE refused IS NULL
-- By user too: nobody can silence another's event by reusing its id.
QUALIFY row_number() OVER (
    PARTITION BY tenant, user_id, event_id
    ORDER BY written_at, kafka_partition, kafka_offset) = 1
"""

_MACHINES = """
CREATE TABLE machines AS
SELECT tenant, user_id, 'too_many_actions_a_day' AS why
FROM heard
WHERE type NOT IN ('view', 'reference_like', 'reference_dislike')
GROUP BY tenant, user_id, written_at // 86400000000
HAVING count(*) > ?
UNION
SELECT tenant, user_id, 'clicks_on_everything'
FROM (SELECT DISTINCT tenant, user_id, request_id, image_id, type FROM heard)
GROUP BY tenant, user_id
HAVING count(*) FILTER (type = 'view') >= ?
   AND count(*) FILTER (type IN ('click', 'like')) > ? * count(*) FILTER (type = 'view')
"""

_USE = """
CREATE TABLE feedback AS
WITH viewing AS (
    SELECT DISTINCT tenant, user_id, request_id FROM heard WHERE type = 'view'),
views AS (
    SELECT DISTINCT tenant, user_id, request_id, image_id FROM heard WHERE type = 'view'),
owners AS (
    SELECT tenant, request_id, min(user_id) AS owner FROM slates GROUP BY ALL)
SELECT h.*,
    CASE
        WHEN EXISTS (FROM machines m WHERE m.tenant = h.tenant AND m.user_id = h.user_id)
            THEN 'of_a_machine'
        WHEN h.type IN ('reference_like', 'reference_dislike') THEN 'stated_reference'
        WHEN h.request_id IS NULL THEN 'names_no_slate'
        WHEN s.request_id IS NULL AND o.owner IS NOT NULL THEN 'on_a_slate_of_another_user'
        WHEN s.request_id IS NULL THEN 'on_an_unknown_slate'
        WHEN i.image_id IS NULL THEN 'on_an_image_not_in_the_slate'
        -- Where an app tells of views at all, what was not viewed cannot have been clicked.
        WHEN v.request_id IS NOT NULL AND w.image_id IS NULL THEN 'on_an_image_not_viewed'
        ELSE 'used'
    END AS use
FROM heard h
LEFT JOIN slates s USING (tenant, user_id, request_id)
LEFT JOIN owners o ON o.tenant = h.tenant AND o.request_id = h.request_id
LEFT JOIN (SELECT DISTINCT tenant, user_id, request_id, image_id FROM items) i
    USING (tenant, user_id, request_id, image_id)
LEFT JOIN viewing v USING (tenant, user_id, request_id)
LEFT JOIN views w USING (tenant, user_id, request_id, image_id)
"""

_OUTCOMES = """
CREATE TABLE outcomes AS
WITH acts AS (
    SELECT tenant, user_id, request_id, image_id,
        arg_max(type, (written_at, kafka_offset)) FILTER (
            type IN ('like', 'dislike', 'hide')) AS said,
        bool_or(type = 'click') AS clicked,
        max(dwell_ms) FILTER (type = 'dwell') AS dwell_ms
    FROM feedback
    WHERE use = 'used'
    GROUP BY ALL)
SELECT i.*, a.clicked,
    -- What a person says outweighs what they do, and the last word counts.
    CASE
        WHEN a.said = 'like' THEN 1.0
        WHEN a.said = 'dislike' THEN -1.0
        WHEN a.said = 'hide' THEN -0.8
        WHEN a.clicked AND coalesce(a.dwell_ms >= $1, TRUE) AND a.dwell_ms >= $2 THEN 0.8
        WHEN a.clicked AND coalesce(a.dwell_ms >= $1, TRUE) THEN 0.6
        WHEN a.dwell_ms >= $2 THEN 0.5
        ELSE 0.0
    END AS strength
FROM items i
JOIN acts a USING (tenant, user_id, request_id, image_id)
"""
