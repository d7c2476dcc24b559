"""Read a training plan: the task of each step of the text stage.

In `describe*120,easy*120;assess*450,predict*380` the phases between semicolons follow one another,
and the steps of a phase are shuffled.
"""

from dataclasses import dataclass

import numpy as np

from training.nano.data.rows import TASKS, Task


@dataclass(frozen=True)
class Plan:
    """The task of every step."""

    text: str
    seed: int
    tasks: tuple[Task, ...]

    def __len__(self) -> int:
        return len(self.tasks)

    def __str__(self) -> str:
        return f"{self.text} seed {self.seed}"


def read_plan(text: str, *, seed: int) -> Plan:
    """The plan as a sequence of steps; a seed always gives the same sequence."""
    rng = np.random.default_rng(seed)
    tasks: list[Task] = []
    for phase in text.split(";"):
        phase_tasks = [task for part in phase.split(",") for task in _steps(part)]
        tasks += [phase_tasks[k] for k in rng.permutation(len(phase_tasks))]
    return Plan(text, seed, tuple(tasks))


def _steps(part: str) -> list[Task]:
    name, _, count = part.strip().partition("*")
    for task in TASKS:
        if task == name and count.isdecimal():
            return [task] * int(count)
    raise ValueError(
        f"{part!r} is not a part of a plan: write task*steps, with a task of {', '.join(TASKS)}"
    )
