"""Rows use the prompts of serving, have true answers, and show no held-out combinations."""

from collections.abc import Mapping

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from shared.prompting.parser import parse_description, parse_scores, parse_taste
from shared.prompting.prompt import SCORE_TASK
from shared.prompting.rationale import agrees
from tests.training import tiny_model
from training.nano.data.batches import LENGTHS, NO_LABEL, batch_at, digit_ids, encode, question
from training.nano.data.rows import (
    COMPARED,
    EIGHT,
    FEWER,
    FULL,
    TASKS,
    Row,
    Task,
    draw_row,
    true_scores,
)
from training.nano.model.vocabulary import SYNONYM_OF, TURN_END, WORDS
from training.nano.train.plan import read_plan
from training.prefersim.users.users import Words
from training.prefersim.values.vocabulary import (
    UNKNOWN_VALUE,
    VALUES,
    Attributes,
    held_out,
    words_of,
)


def rows(task: Task, count: int = 60, *, shape: tuple[int, int] = FULL) -> list[Row]:
    rng = np.random.default_rng(5)
    return [draw_row(task, rng, tiny_model.attribute_pool(), shape=shape) for _ in range(count)]


@pytest.mark.parametrize("task", TASKS)
def test_every_answer_begins_with_the_prefix_of_its_prompt(task: Task) -> None:
    for row in rows(task, 20):
        assert row.answer.startswith(row.prompt.answer_prefix)
        assert row.prompt.image_count == len(row.images)


def test_a_description_parses_to_the_values_of_its_image() -> None:
    for row in rows("describe"):
        read = parse_description(row.answer)
        shown = words_of(tiny_model.attribute_pool().attributes[row.images[0]])
        assert not read.problems
        # The style and medium of photographs are unknown.
        assert {element: words for element, words in read.words.items() if words} == {
            element: (word,) for element, word in shown.items()
        }


def words_shown(attributes: Attributes) -> Words:
    """The words that images show, without unknown values."""
    shown: Words = {}
    for j, element in enumerate(ELEMENTS):
        values = sorted({int(k) for k in attributes[:, j] if k != UNKNOWN_VALUE})
        if values:
            shown[element] = tuple(VALUES[element][k] for k in values)
    return shown


def known(side: Mapping[Element, tuple[str, ...]]) -> Words:
    return {element: words for element, words in side.items() if words}


def test_a_predicted_profile_parses_to_the_words_of_its_references() -> None:
    for row in rows("predict_fewer", shape=(4, 4)):
        read = parse_taste(row.answer)
        shown = tiny_model.attribute_pool().attributes[list(row.images)]
        assert not read.problems
        assert (known(read.preference), known(read.non_preference)) == (
            words_shown(shown[:4]),
            words_shown(shown[4:]),
        )


def test_contradicting_references_are_outvoted_in_the_answer() -> None:
    contradicted = 0
    for row in rows("predict_eight", shape=EIGHT):
        read = parse_taste(row.answer)
        shown = tiny_model.attribute_pool().attributes[list(row.images)]
        for predicted, own, other in ((read.preference, shown[:8], shown[8:]),
                                      (read.non_preference, shown[8:], shown[:8])):  # fmt: skip
            for j, element in enumerate(ELEMENTS):
                for word in predicted.get(element, ()):
                    value = VALUES[element].index(word)
                    assert (own[:, j] == value).sum() > (other[:, j] == value).sum()
            contradicted += known(predicted) != words_shown(own)
    assert contradicted > 30


@pytest.mark.parametrize("task", ["easy", "assess", "explain"])
def test_scores_are_the_true_scores_for_the_profile_in_the_prompt(task: Task) -> None:
    for row in rows(task):
        profile = parse_taste(row.prompt.parts[0].text)
        shown = tiny_model.attribute_pool().attributes[row.images[0]]
        truth = true_scores(
            shown, likes=dict(profile.preference), dislikes=dict(profile.non_preference)
        )
        read = parse_scores(row.answer)
        assert not read.problems
        assert read.digits == {element: truth[element].digit for element in ELEMENTS}


def test_every_rationale_agrees_with_its_score() -> None:
    for row in rows("explain"):
        read = parse_scores(row.answer)
        assert all(agrees(read.rationales[e], read.digits[e]) for e in ELEMENTS)


def test_the_prompts_are_those_of_serving() -> None:
    assert rows("describe", 1)[0].prompt == prompt.describe()
    assert rows("predict", 1)[0].prompt == prompt.predict(liked=5, disliked=5)
    row = rows("assess", 1)[0]
    profile = parse_taste(row.prompt.parts[0].text)
    assert row.prompt == prompt.score(profile.preference, profile.non_preference)


@pytest.mark.parametrize("task", [task for task in TASKS if task != "describe"])
def test_only_descriptions_show_held_out_combinations(task: Task) -> None:
    shown = tiny_model.attribute_pool().attributes[[k for row in rows(task) for k in row.images]]
    drawings = shown[:, 0] != UNKNOWN_VALUE
    assert 0 < drawings.sum() < len(drawings)
    assert not held_out(shown[drawings]).any()


