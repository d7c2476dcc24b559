"""Write the champion's own answers to prompts of the dataset, so that SFT forgets no task.

For a model that was not trained on drawings: examples of simulated users (`replay`) would teach it
drawings of 84 pixels and their words. Clicks give examples of scores and rationales; these examples
are for the other two tasks.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

from shared.prompting import prompt
from shared.prompting.prompt import SideWords
from shared.vlm.checkpoint.checkpoint import MANIFEST, read_manifest
from training.evaluation.scoring import batches
from training.job.examples.example_lines import Line, name_in, shuffled
from training.job.examples.rejection_sampling import Rng
from training.job.scoring.deadline import IsLate
from training.job.scoring.feedback_cases import FeedbackCase, open_image
from training.job.scoring.pair_scoring import Model

DRAWINGS: Final = "training/prefersim"
"""Start of the training data that the manifest of nano names."""
MAX_DESCRIPTIONS: Final = 120
MAX_PREDICTIONS: Final = 40
"""A prediction reads ten images, and takes as long as ten descriptions."""
PREDICTIONS_PER_DESCRIPTION: Final = 1 / 3
BATCH: Final = 8
ValueT = TypeVar("ValueT")


def learned_from_drawings(folder: Path) -> bool:
    """Whether a model was trained on the simulator's drawings; not without our manifest."""
    file = folder / MANIFEST
    if not file.is_file():
        return False
    training = read_manifest(file).get("training")
    return isinstance(training, dict) and str(training.get("data", "")).startswith(DRAWINGS)


def own_answer_lines(
    champion: Model,
    cases: Sequence[FeedbackCase],
    folder: Path,
    *,
    count: int,
    rng: Rng,
    is_late: IsLate,
) -> list[Line]:
    """At most `count` descriptions, and a third as many predictions, with their images.

    An answer is kept when all of it can be read. No batch starts when it is late.
    """
    images = list(dict.fromkeys(file for case in cases for file in (case.better, case.worse)))
    users = list({case.user: case for case in cases if case.liked or case.disliked}.values())
    descriptions = shuffled(images, rng)[: min(count, MAX_DESCRIPTIONS)]
    most = round(PREDICTIONS_PER_DESCRIPTION * len(descriptions))
    predictions = shuffled(users, rng)[: min(most, MAX_PREDICTIONS)]
    lines: list[Line] = []
    for files in batches(descriptions, BATCH):
        if is_late():
            return lines
        lines += _descriptions(champion, files, folder)
    for of_users in batches(predictions, BATCH):
        if is_late():
            return lines
        lines += _predictions(champion, of_users, folder)
    return lines


def _descriptions(champion: Model, files: Sequence[Path], folder: Path) -> Iterator[Line]:
    described = champion.describe([open_image(file) for file in files])
    for file, description in zip(files, described, strict=True):
        if not description.problems and _named(description.words):
            words = _shown(description.words)
            yield {"ask": "describe", "images": [name_in(file, folder)], "words": words}


def _predictions(champion: Model, cases: Sequence[FeedbackCase], folder: Path) -> Iterator[Line]:
    tastes = champion.predict([case.references() for case in cases])
    for case, taste in zip(cases, tastes, strict=True):
        sides = (taste.preference, taste.non_preference)
        shown = (case.liked, case.disliked)
        named = (_named(side) for side, files in zip(sides, shown, strict=True) if files)
        if not taste.problems and all(named):
            yield {
                "ask": "predict", "liked": len(case.liked), "disliked": len(case.disliked),
                "images": [name_in(file, folder) for file in (*case.liked, *case.disliked)],
                "taste": dict(zip(("likes", "dislikes"), map(_shown, sides), strict=True)),
            }  # fmt: skip


def _named(words: SideWords) -> bool:
    return any(words.values())


def _shown(words: SideWords) -> dict[str, list[str]]:
    """The strongest words by the element's name: a layout could not keep words with its signs."""
    return {element.value: list(named[: prompt.WORDS_SHOWN]) for element, named in words.items()}
