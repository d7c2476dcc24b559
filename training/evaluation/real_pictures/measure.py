"""Measure rankers on tasks: the mean AUC with its interval over pairs of sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.evaluation.real_pictures.rankers import Ranker
from training.evaluation.real_pictures.tasks import Task
from training.statistics.bootstrap import DRAWS, paired_difference, weighted_means
from training.statistics.interval import Interval
from training.statistics.resampling import Resampling

AUC: Final = "auc"


@dataclass(frozen=True)
class TaskResult:
    """The AUC of one ranker in one task, and with the references of another task."""

    pair: tuple[str, str]
    auc: float
    other_user: float


@dataclass(frozen=True)
class Measured:
    """The mean AUC of one ranker over all tasks of one question."""

    ranker: str
    tasks: int
    pairs: int
    auc: Interval
    by_pair: Sequence[float]
    """The mean AUC of each pair of sets, in the order of the tasks."""
    other_user: Interval
    """The control: the same pictures ranked after the references of another task."""

    @property
    def worst_pair(self) -> float:
        return min(self.by_pair)

    def minus(self, other: "Measured", *, seed: int) -> Interval:
        """The difference of the mean AUCs, with an interval over pairs of sets."""
        return paired_difference(self.by_pair, other.by_pair, seed=seed)


async def measure(ranker: Ranker, tasks: Sequence[Task], *, seed: int) -> Measured:
    """Rank each task's pictures after its own references and after those of another task."""
    results = [
        TaskResult(
            task.pair,
            await _auc(ranker, task, task),
            await _auc(ranker, task, other),
        )
        for task, other in zip(tasks, _other_tasks(tasks), strict=True)
    ]
    by_pair: dict[tuple[str, str], list[TaskResult]] = {}
    for result in results:
        by_pair.setdefault(result.pair, []).append(result)
    return Measured(
        ranker.name,
        tasks=len(results),
        pairs=len(by_pair),
        auc=_mean_over([[r.auc for r in rows] for rows in by_pair.values()], seed=seed),
        by_pair=[float(np.mean([r.auc for r in rows])) for rows in by_pair.values()],
        other_user=_mean_over(
            [[r.other_user for r in rows] for rows in by_pair.values()], seed=seed
        ),
    )


def area_under_curve(better: Sequence[float], worse: Sequence[float]) -> float:
    """Share of pairs in which the better picture has the higher score; a tie counts half."""
    high, low = np.asarray(better)[:, None], np.asarray(worse)[None]
    return float((high > low).mean() + (high == low).mean() / 2)


async def _auc(ranker: Ranker, task: Task, source: Task) -> float:
    scores = await ranker.score(source.references, [*task.better, *task.worse])
    return area_under_curve(scores[: len(task.better)], scores[len(task.better) :])


def _other_tasks(tasks: Sequence[Task]) -> list[Task]:
    """For each task another one that shares neither set; the next task where there is none."""
    others = []
    for number, task in enumerate(tasks):
        following = [*tasks[number + 1 :], *tasks[:number]]
        apart = (t for t in following if not {*t.pair} & {*task.pair})
        others.append(next(apart, following[0]))
    return others


def _mean_over(groups: Iterable[Sequence[float]], *, seed: int) -> Interval:
    """Pairs of sets are the clusters of the bootstrap; Wilson where all are 0 or 1."""
    values = [np.asarray(group) for group in groups]
    weights = np.array([len(group) for group in values], float)
    sums = np.array([group.sum() for group in values])
    resampling = Resampling(draws=DRAWS, seed=seed)
    return weighted_means(weights, {AUC: sums}, resampling, shares=[AUC])[AUC]
