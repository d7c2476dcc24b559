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
ADAPTER, LATEST, EMBEDDING = "adapter nights", "latest adapter", "embedding model"
SFT, SFT_GRPO, SFT_DPO = "sft", "sft+grpo", "sft+dpo"
LAST_DAYS: Final = 3
COMPARISONS: Final[Sequence[tuple[str, str, str]]] = (
    (LATEST, WEIGHTED, "the latest adapter, promoted or not"),
    (ADAPTER, WEIGHTED, "nights with the gate: the adapter alone"),
    (OURS, WEIGHTED, "nights with the gate: as served through Kafka"),
    (SFT_GRPO, WEIGHTED, "nights without the gate: SFT and GRPO"),
    (SFT, WEIGHTED, "SFT's share"),
    (SFT_GRPO, SFT, "GRPO's share after SFT"),
    (SFT_DPO, SFT, "DPO's share after SFT"),
    (SFT_GRPO, SFT_DPO, "GRPO against DPO"),
    (WEIGHTED, FROZEN, "the learned weights' share"),
    (EMBEDDING, WEIGHTED, "the embedding model a user"),
    (LATEST, EMBEDDING, "the latest adapter against the embedding model"),
    (SFT_GRPO, EMBEDDING, "SFT and GRPO against the embedding model"),
)
"""First and second arm, and what their difference is."""
EXPECTED: Final = (
    "random", "popularity", "collaborative", "vectors alone", FROZEN, WEIGHTED, EMBEDDING,
    SFT, SFT_DPO, SFT_GRPO, LATEST, ADAPTER, OURS, "oracle", COLLAPSED,
)  # fmt: skip
"""All arms of a full comparison; those without values were not run."""
MODELS: Final = (WEIGHTED, LATEST, ADAPTER, SFT, SFT_GRPO, SFT_DPO)
"""Arms of the model that are ranked again; the services and other methods are on every day."""


class DifferentRecordings(Exception):
    """Files cannot be compared; the message says why."""


@dataclass(frozen=True)
class Comparison:
    """The difference of two arms, in NDCG."""

    first: str
    second: str
    meaning: str
    last_day: Interval
    last_days: Interval | None
    """Over the last `LAST_DAYS` days, each user's mean; None where not all were measured."""
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
            if not days:
                raise DifferentRecordings(f"{file} has no day")
            if any(_setting(other) != _setting(fields) for other in by_seed.values()):
                raise DifferentRecordings(f"{file} has other options than the files before it")
            by_seed[seed] = fields
        if not by_seed:
            raise DifferentRecordings("no file was given")
        return cls(by_seed)

    @property
    def days(self) -> int:
        """Days that every seed has; later days of some seeds do not count."""
        return min(len(fields["days"]) for fields in self.by_seed.values())

    def has(self, arm: str, day: int) -> bool:
        """Whether every seed has measured an arm on a day."""
        return all(arm in fields["days"][day]["arms"] for fields in self.by_seed.values())

    def measured_days(self, arm: str) -> list[int]:
        """Days on which every seed has measured an arm."""
        return [day for day in range(self.days) if self.has(arm, day)]

    def arms(self) -> list[str]:
        """Arms that were measured on the last day of every seed."""
        first = next(iter(self.by_seed.values()))["days"][self.days - 1]["arms"]
        return [arm for arm in first if self.has(arm, self.days - 1)]

    def not_run(self) -> list[str]:
        """Arms of a full comparison that were not measured on the last day of every seed."""
        return [arm for arm in EXPECTED if not self.has(arm, self.days - 1)]

    def values(self, arm: str, days: Sequence[int], other: str | None = None) -> list[Floats]:
        """By seed: each user's mean over days, users in order of their numbers. (users,)

        Only users whom the arm, and `other`, have ranked for on all of these days.
        """
        groups = []
        for fields in self.by_seed.values():
            arms = [fields["days"][day]["arms"] for day in days]
            by_day = [of_day[arm]["ndcg_by_user"] for of_day in arms]
            others = [of_day[other]["ndcg_by_user"] for of_day in arms] if other else []
            users = sorted(set.intersection(*map(set, (*by_day, *others))), key=int)
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
    """All comparisons whose two arms were measured on the last day."""
    last = recorded.days - 1
    days = last_days(recorded)
    return [
        Comparison(
            first, second, meaning,
            difference(recorded, first, second, [last]),
            difference(recorded, first, second, days)
            if all(recorded.has(arm, day) for arm in (first, second) for day in days)
            else None,
            sum(len(group) for group in recorded.values(first, [last], second)),
        )
        for first, second, meaning in COMPARISONS
        if recorded.has(first, last) and recorded.has(second, last)
    ]  # fmt: skip


def last_days(recorded: Recorded) -> list[int]:
    """The last `LAST_DAYS` days after the first night; fewer where there were fewer nights."""
    return list(range(max(1, recorded.days - LAST_DAYS), recorded.days)) or [0]


def difference(recorded: Recorded, first: str, second: str, days: Sequence[int]) -> Interval:
    """Mean of `first - second`, paired by user."""
    pairs = zip(
        recorded.values(first, days, second), recorded.values(second, days, first), strict=True
    )
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


def _setting(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a recording; one that an earlier version did not have is not compared."""
    return {key: value for key, value in fields.get("options", {}).items() if key != "jobs"}
