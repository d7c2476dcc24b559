"""Values have several words each, every word means one value, and values are more or less alike."""

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Element
from training.prefersim.users.true_answers import judge
from training.prefersim.values.similarity import similarity
from training.prefersim.values.synonyms import SYNONYMS, canonical, said, synonym, value_of
from training.prefersim.values.vocabulary import SIZES, UNKNOWN_VALUE, VALUES, words_of


@pytest.mark.parametrize("element", ELEMENTS)
def test_every_value_has_two_to_four_words_of_its_own(element: Element) -> None:
    every_word = [word for words in SYNONYMS[element] for word in words]
    assert len(every_word) == len(set(every_word))
    assert all(2 <= len(words) <= 4 for words in SYNONYMS[element])
    assert tuple(words[0] for words in SYNONYMS[element]) == VALUES[element]


@pytest.mark.parametrize("element", ELEMENTS)
def test_every_word_is_found_again_however_it_is_written(element: Element) -> None:
    for k, words in enumerate(SYNONYMS[element]):
        assert {value_of(element, word) for word in words} == {k}
        assert value_of(element, f" {words[-1].upper()} ") == k
        assert canonical(element, words[-1]) == VALUES[element][k]


def test_a_word_that_nobody_uses_means_no_value_and_stays() -> None:
    assert value_of(Element.COLOR, "loud") is None
    assert value_of(Element.COLOR, "cubism") is None
    assert canonical(Element.COLOR, "loud") == "loud"


def test_every_word_for_a_value_is_drawn() -> None:
    rng = np.random.default_rng(0)
    drawn = {synonym(rng, Element.COLOR, 0) for _ in range(60)}
    assert drawn == set(SYNONYMS[Element.COLOR][0])


def test_a_taste_in_other_words_is_the_same_taste() -> None:
    rng = np.random.default_rng(1)
    side = {e: VALUES[e][:2] for e in ELEMENTS} | {Element.DETAIL: ("plain", "any at all")}
    other = said(rng, side)
    assert other != side
    assert {e: tuple(canonical(e, w) for w in words) for e, words in other.items()} == side


def test_a_value_is_like_itself_and_no_more_like_another_than_the_other_is_like_it() -> None:
    for element, size in zip(ELEMENTS, SIZES, strict=True):
        likeness = [[similarity(element, i, j) for j in range(size)] for i in range(size)]
        table = np.array(likeness)
        assert (table.diagonal() == 1).all()
        assert (table == table.T).all()
        assert table[~np.eye(size, dtype=bool)].max() < 1
        assert table.min() >= 0


def test_neighbors_on_a_scale_and_on_the_color_wheel_are_nearer_than_others() -> None:
    place = VALUES[Element.COLOR].index
    reds = [similarity(Element.COLOR, place("red"), place(w)) for w in ("pink", "orange", "teal")]
    assert min(reds[:2]) > 0.5
    assert reds[2] == 0
    steps = [similarity(Element.SATURATION, 0, k) for k in range(5)]
    assert steps == sorted(steps, reverse=True)
    assert similarity(Element.ART_STYLE, 0, 1) == 0


def test_a_photograph_has_no_word_for_its_style_and_medium() -> None:
    words = words_of([UNKNOWN_VALUE, 0, UNKNOWN_VALUE, 4, 1])
    assert words == {
        Element.COLOR: "red", Element.SATURATION: "vivid", Element.DETAIL: "moderate",
    }  # fmt: skip


def test_a_taste_in_synonyms_is_judged_by_what_it_means() -> None:
    liked = judge(Element.COLOR, "red", likes=["crimson"], dislikes=["sky blue"])
    assert (liked.digit, liked.relation) == (5, "liked")
    disliked = judge(Element.COLOR, "azure", likes=["crimson"], dislikes=["sky blue"])
    assert (disliked.digit, disliked.relation) == (0, "disliked")
    near = judge(Element.SATURATION, "bold", likes=["intense"], dislikes=["greyish"])
    assert (near.digit, near.relation, near.anchor) == (4, "toward_liked", "intense")
