"""Write examples of simulated users for every task, so that SFT does not forget one (replay).

training/LOG.md has the losses that were measured without them.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from PIL.Image import Image

from shared.files.atomic_write import atomic_file
from training.finetuning.data.cases import Case
from training.finetuning.data.simulated import TASKS, Task, draw_cases, examples
from training.job.examples.example_lines import Line
from training.job.examples.rejection_sampling import Rng

MIN_USERS: Final = 60
"""Least simulated users; more with more clicks, see `replay_users`."""
CHEAP_TASKS: Final[tuple[Task, ...]] = ("describe", "score")
ALL_TASKS_EVERY: Final = 2
"""Of the easy users: the ten images of a prediction and five rationales take as long to learn from
as twenty scores, and must only not be forgotten."""


def replay_users(kept_pairs: int) -> int:
    """One for each kept pair, so that simulated examples are more than half of all.

    With a third, trainings of five and ten minutes lost 1.5 and 3.3 points of the frozen benchmark
    (training/LOG.md).
    """
    return max(MIN_USERS, kept_pairs)


def replay_lines(users: int, folder: Path, *, seed: int, rng: Rng) -> Iterator[Line]:
    """One example per task and user; their images are written below `folder`.

    Half of the users are hard: degraded images, and candidates that differ in one element. With
    easy users alone nights lost 1 to 9 points of the hard benchmark and none of the easy one
    (training/LOG.md).
    """
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    hard = users // 2
    easy_cases = draw_cases(users - hard, seed=seed + 1)
    hard_cases = draw_cases(hard, seed=seed + 2, level="hard", references_a_side=0)
    # In turns: a training that reads a part of the lines reads as much of both.
    for number, case in enumerate(easy_cases):
        yield from _lines_of(case, CHEAP_TASKS if number % ALL_TASKS_EVERY else TASKS, images, rng)
        hard_case = next(hard_cases, None)
        if hard_case is not None:
            yield from _lines_of(hard_case, CHEAP_TASKS, images, rng)


def _lines_of(case: Case, tasks: Sequence[Task], images: Path, rng: Rng) -> Iterator[Line]:
    by_task = zip(tasks, examples(case, tasks, rng, varied=False), strict=True)
    for task, example in by_task:
        yield {
            "ask": task, "images": [_write(image, images) for image in example.images],
            "answer": example.answer, **_prompt_fields(task, case),
        }  # fmt: skip


def _prompt_fields(task: str, case: Case) -> Line:
    """What the prompt of a task needs besides the images."""
    if task == "predict" and case.references is not None:
        return {
            "liked": len(case.references.liked), "disliked": len(case.references.disliked)
        }  # fmt: skip
    if task in ("score", "explain") and case.truth is not None:
        return {"profile": json.loads(case.truth.to_json())}
    return {}


def _write(image: Image, folder: Path) -> str:
    name = f"{hashlib.sha256(image.tobytes()).hexdigest()}.png"
    if not (folder / name).exists():
        with atomic_file(folder / name) as stream:
            image.save(stream, "PNG", compress_level=1)
    return f"{folder.name}/{name}"
