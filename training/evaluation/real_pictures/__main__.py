"""Measure how well real pictures are ranked after five liked and five disliked ones.

python -m training.evaluation.real_pictures --cache runs/pictures

The packages are downloaded once. `--record` writes the list of the pictures and their hashes again.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from training.evaluation.markdown import header, line
from training.evaluation.real_pictures.measure import Measured, measure
from training.evaluation.real_pictures.picture_sets import PICTURE_SETS
from training.evaluation.real_pictures.pictures import record
from training.evaluation.real_pictures.pictures.packages import CannotFetch, extracted
from training.evaluation.real_pictures.pictures.selection import Picture, select
from training.evaluation.real_pictures.questions import QUESTIONS, Question
from training.evaluation.real_pictures.rankers import (
    ColorHistogram,
    EncoderRanker,
    ModelRanker,
    Ranker,
    SubjectRanker,
)
from training.evaluation.real_pictures.tasks import draw_tasks
from training.evaluation.serving_model import SEED, SHIPPED, serving_model

FAILED: Final = 1
TASKS_PER_PAIR: Final = 4


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.real_pictures",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--model", type=Path, default=SHIPPED, help=f"default {SHIPPED}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument(
        "--tasks", type=int, default=TASKS_PER_PAIR, help=f"per pair, default {TASKS_PER_PAIR}"
    )
    parser.add_argument(
        "--use", choices=["held_out", "development"], help="default: both kinds of packages"
    )
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    parser.add_argument("--record", action="store_true", help="write the list of pictures again")
    options = parser.parse_args()
    try:
        pictures = fetch(options.cache, seed=SEED)
    except CannotFetch as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILED
    if options.record:
        record.write(pictures)
    for problem in record.differences(pictures):
        print(problem, file=sys.stderr)
    with serving_model(options.model, threads=options.threads) as model:
        encoder = PretrainedEncoder()
        by_encoder = EncoderRanker(encoder)
        rankers: list[Ranker] = [
            ColorHistogram(),
            by_encoder,
            ModelRanker(model),
            SubjectRanker(model, by_encoder),
        ]
        try:
            questions = [q for q in QUESTIONS if options.use in (None, q.use)]
            images = decoded(pictures)
            drawing = {"tasks": options.tasks, "seed": options.seed}
            asyncio.run(report(questions, rankers, images, baseline=by_encoder.name, **drawing))
        finally:
            encoder.close()
    return 0


def fetch(cache: Path, *, seed: int) -> dict[str, list[Picture]]:
    """The pictures of every set, by its name; raises `CannotFetch`."""
    cache.mkdir(parents=True, exist_ok=True)
    pictures = {}
    for picture_set in PICTURE_SETS:
        print(f"{picture_set.name} ...", file=sys.stderr)
        pictures[picture_set.name] = select(
            picture_set, extracted(picture_set.package, cache.resolve()), seed=seed
        )
    return pictures


def decoded(pictures: Mapping[str, Sequence[Picture]]) -> dict[str, list[Image]]:
    """The pictures as the services decode them; a picture that they refuse is left out."""
    settings = ImageSettings()
    images: dict[str, list[Image]] = {}
    for name, members in pictures.items():
        images[name] = []
        for picture in members:
            try:
                images[name].append(decode(picture.data, picture.path, settings))
            except Unprocessable as error:
                print(f"left out: {error}", file=sys.stderr)
    return images


async def report(
    questions: Sequence[Question],
    rankers: Sequence[Ranker],
    images: Mapping[str, Sequence[Image]],
    *,
    baseline: str,
    tasks: int,
    seed: int,
) -> None:
    """Print one table a question, and the difference of the last ranker from the baseline."""
    for question in questions:
        drawn = list(draw_tasks(question.pairs, images, tasks_per_pair=tasks, seed=seed))
        print(f"\n{question.name}: {len(drawn)} tasks of {len(question.pairs)} pairs of sets\n")
        names = ["mean AUC (95 %)", "worst pair", "other user's references"]
        print("\n".join(header("ranked by", names)))
        by_name: dict[str, Measured] = {}
        for ranker in rankers:
            by_name[ranker.name] = await measure(ranker, drawn, seed=seed)
            print(_line(by_name[ranker.name]), flush=True)
        last = by_name[rankers[-1].name]
        difference = last.minus(by_name[baseline], seed=seed)
        print(f"\n{last.ranker} minus {baseline}, over pairs: {difference}", flush=True)


def _line(measured: Measured) -> str:
    worst = f"{measured.worst_pair:.2f}"
    return line(measured.ranker, [measured.auc, worst, measured.other_user])


if __name__ == "__main__":
    sys.exit(main())
