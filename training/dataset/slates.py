"""Join slates with their feedback: which images were viewed, and how strongly each was liked.

Each build reads the whole window, so that a click that comes days after its slate is joined too.
"""

import duckdb

from training.dataset.settings import DatasetSettings

ITEM = (
    '[{"image_id": "VARCHAR", "rank": "INTEGER", "score": "DOUBLE", "propensity": "DOUBLE",'
    ' "explored": "BOOLEAN", "source": "VARCHAR", "retrieval_propensity": "DOUBLE",'
    ' "uri": "VARCHAR", "rules": [{"kind": "VARCHAR"}],'
    ' "elements": {"art_style": {"score": "DOUBLE"}, "color": {"score": "DOUBLE"},'
    ' "medium": {"score": "DOUBLE"}, "saturation": {"score": "DOUBLE"},'
    ' "detail": {"score": "DOUBLE"}}}]'
)


def join_feedback(connection: duckdb.DuckDBPyConnection, settings: DatasetSettings) -> None:
    """Create tables `slates`, `items`, `feedback` (each event once, with its use) and `outcomes`.

    `items.pair` numbers the FairPairs pairs of a slate: its explored positions, two by two.
    `items.retrieval_propensity` is the probability with which chance drew the image from the
    catalog, for estimates over the whole catalog; the images of one slate are compared without it.
    `items.is_placed` marks images that a rule of the shop has pinned or boosted.
    """
    connection.execute(_SLATES)
    connection.execute(_ITEMS, [ITEM])
    connection.execute(_FEEDBACK)
    connection.execute(_BOTS, [
        settings.actions_per_day, settings.click_rate_views, settings.click_rate
    ])  # fmt: skip
    connection.execute(_USE)
    connection.execute(_OUTCOMES, [settings.bounce_ms, settings.long_dwell_ms])


_SLATES = """
CREATE TABLE slates AS
SELECT tenant, user_id, request_id, model_version, profile_version, status,
       written_at AS shown_at, event,
       -- One user sent this id for several requests: feedback could be about any of their feeds.
       coalesce(min(event->>'request_hash') OVER own <> max(event->>'request_hash') OVER own, FALSE)
           AS is_reused
FROM lake_feeds
WHERE refused IS NULL
WINDOW own AS (PARTITION BY tenant, user_id, request_id)
-- Redelivered requests: the first feed is the one that was shown.
QUALIFY row_number() OVER (
    PARTITION BY tenant, user_id, request_id
    ORDER BY written_at, kafka_partition, kafka_offset) = 1
"""

_ITEMS = """
CREATE TABLE items AS
WITH served AS (
    SELECT tenant, user_id, request_id, shown_at,
           unnest(from_json(event->'items', ?)) AS item
    FROM slates)
SELECT tenant, user_id, request_id, shown_at, item.image_id, item.rank, item.score,
       item.propensity, item.explored, item.elements, item.source, item.uri,
       coalesce(item.retrieval_propensity, 1.0) AS retrieval_propensity,
       coalesce(list_has_any([rule.kind FOR rule IN item.rules], ['pin', 'boost']), FALSE)
           AS is_placed,
       -- Counted, not by distance: a pinned image between two pairs has a rank of its own.
       CASE WHEN item.explored THEN (count(*) FILTER (item.explored) OVER (
           PARTITION BY tenant, user_id, request_id ORDER BY item.rank) - 1) // 2 END AS pair
FROM served
"""

_FEEDBACK = """
CREATE TABLE unique_feedback AS
SELECT * FROM lake_feedback
WHERE refused IS NULL
-- By user too, so that no user can hide another user's event by reusing its id.
QUALIFY row_number() OVER (
    PARTITION BY tenant, user_id, event_id
    ORDER BY written_at, kafka_partition, kafka_offset) = 1
"""

