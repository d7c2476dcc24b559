"""The format reward: 1 for the exact layout, at least half for readable answers, else 0."""

import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from shared.prompting.rationale import rationale
from shared.prompting.styles.registry import COMPACT, GENERAL
from tests.unit.training.rewards.words import RIGHT, completion
from training.rewards.format import READABLE, format_reward

COMPACT_FORMAT = format_reward(COMPACT)
DIGITS = dict.fromkeys(ELEMENTS, 5)
AGREEING = {e: rationale("red", "liked") for e in ELEMENTS}
SCORES = prompt.score_line(DIGITS)
EXPLAINED = prompt.score_line(DIGITS, AGREEING)


def reward(answer: str, task: str) -> float | None:
    (value,) = COMPACT_FORMAT([completion(answer)], task=[task], images=[[]])
    return value


@pytest.mark.parametrize(
    ("task", "answer"), [("predict", RIGHT), ("score", SCORES), ("explain", EXPLAINED)]
)
def test_an_answer_in_the_exact_layout_earns_the_full_reward(task: str, answer: str) -> None:
    assert reward(answer, task) == 1
    assert reward(answer[: len(answer) // 2], task) == 0
    assert reward("", task) == 0


@pytest.mark.parametrize(("task", "answer"), [("score", SCORES), ("explain", EXPLAINED)])
def test_scores_with_text_after_them_are_only_readable(task: str, answer: str) -> None:
    assert reward(f"{answer} And so on.", task) == READABLE


@pytest.mark.parametrize(
    ("answer", "earned"),
    [
        (RIGHT.replace("color: red", "color: red or red"), 0.95),
        (RIGHT.replace("color: red", "color: red or red").replace("rich", "rich or rich"), 0.9),
        (f"{RIGHT} And so on.", 0.95),
        (RIGHT.replace("; ", ";"), 0.6),
    ],
    ids=["a repeated word", "two repeated words", "text after the end", "no spaces"],
)
def test_a_malformed_entry_of_a_profile_loses_only_its_own_share(
    answer: str, earned: float
) -> None:
    """Otherwise, to name one word would be safer than to name two, where a word can be repeated."""
    assert reward(answer, "predict") == pytest.approx(earned)


def test_an_explanation_earns_a_share_for_each_rationale_that_agrees_with_its_score() -> None:
    one_disagrees = {**AGREEING, Element.COLOR: rationale("red", "disliked")}
    assert reward(prompt.score_line(DIGITS, one_disagrees), "explain") == pytest.approx(0.9)


def test_an_explanation_without_rationales_is_only_readable() -> None:
    assert reward(SCORES, "explain") == READABLE


def test_scores_with_rationales_in_the_score_task_are_only_readable() -> None:
    assert reward(EXPLAINED, "score") == READABLE


def test_a_score_out_of_range_earns_nothing() -> None:
    assert reward(SCORES.replace("color: 5", "color: 9"), "score") == 0


def test_plain_text_and_message_parts_are_read_in_the_same_way() -> None:
    parts = [{"role": "assistant", "content": [{"type": "text", "text": SCORES}]}]
    assert COMPACT_FORMAT([SCORES, parts, completion(SCORES)], task=["score"] * 3) == [1, 1, 1]


GENERAL_TASTE = GENERAL.taste_answer({e: (e.label,) for e in ELEMENTS}, {})
GENERAL_ANSWERS = {
    "exact": ("predict", GENERAL_TASTE, 1.0),
    "within prose": ("predict", f"Here it is: {GENERAL_TASTE}", 0.75),
    "a subject of its own": ("predict", GENERAL_TASTE.replace("[]", '["a cat"]', 1), 1.0),
    "another name": ("predict", GENERAL_TASTE.replace("color", "Colour"), READABLE),
    "no element": ("predict", "I like it.", 0.0),
    "five digits": ("score", "42035", 1.0),
    "digits in words": ("score", SCORES, READABLE),
    "a number too large": ("score", "42039", 0.0),
}


@pytest.mark.parametrize("name", GENERAL_ANSWERS)
def test_the_layout_that_is_rewarded_is_that_of_the_style(name: str) -> None:
    task, answer, expected = GENERAL_ANSWERS[name]
    assert format_reward(GENERAL)([completion(answer)], task=[task]) == [expected]
