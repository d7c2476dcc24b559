"""Write pairs as cases: references, the two images, the profile they were scored by, a weight.

One JSON object a line, with images as file names relative to it; SFT, GRPO and the gate read it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from shared.files.atomic_write import atomic_write
from shared.prompting.prompt import WORDS_SHOWN
from training.dataset.images import ImageKey, StoredImages
from training.dataset.settings import DatasetSettings

WordsBySide = Mapping[str, Mapping[str, tuple[str, ...]]]
"""`likes` and `dislikes`: words by element."""
IMAGES = "images"


@dataclass(frozen=True)
class CaseLine:
    """One line of a file of cases."""

    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    better: str
    worse: str
    profile: WordsBySide | None
    truth: WordsBySide | None
    weight: float
    user: str
    slate: str
    kind: str
    source: str
    better_rank: int = 0
    worse_rank: int = 0
    shown_at: int = 0
    """Time of the slate, microseconds since the epoch: all references are older."""


@dataclass(frozen=True)
class DroppedPairs:
    """Pairs that cannot be used, by reason."""

    missing_image: int
    same_image: int
    repeated_images: int


def create_addresses(connection: duckdb.DuckDBPyConnection) -> None:
    """Create table `addresses`: the latest known URI of each image, after `join_feedback`."""
    connection.execute(_ADDRESSES)


def image_addresses(connection: duckdb.DuckDBPyConnection) -> dict[ImageKey, str]:
    """The latest known URI of each image of a pair or a reference."""
    create_addresses(connection)
    rows = connection.execute(_WANTED).fetchall()
    return {(tenant, image): uri for tenant, image, uri in rows if uri}


def drop_unusable(connection: duckdb.DuckDBPyConnection, stored: StoredImages) -> DroppedPairs:
    """Drop pairs with a missing image or two copies of one image, and repeated pairs of a user."""
    rows = connection.execute(
        "SELECT pair_id, tenant, user_id, better, worse FROM pairs ORDER BY shown_at DESC, pair_id"
    ).fetchall()
    missing, same, repeated = [], [], []
    seen: set[tuple[str, str, frozenset[str]]] = set()
    for pair, tenant, user, better, worse in rows:
        a, b = (tenant, better), (tenant, worse)
        if a not in stored.files or b not in stored.files:
            missing.append(pair)
        elif stored.same(a, b):
            same.append(pair)
        else:
            images = (tenant, user, frozenset({stored.image(a), stored.image(b)}))
            if images in seen:
                repeated.append(pair)
            seen.add(images)
    dropped = [*missing, *same, *repeated]
    if dropped:
        connection.execute("DELETE FROM pairs WHERE pair_id IN (SELECT unnest(?))", [dropped])
    return DroppedPairs(len(missing), len(same), len(repeated))


def read_cases(
    connection: duckdb.DuckDBPyConnection, stored: StoredImages, settings: DatasetSettings
) -> Iterator[tuple[str, CaseLine]]:
    """Each pair's split and case, in a fixed order.

    References are the user's feedback before the slate, on other images than those of the pair:
    otherwise a click would explain itself.
    """
    connection.execute(_REFERENCES)
    most = settings.references_per_side
    rows = connection.execute(_CASES, {"most": most * 3}).fetchall()
    for row in rows:
        tenant, user, request, kind, split = row[:5]
        better, worse = stored.files[tenant, row[5]], stored.files[tenant, row[6]]
        yield (
            split,
            CaseLine(
                liked=_files(tenant, row[10], stored, {better, worse}, most),
                disliked=_files(tenant, row[11], stored, {better, worse}, most),
                better=better,
                worse=worse,
                profile=_profile(row[12]),
                truth=None,
                weight=round(row[7], 6),
                user=f"{tenant}/{user}",
                slate=request,
                kind=kind,
                source="clicks",
                better_rank=row[8],
                worse_rank=row[9],
                shown_at=int(row[13]),
            ),
        )


def write(path: Path, lines: list[CaseLine]) -> None:
    """Write the lines with image names relative to the file's folder, completely or not at all."""
    named = [
        json.dumps(
            asdict(line)
            | {"better": _named(line.better), "worse": _named(line.worse)}
            | {side: [_named(n) for n in getattr(line, side)] for side in ("liked", "disliked")},
            ensure_ascii=False,
        )
        for line in lines
    ]
    atomic_write(path, "".join(f"{text}\n" for text in named))


def _named(file: str) -> str:
    return f"{IMAGES}/{file}"


