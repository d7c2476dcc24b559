"""Report what the dataset holds: counts, exclusions by reason, balance, positions, drift."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from shared.domain.taste import ELEMENTS
from training.dataset.images import StoredImages
from training.dataset.page import page
from training.dataset.settings import DatasetSettings

FORMAT = 2
"""Version of `report.json`."""
ENOUGH_PAIRS = 200
"""With fewer training pairs no model changes so much that a gate could measure it."""
DRIFTED = 0.2
"""Population stability index from which a distribution is usually called shifted."""
BINS = 10


@dataclass(frozen=True)
class Position:
    """One rank of the slates."""

    rank: int
    shown: int
    viewed: int
    clicked: int


@dataclass(frozen=True)
class Drift:
    """How far the scores of one element differ between earlier and later slates."""

    element: str
    stability_index: float
    earlier: tuple[float, ...]
    """Share of scores by tenths of the scale 0-5."""
    later: tuple[float, ...]


@dataclass(frozen=True)
class Report:
    """Everything that an operator wants to know about the data of one training job."""

    format: int
    at: str
    verdict: str
    settings: Mapping[str, Any]
    records: Mapping[str, int]
    refused: Mapping[str, int]
    feedback: Mapping[str, int]
    """Events by their use, or by the reason why they are not used."""
    bots: Mapping[str, int]
    slates: Mapping[str, int]
    pairs: Mapping[str, int]
    excluded: Mapping[str, int]
    images: Mapping[str, int]
    images_rejected: Mapping[str, int]
    balance: Mapping[str, float]
    pairs_per_user: Sequence[tuple[int, int]]
    """A number of pairs, and how many users have it."""
    positions: Sequence[Position]
    drift: Sequence[Drift]


def measure(
    connection: duckdb.DuckDBPyConnection,
    settings: DatasetSettings,
    *,
    at: datetime,
    excluded: Mapping[str, int],
    images: StoredImages,
    simulated: int,
) -> Report:
    """Count and compare the rows of the tables as they are now."""
    pairs = _counts(connection, "SELECT split, count(*) FROM pairs GROUP BY ALL ORDER BY ALL")
    kinds = _counts(connection, "SELECT kind, count(*) FROM pairs GROUP BY ALL ORDER BY ALL")
    drift = _drift(connection)
    return Report(
        format=FORMAT,
        at=at.isoformat(),
        verdict=_verdict(pairs.get("train", 0), sum(pairs.values()), drift),
        settings=asdict(settings),
        records=_counts(connection, _RECORDS),
        refused=_counts(connection, _REFUSED),
        feedback=_counts(connection, _USES),
        bots=_counts(connection, _BOTS),
        slates=_counts(connection, _SLATES),
        pairs={**pairs, **kinds, "simulated": simulated},
        excluded=excluded,
        images={
            "files": len(set(images.files.values())),
            "different_images": len(set(images.images.values())),
        },
        images_rejected=images.rejected,
        balance=_balance(connection),
        pairs_per_user=_rows(connection, _PER_USER),
        positions=[Position(*row) for row in _rows(connection, _POSITIONS)],
        drift=drift,
    )


def write_report(folder: Path, report: Report) -> None:
    """Write `report.json` for programs and `report.html` for people."""
    text = json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n"
    (folder / "report.json").write_text(text, encoding="utf-8")
    (folder / "report.html").write_text(page(asdict(report)), encoding="utf-8")


def _verdict(train: int, total: int, drift: Sequence[Drift]) -> str:
    if not total:
        return "There is no usable pair: no user viewed and clicked images of the same slate."
    drifted = [one.element.replace("_", " ") for one in drift if one.stability_index >= DRIFTED]
    verdict = f"{train} training pairs, {total - train} evaluation pairs."
    if train < ENOUGH_PAIRS:
        verdict += f" That is little data: training can help from {ENOUGH_PAIRS} pairs on."
    if drifted:
        verdict += f" The scores of {', '.join(drifted)} have shifted within the window."
    return verdict


def _balance(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    row = connection.execute(_BALANCE).fetchone()
    names = ("better_above_in_fair", "better_above_in_biased", "explored_slates",
             "effective_pairs", "users", "largest_user_share")  # fmt: skip
    return {
        name: round(float(value), 4)
        for name, value in zip(names, row or (), strict=True)
        if value is not None
    }


def _drift(connection: duckdb.DuckDBPyConnection) -> list[Drift]:
    drifts = []
    for element in ELEMENTS:
        rows = _rows(connection, _SCORES.format(element=element.value))
        halves: dict[bool, list[float]] = {False: [0.5] * BINS, True: [0.5] * BINS}
        for is_later, tenth, count in rows:
            halves[is_later][min(int(tenth), BINS - 1)] += count
        earlier, later = (_shares(halves[half]) for half in (False, True))
        index = sum((b - a) * math.log(b / a) for a, b in zip(earlier, later, strict=True))
        # Minus its expected value for two samples of one distribution: (bins - 1)(1/n + 1/m).
        index -= (BINS - 1) * sum(1 / sum(halves[half]) for half in (False, True))
        if rows:
            drifts.append(Drift(element.value, round(max(index, 0.0), 4), earlier, later))
    return drifts


def _shares(counts: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(count / sum(counts), 6) for count in counts)


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def _counts(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return {str(name): int(count) for name, count in _rows(connection, query)}


_USES = "SELECT use, count(*) FROM feedback GROUP BY ALL ORDER BY ALL"
_BOTS = """
SELECT reason, count(DISTINCT (tenant, user_id)) FROM bots GROUP BY ALL ORDER BY ALL
"""
_RECORDS = " UNION ALL ".join(
    f"SELECT '{name}', count(*) FROM lake_{name}"
    for name in ("feeds", "feedback", "candidates", "profiles")
)
_REFUSED = " UNION ALL ".join(
    f"SELECT '{name}: ' || refused, count(*) FROM lake_{name} WHERE refused IS NOT NULL"
    " GROUP BY refused"
    for name in ("feeds", "feedback", "candidates", "profiles")
)
_SLATES = """
SELECT 'served', count(*) FROM slates
UNION ALL SELECT 'repeated', (SELECT count(*) FROM lake_feeds WHERE refused IS NULL) - count(*)
    FROM slates
