"""Answers in the one layout earn all, readable ones half or more, others nothing."""

import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from shared.prompting.rationale import rationale
from tests.unit.training.rewards.words import RIGHT, completion
from training.rewards.format import READABLE, format

DIGITS = dict.fromkeys(ELEMENTS, 5)
AGREEING = {e: rationale("red", "liked") for e in ELEMENTS}
SCORES = prompt.score_line(DIGITS)
REASONED = prompt.score_line(DIGITS, AGREEING)


def reward(answer: str, task: str) -> float | None:
    (one,) = format([completion(answer)], task=[task], images=[[]])
    return one


@pytest.mark.parametrize(
    ("task", "answer"), [("predict", RIGHT), ("score", SCORES), ("explain", REASONED)]
)
def test_an_answer_exactly_as_asked_for_earns_everything(task: str, answer: str) -> None:
    assert reward(answer, task) == 1
    assert reward(answer[: len(answer) // 2], task) == 0
    assert reward("", task) == 0


@pytest.mark.parametrize(("task", "answer"), [("score", SCORES), ("explain", REASONED)])
def test_scores_that_go_on_are_only_readable(task: str, answer: str) -> None:
    assert reward(f"{answer} And so on.", task) == READABLE


@pytest.mark.parametrize(
    ("answer", "earned"),
    [
        (RIGHT.replace("color: red", "color: red or red"), 0.95),
        (RIGHT.replace("color: red", "color: red or red").replace("rich", "rich or rich"), 0.9),
        (f"{RIGHT} And so on.", 0.95),
        (RIGHT.replace("; ", ";"), 0.6),
    ],
    ids=["a word twice", "two words twice", "goes on", "no spaces"],
)
def test_an_entry_of_a_taste_that_slips_costs_that_entry(answer: str, earned: float) -> None:
    """Else a taste of two words, where one comes twice sooner, would be safer with one."""
    assert reward(answer, "predict") == pytest.approx(earned)


def test_an_explanation_earns_with_each_reason_that_agrees_with_its_score() -> None:
    one_against = {**AGREEING, Element.COLOR: rationale("red", "disliked")}
    assert reward(prompt.score_line(DIGITS, one_against), "explain") == pytest.approx(0.9)


def test_an_explanation_without_reasons_is_only_readable() -> None:
    assert reward(SCORES, "explain") == READABLE


def test_scores_with_reasons_where_none_are_asked_for_are_only_readable() -> None:
    assert reward(REASONED, "score") == READABLE


def test_a_score_out_of_range_is_no_score() -> None:
    assert reward(SCORES.replace("color: 5", "color: 9"), "score") == 0


def test_plain_text_and_parts_of_a_message_are_read_alike() -> None:
    parts = [{"role": "assistant", "content": [{"type": "text", "text": SCORES}]}]
    assert format([SCORES, parts, completion(SCORES)], task=["score"] * 3) == [1, 1, 1]
