"""Answers in the official layout, whole or continued, are parsed for serving."""

import re

import pytest

from shared.domain.taste import ELEMENTS, Element
from tests.fakes.official_model import preferthinker
from tests.unit.shared.prompting.test_comparison import DISLIKES, LIKES, PROFILES, WELL_FORMED, A

STYLE = preferthinker()
DIGITS = dict(zip(ELEMENTS, A, strict=True))
WITH_POINTS = {name: text for name, text in WELL_FORMED.items() if "our own" not in name}


@pytest.mark.parametrize("name", WELL_FORMED)
def test_the_profile_and_the_points_of_image_a_are_parsed_in_every_layout(name: str) -> None:
    taste = STYLE.parse_taste(WELL_FORMED[name])
    assert [taste.preference[e] for e in ELEMENTS] == [(word,) for word in LIKES]
    assert [taste.non_preference[e] for e in ELEMENTS] == [(word,) for word in DISLIKES]
    parsed = STYLE.parse_digits(WELL_FORMED[name])
    assert dict(parsed.by_element) == DIGITS
    assert not parsed.problems


def test_an_answer_that_ends_before_the_points_still_states_the_profile() -> None:
    assert not STYLE.parse_taste(PROFILES).problems


def test_a_model_that_answers_in_json_is_parsed_too() -> None:
    lists = ", ".join(f'"{e.value}": ["{e.label}"]' for e in ELEMENTS)
    taste = STYLE.parse_taste(f'{{"likes": {{{lists}}}, "dislikes": {{{lists}}}}}')
    assert taste.preference[Element.COLOR] == ("color",)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("", "empty"),
        ("I'm sorry, but I can't help with that.", "declined"),
        ("<visual preference profile>\n\u7acb\u4f53\u4e3b\u4e49", "another script"),
    ],
)
def test_an_answer_without_a_profile_is_named_and_nothing_is_invented(
    answer: str, problem: str
) -> None:
    taste = STYLE.parse_taste(answer)
    assert problem in taste.problems[0]
    assert not any(taste.preference.values())


def points(*rationales: str, digits: dict[Element, int] = DIGITS) -> str:
    lines = [
        f"{n}. {e.label.title()}:\nImage A({digits[e]}) - {text}\nImage B(1) - Another one."
        for n, (e, text) in enumerate(zip(ELEMENTS, rationales, strict=True), start=1)
    ]
    return PROFILES + "<think>\n" + "\n".join(lines) + "\n</think>\n<answer>Image A</answer>"


FINE = ("Cubism, as liked.", "Teal is liked.", "Charcoal, which suits.", "Muted, liked.", "Plain.")


def test_the_rationales_of_image_a_are_kept_without_those_of_image_b() -> None:
    parsed = STYLE.parse_rationales(points(*FINE), DIGITS)
    assert tuple(parsed.by_element[e] for e in ELEMENTS) == FINE
    on_one_line = re.sub(r"\nImage B", "; Image B", points(*FINE))
    assert STYLE.parse_rationales(on_one_line, DIGITS).by_element == parsed.by_element


def test_a_rationale_for_another_score_is_left_out() -> None:
    parsed = STYLE.parse_rationales(points(*FINE, digits=DIGITS | {Element.COLOR: 0}), DIGITS)
    assert Element.COLOR not in parsed.by_element
    assert parsed.problems == ("the rationale for color is for the score 0, not 4",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no rationale"),
        ("long " * 80, "too long"),
        ("\u8fd9\u662f\u7acb\u4f53\u4e3b\u4e49\u7684\u753b", "another script"),
        ("This person strongly dislikes it.", "does not agree"),
    ],
)
def test_an_unusable_rationale_is_left_out_with_its_reason(text: str, problem: str) -> None:
    parsed = STYLE.parse_rationales(points(text, *FINE[1:]), DIGITS)
    assert set(parsed.by_element) == set(ELEMENTS) - {Element.ART_STYLE}
    assert problem in parsed.problems[0]


def test_the_format_reward_prefers_the_official_layout() -> None:
    exact = STYLE.taste_answer(dict.fromkeys(ELEMENTS, ("a",)), {})
    assert STYLE.taste_layout(exact + "<think>") == 1
    assert 0 < STYLE.taste_layout(exact.replace('"Color"', "Color")) < 1
    assert (
        STYLE.score_layout(points(*FINE).replace("Medium", "Artistic Medium"), explained=True) == 1
    )
    assert STYLE.score_layout(points(*FINE).split("</think>")[0], explained=False) == 0
