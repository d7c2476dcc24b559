"""A predicted profile earns by its words and by its picture, and nothing for being wrong."""

import pytest
from PIL.Image import Image, new

from shared.domain.taste import Element
from shared.prompting import prompt
from tests.unit.training.rewards.words import (
    EVERY_WORD,
    OTHER,
    RIGHT,
    SWAPPED,
    TRUE,
    Kin,
    completion,
    side,
)
from training.rewards.prediction import ImageTerm, Sides, prediction, profile_similarity
from training.rewards.text_similarity import TextSimilarity, floors


def similarity(kin: Kin | None = None) -> TextSimilarity:
    encoder = kin or Kin()
    return TextSimilarity(encoder, floors(encoder, EVERY_WORD))


def test_the_true_profile_earns_everything_and_the_opposite_nothing() -> None:
    assert profile_similarity(RIGHT, TRUE, similarity()) == pytest.approx(1)
    assert profile_similarity(SWAPPED, TRUE, similarity()) == pytest.approx(0, abs=1e-6)


def test_each_right_element_of_each_side_earns_a_tenth() -> None:
    one_wrong = prompt.taste_lines(side(color="blue"), OTHER)
    assert profile_similarity(one_wrong, TRUE, similarity()) == pytest.approx(0.9)


def test_a_synonym_earns_less_than_the_word_and_more_than_another_word() -> None:
    kin = similarity(Kin({"crimson": "red"}))
    crimson = profile_similarity(prompt.taste_lines(side(color="crimson"), OTHER), TRUE, kin)
    assert 0.9 < crimson < 1


def test_words_too_many_and_too_few_both_cost() -> None:
    both = {**side(), Element.COLOR: ("red", "blue")}
    text = similarity()
    extra = text.element(Element.COLOR, both, side())
    missing = text.element(Element.COLOR, side(), both)
    assert extra == missing == pytest.approx(0.75)


def test_an_unknown_element_is_right_only_where_nothing_is_known() -> None:
    text = similarity()
    assert text.element(Element.COLOR, {}, {}) == 1
    assert text.element(Element.COLOR, {}, side()) == text.element(Element.COLOR, side(), {}) == 0


def test_an_answer_that_cannot_be_read_earns_nothing() -> None:
    assert profile_similarity("I like it.", TRUE, similarity()) == 0


def test_only_predictions_whose_truth_is_known_are_rewarded() -> None:
    rewards = prediction(similarity())(
        [completion(RIGHT), completion(SWAPPED), completion(RIGHT), completion(RIGHT)],
        task=["predict", "predict", "score", "predict"],
        truth=[TRUE.to_json(), TRUE.to_json(), "", ""],
        prompts=["beside", "what", "is", "used"],
    )
    assert rewards == [pytest.approx(1), pytest.approx(0, abs=1e-6), None, None]


class Colored:
    """Draws a side as a surface, or not at all."""

    def render(self, sides: list[dict[Element, tuple[str, ...]]]) -> list[Image | None]:
        words = [words.get(Element.COLOR, ("",))[0] for words in sides]
        return [new("RGB", (8, 8), word) if word in ("red", "blue") else None for word in words]


class Alike:
    def compare(self, one: Image, other: Image) -> float:
        return float(one.tobytes() == other.tobytes())


def test_the_picture_counts_for_its_share() -> None:
    images = ImageTerm(Colored(), Alike(), share=0.5)
    one_wrong = prompt.taste_lines(side(color="blue"), OTHER)
    assert profile_similarity(RIGHT, TRUE, similarity(), images) == pytest.approx(1)
    # Words .9; of the two pictures the liked one is another color.
    assert profile_similarity(one_wrong, TRUE, similarity(), images) == pytest.approx(
        (0.9 + 0.5) / 2
    )


def test_a_profile_that_cannot_be_drawn_is_like_no_picture() -> None:
    images = ImageTerm(Colored(), Alike())
    assert images.side(side(color="unheard of"), side()) == 0
    assert images.side(side(color="unheard of"), side(color="unseen")) == 1


def test_sides_survive_json_and_refuse_a_sixth_element() -> None:
    assert Sides.from_json(TRUE.to_json()) == TRUE
    with pytest.raises(ValueError, match="mood"):
        Sides.from_json('{"likes": {"mood": ["calm"]}}')
