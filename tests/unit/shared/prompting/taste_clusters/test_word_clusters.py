"""Liked references form several tastes only when whole combinations of words repeat."""

from collections.abc import Sequence

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.taste_clusters.word_clusters import EqualRates, word_clusters, words_separate

MEADOW = ("impressionism", "blue", "watercolor", "soft", "plain")
NIGHT = ("pixel art", "neon", "digital", "vivid", "intricate")
SNOW = ("minimalism", "white", "ink", "muted", "moderate")
SAND = ("cubism", "ochre", "oil", "bold", "rich")
Combination = Sequence[str]


def shown(*combinations: Combination) -> list[dict[Element, tuple[str, ...]]]:
    return [dict(zip(ELEMENTS, ((word,) for word in words), strict=True)) for words in combinations]


def mixed(rng: np.random.Generator, *combinations: Combination) -> Combination:
    """An image that takes the word of each element from any of the combinations."""
    return [str(rng.choice(words)) for words in zip(*combinations, strict=True)]


def test_two_whole_combinations_are_two_tastes() -> None:
    assert word_clusters(shown(*[MEADOW, NIGHT] * 4)) == [(0, 2, 4, 6), (1, 3, 5, 7)]


def test_one_combination_with_contradictions_is_one_taste() -> None:
    assert word_clusters(shown(*[MEADOW] * 8, NIGHT, NIGHT)) == []
    assert word_clusters(shown(*[MEADOW] * 20, *[NIGHT] * 3)) == []


def test_references_of_no_taste_are_in_no_cluster() -> None:
    likes = shown(*[MEADOW] * 5, SNOW, *[NIGHT] * 4, SAND)
    assert word_clusters(likes) == [(0, 1, 2, 3, 4), (6, 7, 8, 9)]


@pytest.mark.parametrize("likes", [8, 10, 20])
def test_two_words_an_element_in_any_combination_are_one_taste(likes: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        assert word_clusters(shown(*[mixed(rng, MEADOW, NIGHT) for _ in range(likes)])) == []


def test_words_that_vary_freely_are_no_reason_for_a_second_taste() -> None:
    rng = np.random.default_rng(2)
    colors = ("red", "blue", "green", "white", "black", "ochre")
    likes = [(MEADOW[0], str(rng.choice(colors)), *MEADOW[2:]) for _ in range(20)]
    assert word_clusters(shown(*likes)) == []


def test_tastes_that_share_an_element_are_two() -> None:
    night_in_watercolor = (*NIGHT[:2], "watercolor", *NIGHT[3:])
    assert len(word_clusters(shown(*[MEADOW, night_in_watercolor] * 5))) == 2


def test_tastes_that_differ_in_one_element_alone_are_one_with_two_words() -> None:
    blue_or_ochre = [(MEADOW[0], color, *MEADOW[2:]) for color in ("blue", "ochre")]
    assert word_clusters(shown(*blue_or_ochre * 5)) == []


def test_forms_of_one_word_are_one_word() -> None:
    capitals = [word.upper() for word in MEADOW]
    assert word_clusters(shown(*[MEADOW, capitals] * 5)) == []


def test_the_largest_four_of_five_tastes_are_kept() -> None:
    fifth = ("pop art", "red", "gouache", "balanced", "fine")
    likes = shown(*[SAND] * 4, *[MEADOW] * 7, *[NIGHT] * 6, *[SNOW] * 5, *[fifth] * 8)
    assert [len(cluster) for cluster in word_clusters(likes)] == [8, 7, 6, 5]


@pytest.mark.parametrize("likes", [0, 1, 7])
def test_few_likes_are_one_taste(likes: int) -> None:
    assert word_clusters(shown(*[MEADOW, NIGHT, SNOW, SAND, MEADOW, NIGHT, SNOW][:likes])) == []


def test_images_without_words_form_no_taste() -> None:
    assert word_clusters([{} for _ in range(12)]) == []
    assert len(word_clusters([*shown(*[MEADOW, NIGHT] * 4), {}, {}])) == 2


def test_words_that_most_images_show_are_weak_evidence() -> None:
    class Skewed(EqualRates):
        def of(self, element: Element, words: Sequence[str]) -> np.ndarray:
            rates = np.array([0.48 if word in (*MEADOW, *NIGHT) else 0.01 for word in words])
            return np.asarray(rates / rates.sum())

    likes = shown(*[MEADOW, NIGHT] * 4, SNOW, SAND)
    assert len(word_clusters(likes)) == 2
    # In such a catalog chance gives the same words, though not whole combinations.
    rng = np.random.default_rng(3)
    by_chance = shown(*[mixed(rng, MEADOW, NIGHT) for _ in range(12)])
    assert word_clusters(by_chance, Skewed()) == []


@pytest.mark.parametrize("kinds", [1, 2])
def test_words_separate_likes_from_dislikes_when_both_show_others(kinds: int) -> None:
    likes = shown(*[MEADOW, NIGHT][:kinds] * (12 // kinds))
    assert words_separate(likes, shown(*[SNOW] * 5))
    assert not words_separate(likes, likes)
    assert not words_separate(likes, [])
    assert not words_separate(likes, [{}] * 5)
