"""Measure people who like two kinds of real pictures: one taste against several, by image vectors.

python -m training.evaluation.real_pictures.joint_tastes --cache runs/pictures

*Two kinds*: liked pictures of two sets of different kinds, disliked ones of two other sets.
*Crossed*: birds as photographs and vehicles as clip art are liked, while vehicles as photographs
and birds as clip art are not, and likewise for other subjects. *One kind*: one set is liked, which
must stay one taste.
"""

import argparse
import asyncio
import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.protocol import Vectors
from shared.prompting.taste_clusters.image_clusters import image_clusters
from training.evaluation.markdown import header, line
from training.evaluation.real_pictures.__main__ import decoded, fetch
from training.evaluation.real_pictures.measure import area_under_curve
from training.evaluation.real_pictures.picture_sets import PictureSet, Use
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.real_pictures.questions import sets_for
from training.evaluation.real_pictures.tasks import pairs_of_kinds
from training.evaluation.serving_model import SEED
from training.statistics.bootstrap import mean, paired_difference, share

FAILED: Final = 1
NEW: Final = 8
"""New pictures of each set that are ranked, at most."""
CROSSED_KINDS: Final = ("photograph", "clip art")
USES: Final[tuple[Use, ...]] = ("development", "held_out")
Names = tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """The names of the liked and of the disliked sets, and the number of the repetition."""

    liked: Names
    disliked: Names
    repeat: int


@dataclass(frozen=True)
class Result:
    """The AUC with one taste, with the tastes that were chosen, and how many these are."""

    merged: float
    chosen: float
    tastes: int


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.real_pictures.joint_tastes",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--references", type=int, default=5, help="of each set, default 5")
    parser.add_argument("--repeats", type=int, default=4, help="tasks of each pair, default 4")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--use", nargs="+", choices=USES, default=USES)
    options = parser.parse_args()
    try:
        pictures = fetch(options.cache, seed=SEED)
    except CannotFetch as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILED
    vectors = asyncio.run(encoded(decoded(pictures)))
    columns = ["tasks", "several tastes", "AUC, one taste", "AUC", "difference"]
    for use in options.use:
        print("\n".join(["", use, "", *header("liked", columns)]))
        for name, tasks in questions(sets_for(use), repeats=options.repeats, seed=options.seed):
            results = [
                measured(vectors, task, options.references, seed=options.seed) for task in tasks
            ]
            if results:
                print(line(name, cells(tasks, results, seed=options.seed)), flush=True)
    return 0


async def encoded(images: Mapping[str, Sequence[object]]) -> dict[str, Vectors]:
    """The vectors of the pictures of each set."""
    encoder = PretrainedEncoder()
    try:
        return {name: await encoder.encode(members) for name, members in images.items()}  # type: ignore[arg-type]
    finally:
        encoder.close()


def questions(
    sets: Sequence[PictureSet], *, repeats: int, seed: int
) -> Iterator[tuple[str, list[Task]]]:
    """The tasks of each question; disliked sets are drawn among the other ones."""
    rng = np.random.default_rng(seed)
    names = [picture_set.name for picture_set in sets]

    def others(liked: Names, count: int) -> Names:
        rest = [name for name in names if name not in liked]
        return tuple(str(name) for name in rng.permutation(rest)[:count])

    numbers = range(repeats)
    pairs = [(first.name, second.name) for first, second in pairs_of_kinds(sets)]
    yield "two kinds", [Task(pair, others(pair, 2), n) for pair in pairs for n in numbers]
    yield "crossed", [Task(*sides, n) for sides in crossed(sets) for n in numbers]
    yield "one kind", [Task((name,), others((name,), 2), n) for name in names for n in numbers]


def crossed(sets: Sequence[PictureSet]) -> list[tuple[Names, Names]]:
    """Liked and disliked sets of two kinds and two subjects, which are exchanged."""
    by_look = {(s.kind, s.subject): s.name for s in sets}
    first, second = CROSSED_KINDS
    subjects = [
        subject for kind, subject in by_look if kind == first and (second, subject) in by_look
    ]
    return [
        (
            (by_look[first, one], by_look[second, other]),
            (by_look[first, other], by_look[second, one]),
        )
        for one, other in itertools.permutations(subjects, 2)
    ]


def measured(vectors: Mapping[str, Vectors], task: Task, count: int, *, seed: int) -> Result:
    """Rank new pictures; a side of one set has as many references as one of two sets."""
    rng = np.random.default_rng((seed, task.repeat, *map(ord, "".join(task.liked))))
    per_set = 2 * count // len(task.liked)
    liked, better = zip(*(_split(vectors[n], per_set, rng) for n in task.liked), strict=True)
    disliked, worse = zip(*(_split(vectors[n], count, rng) for n in task.disliked), strict=True)
    likes, dislikes = np.concatenate(liked), np.concatenate(disliked)
    new, good = np.concatenate([*better, *worse]), sum(map(len, better))
    clusters = image_clusters(likes, dislikes)

    def auc(tastes: Sequence[Vectors]) -> float:
        scores = np.max([SubjectReferences(own, dislikes).scores(new) for own in tastes], axis=0)
        return area_under_curve(scores[:good], scores[good:])

    merged = auc([likes])
    chosen = auc([likes[list(cluster)] for cluster in clusters]) if clusters else merged
    return Result(merged, chosen, len(clusters))


def cells(tasks: Sequence[Task], results: Sequence[Result], *, seed: int) -> list[object]:
    """Counts, and means with their intervals over the liked sets: tasks of one are dependent."""
    by_sets: dict[Names, list[Result]] = {}
    for task, result in zip(tasks, results, strict=True):
        by_sets.setdefault(task.liked, []).append(result)
    groups = list(by_sets.values())
    merged = [float(np.mean([r.merged for r in group])) for group in groups]
    chosen = [float(np.mean([r.chosen for r in group])) for group in groups]
    return [
        len(results),
        share([[float(r.tastes > 1) for r in group] for group in groups], seed=seed),
        mean(merged, seed=seed),
        mean(chosen, seed=seed),
        paired_difference(chosen, merged, seed=seed),
    ]


def _split(vectors: Vectors, count: int, rng: np.random.Generator) -> tuple[Vectors, Vectors]:
    """Different pictures as references and as new ones."""
    order = rng.permutation(len(vectors))
    return vectors[order[:count]], vectors[order[count : count + NEW]]


if __name__ == "__main__":
    sys.exit(main())
