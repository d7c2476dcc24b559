"""Measure users with two joint tastes against one merged profile, and false second tastes.

python -m training.evaluation.simulated.joint_tastes --users 100

Every user has references of the hard level: weak cues, degraded files, one or two contradictions a
side. *Joint* users like two whole combinations. *Free* users like the same two words of an element
in any combination, and *single* users have one taste: both must keep one profile.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from shared.domain.taste import Taste
from shared.images.decoding.image_file import read_image
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.prompting.taste_clusters.word_clusters import word_clusters
from shared.vlm.protocol import References, ScoringInput, VisionLanguageModel
from training.evaluation.markdown import header, line
from training.evaluation.pairing import win
from training.evaluation.scoring import equal_weight_scores
from training.evaluation.serving_model import SEED, SHIPPED, serving_model
from training.evaluation.simulated.cases import read_truth
from training.evaluation.simulated.joint_cases import KINDS, SimulatedUser, UserKind, user_of
from training.evaluation.simulated.metrics import ndcg
from training.statistics.bootstrap import mean, paired_difference, share

REFERENCES: Final = 10
"""References of each side: the tastes of a joint user have four or five each."""


@dataclass(frozen=True)
class Result:
    """One user's metrics with the merged profile and with the tastes that were chosen."""

    tastes: int
    """0 for a user who keeps one profile."""
    ndcg_merged: float
    ndcg: float
    pair_merged: float
    pair: float


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.simulated.joint_tastes",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--users", type=int, default=100, help="of each kind, default 100")
    parser.add_argument("--references", type=int, default=REFERENCES, help="of each side")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--count", action="store_true", help="count second tastes, rank nothing")
    parser.add_argument("--benchmark", type=Path, help="count the second tastes of its users")
    parser.add_argument("--limit", type=int, help="only the first N items of each of its sets")
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    options = parser.parse_args()
    if options.users < 1 or options.references < 1:
        print("preferstream: --users and --references must be 1 or more", file=sys.stderr)
        return 2
    with serving_model(SHIPPED, threads=options.threads) as model:
        if options.benchmark is not None:
            print("\n".join(header("set", ["users", "several tastes"])))
            for name, cases in read_truth(options.benchmark, limit=options.limit).splits.items():
                liked = ([read_image(path) for path in case.liked] for case in cases)
                print(line(name, asyncio.run(counted(model, liked))), flush=True)
        elif options.count:
            print("\n".join(header("kind", ["users", "several tastes"])))
            for kind in options.kinds:
                liked = (u.liked for u in users_of(kind, options))
                print(line(kind, asyncio.run(counted(model, liked))), flush=True)
        else:
            compare(model, options)
    return 0


def users_of(kind: UserKind, options: argparse.Namespace) -> Iterator[SimulatedUser]:
    for number in range(options.users):
        yield user_of(kind, number, options.seed, options.references)


async def counted(
    model: VisionLanguageModel, liked: Iterable[Sequence[Image.Image]]
) -> list[object]:
    """How many users get several tastes; the others are ranked by one profile as before."""
    several = [[float(len(await clusters_of(model, images)) > 1)] for images in liked]
    return [len(several), share(several, seed=SEED)]


async def clusters_of(
    model: VisionLanguageModel, liked: Sequence[Image.Image]
) -> list[tuple[int, ...]]:
    return word_clusters([described.words for described in await model.describe(liked)])


def compare(model: VisionLanguageModel, options: argparse.Namespace) -> None:
    """Print one line a kind of user: one merged profile against the tastes."""
    columns = ["users", "several tastes", "NDCG@10 merged", "NDCG@10", "difference",
               "pairs merged", "pairs", "difference"]  # fmt: skip
    print("\n".join(header("kind", columns)))
    for kind in options.kinds:
        results = [asyncio.run(measured(model, user)) for user in users_of(kind, options)]
        print(line(kind, cells(results, seed=options.seed)), flush=True)


async def measured(model: VisionLanguageModel, user: SimulatedUser) -> Result:
    """Rank the user's candidates by the merged profile, and by the best of the tastes."""
    merged = await predicted(model, user.liked, user.disliked)
    clusters = await clusters_of(model, user.liked)
    tastes = [
        await predicted(model, [user.liked[number] for number in cluster], user.disliked)
        for cluster in clusters
    ]
    images = [*user.slate, user.better, user.worse]
    by_merged = await totals(model, [merged], images)
    by_best = await totals(model, tastes, images) if tastes else by_merged
    return Result(
        tastes=len(tastes),
        ndcg_merged=ndcg(by_merged[:-2], user.relevance),
        ndcg=ndcg(by_best[:-2], user.relevance),
        pair_merged=win(*by_merged[-2:]),
        pair=win(*by_best[-2:]),
    )


async def predicted(
    model: VisionLanguageModel, liked: Sequence[Image.Image], disliked: Sequence[Image.Image]
) -> Taste:
    """The profile by the vote of groups of references, all with the same weight."""
    groups = reference_groups(liked, disliked)
    predictions = await model.predict([References(tuple(a), tuple(b)) for a, b in groups])
    return taste_by_vote(predictions)


async def totals(
    model: VisionLanguageModel, tastes: Sequence[Taste], images: Sequence[Image.Image]
) -> list[float]:
    """The highest total of each image over the tastes, 0-25."""
    by_taste = [
        await equal_weight_scores(model, [ScoringInput(taste, image) for image in images])
        for taste in tastes
    ]
    return [max(score.total for score in scores) for scores in zip(*by_taste, strict=True)]


def cells(results: Sequence[Result], *, seed: int) -> list[object]:
    """The cells of one line: counts, and means with their intervals over users."""
    ndcg_pairs = [[r.ndcg for r in results], [r.ndcg_merged for r in results]]
    return [
        len(results),
        share([[float(r.tastes > 1)] for r in results], seed=seed),
        mean(ndcg_pairs[1], seed=seed),
        mean(ndcg_pairs[0], seed=seed),
        paired_difference(ndcg_pairs[0], ndcg_pairs[1], seed=seed),
        share([[r.pair_merged] for r in results], seed=seed),
        share([[r.pair] for r in results], seed=seed),
        paired_difference([r.pair for r in results], [r.pair_merged for r in results], seed=seed),
    ]


if __name__ == "__main__":
    sys.exit(main())
