"""People who like two kinds of pictures are ranked by the kind that a picture fits best."""

import numpy as np

from shared.embedding.protocol import Vectors
from training.evaluation.real_pictures.joint_tastes import Task, crossed, measured, questions
from training.evaluation.real_pictures.questions import sets_for

DIRECTIONS = {
    "photo birds": (0, 2),
    "drawn ships": (1, 3),
    "photo ships": (0, 3),
    "drawn birds": (1, 2),
}
"""Look and subject of each set, as two directions of its vectors."""


def vectors() -> dict[str, Vectors]:
    rng = np.random.default_rng(1)
    sets = {}
    for name, (look, subject) in DIRECTIONS.items():
        rows = rng.normal(0, 0.03, (20, 40))
        rows[:, [look, subject]] += 0.7
        sets[name] = (rows / np.linalg.norm(rows, axis=1)[:, None]).astype(np.float32)
    return sets


def test_crossed_likes_are_two_tastes_which_rank_better_than_one() -> None:
    task = Task(("photo birds", "drawn ships"), ("photo ships", "drawn birds"), 0)
    result = measured(vectors(), task, 5, seed=1)
    assert result.tastes == 2
    assert result.chosen > 0.95 > 0.8 > result.merged


def test_likes_of_one_set_stay_one_taste() -> None:
    task = Task(("photo birds",), ("photo ships", "drawn birds"), 0)
    result = measured(vectors(), task, 5, seed=1)
    assert (result.tastes, result.chosen) == (0, result.merged)


def test_a_question_dislikes_other_sets_than_it_likes() -> None:
    sets = sets_for("development")
    for _, tasks in questions(sets, repeats=2, seed=1):
        assert tasks
        assert not any({*task.liked} & {*task.disliked} for task in tasks)
    for liked, disliked in crossed(sets):
        assert len({*liked, *disliked}) == 4
