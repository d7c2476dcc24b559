"""The pair prompt has its images in a fixed order, in the built-in text or a user's template."""

import pytest

from shared.prompting.pair_template import InvalidPairTemplate, PairTemplate
from shared.prompting.prompt import Part, pair

OWN = "Liked: {liked} Not: {disliked} A: {image_a} B: {image_b} Which? {other} {} liked"


def test_the_built_in_prompt_shows_the_references_and_then_both_candidates() -> None:
    built = pair(liked=2, disliked=1)
    assert built.image_count == 5
    assert built.answer_prefix == built.system == ""
    assert [message["role"] for message in built.messages()] == ["user"]


def test_without_references_only_the_candidates_are_shown() -> None:
    assert pair(liked=0, disliked=0).image_count == 2


def test_a_template_replaces_the_built_in_text_and_keeps_other_braces() -> None:
    built = pair(liked=1, disliked=2, template=PairTemplate.parse(OWN))
    image = Part("image")
    assert built.parts == (
        Part("text", "Liked: "), image, Part("text", " Not: "), image, image, Part("text", " A: "),
        image, Part("text", " B: "), image, Part("text", " Which? {other} {} liked"),
    )  # fmt: skip


def test_words_that_equal_a_placeholder_name_stay_words() -> None:
    template = PairTemplate.parse("{liked}disliked{disliked}{image_a}{image_b}")
    assert pair(liked=1, disliked=1, template=template).parts[1] == Part("text", "disliked")


def test_the_system_message_comes_before_a_line_of_dashes() -> None:
    built = pair(liked=1, disliked=1, template=PairTemplate.parse(f"Be just.\n---\n{OWN}"))
    system, user = built.messages()
    assert system == {"role": "system", "content": [{"type": "text", "text": "Be just."}]}
    assert user["role"] == "user"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has none of them"),
        ("{liked} {disliked} {image_a}", "it has {liked}, {disliked}, {image_a}"),
        (OWN + "{image_b}", "each once"),
        ("{disliked}{liked}{image_a}{image_b}", "in this order"),
        ("{liked}\n---\n{disliked}{image_a}{image_b}", "it has {disliked}"),
    ],
)
def test_a_template_without_a_place_for_every_image_is_rejected(text: str, message: str) -> None:
    with pytest.raises(InvalidPairTemplate) as error:
        PairTemplate.parse(text)
    assert message in str(error.value)
