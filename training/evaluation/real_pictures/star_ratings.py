"""Measure whether the stars of `preferstream rate` agree with the kind of picture that is liked.

python -m training.evaluation.real_pictures.star_ratings --cache runs/pictures --use held_out

A folder has new pictures of two sets. Five of each are rated: the liked ones with five stars, the
others with one. The scorer and the stars are those of the command.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.domain.images.star_ratings import stars_of
from shared.runtime.file_scorer import FileScore, ScoringReferences, open_scorer
from training.evaluation.real_pictures.__main__ import fetch
from training.evaluation.real_pictures.measure import area_under_curve
from training.evaluation.real_pictures.picture_sets import PictureSet
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.real_pictures.pictures.selection import Picture
from training.evaluation.real_pictures.questions import QUESTIONS
from training.evaluation.serving_model import SEED
from training.statistics.bootstrap import mean

RATED: Final = 5
"""Rated pictures of each set."""
NEW: Final = 25
"""New pictures of each set, or as many as it has."""
FOLDERS: Final = 12
DRAW_SEED: Final = 173
Pair = tuple[PictureSet, PictureSet]


@dataclass(frozen=True)
class Measured:
    """One folder."""

    stars: float
    """AUC of the stars: how often a new picture of the liked set has more of them."""
    scores: float
    pictures: int
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--use", choices=["held_out", "development"], default="held_out")
    parser.add_argument("--folders", type=int, default=FOLDERS, help=f"a question, {FOLDERS}")
    options = parser.parse_args()
    try:
        pictures = fetch(options.cache, seed=SEED)
    except CannotFetch as error:
        print(error, file=sys.stderr)
        return 1
    for question in QUESTIONS:
        if question.use == options.use:
            results = []
            for liked, other in drawn_pairs(question.pairs, folders=options.folders):
                results.append(asyncio.run(rated(pictures[liked.name], pictures[other.name])))
                print(f"{liked.name} over {other.name}: {results[-1]}", file=sys.stderr)
            report(question.name, results)
    return 0


def drawn_pairs(pairs: Sequence[Pair], *, folders: int) -> list[Pair]:
    """A draw of pairs in both directions, so that no set is easier to like."""
    directed = [pair for first, second in pairs for pair in ((first, second), (second, first))]
    return random.Random(DRAW_SEED).sample(directed, min(folders, len(directed)))


def report(name: str, results: Sequence[Measured]) -> None:
    count = sum(result.pictures for result in results)
    print(
        f"{name}: AUC of the stars {mean([r.stars for r in results])}, of the scores"
        f" {mean([r.scores for r in results])}; {len(results)} folders, {count} new pictures,"
        f" {count / sum(result.seconds for result in results):.1f} a second",
        flush=True,
    )


async def rated(liked: Sequence[Picture], other: Sequence[Picture]) -> Measured:
    """Write a folder, learn from its rated pictures, and give stars to all."""
    rng = random.Random(DRAW_SEED)
    with tempfile.TemporaryDirectory() as folder:
        sides = [
            _write(Path(folder), side, rng.sample(list(pictures), min(len(pictures), RATED + NEW)))
            for side, pictures in (("a", liked), ("b", other))
        ]
        files = [path for side in sides for path in side]
        references = ScoringReferences(
            tuple(sides[0][:RATED]), tuple(sides[1][:RATED]), sample=tuple(files)
        )
        async with open_scorer(references) as scorer:
            begun = time.monotonic()
            results = [result async for result in scorer.results(files)]
            seconds = time.monotonic() - begun
    scores = {path: r.total for path, r in results if isinstance(r, FileScore)}
    stars = stars_of(scores, by="quantile")
    new = [[path for path in side[RATED:] if path in scores] for side in sides]
    by_stars = [[float(stars[path]) for path in side] for side in new]
    by_score = [[scores[path] for path in side] for side in new]
    return Measured(
        area_under_curve(*by_stars), area_under_curve(*by_score), sum(map(len, new)), seconds
    )


def _write(folder: Path, side: str, pictures: Sequence[Picture]) -> list[Path]:
    paths = []
    for number, picture in enumerate(pictures):
        path = folder / f"{side}{number:03}.png"
        path.write_bytes(picture.data)
        paths.append(path)
    return paths


if __name__ == "__main__":
    sys.exit(main())
