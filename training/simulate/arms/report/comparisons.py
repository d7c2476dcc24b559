"""Compare arms by user: mean differences with intervals over users and seeds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from training.simulate.measure.collapse import MEASURES, CollapseCheck
from training.simulate.measure.day_metrics import COLLAPSED, OURS
from training.simulate.measure.metrics import Floats
from training.statistics.bootstrap import mean_over_groups
from training.statistics.interval import Interval

FROZEN, WEIGHTED = "frozen", "frozen with weights"
ADAPTER, EMBEDDING = "adapter nights", "embedding model"
SFT, SFT_GRPO, SFT_DPO = "sft", "sft+grpo", "sft+dpo"
LAST_DAYS: Final = 3
COMPARISONS: Final[Sequence[tuple[str, str, str]]] = (
    (ADAPTER, WEIGHTED, "nights with the gate: the adapter alone"),
    (OURS, WEIGHTED, "nights with the gate: as served through Kafka"),
    (SFT_GRPO, WEIGHTED, "nights without the gate: SFT and GRPO"),
    (SFT, WEIGHTED, "SFT's share"),
    (SFT_GRPO, SFT, "GRPO's share after SFT"),
    (SFT_DPO, SFT, "DPO's share after SFT"),
    (SFT_GRPO, SFT_DPO, "GRPO against DPO"),
    (WEIGHTED, FROZEN, "the learned weights' share"),
    (EMBEDDING, WEIGHTED, "the embedding model a user"),
    (SFT_GRPO, EMBEDDING, "SFT and GRPO against the embedding model"),
)
"""First and second arm, and what their difference is."""


class DifferentRecordings(Exception):
    """Files cannot be compared; the message says why."""


@dataclass(frozen=True)
class Comparison:
    """The difference of two arms, in NDCG."""

    first: str
    second: str
    meaning: str
    last_day: Interval
    last_days: Interval
    """Over the last `LAST_DAYS` days, each user's mean."""
    users: int


@dataclass(frozen=True)
class Recorded:
    """The files of several seeds."""

    by_seed: Mapping[int, Mapping[str, Any]]

    @classmethod
    def read(cls, files: Sequence[Path]) -> "Recorded":
        """Raises `DifferentRecordings`."""
        by_seed: dict[int, Mapping[str, Any]] = {}
        for file in files:
            try:
                fields = json.loads(file.read_text(encoding="utf-8"))
                seed, days = int(fields["seed"]), fields["days"]
            except (OSError, ValueError, KeyError) as error:
                raise DifferentRecordings(f"{file} is no record of arms: {error}") from error
            if seed in by_seed:
                raise DifferentRecordings(f"{file} repeats seed {seed}")
            if by_seed and len(days) != len(next(iter(by_seed.values()))["days"]):
                raise DifferentRecordings(f"{file} has other days than the files before it")
            by_seed[seed] = fields
        if not by_seed:
            raise DifferentRecordings("no file was given")
        return cls(by_seed)

    @property
    def days(self) -> int:
        return min(len(fields["days"]) for fields in self.by_seed.values())

    def has(self, arm: str, day: int) -> bool:
        """Whether every seed has measured an arm on a day."""
        return all(arm in fields["days"][day]["arms"] for fields in self.by_seed.values())

    def arms(self) -> list[str]:
        """Arms that were measured on the last day of every seed."""
        first = next(iter(self.by_seed.values()))["days"][self.days - 1]["arms"]
        return [arm for arm in first if self.has(arm, self.days - 1)]

    def values(self, arm: str, days: Sequence[int]) -> list[Floats]:
        """By seed: each user's mean over days, users in order of their numbers. (users,)"""
        groups = []
        for fields in self.by_seed.values():
            by_day = [fields["days"][day]["arms"][arm]["ndcg_by_user"] for day in days]
            users = sorted(by_day[0], key=int)
            groups.append(np.mean([[of_day[user] for user in users] for of_day in by_day], axis=0))
        return groups

    def wide(self, arm: str, day: int, measure: str) -> float | None:
        """The mean over seeds of coverage or diversity of the top 5 of 60; None where missing."""
        values = [
            fields["days"][day]["arms"].get(arm, {}).get(measure)
            for fields in self.by_seed.values()
        ]
        return None if None in values else float(np.mean(values))


def level(recorded: Recorded, arm: str, days: Sequence[int]) -> Interval:
    """NDCG@10 of an arm over days."""
    return mean_over_groups(recorded.values(arm, days))


def comparisons(recorded: Recorded) -> list[Comparison]:
    """All comparisons whose two arms were measured on the last days."""
    last = recorded.days - 1
    days = list(range(max(0, last - LAST_DAYS + 1), last + 1))
    return [
        Comparison(
            first, second, meaning,
            difference(recorded, first, second, [last]),
            difference(recorded, first, second, days),
            sum(len(group) for group in recorded.values(first, [last])),
        )
        for first, second, meaning in COMPARISONS
        if all(recorded.has(arm, day) for arm in (first, second) for day in days)
    ]  # fmt: skip


def difference(recorded: Recorded, first: str, second: str, days: Sequence[int]) -> Interval:
    """Mean of `first - second`, paired by user."""
    pairs = zip(recorded.values(first, days), recorded.values(second, days), strict=True)
    return mean_over_groups([a - b for a, b in pairs])


def collapse_checks(recorded: Recorded) -> dict[str, dict[str, CollapseCheck]]:
    """By arm and measure, on slates of 60 candidates; the collapsed arm must fail."""
    last = recorded.days - 1
    checks: dict[str, dict[str, CollapseCheck]] = {}
    for arm in recorded.arms():
        for measure in MEASURES:
            # All arms start as the frozen model with weights.
            first = recorded.wide(WEIGHTED, 0, measure)
            now = recorded.wide(arm, last, measure)
            collapsed = recorded.wide(COLLAPSED, last, measure)
            if first is None or now is None or collapsed is None:
                continue
            checks.setdefault(arm, {})[measure] = CollapseCheck(first, now, collapsed)
    return checks
