"""Drawings of profiles are the more alike the more of the profile is the same."""

import sys

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Element
from tests.unit.training.rewards.words import Kin
from training.finetuning.grpo.drawn_profiles import DrawnProfiles, unlike_profiles
from training.rewards.dreamsim import DreamSimSimilarity
from training.rewards.image_similarity import FeatureSimilarity, rescaled

RENDERER = DrawnProfiles(Kin())
PAIRS = unlike_profiles(24, seed=3)
SIMILARITY = rescaled(FeatureSimilarity(), RENDERER, unlike=PAIRS)


def compare(one: object, other: object) -> float:
    a, b = RENDERER.render([one, other])  # type: ignore[list-item]
    assert a is not None
    assert b is not None
    return SIMILARITY.compare(a, b)


def test_equal_profiles_look_the_same_and_unlike_ones_hardly_alike() -> None:
    assert compare(PAIRS[0][0], PAIRS[0][0]) == 1
    assert np.mean([compare(*pair) for pair in PAIRS]) < 0.2


@pytest.mark.parametrize("element", ELEMENTS)
def test_each_element_alone_is_seen(element: Element) -> None:
    ones = [pair[0] for pair in PAIRS]
    changed = [{**one, element: two[element]} for one, two in PAIRS]
    alike = np.mean([compare(a, b) for a, b in zip(ones, changed, strict=True)])
    assert np.mean([compare(*pair) for pair in PAIRS]) + 0.1 < alike < 0.95


def test_unlike_profiles_share_no_word() -> None:
    assert all(one[e] != two[e] for one, two in PAIRS for e in ELEMENTS)


def test_a_word_near_a_value_is_drawn_as_it_and_a_strange_one_is_not_drawn() -> None:
    renderer = DrawnProfiles(Kin({"crimson": "red"}))
    profile = PAIRS[0][0]
    red, crimson, strange, nothing = renderer.render(
        [
            {**profile, Element.COLOR: ("red",)},
            {**profile, Element.COLOR: ("crimson",)},
            {**profile, Element.COLOR: ("seventeen",)},
            {},
        ]
    )
    assert red is not None
    assert crimson is not None
    assert red.tobytes() == crimson.tobytes()
    assert strange is nothing is None


def test_a_floor_needs_profiles_that_can_be_drawn() -> None:
    with pytest.raises(ValueError, match="could be drawn"):
        rescaled(FeatureSimilarity(), RENDERER, unlike=[({}, {})])


def test_without_its_package_dreamsim_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dreamsim", None)
    with pytest.raises(ModuleNotFoundError, match='image_similarity = "features"'):
        DreamSimSimilarity()