_BOTS = """
CREATE TABLE bots AS
SELECT tenant, user_id, 'too_many_actions_a_day' AS reason
FROM unique_feedback
WHERE type NOT IN ('view', 'reference_like', 'reference_dislike')
GROUP BY tenant, user_id, written_at // 86400000000
HAVING count(*) > ?
UNION
SELECT tenant, user_id, 'clicks_on_everything'
FROM (SELECT DISTINCT tenant, user_id, request_id, image_id, type FROM unique_feedback)
GROUP BY tenant, user_id
HAVING count(*) FILTER (type = 'view') >= ?
   AND count(*) FILTER (type IN ('click', 'like')) > ? * count(*) FILTER (type = 'view')
"""

_USE = """
CREATE TABLE feedback AS
WITH viewing AS (
    SELECT DISTINCT tenant, user_id, request_id FROM unique_feedback WHERE type = 'view'),
views AS (
    SELECT DISTINCT tenant, user_id, request_id, image_id FROM unique_feedback WHERE type = 'view'),
owners AS (
    SELECT tenant, request_id, min(user_id) AS owner FROM slates GROUP BY ALL)
SELECT f.*,
    CASE
        WHEN EXISTS (FROM bots b WHERE b.tenant = f.tenant AND b.user_id = f.user_id)
            THEN 'from_a_bot'
        WHEN f.type IN ('reference_like', 'reference_dislike') THEN 'stated_reference'
        WHEN f.request_id IS NULL THEN 'names_no_slate'
        WHEN s.request_id IS NULL AND o.owner IS NOT NULL THEN 'on_a_slate_of_another_user'
        WHEN s.request_id IS NULL THEN 'on_an_unknown_slate'
        WHEN s.is_reused THEN 'on_a_reused_request_id'
        WHEN i.image_id IS NULL THEN 'on_an_image_not_in_the_slate'
        -- Where an app sends views at all, an image without a view cannot have been clicked.
        WHEN v.request_id IS NOT NULL AND w.image_id IS NULL THEN 'on_an_image_not_viewed'
        ELSE 'used'
    END AS use
FROM unique_feedback f
LEFT JOIN slates s USING (tenant, user_id, request_id)
LEFT JOIN owners o ON o.tenant = f.tenant AND o.request_id = f.request_id
LEFT JOIN (SELECT DISTINCT tenant, user_id, request_id, image_id FROM items) i
    USING (tenant, user_id, request_id, image_id)
LEFT JOIN viewing v USING (tenant, user_id, request_id)
LEFT JOIN views w USING (tenant, user_id, request_id, image_id)
"""

_OUTCOMES = """
CREATE TABLE outcomes AS
WITH acts AS (
    SELECT tenant, user_id, request_id, image_id,
        -- Offsets give the order of arrival, also where a clock was set back in between. They can
        -- be compared within a partition only: a user may move to another one.
        CASE WHEN min(kafka_partition) = max(kafka_partition)
            THEN arg_max(type, kafka_offset) FILTER (type IN ('like', 'dislike', 'hide'))
            ELSE arg_max(type, (written_at, kafka_offset)) FILTER (
                type IN ('like', 'dislike', 'hide'))
        END AS stated,
        bool_or(type = 'click') AS clicked,
        max(dwell_ms) FILTER (type = 'dwell') AS dwell_ms
    FROM feedback
    WHERE use = 'used'
    GROUP BY ALL)
SELECT i.*, a.clicked,
    -- Explicit feedback outweighs clicks and dwell, and the latest counts.
    CASE
        WHEN a.stated = 'like' THEN 1.0
        WHEN a.stated = 'dislike' THEN -1.0
        WHEN a.stated = 'hide' THEN -0.8
        WHEN a.clicked AND coalesce(a.dwell_ms >= $1, TRUE) AND a.dwell_ms >= $2 THEN 0.8
        WHEN a.clicked AND coalesce(a.dwell_ms >= $1, TRUE) THEN 0.6
        WHEN a.dwell_ms >= $2 THEN 0.5
        ELSE 0.0
    END AS strength
FROM items i
JOIN acts a USING (tenant, user_id, request_id, image_id)
"""
