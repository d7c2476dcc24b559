"""Prompts are byte-identical to those that the shipped models were trained on."""

from pathlib import Path
from typing import Final

import pytest

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.prompting import prompt
from shared.prompting.parser import parse_description, parse_scores, parse_taste
from shared.prompting.prompt import PROMPT_VERSION, Prompt

FOLDER: Final = Path(__file__).parent / "golden_prompts" / "compact"
IMAGE: Final = "[image]"
LIKES: Final = {
    Element.ART_STYLE: ("cubism", "mosaic"),
    Element.COLOR: ("red",),
    Element.MEDIUM: ("ink",),
    Element.SATURATION: ("vivid",),
}
DISLIKES: Final = {Element.COLOR: ("blue",), Element.DETAIL: ("plain", "busy")}


def text_of(built: Prompt) -> str:
    """The prompt as one text with `[image]` for images, a line, and the forced answer prefix."""
    parts = [IMAGE if part.kind == "image" else part.text for part in built.parts]
    return "".join(parts) + "\n---\n" + built.answer_prefix + "\n"


PROMPTS: Final = {
    "predict": prompt.predict(liked=5, disliked=5),
    "predict_likes_alone": prompt.predict(liked=2, disliked=0),
    "describe": prompt.describe(),
    "score": prompt.score(LIKES, DISLIKES),
    "score_unknown": prompt.score({}, {}),
    "explain": prompt.explain(LIKES, DISLIKES),
}


@pytest.mark.parametrize("name", PROMPTS)
def test_a_prompt_equals_its_golden_file(name: str) -> None:
    golden = (FOLDER / f"v{PROMPT_VERSION}_{name}.txt").read_text(encoding="utf-8")
    assert text_of(PROMPTS[name]) == golden, "a changed prompt needs a new PROMPT_VERSION"


def test_every_golden_file_of_this_version_is_tested() -> None:
    files = {file.name for file in FOLDER.glob(f"v{PROMPT_VERSION}_*.txt")}
    assert files == {f"v{PROMPT_VERSION}_{name}.txt" for name in PROMPTS}


def test_a_chat_message_has_one_place_for_each_image() -> None:
    built = prompt.predict(liked=3, disliked=2)
    (message,) = built.messages()
    content = message["content"]
    assert message["role"] == "user"
    assert isinstance(content, list)
    assert sum(part == {"type": "image"} for part in content) == built.image_count == 5


def test_a_prompt_shows_the_strongest_two_words_of_an_element() -> None:
    three = tuple(WeightedWord(word=w, weight=1) for w in ("red", "blue", "green"))
    built = prompt.score_for(Taste(preference=TasteSide(color=three)))
    assert "color: red or blue;" in built.parts[0].text
    assert "green" not in built.parts[0].text


def test_the_parser_returns_the_words_from_which_a_line_was_built() -> None:
    parsed = parse_taste(prompt.taste_lines(LIKES, DISLIKES))
    assert not parsed.problems
    assert {e: words for e, words in parsed.preference.items() if words} == LIKES
    assert {e: words for e, words in parsed.non_preference.items() if words} == DISLIKES
    described = parse_description(prompt.description_line(LIKES))
    assert {e: words for e, words in described.words.items() if words} == LIKES


def test_the_parser_returns_the_scores_and_rationales_of_a_line() -> None:
    digits = {e: n for n, e in enumerate(ELEMENTS)}
    rationales = {e: f"{e.label} is liked" for e in ELEMENTS}
    assert parse_scores(prompt.score_line(digits)).digits == digits
    parsed = parse_scores(prompt.score_line(digits, rationales))
    assert (parsed.digits, parsed.rationales, parsed.problems) == (digits, rationales, ())
