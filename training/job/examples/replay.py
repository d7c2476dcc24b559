"""Write examples of simulated people beside the clicks: a task that is left out is forgotten.

What was lost without them is told in training/LOG.md.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from PIL.Image import Image

from shared.files.atomic_write import atomic_file
from training.finetuning.data.cases import Case
from training.finetuning.data.simulated import TASKS, Task, draw_cases, examples
from training.job.examples.rejection_sampling import Rng

SIMULATED_PEOPLE: Final = 60
"""At least; more with more clicks, see `simulated_people`."""
CHEAP_TASKS: Final[tuple[Task, ...]] = ("describe", "score")
ALL_TASKS_EVERY: Final = 4
"""Simulated people from one with every task to the next: a prediction's ten images and five reasons
take as long to learn from as twenty scores, and must only not be forgotten."""
Line = dict[str, Any]


def simulated_people(kept: int) -> int:
    """A third as many as kept pairs, so that what the release could do makes up a third."""
    return max(SIMULATED_PEOPLE, kept // 3)


def simulated_lines(people: int, folder: Path, *, seed: int, rng: Rng) -> Iterator[Line]:
    """One example a task and person, its images written below `folder`."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(draw_cases(people, seed=seed + 1)):
        tasks = CHEAP_TASKS if number % ALL_TASKS_EVERY else TASKS
        told = zip(tasks, examples(case, tasks, rng, varied=False), strict=True)
        for task, example in told:
            yield {
                "ask": task, "images": [_stored(image, images) for image in example.images],
                "answer": example.answer, **_about(task, case),
            }  # fmt: skip


def _about(task: str, case: Case) -> Line:
    if task == "predict" and case.references is not None:
        return {
            "liked": len(case.references.liked), "disliked": len(case.references.disliked)
        }  # fmt: skip
    if task in ("score", "explain") and case.truth is not None:
        return {"profile": json.loads(case.truth.to_json())}
    return {}


def _stored(image: Image, folder: Path) -> str:
    name = f"{hashlib.sha256(image.tobytes()).hexdigest()}.png"
    if not (folder / name).exists():
        with atomic_file(folder / name) as stream:
            image.save(stream, "PNG", compress_level=1)
    return f"{folder.name}/{name}"
