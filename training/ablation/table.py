"""Combine the reports of all rows and seeds into one table with intervals."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.ablation.plan import ROWS, TITLES, Row
from training.evaluation import markdown
from training.statistics.bootstrap import mean_over_seeds


@dataclass(frozen=True)
class Line:
    """One row over its seeds; shares 0-1 with 95 % intervals over seeds and users."""

    row: Row
    seeds: int
    splits: Mapping[str, float]
    mean: float
    interval: tuple[float, float]
    similarity: float
    similarity_interval: tuple[float, float]


def line(row: Row, measured: Sequence[Mapping[str, Any]]) -> Line:
    """A row from the reports of its seeds, which hold correctness and similarity user by user."""
    splits = list(measured[0]["splits"])
    right = [[np.array(report["splits"][s]["right"]) for s in splits] for report in measured]
    alike = [[np.array(report["splits"][s]["alike"]) for s in splits] for report in measured]
    by_split = {
        name: float(np.mean([seed[k].mean() for seed in right])) for k, name in enumerate(splits)
    }
    right_share, similarity = mean_over_seeds(right), mean_over_seeds(alike)
    return Line(
        row=row,
        seeds=len(measured),
        splits=by_split,
        mean=right_share.value,
        interval=(right_share.low, right_share.high),
        similarity=similarity.value,
        similarity_interval=(similarity.low, similarity.high),
    )


def as_markdown(lines: Sequence[Line]) -> str:
    """The table in Markdown, one line a row of the ablation."""
    splits = list(lines[0].splits)
    rows = markdown.header("", [*splits, "mean", "profile similarity", "seeds"])
    for row in sorted(lines, key=lambda entry: ROWS.index(entry.row)):
        cells = [
            *(f"{row.splits[name]:.3f}" for name in splits),
            _with_interval(row.mean, row.interval),
            _with_interval(row.similarity, row.similarity_interval),
            row.seeds,
        ]
        rows.append(markdown.line(TITLES[row.row], cells))
    return "\n".join(rows) + "\n"


def monotone(lines: Sequence[Line]) -> dict[str, bool]:
    """Whether every row is at least as good as the row before it, by both measures."""
    ordered = sorted(lines, key=lambda entry: ROWS.index(entry.row))
    pairs = list(itertools.pairwise(ordered))
    return {
        "mean": all(before.mean <= after.mean for before, after in pairs),
        "profile similarity": all(before.similarity <= after.similarity for before, after in pairs),
    }


def _with_interval(value: float, interval: tuple[float, float]) -> str:
    return f"{value:.3f} ({interval[0]:.3f}-{interval[1]:.3f})"
