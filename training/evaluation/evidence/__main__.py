"""Measure how often a score moves as the evidence of a feed claims, without the named references.

python -m training.evaluation.evidence --cache runs/pictures --bench runs/prefersim/hard

Claims about what images show are checked on real pictures, claims about words on simulated ones.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.subject import SubjectReferences
from shared.vlm.protocol import VisionLanguageModel
from training.evaluation.benchmark.image_files import ImageFiles
from training.evaluation.benchmark.items import BadBenchmark, first_item_by_user
from training.evaluation.benchmark.reader import read_benchmark
from training.evaluation.evidence.faithfulness import (
    KINDS,
    Checked,
    Kind,
    check_subject,
    check_totals,
    check_words,
)
from training.evaluation.markdown import header, line
from training.evaluation.real_pictures.__main__ import FAILED, decoded, fetch
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.real_pictures.questions import QUESTIONS
from training.evaluation.real_pictures.rankers import EncoderRanker, SubjectRanker
from training.evaluation.real_pictures.tasks import draw_tasks
from training.evaluation.serving_model import SEED, SHIPPED, serving_model
from training.statistics.bootstrap import share

REFERENCES = 5


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.evidence",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--cache", type=Path, help="folder for the packages of real pictures")
    parser.add_argument("--bench", type=Path, help="folder of a simulated benchmark")
    parser.add_argument("--model", type=Path, default=SHIPPED, help=f"default {SHIPPED}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--tasks", type=int, default=2, help="real pictures: per pair, default 2")
    parser.add_argument("--users", type=int, default=20, help="simulated: per set, default 20")
    parser.add_argument(
        "--totals", action="store_true", help="real pictures: also predict taste and weights again"
    )
    parser.add_argument(
        "--use", choices=["held_out", "development"], default="held_out", help="default held_out"
    )
    options = parser.parse_args()
    print("\n".join(header("claims about", ["checked", "images", "images with a claim"])))
    try:
        if options.cache:
            checked = asyncio.run(real_pictures(options))
            print_claims(
                "real pictures", checked, ["reference", "resemblance", "subject"], seed=options.seed
            )
        if options.cache and options.totals:
            with serving_model(options.model) as model:
                checked = asyncio.run(totals(model, options))
            print_claims("real pictures", checked, ["total"], seed=options.seed)
        if options.bench:
            with serving_model(options.model) as model:
                checked = asyncio.run(simulated(model, options))
            print_claims("simulated pictures", checked, ["word"], seed=options.seed)
    except (CannotFetch, BadBenchmark) as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILED
    return 0


async def real_pictures(options: argparse.Namespace) -> list[Checked]:
    """One person for each task: five likes of one set, five dislikes of another."""
    questions = [question for question in QUESTIONS if question.use == options.use]
    images = decoded(fetch(options.cache, seed=SEED))
    encoder = PretrainedEncoder()
    ranker = EncoderRanker(encoder)
    checked = []
    try:
        for question in questions:
            for task in draw_tasks(
                question.pairs, images, tasks_per_pair=options.tasks, seed=options.seed
            ):
                references = SubjectReferences(
                    await ranker.vectors(task.references.liked),
                    await ranker.vectors(task.references.disliked),
                )
                new = await ranker.vectors([*task.better, *task.worse])
                words = await encoder.subject_words(
                    np.concatenate([references.liked, references.disliked, new])
                )
                checked.append(check_subject(references, new, words))
    finally:
        encoder.close()
    return checked


async def totals(model: VisionLanguageModel, options: argparse.Namespace) -> list[Checked]:
    """The first task of each pair, with two new pictures of the liked set and one of the other."""
    images = decoded(fetch(options.cache, seed=SEED))
    encoder = PretrainedEncoder()
    by_encoder = EncoderRanker(encoder)
    ranker = SubjectRanker(model, by_encoder)
    checked = []
    try:
        for question in QUESTIONS:
            if question.use != options.use:
                continue
            for task in draw_tasks(question.pairs, images, tasks_per_pair=1, seed=options.seed):
                new = [*task.better[:2], *task.worse[:1]]
                checked.append(await check_totals(ranker, by_encoder, task.references, new))
    finally:
        encoder.close()
    return checked


async def simulated(model: VisionLanguageModel, options: argparse.Namespace) -> list[Checked]:
    """The first users of each set, with the two images of their first question."""
    files, checked = ImageFiles(), []
    for items in read_benchmark(options.bench, references=REFERENCES).splits.values():
        for item in list(first_item_by_user(items).values())[: options.users]:
            references = files.references(item.liked, item.disliked)
            images = files.open([item.image_a, item.image_b])
            if references is not None and images is not None:
                checked.append(await check_words(model, references, images))
    return checked


def print_claims(
    about: str, checked: Sequence[Checked], kinds: Sequence[Kind], *, seed: int
) -> None:
    """One line for each kind of claim; the persons are the clusters of the interval."""
    images = sum(person.images for person in checked)
    explained = sum(person.explained for person in checked)
    for kind in kinds:
        moved = share([person.moved[kind] for person in checked], seed=seed)
        cells = [f"{moved} of {moved.count}", images, explained]
        print(line(f"{about}: {KINDS[kind]}", cells), flush=True)


if __name__ == "__main__":
    sys.exit(main())
