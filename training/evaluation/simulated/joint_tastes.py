"""Measure users with two joint tastes against one merged profile, and false second tastes.

python -m training.evaluation.simulated.joint_tastes --users 100

Every user has references of the hard level: weak cues, degraded files, one or two contradictions a
side. *Joint* users like two whole combinations. *Free* users like the same two words of an element
in any combination, and *single* users have one taste: both must keep one profile.
"""

import argparse
import asyncio
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from PIL import Image

from shared.domain.taste import Taste
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.prompting.taste_clusters.word_clusters import word_clusters
from shared.vlm.protocol import References, ScoringInput, VisionLanguageModel
from training.evaluation.markdown import header, line
from training.evaluation.pairing import win
from training.evaluation.scoring import equal_weight_scores
from training.evaluation.serving_model import SEED, SHIPPED, serving_model
from training.evaluation.simulated.metrics import ndcg
from training.prefersim.drawing.degradations import as_file, draw_degradation, draw_strength
from training.prefersim.drawing.renderer import render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.users.candidates import hard_pair, relevance, slate
from training.prefersim.users.joint_users import (
    JointUser,
    free_references,
    joint_pair,
    joint_references,
    joint_slate,
)
from training.prefersim.users.users import Kind, draw_user
from training.prefersim.values.vocabulary import Attributes
from training.statistics.bootstrap import mean, paired_difference, share

UserKind = Literal["joint", "free", "single"]
KINDS: Final[tuple[UserKind, ...]] = ("joint", "free", "single")
STREAM: Final = 0x7A57E
"""Separates these random numbers from those of other users."""
REFERENCES: Final = 10
"""References of each side: the tastes of a joint user have four or five each."""


@dataclass(frozen=True)
class SimulatedUser:
    """The images of one user: references, a slate with its true scores, and a pair."""

    liked: list[Image.Image]
    disliked: list[Image.Image]
    slate: list[Image.Image]
    relevance: tuple[float, ...]
    better: Image.Image
    worse: Image.Image


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
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    options = parser.parse_args()
    if options.users < 1 or options.references < 1:
        print("preferstream: --users and --references must be 1 or more", file=sys.stderr)
        return 2
    columns = ["users", "several tastes", "NDCG@10 merged", "NDCG@10", "difference",
               "pairs merged", "pairs", "difference"]  # fmt: skip
    print("\n".join(header("kind", columns)))
    with serving_model(SHIPPED, threads=options.threads) as model:
        for kind in options.kinds:
            results = [
                asyncio.run(
                    measured(model, user_of(kind, number, options.seed, options.references))
                )
                for number in range(options.users)
            ]
            print(line(kind, cells(results, seed=options.seed)), flush=True)
    return 0


def user_of(kind: UserKind, number: int, seed: int, count: int) -> SimulatedUser:
    """Draw a user; a seed always gives the same users, whatever their number is."""
    rng = np.random.default_rng((seed, STREAM, KINDS.index(kind), number))
    user = draw_user(rng, Kind(multi=kind != "single", unseen=number % 2 == 1))
    chosen = free_references if kind == "free" else joint_references
    liked = chosen(rng, user.likes, user.dislikes, count)
    disliked = chosen(rng, user.dislikes, user.likes, count)
    if kind == "joint":
        joint = JointUser(user)
        candidates = joint_slate(rng, user)
        scores, pair = joint.relevance(candidates), joint_pair(rng, joint)
    else:
        candidates = slate(rng, user, unseen=True)
        scores, pair = relevance(user, candidates), hard_pair(rng, user, unseen=True)
    images = iter(drawn(rng, np.stack([*liked, *disliked, *candidates, pair.better, pair.worse])))
    return SimulatedUser(
        liked=[next(images) for _ in liked],
        disliked=[next(images) for _ in disliked],
        slate=[next(images) for _ in candidates],
        relevance=tuple(scores.tolist()),
        better=next(images),
        worse=next(images),
    )


def drawn(rng: np.random.Generator, values: Attributes) -> list[Image.Image]:
    """Drawings of the hard level, each with its own scene."""
    scenes = draw_scenes(rng, len(values))
    drawings = render(scenes, values, rng, draw_strength(rng, len(values)))
    files = [as_file(pixels, draw_degradation(rng), rng) for pixels in drawings]
    return [Image.open(io.BytesIO(data)).convert("RGB") for data in files]


async def measured(model: VisionLanguageModel, user: SimulatedUser) -> Result:
    """Rank the user's candidates by the merged profile, and by the best of the tastes."""
    merged = await predicted(model, user.liked, user.disliked)
    described = await model.describe(user.liked)
    clusters = word_clusters([description.words for description in described])
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
