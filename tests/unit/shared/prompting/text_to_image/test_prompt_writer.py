"""A taste becomes a prompt and a negative prompt, without contradictions."""

import pytest

from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.prompting.text_to_image.prompt_writer import image_prompt


def side(**words: tuple[str, ...]) -> TasteSide:
    return TasteSide(
        **{name: tuple(WeightedWord(word=w, weight=1) for w in ws) for name, ws in words.items()}
    )


TASTE = Taste(
    preference=side(
        art_style=("impressionism", "cubism", "mosaic"), color=("blue",), medium=("oil painting",),
        saturation=("muted",), detail=("plain",),
    ),
    non_preference=side(color=("neon pink", "red"), medium=("digital",)),
)  # fmt: skip


def test_the_prompt_has_the_request_and_the_strongest_liked_words() -> None:
    prompts = image_prompt(" a  harbor. ", TASTE)
    assert prompts.prompt == (
        "a harbor, impressionism and cubism, blue color palette, oil painting,"
        " muted saturation, plain detail"
    )
    assert prompts.negative_prompt == "neon pink and red color palette, digital"


def test_a_disliked_word_of_the_request_is_not_excluded() -> None:
    prompts = image_prompt("a red boat", TASTE)
    assert prompts.negative_prompt == "neon pink color palette, digital"
    assert prompts.avoided[Element.COLOR] == ("neon pink",)
    assert "red" in image_prompt("a bored man", TASTE).negative_prompt, "only whole words count"


def test_a_word_on_both_sides_is_in_neither_prompt() -> None:
    both = Taste(
        preference=side(color=("Blue", "green")), non_preference=side(color=("blue", "red"))
    )
    prompts = image_prompt("a harbor", both)
    assert prompts.prompt == "a harbor, green color palette"
    assert prompts.negative_prompt == "red color palette"


def test_without_a_taste_the_prompt_is_the_request() -> None:
    prompts = image_prompt("a harbor", Taste())
    assert (prompts.prompt, prompts.negative_prompt) == ("a harbor", "")


@pytest.mark.parametrize(
    ("element", "word", "phrase"),
    [
        ("art_style", "pop art", "pop art"),
        ("art_style", "anime", "anime style"),
        ("color", "warm tones", "warm tones"),
        ("color", "teal", "teal color palette"),
        ("saturation", "desaturated", "desaturated"),
        ("detail", "highly detailed", "highly detailed"),
    ],
)
def test_a_word_that_names_its_element_stays_as_it_is(element: str, word: str, phrase: str) -> None:
    prompts = image_prompt("a harbor", Taste(preference=side(**{element: (word,)})))
    assert prompts.prompt == f"a harbor, {phrase}"
