"""Users with joint tastes like whole combinations, and images that mix them less."""

import numpy as np
import pytest

from training.prefersim.users.candidates import relevance
from training.prefersim.users.joint_users import (
    JointUser,
    free_references,
    joint_pair,
    joint_references,
    joint_slate,
)
from training.prefersim.users.users import Kind, draw_user


@pytest.fixture
def joint() -> JointUser:
    return JointUser(draw_user(np.random.default_rng(1), Kind(multi=True)))


def test_a_whole_taste_has_the_full_score_and_a_mixed_image_does_not(joint: JointUser) -> None:
    mixed = joint.user.likes[0].copy()
    mixed[:2] = joint.user.likes[1, :2]
    assert joint.relevance(joint.user.likes).tolist() == [25, 25]
    assert joint.relevance(mixed[None])[0] < 25
    # A user who likes the words in any combination likes it as much.
    assert relevance(joint.user, mixed[None])[0] == 25


def test_the_better_image_of_a_pair_fits_one_taste_better(joint: JointUser) -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        pair = joint_pair(rng, joint)
        better, worse = joint.relevance(np.stack([pair.better, pair.worse]))
        assert better > worse
        assert (pair.better != pair.worse).sum() == 1


def test_references_show_whole_tastes_except_for_contradictions(joint: JointUser) -> None:
    rng = np.random.default_rng(3)
    user = joint.user
    liked = joint_references(rng, user.likes, user.dislikes, 10)
    shown = [int((liked == taste).all(axis=1).sum()) for taste in user.likes]
    contradicting = 10 - sum(shown)
    assert contradicting in (1, 2)
    assert min(shown) >= 4


def test_free_references_mix_the_words_of_both_tastes(joint: JointUser) -> None:
    user = joint.user
    liked = free_references(np.random.default_rng(4), user.likes, user.dislikes, 40)
    whole = sum(int((liked == taste).all(axis=1).sum()) for taste in user.likes)
    assert whole < 10


def test_a_slate_has_images_from_all_liked_to_none(joint: JointUser) -> None:
    scores = joint.relevance(joint_slate(np.random.default_rng(5), joint.user))
    assert len(scores) == 20
    assert scores.max() >= 19
    assert scores.min() <= 6
