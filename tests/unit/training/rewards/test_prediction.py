"""The prediction reward: similarity of the predicted to the true profile, in words and images."""

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
    SynonymEncoder,
    completion,
    side,
)
from training.rewards.prediction import ImageTerm, Sides, prediction, profile_similarity
from training.rewards.text_similarity import TextSimilarity, floors


def similarity(encoder: SynonymEncoder | None = None) -> TextSimilarity:
    encoder = encoder or SynonymEncoder()
    return TextSimilarity(encoder, floors(encoder, EVERY_WORD))


def test_the_true_profile_earns_everything_and_the_opposite_nothing() -> None:
    assert profile_similarity(RIGHT, TRUE, similarity()) == pytest.approx(1)
    assert profile_similarity(SWAPPED, TRUE, similarity()) == pytest.approx(0, abs=1e-6)


def test_each_right_element_of_each_side_earns_a_tenth() -> None:
    one_wrong = prompt.taste_lines(side(color="blue"), OTHER)
    assert profile_similarity(one_wrong, TRUE, similarity()) == pytest.approx(0.9)


def test_a_synonym_earns_less_than_the_word_and_more_than_another_word() -> None:
    text = similarity(SynonymEncoder({"crimson": "red"}))
    crimson = profile_similarity(prompt.taste_lines(side(color="crimson"), OTHER), TRUE, text)
    assert 0.9 < crimson < 1


def test_an_extra_word_and_a_missing_word_both_cost() -> None:
    both = {**side(), Element.COLOR: ("red", "blue")}
    text = similarity()
    extra = text.element(Element.COLOR, both, side())
    missing = text.element(Element.COLOR, side(), both)
    assert extra == missing == pytest.approx(0.75)


def test_an_element_without_words_is_right_only_if_the_true_one_has_no_words() -> None:
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
        prompts=["columns", "that", "are", "ignored"],
    )
    assert rewards == [pytest.approx(1), pytest.approx(0, abs=1e-6), None, None]


class ColorRenderer:
    """Draws a side as one color; only red and blue can be drawn."""

    def render(self, sides: list[dict[Element, tuple[str, ...]]]) -> list[Image | None]:
        words = [(*words.get(Element.COLOR, ()), "")[0] for words in sides]
        return [new("RGB", (8, 8), word) if word in ("red", "blue") else None for word in words]


class EqualImages:
    """1 for equal images, else 0."""

    def compare(self, first: Image, second: Image) -> float:
        return float(first.tobytes() == second.tobytes())


def test_the_image_term_counts_by_its_share() -> None:
    images = ImageTerm(ColorRenderer(), EqualImages(), share=0.5)
    one_wrong = prompt.taste_lines(side(color="blue"), OTHER)
    assert profile_similarity(RIGHT, TRUE, similarity(), images) == pytest.approx(1)
    # The words give .9; the image of the liked side has another color.
    assert profile_similarity(one_wrong, TRUE, similarity(), images) == pytest.approx(
        (0.9 + 0.5) / 2
    )


def test_a_side_that_cannot_be_drawn_is_judged_by_its_words_alone() -> None:
    images = ImageTerm(ColorRenderer(), EqualImages())
    assert images.side(side(color="mauve"), side()) is None
    assert images.side(side(color="mauve"), side(color="another")) is None
    undrawn = Sides(side(color="mauve"), side(color="mauve"))
    nonsense = prompt.taste_lines(dict.fromkeys(Element, ("zz",)), dict.fromkeys(Element, ("qq",)))
    right = prompt.taste_lines(side(color="mauve"), side(color="mauve"))
    assert profile_similarity(nonsense, undrawn, similarity(), images) == pytest.approx(0, abs=0.05)
    assert profile_similarity(right, undrawn, similarity(), images) == pytest.approx(1)


def test_sides_are_unchanged_by_json_and_an_unknown_element_is_an_error() -> None:
    assert Sides.from_json(TRUE.to_json()) == TRUE
    with pytest.raises(ValueError, match="mood"):
        Sides.from_json('{"likes": {"mood": ["calm"]}}')
