"""Rows speak through `shared.prompt`, tell the truth, and keep held-out combinations held out."""

import numpy as np
import pytest

from shared import prompt
from shared.prompt import SCORE_TASK
from shared.reason import agrees
from shared.taste import ELEMENTS
from shared.verdict import read_description, read_scores, read_taste
from tests.training import tiny
from training.nano.batches import LENGTHS, NO_LABEL, batch_at, digit_ids, encode, question
from training.nano.plan import read_plan
from training.nano.rows import FEWER, TASKS, Row, Task, draw_row
from training.nano.vocabulary import TURN_END
from training.prefersim.truth import judge_all
from training.prefersim.users import words_in
from training.prefersim.vocabulary import held_out, words_of


def rows(task: Task, count: int = 60) -> list[Row]:
    rng = np.random.default_rng(5)
    return [draw_row(task, rng, tiny.pool()) for _ in range(count)]


@pytest.mark.parametrize("task", TASKS)
def test_every_answer_begins_as_its_prompt_forces_it_to(task: Task) -> None:
    for row in rows(task, 20):
        assert row.answer.startswith(row.prompt.answer_prefix)
        assert row.prompt.image_count == len(row.drawings)


def test_a_description_reads_back_as_what_the_drawing_shows() -> None:
    for row in rows("describe"):
        read = read_description(row.answer)
        shown = words_of(tiny.pool().attributes[row.drawings[0]])
        assert not read.problems
        assert read.words == {element: (word,) for element, word in shown.items()}


def test_a_predicted_taste_reads_back_as_what_its_references_show() -> None:
    for row in rows("predict"):
        read = read_taste(row.answer)
        shown = tiny.pool().attributes[list(row.drawings)]
        assert not read.problems
        assert (read.likes, read.dislikes) == (words_in(shown[:5]), words_in(shown[5:]))


@pytest.mark.parametrize("task", ["easy", "assess", "explain"])
def test_scores_read_back_as_the_truth_of_the_taste_in_their_prompt(task: Task) -> None:
    for row in rows(task):
        told = read_taste(row.prompt.parts[0].text)
        shown = words_of(tiny.pool().attributes[row.drawings[0]])
        truth = judge_all(shown, likes=told.likes, dislikes=told.dislikes)
        read = read_scores(row.answer)
        assert not read.problems
        assert read.digits == {element: truth[element].digit for element in ELEMENTS}


def test_every_reason_agrees_with_its_score() -> None:
    for row in rows("explain"):
        read = read_scores(row.answer)
        assert all(agrees(read.reasons[e], read.digits[e]) for e in ELEMENTS)


def test_the_prompts_are_those_of_serving() -> None:
    assert rows("describe", 1)[0].prompt == prompt.describe()
    assert rows("predict", 1)[0].prompt == prompt.predict(liked=5, disliked=5)
    row = rows("assess", 1)[0]
    told = read_taste(row.prompt.parts[0].text)
    assert row.prompt == prompt.score(told.likes, told.dislikes)


@pytest.mark.parametrize("task", [task for task in TASKS if task != "describe"])
def test_no_row_but_a_description_shows_a_held_out_combination(task: Task) -> None:
    shown = tiny.pool().attributes[[k for row in rows(task) for k in row.drawings]]
    assert not held_out(shown).any()


def test_some_tastes_are_whole_some_have_gaps_and_some_are_unknown() -> None:
    known = []
    for row in rows("assess", 300):
        told = read_taste(row.prompt.parts[0].text)
        known.append(sum(bool(side[e]) for side in (told.likes, told.dislikes) for e in ELEMENTS))
    assert {0, 5, 10} <= set(known)
    assert known.count(10) > 150


@pytest.mark.parametrize("task", TASKS)
def test_the_longest_row_fits_its_length(task: Task) -> None:
    rng = np.random.default_rng(6)
    shapes = FEWER if task == "predict_fewer" else ((5, 5),)
    drawn = [
        draw_row(task, rng, tiny.pool(), shape=shapes[k % len(shapes)])
        for k in range(40 * len(shapes))
    ]
    encode(tiny.tokenizer(), drawn, length=LENGTHS[task])


def test_a_row_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="raise LENGTHS"):
        encode(tiny.tokenizer(), rows("predict", 1), length=100)


def test_labels_are_the_answer_and_nothing_else() -> None:
    row = rows("explain", 1)[0]
    batch = encode(tiny.tokenizer(), [row], length=LENGTHS["explain"])
    labels = batch.labels[0]
    assert tiny.tokenizer().decode(labels[labels != NO_LABEL]) == row.answer + TURN_END


def test_a_row_is_the_same_tokens_whole_as_in_two_parts() -> None:
    for task in TASKS:
        row = rows(task, 1)[0]
        batch = encode(tiny.tokenizer(), [row], length=LENGTHS[task])
        whole = question(tiny.tokenizer(), row) + row.answer + TURN_END
        ids = tiny.tokenizer()(whole)["input_ids"]
        assert batch.ids[0, : len(ids)].tolist() == ids


def test_taste_words_digits_and_tasks_are_one_token_each() -> None:
    tokenizer = tiny.tokenizer()
    for text in (" stained glass", " 5", " or", " any", SCORE_TASK, " is closer to"):
        assert len(tokenizer(text)["input_ids"]) == 1


def test_batches_repeat_by_seed_and_step() -> None:
    def ids(step: int) -> list[list[int]]:
        batch = batch_at(
            step, task="assess", tokenizer=tiny.tokenizer(), pool=tiny.pool(), seed=1, tokens=400
        )
        return [*batch.ids.tolist(), batch.drawings.tolist()]

    assert ids(4) == ids(4)
    assert ids(4) != ids(5)


def test_some_score_rows_hide_their_digits_and_labels_never_do() -> None:
    batch = batch_at(
        0, task="assess", tokenizer=tiny.tokenizer(), pool=tiny.pool(), seed=1, tokens=3000
    )
    digits = digit_ids(tiny.tokenizer())
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
def test_a_plan_that_makes_no_sense_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="write task"):
        read_plan(text, seed=1)