def _files(
    tenant: str, names: list[str] | None, stored: StoredImages, without: set[str], most: int
) -> tuple[str, ...]:
    """Files of the named images, except copies of the images in `without`."""
    excluded = {stored.images[file] for file in without}
    files = [stored.files[tenant, name] for name in names or () if (tenant, name) in stored.files]
    others = [file for file in files if stored.images[file] not in excluded]
    return tuple(dict.fromkeys(others))[:most]


def _profile(event: str | None) -> WordsBySide | None:
    if event is None:
        return None
    profile: dict[str, Any] = json.loads(event)
    return {"likes": _words(profile["preference"]), "dislikes": _words(profile["non_preference"])}


def _words(side: Mapping[str, list[dict[str, Any]]]) -> dict[str, tuple[str, ...]]:
    """The words of a side that the serving prompt shows, so that training sees the same prompt."""
    return {
        element: tuple(w["word"] for w in words[:WORDS_SHOWN])
        for element, words in side.items()
        if words
    }


_ADDRESSES = """
CREATE TABLE addresses AS
WITH candidate_lists AS (
    SELECT tenant, written_at, unnest(from_json(event->'candidates',
        '[{"image_id": "VARCHAR", "uri": "VARCHAR"}]')) AS c
    FROM lake_candidates WHERE refused IS NULL),
all_uris AS (
    SELECT tenant, c.image_id AS image_id, c.uri AS uri, written_at FROM candidate_lists
    UNION ALL
    -- Images of the catalog, which no request names.
    SELECT tenant, image_id, uri, shown_at FROM items WHERE uri IS NOT NULL
    UNION ALL
    SELECT tenant, image_id, event->>'uri', written_at
    FROM lake_feedback WHERE refused IS NULL AND event->>'uri' IS NOT NULL)
SELECT tenant, image_id, arg_max(uri, written_at) AS uri FROM all_uris GROUP BY ALL
"""
_WANTED = """
WITH wanted AS (
    SELECT tenant, better AS image_id FROM pairs
    UNION SELECT tenant, worse FROM pairs
    UNION SELECT f.tenant, f.image_id FROM feedback f
        SEMI JOIN pairs USING (tenant, user_id)
        WHERE f.use IN ('used', 'stated_reference', 'names_no_slate')
          AND f.type IN ('reference_like', 'reference_dislike', 'like', 'dislike', 'hide', 'click'))
SELECT w.tenant, w.image_id, a.uri FROM wanted w LEFT JOIN addresses a USING (tenant, image_id)
"""
_REFERENCES = """
CREATE TABLE reference_feedback AS
SELECT tenant, user_id, image_id, written_at,
    type IN ('reference_like', 'like', 'click') AS liked,
    CASE WHEN type LIKE 'reference%' THEN 2 WHEN type = 'click' THEN 0 ELSE 1 END AS certainty
FROM feedback
WHERE use IN ('used', 'stated_reference', 'names_no_slate')
  AND type IN ('reference_like', 'reference_dislike', 'like', 'dislike', 'hide', 'click')
"""
_CASES = """
WITH before AS (
    SELECT p.pair_id, r.image_id, r.liked,
        max(r.certainty) AS certainty, max(r.written_at) AS stated_at
    FROM pairs p JOIN reference_feedback r
      ON r.tenant = p.tenant AND r.user_id = p.user_id AND r.written_at < p.shown_at
    GROUP BY ALL),
sides AS (
    SELECT pair_id,
        list(image_id ORDER BY certainty DESC, stated_at DESC, image_id)
            FILTER (liked) AS liked,
        list(image_id ORDER BY certainty DESC, stated_at DESC, image_id)
            FILTER (NOT liked) AS disliked
    FROM before GROUP BY pair_id),
served AS (
    SELECT tenant, user_id, request_id, profile_version FROM slates),
profiles AS (
    SELECT tenant, user_id, profile_version, arg_max(event, written_at) AS event
    FROM lake_profiles WHERE refused IS NULL GROUP BY ALL)
SELECT p.tenant, p.user_id, p.request_id, p.kind, p.split, p.better, p.worse, p.weight,
    p.better_rank, p.worse_rank, s.liked[1:$most], s.disliked[1:$most], r.event,
    p.shown_at
FROM pairs p
LEFT JOIN sides s USING (pair_id)
LEFT JOIN served v USING (tenant, user_id, request_id)
LEFT JOIN profiles r ON r.tenant = p.tenant AND r.user_id = p.user_id
    AND r.profile_version = v.profile_version
ORDER BY p.pair_id
"""