def test_some_profiles_use_synonyms_and_answers_never_do() -> None:
    texts = [row.prompt.parts[0].text for row in rows("assess", 100)]
    assert any(f": {word};" in text for text in texts for word in SYNONYM_OF)
    assert any(f": {word};" in text for text in texts for word in WORDS)
    answers = [row.answer for task in ("describe", "predict") for row in rows(task, 40)]
    assert not any(f" {word};" in answer for answer in answers for word in SYNONYM_OF)


def test_unknown_values_of_photographs_are_answered_as_unknown() -> None:
    photographs = [
        parse_scores(row.answer)
        for row in rows("explain", 200)
        if tiny_model.attribute_pool().attributes[row.images[0], 0] == UNKNOWN_VALUE
    ]
    assert photographs
    for read in photographs:
        assert read.rationales[Element.ART_STYLE] == "it cannot be told"
        assert read.digits[Element.ART_STYLE] == 2
        assert read.rationales[Element.COLOR] != "it cannot be told"


def test_some_profiles_are_complete_some_have_gaps_and_some_are_empty() -> None:
    known = []
    for row in rows("assess", 300):
        profile = parse_taste(row.prompt.parts[0].text)
        sides = (profile.preference, profile.non_preference)
        known.append(sum(bool(side[e]) for side in sides for e in ELEMENTS))
    assert {0, 5, 10} <= set(known)
    assert known.count(10) > 150


@pytest.mark.parametrize("task", TASKS)
def test_the_longest_row_fits_its_length(task: Task) -> None:
    rng = np.random.default_rng(6)
    several = {"predict_fewer": FEWER, "predict_eight": (EIGHT,), "compare": COMPARED}
    shapes = several.get(task, (FULL,))
    drawn = [
        draw_row(task, rng, tiny_model.attribute_pool(), shape=shapes[k % len(shapes)])
        for k in range(40 * len(shapes))
    ]
    encode(tiny_model.tokenizer(), drawn, length=LENGTHS[task])


def test_a_row_that_is_too_long_is_an_error() -> None:
    with pytest.raises(ValueError, match="raise LENGTHS"):
        encode(tiny_model.tokenizer(), rows("predict", 1), length=100)


def test_labels_are_the_answer_and_nothing_else() -> None:
    row = rows("explain", 1)[0]
    batch = encode(tiny_model.tokenizer(), [row], length=LENGTHS["explain"])
    labels = batch.labels[0]
    assert tiny_model.tokenizer().decode(labels[labels != NO_LABEL]) == row.answer + TURN_END


def test_a_row_has_the_same_tokens_as_a_whole_and_in_two_parts() -> None:
    for task in TASKS:
        row = rows(task, 1)[0]
        batch = encode(tiny_model.tokenizer(), [row], length=LENGTHS[task])
        whole = question(tiny_model.tokenizer(), row) + row.answer + TURN_END
        ids = tiny_model.tokenizer()(whole)["input_ids"]
        assert batch.ids[0, : len(ids)].tolist() == ids


def test_profile_words_digits_and_tasks_are_one_token_each() -> None:
    tokenizer = tiny_model.tokenizer()
    for text in (" stained glass", " 5", " or", " any", SCORE_TASK, " is closer to"):
        assert len(tokenizer(text)["input_ids"]) == 1


def test_a_seed_and_a_step_always_give_the_same_batch() -> None:
    def ids(step: int) -> list[list[int]]:
        batch = batch_at(
            step,
            task="assess",
            tokenizer=tiny_model.tokenizer(),
            pool=tiny_model.attribute_pool(),
            seed=1,
            tokens=400,
        )
        return [*batch.ids.tolist(), batch.images.tolist()]

    assert ids(4) == ids(4)
    assert ids(4) != ids(5)


def test_some_score_rows_hide_their_digits_and_their_labels_never_do() -> None:
    batch = batch_at(
        0,
        task="assess",
        tokenizer=tiny_model.tokenizer(),
        pool=tiny_model.attribute_pool(),
        seed=1,
        tokens=3000,
    )
    digits = digit_ids(tiny_model.tokenizer())
    placeholder = digits[2]
    read = [row[(row[:, None] == digits).any(1)] for row in batch.ids]
    hidden = sum(bool((row == placeholder).all()) for row in read)
    assert 0 < hidden < len(read)
    labels = [row[(row[:, None] == digits).any(1)] for row in batch.labels]
    assert sum(bool((row == placeholder).all()) for row in labels) < hidden


def test_a_plan_keeps_its_phases_and_shuffles_within_them() -> None:
    plan = read_plan("describe*3,easy*2;predict*4", seed=1)
    assert len(plan) == 9
    assert sorted(plan.tasks[:5]) == ["describe"] * 3 + ["easy"] * 2
    assert plan.tasks[5:] == ("predict",) * 4
    assert plan == read_plan("describe*3,easy*2;predict*4", seed=1)


@pytest.mark.parametrize("text", ["dance*3", "describe", "describe*", "describe*-1", ""])
def test_an_invalid_plan_is_an_error_that_names_the_format(text: str) -> None:
    with pytest.raises(ValueError, match="write task"):
        read_plan(text, seed=1)
