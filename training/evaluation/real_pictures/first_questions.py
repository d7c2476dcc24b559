"""Measure on real pictures which images are best shown first to a new user.

`python -m training.evaluation.real_pictures.first_questions --cache runs/packages`: each simulated
user likes one set of pictures, dislikes another, and marks those among twelve pictures that are
shown first. The other pictures are then ranked by the image encoder.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from shared.embedding.images.affinity import affinity
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.telling_images import most_telling, visible_features
from training.evaluation.real_pictures.__main__ import decoded, fetch
from training.evaluation.real_pictures.picture_sets import PICTURE_SETS, Use
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.statistics.bootstrap import mean, paired_difference

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
SHOWN: Final = 12
POOL: Final = 150
"""Pictures of which twelve are shown; the others of all sets are ranked."""
USERS: Final = 300
SEED: Final = 20260
CHANCE: Final = 0.5
"""The AUC of a user who sees no picture of either set."""
USES: Final[tuple[Use, ...]] = ("development", "held_out")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--users", type=int, default=USERS, help=f"default {USERS}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    options = parser.parse_args()
    try:
        images = decoded(fetch(options.cache, seed=SEED))
    except CannotFetch as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return 1
    for use in USES:
        names = [s.name for s in PICTURE_SETS if s.use == use and images[s.name]]
        print(f"{use}: {len(names)} sets, {options.users} users")
        report(asyncio.run(_vectors({n: images[n] for n in names})), options.users, options.seed)
    return 0


async def _vectors(images: Mapping[str, Sequence[Image]]) -> tuple[Floats, Floats, Numbers]:
    """Encoder vectors (n, 1280), visible features (n, k) and set numbers (n,) of all pictures."""
    every = [image for members in images.values() for image in members]
    encoder = PretrainedEncoder()
    try:
        encoded = np.asarray(await encoder.encode(every), np.float64)
    finally:
        encoder.close()
    seen = np.stack([visible_features(image.convert("RGB")) for image in every])
    sets = np.repeat(np.arange(len(images)), [len(members) for members in images.values()])
    return encoded, seen, sets.astype(np.int64)


def report(vectors: tuple[Floats, Floats, Numbers], users: int, seed: int) -> None:
    """Print the mean AUC of each choice with its interval over users."""
    by_choice: dict[str, list[float]] = {}
    for number in range(users):
        for choice, auc in auc_of_user(*vectors, rng=np.random.default_rng((seed, number))).items():
            by_choice.setdefault(choice, []).append(auc)
    for choice, values in by_choice.items():
        line = f"  {choice}: AUC {mean(values, seed=seed)}"
        if choice != "random":
            line += f", minus random {paired_difference(values, by_choice['random'], seed=seed)}"
        print(line)


def auc_of_user(
    encoded: Floats, seen: Floats, sets: Numbers, *, rng: np.random.Generator
) -> dict[str, float]:
    """AUC of one user's liked set against all others, by how the first pictures are chosen."""
    order = rng.permutation(len(sets))
    pool, rest = order[:POOL], order[POOL:]
    liked, disliked = rng.choice(np.unique(sets), 2, replace=False)
    shown = {
        "random": pool[:SHOWN],
        "most telling by what is seen": pool[most_telling(seen[pool], known=(), count=SHOWN)],
        "most telling by the encoder": pool[most_telling(encoded[pool], known=(), count=SHOWN)],
    }
    scores = {}
    for choice, places in shown.items():
        own, other = (encoded[places[sets[places] == side]] for side in (liked, disliked))
        if not len(own) + len(other):
            scores[choice] = CHANCE
            continue
        ranked = affinity(
            encoded[rest].astype(np.float32), own.astype(np.float32), other.astype(np.float32)
        )
        scores[choice] = _auc(ranked[sets[rest] == liked], ranked[sets[rest] != liked])
    return scores


def _auc(positive: NDArray[np.float32], negative: NDArray[np.float32]) -> float:
    higher = (positive[:, None] > negative[None, :]).mean()
    return float(higher + (positive[:, None] == negative[None, :]).mean() / 2)


if __name__ == "__main__":
    sys.exit(main())
