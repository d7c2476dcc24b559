"""Weights that are estimated from clicks rank nearer to the true weights than the population's."""

import numpy as np

from shared.domain.element_weights import EQUAL_WEIGHTS
from training.simulate.user_weights.clicks import (
    MeasuredSlates,
    Scene,
    as_weights,
    ndcg_by_slates,
    true_digits,
)
from training.simulate.users import draw_users


def test_true_digits_give_the_appeal_with_the_true_weights() -> None:
    user = draw_users(1, seed=5)[0]
    images = Scene.draw(5).catalog
    expected = true_digits(user, images) @ np.array(user.weights) / 5
    np.testing.assert_allclose(user.appeal(images), expected)
    assert MeasuredSlates(user, Scene.draw(5).tests).mean_ndcg(as_weights(user.weights)) > 0.9999


def test_clicks_move_the_weights_towards_the_true_ones() -> None:
    scene = Scene.draw(6)
    before, after = np.mean(
        [
            ndcg_by_slates(
                user, scene, EQUAL_WEIGHTS, np.random.default_rng(n), marks=(0, 12), with_views=True
            )
            for n, user in enumerate(draw_users(4, seed=6))
        ],
        axis=0,
    )
    assert after > before + 0.01
