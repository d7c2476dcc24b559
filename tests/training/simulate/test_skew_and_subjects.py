"""Skewed catalogs and tastes of subjects change no draw of the loops that were recorded before."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS
from training.prefersim.drawing.held_out_subjects import HELD_OUT_SUBJECTS
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.drawing.subjects import MOST_SHAPES, SUBJECTS
from training.prefersim.values.vocabulary import SIZES
from training.simulate.catalog import draw_catalog, reference_images
from training.simulate.loop.options import Options
from training.simulate.loop.simulation import claim_folder
from training.simulate.users import SKEWED, draw_images, draw_users

RNG = np.random.default_rng


def test_a_catalog_without_the_options_is_drawn_as_before() -> None:
    uniform = draw_images(RNG(5), 200)
    np.testing.assert_array_equal(draw_images(RNG(5), 200, skew=0.0, subjects=False), uniform)
    first = RNG(5)
    np.testing.assert_array_equal(
        uniform, np.stack([first.integers(size, size=200) for size in SIZES], axis=1)
    )


@pytest.mark.parametrize("skew", [0.7, 0.9])
def test_one_value_of_style_and_color_is_frequent_in_a_skewed_catalog(skew: float) -> None:
    shown = draw_images(RNG(1), 2_000, skew=skew)
    for element in ELEMENTS:
        column = shown[:, ELEMENTS.index(element)]
        size = SIZES[ELEMENTS.index(element)]
        frequent = np.bincount(column, minlength=size).max() / len(column)
        expected = skew + (1 - skew) / size if element in SKEWED else 1 / size
        assert frequent == pytest.approx(expected, abs=0.05)


def test_no_training_draws_the_subjects_that_users_like() -> None:
    assert not HELD_OUT_SUBJECTS.keys() & SUBJECTS.keys()
    assert max(map(len, HELD_OUT_SUBJECTS.values())) <= MOST_SHAPES
    plain, again = draw_scenes(RNG(2), 8), draw_scenes(RNG(2), 8)
    np.testing.assert_array_equal(plain.shapes, again.shapes)
    named = draw_scenes(RNG(2), 2, subjects=np.array([0, 0]))
    assert (named.shapes[..., 0] == named.shapes[:1, :, 0]).all()


def test_subjects_change_the_appeal_by_their_weight() -> None:
    users = draw_users(20, seed=1, subjects=True)
    before = draw_users(20, seed=1)
    assert [(user.name, user.weights) for user in users] == [(u.name, u.weights) for u in before]
    for user in users:
        taste = user.subject_taste
        assert taste is not None
        look = draw_images(RNG(3), 1)
        liked, disliked = (
            user.appeal(np.column_stack([look, [subject]]))[0]
            for subject in (taste.liked, taste.disliked)
        )
        assert liked - disliked == pytest.approx(taste.weight)
        assert user.appeal(look) == replace(user, subject_taste=None).appeal(look)


def test_references_show_the_liked_subject_the_more_it_counts() -> None:
    (user,) = draw_users(1, seed=1, subjects=True)
    taste = user.subject_taste
    assert taste is not None
    sure = replace(user, subject_taste=replace(taste, weight=1.0))
    liked, disliked = reference_images(sure, 4, seed=1)
    assert set(liked.shown[:, -1]) == {taste.liked}
    assert set(disliked.shown[:, -1]) == {taste.disliked}
    assert draw_catalog(3, seed=1, subjects=True).shown.shape == (3, len(ELEMENTS) + 1)


def test_a_folder_of_an_earlier_version_is_resumed_with_the_defaults(tmp_path: Path) -> None:
    options = Options(users=5)
    claim_folder(tmp_path, options, 1)
    file = tmp_path / "options.json"
    file.write_text(file.read_text().replace(', "skew": 0.0, "subjects": false', ""))
    assert "skew" not in file.read_text()
    claim_folder(tmp_path, options, 1)
    with pytest.raises(ValueError, match="other options"):
        claim_folder(tmp_path, replace(options, skew=0.7), 1)
