"""Measure how real pictures are ranked after one, three and five likes without any dislike.

python -m training.evaluation.real_pictures.likes_only --cache runs/pictures --use held_out

Pictures of other tasks stand for the other images of the tenant, as in the services.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL.Image import Image

from shared.domain.taste import ELEMENTS
from shared.domain.weights.word_scores import ShownWords
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.subject import SubjectReferences, no_vectors
from shared.embedding.images.weighed_references import LookScores, weigh_references
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import References, ScoringInput, VisionLanguageModel
from training.evaluation.real_pictures.__main__ import decoded, fetch
from training.evaluation.real_pictures.measure import area_under_curve
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.real_pictures.questions import QUESTIONS
from training.evaluation.real_pictures.rankers import EncoderRanker
from training.evaluation.real_pictures.tasks import Task, draw_tasks
from training.evaluation.serving_model import SEED, SHIPPED, serving_model
from training.statistics.bootstrap import mean

TASKS: Final = 12
MIN_TASKS: Final = 2
TASK_SEED: Final = 91
ORDER_SEED: Final = 3
LIKES: Final = (1, 3, 5)
OTHERS: Final = 32
Values = dict[tuple[int, str], list[float]]
"""The AUC of each task, or the share of the subject, by number of likes and name."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--use", choices=["held_out", "development"], default="held_out")
    parser.add_argument("--tasks", type=int, default=TASKS, help=f"a question, default {TASKS}")
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    options = parser.parse_args()
    if options.tasks < MIN_TASKS:
        parser.error(f"--tasks must be at least {MIN_TASKS}: others give the background")
    try:
        images = decoded(fetch(options.cache, seed=SEED))
    except CannotFetch as error:
        print(error, file=sys.stderr)
        return 1
    encoder = PretrainedEncoder()
    with serving_model(SHIPPED, threads=options.threads) as model:
        for question in QUESTIONS:
            if question.use != options.use:
                continue
            drawn = list(draw_tasks(question.pairs, images, tasks_per_pair=1, seed=TASK_SEED))
            random.Random(ORDER_SEED).shuffle(drawn)
            tasks = drawn[: options.tasks]
            values = asyncio.run(measure(tasks, model, EncoderRanker(encoder)))
            for (likes, name), of_tasks in values.items():
                print(
                    f"{question.name}: {likes} likes, {name} {mean(of_tasks)}, {len(tasks)} tasks"
                )
    encoder.close()
    return 0


async def measure(
    tasks: Sequence[Task], model: VisionLanguageModel, encoder: EncoderRanker
) -> Values:
    """The AUC by look, by subject and by both, for each task and number of likes."""
    others = [p for task in tasks for p in (*task.better[:2], *task.worse[:2])][:OTHERS]
    words = dict(zip(map(id, others), await _words(model, others), strict=True))
    values: Values = {}
    for task in tasks:
        pictures = [*task.better, *task.worse]
        shown = set(map(id, pictures))
        unseen = [picture for picture in others if id(picture) not in shown]
        liked = task.references.liked
        liked_words = await _words(model, liked)
        for likes in LIKES:
            taste = taste_by_vote(await model.predict([References(tuple(liked[:likes]), ())]))
            scored = await model.score([ScoringInput(taste, picture) for picture in pictures])
            vectors = SubjectReferences(
                await encoder.vectors(liked[:likes]), no_vectors(), await encoder.vectors(unseen)
            )
            look = LookScores.of_words(
                liked_words[:likes],
                [],
                [taste],
                others=[words[id(picture)] for picture in unseen],
            )
            weights = weigh_references(vectors, look, model.element_weights).weights
            subjects = [float(s) for s in vectors.scores(await encoder.vectors(pictures))]
            totals = [
                weights.total({e: scores.expected(e) for e in ELEMENTS}, subject)
                for scores, subject in zip(scored, subjects, strict=True)
            ]
            by_name = {"look": [s.total for s in scored], "subject": subjects, "both": totals}
            count = len(task.better)
            for name, of_pictures in by_name.items():
                auc = area_under_curve(of_pictures[:count], of_pictures[count:])
                values.setdefault((likes, name), []).append(auc)
            values.setdefault((likes, "share of the subject"), []).append(weights.subject)
    return values


async def _words(model: VisionLanguageModel, pictures: Sequence[Image]) -> list[ShownWords]:
    return [description.words for description in await model.describe(pictures)]


if __name__ == "__main__":
    sys.exit(main())
