"""Prompts stay as they were when the models that ship were trained on them, byte for byte."""

from pathlib import Path
from typing import Final

import pytest

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.prompting import prompt
from shared.prompting.parser import read_description, read_scores, read_taste
from shared.prompting.prompt import PROMPT_VERSION, Prompt

FOLDER: Final = Path(__file__).parent / "golden_prompts"
IMAGE: Final = "[image]"
LIKES: Final = {
    Element.ART_STYLE: ("cubism", "mosaic"),
    Element.COLOR: ("red",),
    Element.MEDIUM: ("ink",),
    Element.SATURATION: ("vivid",),
}
DISLIKES: Final = {Element.COLOR: ("blue",), Element.DETAIL: ("plain", "busy")}


def text_of(asked: Prompt) -> str:
    """The prompt as one text, images named; after the line comes what is forced on the model."""
    parts = [IMAGE if part.kind == "image" else part.text for part in asked.parts]
    return "".join(parts) + "\n---\n" + asked.answer_prefix + "\n"


PROMPTS: Final = {
    "predict": prompt.predict(liked=5, disliked=5),
    "predict_likes_alone": prompt.predict(liked=2, disliked=0),
    "describe": prompt.describe(),
    "score": prompt.score(LIKES, DISLIKES),
    "score_unknown": prompt.score({}, {}),
    "explain": prompt.explain(LIKES, DISLIKES),
}


@pytest.mark.parametrize("name", PROMPTS)
def test_a_prompt_is_the_frozen_one(name: str) -> None:
    frozen = (FOLDER / f"v{PROMPT_VERSION}_{name}.txt").read_text(encoding="utf-8")
    assert text_of(PROMPTS[name]) == frozen, "a changed prompt needs a new PROMPT_VERSION"


def test_no_frozen_prompt_of_this_version_is_left_untested() -> None:
    files = {file.name for file in FOLDER.glob(f"v{PROMPT_VERSION}_*.txt")}
    assert files == {f"v{PROMPT_VERSION}_{name}.txt" for name in PROMPTS}


def test_a_chat_has_an_image_place_for_each_image_and_nothing_else() -> None:
    asked = prompt.predict(liked=3, disliked=2)
    (message,) = asked.messages()
    content = message["content"]
    assert message["role"] == "user"
    assert isinstance(content, list)
    assert sum(one == {"type": "image"} for one in content) == asked.image_count == 5


def test_a_prompt_shows_the_strongest_two_words_of_an_element() -> None:
    three = tuple(WeightedWord(word=w, weight=1) for w in ("red", "blue", "green"))
    asked = prompt.score_for(Taste(preference=TasteSide(color=three)))
    assert "color: red or blue;" in asked.parts[0].text
    assert "green" not in asked.parts[0].text


def test_what_the_prompts_write_the_parser_reads_back() -> None:
    read = read_taste(prompt.taste_lines(LIKES, DISLIKES))
    assert not read.problems
    assert {e: words for e, words in read.likes.items() if words} == LIKES
    assert {e: words for e, words in read.dislikes.items() if words} == DISLIKES
    described = read_description(prompt.description_line(LIKES))
    assert {e: words for e, words in described.words.items() if words} == LIKES


def test_scores_and_reasons_are_read_back_too() -> None:
    digits = {e: n for n, e in enumerate(ELEMENTS)}
    reasons = {e: f"{e.label} is liked" for e in ELEMENTS}
    assert read_scores(prompt.score_line(digits)).digits == digits
    read = read_scores(prompt.score_line(digits, reasons))
    assert (read.digits, read.reasons, read.problems) == (digits, reasons, ())
