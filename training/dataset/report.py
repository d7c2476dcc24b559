"""Say what the dataset holds: counts, what was left out and why, balance, positions, drift."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from shared.domain.taste import ELEMENTS
from training.dataset.images import Kept
from training.dataset.page import page
from training.dataset.settings import DatasetSettings

FORMAT = 1
"""Of `report.json`."""
ENOUGH_PAIRS = 200
"""Fewer training pairs than this move no model in a way that a gate could tell."""
DRIFTED = 0.2
"""Population stability index from which a distribution is usually called shifted."""
BINS = 10


@dataclass(frozen=True)
class Position:
    """One place of the slates."""

    rank: int
    shown: int
    viewed: int
    clicked: int


@dataclass(frozen=True)
class Drift:
    """How far one element's scores moved from the earlier half of the slates to the later one."""

    element: str
    stability_index: float
    earlier: tuple[float, ...]
    """Share of scores by tenths of the scale 0-5."""
    later: tuple[float, ...]


@dataclass(frozen=True)
class Report:
    """Everything a person wants to know of one night's data."""

    format: int
    at: str
    verdict: str
    settings: Mapping[str, Any]
    records: Mapping[str, int]
    refused: Mapping[str, int]
    feedback: Mapping[str, int]
    """Events by what they were good for."""
    machines: Mapping[str, int]
    slates: Mapping[str, int]
    pairs: Mapping[str, int]
    left_out: Mapping[str, int]
    images: Mapping[str, int]
    images_refused: Mapping[str, int]
    balance: Mapping[str, float]
    pairs_per_user: Sequence[tuple[int, int]]
    """Pairs, and how many people have so many."""
    positions: Sequence[Position]
    drift: Sequence[Drift]


def measure(
    connection: duckdb.DuckDBPyConnection,
    settings: DatasetSettings,
    *,
    at: datetime,
    left_out: Mapping[str, int],
    images: Kept,
    simulated: int,
) -> Report:
    """Count and compare what the tables hold now."""
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
        machines=_counts(connection, _MACHINES),
        slates=_counts(connection, _SLATES),
        pairs={**pairs, **kinds, "simulated": simulated},
        left_out=left_out,
        images={
            "files": len(set(images.files.values())),
            "pictures": len(set(images.pictures.values())),
        },
        images_refused=images.refused,
        balance=_balance(connection),
        pairs_per_user=_rows(connection, _PER_USER),
        positions=[Position(*row) for row in _rows(connection, _POSITIONS)],
        drift=drift,
    )


def write_report(folder: Path, report: Report) -> None:
    """`report.json` for machines and `report.html` for people."""
    text = json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n"
    (folder / "report.json").write_text(text, encoding="utf-8")
    (folder / "report.html").write_text(page(asdict(report)), encoding="utf-8")


def _verdict(train: int, every: int, drift: Sequence[Drift]) -> str:
    if not every:
        return "No pair can be learned from: nobody both viewed and acted on images of one slate."
    moved = [one.element.replace("_", " ") for one in drift if one.stability_index >= DRIFTED]
    told = f"{train} pairs to train on, {every - train} kept to judge by."
    if train < ENOUGH_PAIRS:
        told += f" That is little: from {ENOUGH_PAIRS} on a night can be expected to help."
    if moved:
        told += f" The scores of {', '.join(moved)} have shifted within the window."
    return told


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
    found = []
    for element in ELEMENTS:
        rows = _rows(connection, _SCORES.format(element=element.value))
        halves: dict[bool, list[float]] = {False: [0.5] * BINS, True: [0.5] * BINS}
        for late, tenth, count in rows:
            halves[late][min(int(tenth), BINS - 1)] += count
        earlier, later = (_shares(halves[half]) for half in (False, True))
        index = sum((b - a) * math.log(b / a) for a, b in zip(earlier, later, strict=True))
        # Less what two samples of one distribution differ by chance: (bins - 1)(1/n + 1/m).
        index -= (BINS - 1) * sum(1 / sum(halves[half]) for half in (False, True))
        if rows:
            found.append(Drift(element.value, round(max(index, 0.0), 4), earlier, later))
    return found


def _shares(counts: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(count / sum(counts), 6) for count in counts)


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def _counts(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return {str(name): int(count) for name, count in _rows(connection, query)}


_USES = "SELECT use, count(*) FROM feedback GROUP BY ALL ORDER BY ALL"
_MACHINES = """
SELECT why, count(DISTINCT (tenant, user_id)) FROM machines GROUP BY ALL ORDER BY ALL
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