UNION ALL SELECT 'explored', count(DISTINCT (tenant, user_id, request_id)) FROM items WHERE explored
UNION ALL SELECT 'with_feedback', count(DISTINCT (tenant, user_id, request_id)) FROM outcomes
UNION ALL SELECT 'without_feedback', (SELECT count(*) FROM slates)
    - count(DISTINCT (tenant, user_id, request_id)) FROM outcomes
UNION ALL SELECT 'with_pairs', count(DISTINCT (tenant, user_id, request_id)) FROM pairs
"""
_BALANCE = """
SELECT
    avg((better_rank < worse_rank)::INT) FILTER (kind = 'fair'),
    avg((better_rank < worse_rank)::INT) FILTER (kind = 'biased'),
    (SELECT count(DISTINCT (tenant, user_id, request_id)) FILTER (explored)
        / nullif(count(DISTINCT (tenant, user_id, request_id)), 0) FROM items),
    sum(weight) ^ 2 / nullif(sum(weight ^ 2), 0),
    count(DISTINCT (tenant, user_id)),
    (SELECT max(n) / nullif(sum(n), 0) FROM
        (SELECT count(*) AS n FROM pairs GROUP BY tenant, user_id))
FROM pairs
"""
_PER_USER = """
SELECT n, count(*) FROM (SELECT count(*) AS n FROM pairs GROUP BY tenant, user_id)
GROUP BY n ORDER BY n
"""
_POSITIONS = """
SELECT i.rank, count(*), count(o.strength), count(*) FILTER (o.clicked)
FROM items i LEFT JOIN outcomes o USING (tenant, user_id, request_id, image_id)
WHERE i.rank <= 30 GROUP BY i.rank ORDER BY i.rank
"""
_SCORES = """
SELECT shown_at > (SELECT quantile_disc(shown_at, 0.5) FROM items),
    floor(elements.{element}.score * 2), count(*)
FROM items WHERE elements.{element}.score IS NOT NULL GROUP BY ALL
"""
