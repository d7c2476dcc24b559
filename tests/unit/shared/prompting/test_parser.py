"""Answers in all spellings are parsed; a part that cannot be parsed is named and not guessed."""

import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser import MAX_WORD_LENGTH, parse_description, parse_scores, parse_taste

WHOLE = " art style: cubism; color: red; medium: oil; saturation: vivid; detail: fine."
SCORES = "Scores art style: 5; color: 4; medium: 3; saturation: 2; detail: 0."


def test_a_complete_answer_has_no_problems() -> None:
    parsed = parse_taste(f"Likes{WHOLE}\nDislikes{WHOLE}")
    assert parsed.problems == ()
    assert parsed.preference == parsed.non_preference
    assert parsed.preference[Element.MEDIUM] == ("oil",)


@pytest.mark.parametrize(
    "answer",
    [
        "Shows Art Styles: cubism; Colour: red; Artistic Medium: oil; Saturations: vivid;"
        " Details: fine.",
        "shows art_style: cubism\ncolors: red\nArt Medium: oil\nsaturation: vivid\ndetail: fine",
        "Shows style: Cubism;color:RED;medium : oil ;saturation: 'vivid';detail: *fine*.",
    ],
)
def test_spelling_and_layout_do_not_matter(answer: str) -> None:
    parsed = parse_description(answer)
    assert parsed.problems == ()
    assert [parsed.words[e] for e in ELEMENTS] == [
        ("cubism",), ("red",), ("oil",), ("vivid",), ("fine",)
    ]  # fmt: skip


def test_several_words_are_parsed_once_each_in_order() -> None:
    parsed = parse_description("Shows color: red or blue, red / green.")
    assert parsed.words[Element.COLOR] == ("red", "blue", "green")


def test_any_means_an_unknown_element_and_is_no_problem() -> None:
    parsed = parse_description(WHOLE.replace("red", "any"))
    assert (parsed.words[Element.COLOR], parsed.problems) == ((), ())


@pytest.mark.parametrize("answer", ["none", "N/A", "unknown", "not clear", "Any color"])
def test_other_answers_for_unknown_are_no_problem(answer: str) -> None:
    side = parse_description(
        f"Shows art style: cubism; color: {answer}; medium: any; saturation: vivid; detail: plain"
    )
    assert side.words[Element.COLOR] == ()
    assert side.problems == ()


def test_a_word_next_to_any_is_kept_alone() -> None:
    side = parse_description(
        "Shows art style: any; color: any or blue; medium: any; saturation: any; detail: any"
    )
    assert side.words[Element.COLOR] == ("blue",)


def test_a_missing_element_is_named_with_its_side() -> None:
    parsed = parse_taste(f"Likes{WHOLE}\nDislikes{WHOLE.replace('color: red; ', '')}")
    assert Element.COLOR not in parsed.non_preference
    assert parsed.problems == ("no word for color in the dislikes",)


def test_an_answer_without_dislikes_keeps_its_likes() -> None:
    parsed = parse_taste(f"Likes{WHOLE}")
    assert len(parsed.preference) == 5
    assert (parsed.non_preference, parsed.problems) == ({}, ("the answer has no Dislikes part",))


def test_a_long_sentence_is_not_a_word() -> None:
    parsed = parse_description(WHOLE.replace("red", "x" * (MAX_WORD_LENGTH + 1)))
    assert Element.COLOR not in parsed.words
    assert parsed.problems == ("a word for color of the description is too long",)


@pytest.mark.parametrize("answer", ["", "\x00", "I cannot help with that.", ":;:;", "Likes" * 999])
def test_nonsense_gives_five_problems_and_no_words(answer: str) -> None:
    described, scored = parse_description(answer), parse_scores(answer)
    assert (described.words, len(described.problems)) == ({}, 5)
    assert (scored.digits, len(scored.problems)) == ({}, 5)


def test_scores_are_parsed_and_a_stated_total_is_ignored() -> None:
    parsed = parse_scores(f"{SCORES} Total: 99")
    assert list(parsed.digits.values()) == [5, 4, 3, 2, 0]
    assert (parsed.problems, parsed.rationales) == ((), {})


@pytest.mark.parametrize("score", ["6", "-1", "4.5", "55"])
def test_a_score_out_of_range_is_a_problem(score: str) -> None:
    parsed = parse_scores(SCORES.replace("color: 4", f"color: {score}"))
    assert Element.COLOR not in parsed.digits
    assert parsed.problems == (f"the score for color is {score}, not 0 to 5",)


def test_rationales_follow_their_scores_and_an_empty_one_is_left_out() -> None:
    answer = SCORES.replace("color: 4", "color: 4 (red is liked)").replace(
        "medium: 3", "medium: 3 ()"
    )
    parsed = parse_scores(answer)
    assert parsed.rationales == {Element.COLOR: "red is liked"}
    assert len(parsed.digits) == 5


def test_a_rationale_that_was_cut_off_is_still_parsed() -> None:
    parsed = parse_scores("Scores art style: 5 (cubism is li")
    assert parsed.rationales == {Element.ART_STYLE: "cubism is li"}
