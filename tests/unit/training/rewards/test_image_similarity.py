"""Drawings of two profiles are similar to the degree that the profiles agree."""

import sys

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Element
from tests.unit.training.rewards.words import SynonymEncoder
from training.finetuning.grpo.drawn_profiles import DrawnProfiles, unlike_profiles
from training.rewards.dreamsim import DreamSimSimilarity
from training.rewards.image_similarity import FeatureSimilarity, rescaled

RENDERER = DrawnProfiles(SynonymEncoder())
PAIRS = unlike_profiles(24, seed=3)
SIMILARITY = rescaled(FeatureSimilarity(), RENDERER, unlike=PAIRS)


def compare(first: object, second: object) -> float:
    a, b = RENDERER.render([first, second])  # type: ignore[list-item]
    assert a is not None
    assert b is not None
    return SIMILARITY.compare(a, b)


def test_drawings_of_equal_profiles_are_equal_and_of_unlike_ones_hardly_similar() -> None:
    assert compare(PAIRS[0][0], PAIRS[0][0]) == 1
    assert np.mean([compare(*pair) for pair in PAIRS]) < 0.2


@pytest.mark.parametrize("element", ELEMENTS)
def test_each_element_alone_changes_the_similarity(element: Element) -> None:
    similarities = [compare(a, {**a, element: b[element]}) for a, b in PAIRS]
    unlike = np.mean([compare(*pair) for pair in PAIRS])
    assert unlike + 0.1 < np.mean(similarities) < 0.95


def test_unlike_profiles_share_no_word() -> None:
    assert all(a[e] != b[e] for a, b in PAIRS for e in ELEMENTS)


def test_a_word_near_a_value_is_drawn_as_that_value_and_an_unrelated_word_is_not_drawn() -> None:
    renderer = DrawnProfiles(SynonymEncoder({"crimson": "red"}))
    profile = PAIRS[0][0]
    red, crimson, unrelated, empty = renderer.render(
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
    assert unrelated is empty is None


def test_a_floor_needs_profiles_that_can_be_drawn() -> None:
    with pytest.raises(ValueError, match="could be drawn"):
        rescaled(FeatureSimilarity(), RENDERER, unlike=[({}, {})])


def test_the_error_of_a_missing_dreamsim_package_names_the_alternative(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "dreamsim", None)
    with pytest.raises(ModuleNotFoundError, match='image_similarity = "features"'):
        DreamSimSimilarity()
