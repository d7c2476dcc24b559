"""Every value has several words, every word means one value, and similarity is consistent."""

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Element
from training.prefersim.users.true_answers import score_element
from training.prefersim.values.similarity import similarity
from training.prefersim.values.synonyms import SYNONYMS, canonical, synonym, to_synonyms, value_of
from training.prefersim.values.vocabulary import SIZES, UNKNOWN_VALUE, VALUES, words_of


@pytest.mark.parametrize("element", ELEMENTS)
def test_every_value_has_two_to_four_words_of_its_own(element: Element) -> None:
    every_word = [word for words in SYNONYMS[element] for word in words]
    assert len(every_word) == len(set(every_word))
    assert all(2 <= len(words) <= 4 for words in SYNONYMS[element])
    assert tuple(words[0] for words in SYNONYMS[element]) == VALUES[element]


@pytest.mark.parametrize("element", ELEMENTS)
def test_every_word_is_recognized_in_any_case_and_spacing(element: Element) -> None:
    for k, words in enumerate(SYNONYMS[element]):
        assert {value_of(element, word) for word in words} == {k}
        assert value_of(element, f" {words[-1].upper()} ") == k
        assert canonical(element, words[-1]) == VALUES[element][k]


def test_an_unknown_word_means_no_value_and_is_unchanged() -> None:
    assert value_of(Element.COLOR, "loud") is None
    assert value_of(Element.COLOR, "cubism") is None
    assert canonical(Element.COLOR, "loud") == "loud"


def test_every_synonym_of_a_value_is_drawn() -> None:
    rng = np.random.default_rng(0)
    drawn = {synonym(rng, Element.COLOR, 0) for _ in range(60)}
    assert drawn == set(SYNONYMS[Element.COLOR][0])


def test_a_taste_in_synonyms_has_the_same_values() -> None:
    rng = np.random.default_rng(1)
    side = {e: VALUES[e][:2] for e in ELEMENTS} | {Element.DETAIL: ("plain", "any at all")}
    other = to_synonyms(rng, side)
    assert other != side
    assert {e: tuple(canonical(e, w) for w in words) for e, words in other.items()} == side


def test_similarity_is_symmetric_and_highest_for_equal_values() -> None:
    for element, size in zip(ELEMENTS, SIZES, strict=True):
        rows = [[similarity(element, i, j) for j in range(size)] for i in range(size)]
        table = np.array(rows)
        assert (table.diagonal() == 1).all()
        assert (table == table.T).all()
        assert table[~np.eye(size, dtype=bool)].max() < 1
        assert table.min() >= 0


def test_neighbors_on_a_scale_and_on_the_color_wheel_are_more_similar() -> None:
    index = VALUES[Element.COLOR].index
    reds = [similarity(Element.COLOR, index("red"), index(w)) for w in ("pink", "orange", "teal")]
    assert min(reds[:2]) > 0.5
    assert reds[2] == 0
    steps = [similarity(Element.SATURATION, 0, k) for k in range(5)]
    assert steps == sorted(steps, reverse=True)
    assert similarity(Element.ART_STYLE, 0, 1) == 0


def test_unknown_values_have_no_word() -> None:
    words = words_of([UNKNOWN_VALUE, 0, UNKNOWN_VALUE, 4, 1])
    assert words == {
        Element.COLOR: "red", Element.SATURATION: "vivid", Element.DETAIL: "moderate",
    }  # fmt: skip


def test_a_taste_in_synonyms_is_scored_by_its_meaning() -> None:
    liked = score_element(Element.COLOR, "red", likes=["crimson"], dislikes=["sky blue"])
    assert (liked.digit, liked.relation) == (5, "liked")
    disliked = score_element(Element.COLOR, "azure", likes=["crimson"], dislikes=["sky blue"])
    assert (disliked.digit, disliked.relation) == (0, "disliked")
    near = score_element(Element.SATURATION, "bold", likes=["intense"], dislikes=["greyish"])
    assert (near.digit, near.relation, near.anchor) == (4, "toward_liked", "intense")
