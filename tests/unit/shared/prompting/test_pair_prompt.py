"""The pair prompt has its images in one order, in our words or in those of a user's template."""

import pytest

from shared.prompting.pair_template import BadTemplate, PairTemplate
from shared.prompting.prompt import Part, pair

OWN = "Liked: {liked} Not: {disliked} A: {image_a} B: {image_b} Which? {other} {} liked"


def test_ours_shows_the_references_and_then_both_candidates() -> None:
    asked = pair(liked=2, disliked=1)
    assert asked.image_count == 5
    assert asked.answer_prefix == asked.system == ""
    assert [message["role"] for message in asked.messages()] == ["user"]


def test_without_references_only_the_candidates_are_shown() -> None:
    assert pair(liked=0, disliked=0).image_count == 2


def test_a_template_replaces_ours_and_keeps_other_braces() -> None:
    asked = pair(liked=1, disliked=2, template=PairTemplate.parse(OWN))
    image = Part("image")
    assert asked.parts == (
        Part("text", "Liked: "), image, Part("text", " Not: "), image, image, Part("text", " A: "),
        image, Part("text", " B: "), image, Part("text", " Which? {other} {} liked"),
    )  # fmt: skip


def test_words_that_are_named_like_a_placeholder_stay_words() -> None:
    template = PairTemplate.parse("{liked}disliked{disliked}{image_a}{image_b}")
    assert pair(liked=1, disliked=1, template=template).parts[1] == Part("text", "disliked")


def test_above_a_line_of_dashes_stands_the_system_message() -> None:
    asked = pair(liked=1, disliked=1, template=PairTemplate.parse(f"Be just.\n---\n{OWN}"))
    system, user = asked.messages()
    assert system == {"role": "system", "content": [{"type": "text", "text": "Be just."}]}
    assert user["role"] == "user"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has none of them"),
        ("{liked} {disliked} {image_a}", "it has {liked}, {disliked}, {image_a}"),
        (OWN + "{image_b}", "each once"),
        ("{disliked}{liked}{image_a}{image_b}", "in this order"),
        ("{liked}\n---\n{disliked}{image_a}{image_b}", "it has {disliked}"),
    ],
)
def test_a_template_without_a_place_for_every_image_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadTemplate) as error:
        PairTemplate.parse(text)
    assert said in str(error.value)
