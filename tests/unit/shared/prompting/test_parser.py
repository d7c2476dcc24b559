"""Answers are read whatever their spelling; what cannot be read is named and never guessed."""

import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.parser import MAX_WORD_LENGTH, read_description, read_scores, read_taste

WHOLE = " art style: cubism; color: red; medium: oil; saturation: vivid; detail: fine."
SCORES = "Scores art style: 5; color: 4; medium: 3; saturation: 2; detail: 0."


def test_a_whole_answer_has_no_problems() -> None:
    read = read_taste(f"Likes{WHOLE}\nDislikes{WHOLE}")
    assert read.problems == ()
    assert read.likes == read.dislikes
    assert read.likes[Element.MEDIUM] == ("oil",)


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
    read = read_description(answer)
    assert read.problems == ()
    assert [read.words[e] for e in ELEMENTS] == [
        ("cubism",), ("red",), ("oil",), ("vivid",), ("fine",)
    ]  # fmt: skip


def test_several_words_are_read_once_each_in_order() -> None:
    read = read_description("Shows color: red or blue, red / green.")
    assert read.words[Element.COLOR] == ("red", "blue", "green")


def test_any_is_an_unknown_element_and_no_problem() -> None:
    read = read_description(WHOLE.replace("red", "any"))
    assert (read.words[Element.COLOR], read.problems) == ((), ())


def test_a_missing_element_is_named_with_its_side() -> None:
    read = read_taste(f"Likes{WHOLE}\nDislikes{WHOLE.replace('color: red; ', '')}")
    assert Element.COLOR not in read.dislikes
    assert read.problems == ("no word for color in the dislikes",)


def test_an_answer_without_dislikes_keeps_its_likes() -> None:
    read = read_taste(f"Likes{WHOLE}")
    assert len(read.likes) == 5
    assert (read.dislikes, read.problems) == ({}, ("the answer has no Dislikes part",))


def test_a_sentence_that_runs_on_is_no_word() -> None:
    read = read_description(WHOLE.replace("red", "x" * (MAX_WORD_LENGTH + 1)))
    assert Element.COLOR not in read.words
    assert read.problems == ("a word for color of the description runs on",)


@pytest.mark.parametrize("answer", ["", "\x00", "I cannot help with that.", ":;:;", "Likes" * 999])
def test_nonsense_is_five_problems_and_no_words(answer: str) -> None:
    described, scored = read_description(answer), read_scores(answer)
    assert (described.words, len(described.problems)) == ({}, 5)
    assert (scored.digits, len(scored.problems)) == ({}, 5)


def test_scores_are_read_and_their_total_is_recomputed() -> None:
    read = read_scores(f"{SCORES} Total: 99")
    assert (read.total, read.problems, read.reasons) == (14, (), {})


@pytest.mark.parametrize("wrong", ["6", "-1", "4.5", "55"])
def test_a_score_outside_the_scale_is_a_problem_and_no_number(wrong: str) -> None:
    read = read_scores(SCORES.replace("color: 4", f"color: {wrong}"))
    assert Element.COLOR not in read.digits
    assert read.problems == (f"the score for color is {wrong}, not 0 to 5",)


def test_reasons_stand_with_their_scores_and_an_empty_one_is_none() -> None:
    told = SCORES.replace("color: 4", "color: 4 (red is liked)").replace(
        "medium: 3", "medium: 3 ()"
    )
    read = read_scores(told)
    assert read.reasons == {Element.COLOR: "red is liked"}
    assert len(read.digits) == 5


def test_a_reason_that_was_cut_short_is_still_read() -> None:
    read = read_scores("Scores art style: 5 (cubism is li")
    assert read.reasons == {Element.ART_STYLE: "cubism is li"}
