"""Tasks keep references and new pictures apart; rankers are measured by their AUC."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from shared.embedding.images.affinity import affinity
from shared.vlm.protocol import References
from training.evaluation.real_pictures.measure import area_under_curve, measure
from training.evaluation.real_pictures.picture_sets import PICTURE_SETS, PictureSet
from training.evaluation.real_pictures.questions import QUESTIONS, sets_for
from training.evaluation.real_pictures.rankers import ColorHistogram
from training.evaluation.real_pictures.tasks import NEW, REFERENCES, Task, draw_tasks

SETS = [
    PictureSet("shop", "photograph", color, "development", "*.png")
    for color in ("red", "green", "blue", "gray")
]
PAIRS = [(SETS[0], SETS[1]), (SETS[2], SETS[3])]


def pictures() -> dict[str, list[Image.Image]]:
    """Plain pictures of one color, each a little different."""
    return {
        s.name: [Image.new("RGB", (16 + n, 16), s.subject) for n in range(REFERENCES + NEW)]
        for s in SETS
    }


def tasks(seed: int = 1) -> list[Task]:
    return list(draw_tasks(PAIRS, pictures(), tasks_per_pair=2, seed=seed))


def test_no_picture_is_both_a_reference_and_new() -> None:
    for task in tasks():
        drawn = [*task.references.images, *task.better, *task.worse]
        assert len({id(image) for image in drawn}) == len(drawn) == 2 * (REFERENCES + NEW)


def test_tasks_of_a_pair_like_each_set_in_turn() -> None:
    assert [task.liked_set for task in tasks()[:2]] == [SETS[0].name, SETS[1].name]


async def test_the_histogram_ranks_colors_and_another_users_references_do_not() -> None:
    measured = await measure(ColorHistogram(), tasks(), seed=1)
    assert (measured.tasks, measured.pairs) == (4, 2)
    assert measured.auc.value == 1
    assert measured.auc.low < 0.9  # two pairs prove little
    assert measured.other_user.value == 0.5


async def test_a_ranker_that_ignores_references_is_at_chance() -> None:
    class Blind:
        name = "blind"

        async def score(
            self, references: References, pictures: Sequence[Image.Image]
        ) -> Sequence[float]:
            return [0.0] * len(pictures)

    measured = await measure(Blind(), tasks(), seed=1)
    assert measured.auc.value == measured.other_user.value == 0.5
    difference = measured.minus(await measure(ColorHistogram(), tasks(), seed=1), seed=1)
    assert difference.value == -0.5


@pytest.mark.parametrize(
    ("better", "worse", "expected"),
    [([2, 3], [0, 1], 1.0), ([0, 1], [2, 3], 0.0), ([1], [1], 0.5), ([1, 3], [2, 2], 0.5)],
)
def test_the_area_under_the_curve(better: list[float], worse: list[float], expected: float) -> None:
    assert area_under_curve(better, worse) == expected


def test_affinity_is_the_difference_of_mean_similarities() -> None:
    images = np.eye(3, dtype=np.float32)
    liked, disliked = images[:1], images[[1, 1]]
    np.testing.assert_allclose(affinity(images, liked, disliked), [1, -1, 0])
    np.testing.assert_allclose(affinity(images, liked, images[:0]), [1, 0, 0])


def test_held_out_packages_are_used_for_nothing_else() -> None:
    held_out = {picture_set.package for picture_set in sets_for("held_out")}
    assert held_out.isdisjoint(picture_set.package for picture_set in sets_for("development"))
    assert len({picture_set.name for picture_set in PICTURE_SETS}) == len(PICTURE_SETS)
    for question in QUESTIONS:
        uses = {picture_set.use for pair in question.pairs for picture_set in pair}
        assert len(uses) == 1
