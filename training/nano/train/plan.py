"""Read a training plan: which task each step of the text stage trains, phase by phase.

`describe*120,easy*120;assess*450,predict*380`: phases follow one another, and the tasks of one
phase are shuffled together.
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
    """The plan in order, the same for a seed."""
    rng = np.random.default_rng(seed)
    tasks: list[Task] = []
    for phase in text.split(";"):
        listed = [task for part in phase.split(",") for task in _steps(part)]
        tasks += [listed[k] for k in rng.permutation(len(listed))]
    return Plan(text, seed, tuple(tasks))


def _steps(part: str) -> list[Task]:
    name, _, count = part.strip().partition("*")
    for task in TASKS:
        if task == name and count.isdecimal():
            return [task] * int(count)
    raise ValueError(f"{part!r} is no part of a plan: write task*steps, task of {', '.join(TASKS)}")
