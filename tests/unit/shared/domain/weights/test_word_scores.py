"""Images are scored by the words of a taste, and a reference is no argument for itself."""

import pytest

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.domain.weights.word_scores import known_share, reference_scores, word_scores

COLOR = ELEMENTS.index(Element.COLOR)
DETAIL = ELEMENTS.index(Element.DETAIL)


def side(**words: str) -> TasteSide:
    return TasteSide.model_validate(
        {e: (WeightedWord(word=w, weight=1),) for e, w in words.items()}
    )


TASTE = Taste(preference=side(color="blue"), non_preference=side(color="red", detail="plain"))


def shows(*colors: str, detail: str = "busy") -> dict[Element, tuple[str, ...]]:
    return {Element.COLOR: colors, Element.DETAIL: (detail,)}


def test_liked_words_give_five_and_disliked_ones_zero() -> None:
    scores = word_scores(
        [shows("Blue"), shows("red", detail="plain"), shows("green"), shows("blue", "green"), {}],
        [TASTE],
    )
    assert list(scores[:, COLOR]) == [5.0, 0.0, 2.5, 3.75, 2.5]
    assert list(scores[:, DETAIL]) == [2.5, 0.0, 2.5, 2.5, 2.5]


def test_a_word_that_only_one_reference_shows_is_no_argument_for_it() -> None:
    liked, disliked = reference_scores(
        [shows("blue"), shows("green"), shows("white")], [shows("red"), shows("red")], [TASTE]
    )
    assert list(liked[:, COLOR]) == [2.5, 2.5, 2.5]
    assert list(disliked[:, COLOR]) == [0.0, 0.0]


def test_a_word_counts_by_its_share_among_the_other_references() -> None:
    liked, _ = reference_scores([shows("blue")] * 3 + [shows("green")], [], [TASTE])
    assert liked[0, COLOR] == pytest.approx(2.5 + 2.5 * (2 / 3) / (3 / 4))


def test_a_word_of_the_other_side_counts_fully_against_a_reference() -> None:
    liked, disliked = reference_scores([shows("red")], [shows("blue")], [TASTE])
    assert (liked[0, COLOR], disliked[0, COLOR]) == (0.0, 5.0)


def test_each_image_is_scored_by_the_taste_that_fits_it_best() -> None:
    tastes = [TASTE, Taste(preference=side(color="gold"))]
    assert list(word_scores([shows("blue"), shows("gold")], tastes)[:, COLOR]) == [5.0, 5.0]


def test_without_images_or_tastes_there_is_nothing_to_compare() -> None:
    assert word_scores([], [TASTE]).shape == (0, 5)
    assert (word_scores([shows("blue")], []) == 2.5).all()
    assert [scores.shape for scores in reference_scores([], [], [TASTE])] == [(0, 5), (0, 5)]


def test_the_known_share_counts_elements_with_words_of_described_images() -> None:
    assert known_share([shows("blue"), {Element.COLOR: ("red",)}]) == pytest.approx(3 / 10)
    assert known_share([dict.fromkeys(ELEMENTS, ("word",))]) == 1.0
    assert known_share([shows("blue"), {}, {Element.COLOR: ()}]) == pytest.approx(2 / 5)
    assert known_share([]) == known_share([{}]) == 1.0
