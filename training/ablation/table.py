"""Combine the reports of all rows and seeds into one table with intervals."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

import numpy as np

from training.ablation.plan import METHOD, ROWS, TITLES, Row
from training.evaluation import markdown
from training.evaluation.controls import CONTROLS
from training.statistics.bootstrap import mean_over_seeds
from training.statistics.interval import Interval
from training.statistics.resampling import Floats

MEASURES: Final[Mapping[str, str]] = {"right": "mean", "alike": "profile similarity"}
COMPARED: Final[tuple[tuple[Row, Row], ...]] = (
    ("base", "sft"),
    ("sft", "grpo"),
    ("grpo", "grpo_with_prediction"),
    ("sft", "grpo_with_prediction"),
    ("sft", "sft_continued"),
    ("sft_continued", "grpo"),
    ("sft_continued", "grpo_with_prediction"),
)
"""Differences of the report: the second row less the first."""
Reports = Mapping[int, Mapping[str, Any]]
"""The measured files of one row, by seed; the base has the seed 0."""


@dataclass(frozen=True)
class Line:
    """One row over its seeds; shares 0-1 with 95 % intervals over seeds and users."""

    row: Row
    seeds: int
    users: int
    splits: Mapping[str, float]
    mean: Interval
    controls: Mapping[str, Interval]
    similarity: Interval
    steps: float | None
    """Mean over the seeds, as are the people and the seconds; None for a base that is given."""
    people: float | None
    processor_seconds: float | None


@dataclass(frozen=True)
class Difference:
    """A row less another one on the same users, seed by seed, over the seeds that both have."""

    row: Row
    less: Row
    seeds: int
    mean: Interval
    similarity: Interval


def line(row: Row, reports: Reports) -> Line:
    """A row from the reports of its seeds, which hold values user by user."""
    measured = list(reports.values())
    right = _by_seed(measured, "right")
    trained = [report.get("trained", {}) for report in measured]
    return Line(
        row=row,
        seeds=len(measured),
        users=sum(len(users) for users in right[0]),
        splits={
            name: float(np.mean([seed[k].mean() for seed in right]))
            for k, name in enumerate(measured[0]["splits"])
        },
        mean=mean_over_seeds(right),
        controls={c: mean_over_seeds(_by_seed(measured, c)) for c in CONTROLS},
        similarity=mean_over_seeds(_by_seed(measured, "alike")),
        steps=_mean(trained, "steps"),
        people=_mean(trained, "people"),
        processor_seconds=_mean(trained, "processor_seconds"),
    )


def read_line(entry: Mapping[str, Any]) -> Line:
    """A row as `ablation.json` holds it."""
    controls = {name: Interval(**value) for name, value in entry["controls"].items()}
    intervals = {name: Interval(**entry[name]) for name in ("mean", "similarity")}
    return Line(**{**entry, **intervals, "controls": controls})


def difference(row: Row, less: Row, reports: Reports, of_less: Reports) -> Difference | None:
    """None where no seed has both rows; a base is compared with every seed."""
    if 0 in of_less:
        of_less = dict.fromkeys(reports, of_less[0])
    seeds = sorted(reports.keys() & of_less.keys())
    if not seeds:
        return None

    def interval(measure: str) -> Interval:
        own = _by_seed([reports[seed] for seed in seeds], measure)
        other = _by_seed([of_less[seed] for seed in seeds], measure)
        # Scaled to 0-1, as `mean_over_seeds` has it, and back.
        scaled = [
            [(a - b + 1) / 2 for a, b in zip(*both, strict=True)]
            for both in zip(own, other, strict=True)
        ]
        half = mean_over_seeds(scaled)
        return Interval(2 * half.value - 1, 2 * half.low - 1, 2 * half.high - 1)

    return Difference(row, less, len(seeds), interval("right"), interval("alike"))


def _by_seed(measured: Sequence[Mapping[str, Any]], measure: str) -> list[list[Floats]]:
    return [
        [np.array(split[measure], np.float64) for split in report["splits"].values()]
        for report in measured
    ]


def _mean(facts: Sequence[Mapping[str, Any]], name: str) -> float | None:
    values = [fact[name] for fact in facts if name in fact]
    return fmean(values) if values else None


def as_markdown(lines: Sequence[Line]) -> str:
    """The table in Markdown, one line a row of the ablation."""
    splits = list(lines[0].splits)
    names = [*splits, "mean", *CONTROLS, "profile similarity", "users", "seeds"]
    rows = markdown.header("", [*names, "steps", "people", "processor minutes"])
    for row in sorted(lines, key=lambda entry: ROWS.index(entry.row)):
        cells = [
            *(f"{row.splits[name]:.3f}" for name in splits),
            _text(row.mean),
            *(_text(row.controls[control]) for control in CONTROLS),
            _text(row.similarity),
            row.users,
            row.seeds,
            None if row.steps is None else f"{row.steps:.0f}",
            None if row.people is None else f"{row.people:.0f}",
            None if row.processor_seconds is None else f"{row.processor_seconds / 60:.1f}",
        ]
        rows.append(markdown.line(TITLES[row.row], cells))
    return "\n".join(rows) + "\n"


def differences_as_markdown(differences: Sequence[Difference]) -> str:
    """The differences in Markdown, each with its interval over users and seeds."""
    rows = markdown.header("difference", ["pairs", "profile similarity", "seeds"])
    for entry in differences:
        name = f"{TITLES[entry.row]}, less {TITLES[entry.less]}"
        cells = [_signed(entry.mean), _signed(entry.similarity), entry.seeds]
        rows.append(markdown.line(name, cells))
    return "\n".join(rows) + "\n"


def monotone(lines: Sequence[Line]) -> dict[str, bool]:
    """Whether every row of the method is at least as good as the row before it."""
    ordered = sorted(
        (entry for entry in lines if entry.row in METHOD), key=lambda entry: METHOD.index(entry.row)
    )
    pairs = list(itertools.pairwise(ordered))
    return {
        "mean": all(before.mean.value <= after.mean.value for before, after in pairs),
        "profile similarity": all(
            before.similarity.value <= after.similarity.value for before, after in pairs
        ),
    }


def _text(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f}-{interval.high:.3f})"


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"
