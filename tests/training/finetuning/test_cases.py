"""Cases tell the truth in our prompts, keep held-out values out, and come from files as well."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL.Image import Image, new

from shared.domain.taste import ELEMENTS
from shared.jobs.evaluation import Level
from shared.prompting import parser as verdict
from shared.prompting import prompt
from shared.prompting.rationale import RELATIONS, agrees, claimed_relation
from shared.vlm.checkpoint.vision_config import VisionConfig
from tests.training.finetuning import finetuned as tuned
from training.finetuning.data.case_files import BadCases, read_cases, read_examples
from training.finetuning.data.paraphrases import WORDINGS, varied_rationale
from training.finetuning.data.rows import fit_to, grpo_dataset, grpo_rows, sft_dataset, sft_row
from training.finetuning.data.simulated import TASKS, draw_cases, examples
from training.prefersim.users.true_answers import TrueScore, score_elements
from training.rewards.prediction import Sides

CASES = list(draw_cases(12, seed=5))
ONE_SIZE = VisionConfig(
    patch=14, merge=2, min_pixels=84 * 84, max_pixels=84 * 84, mean=(0.5,) * 3, std=(0.5,) * 3
)


def as_it_is(image: Image) -> Image:
    return image


def test_cases_are_the_same_by_seed_and_begin_alike_for_any_count() -> None:
    again = list(draw_cases(3, seed=5))
    for one, other in zip(again, CASES, strict=False):
        assert one.truth == other.truth
        assert one.pair.better.tobytes() == other.pair.better.tobytes()
    assert next(draw_cases(1, seed=6)).truth != CASES[0].truth


@pytest.mark.parametrize("level", ["easy", "hard"])
def test_the_same_cases_are_drawn_by_any_number_of_processes(level: Level) -> None:
    alone, shared = (
        list(draw_cases(6, seed=5, level=level, workers=workers)) for workers in (1, 3)
    )

    assert [case.truth for case in shared] == [case.truth for case in alone]
    assert [case.pair.better.tobytes() for case in shared] == [
        case.pair.better.tobytes() for case in alone
    ]


def test_a_taste_is_judged_word_by_word_and_its_case_stays_as_it_was() -> None:
    (plain,) = draw_cases(1, seed=5, multi=0, level="hard")
    (judged,) = draw_cases(1, seed=5, multi=0, level="hard", by_word=True)
    assert plain.judged_by == ()
    assert judged.pair.better.tobytes() == plain.pair.better.tobytes()
    rows = list(grpo_rows([judged, plain, judged, plain], ("predict",), as_it_is, seed=1))
    assert [len(row["candidates"]) for row in rows] == [11, 2, 11, 2]
    assert [(row["better"], row["worse"]) for row in rows[1::2]] == [([0], [1])] * 2
    pairs = set(zip(rows[0]["better"], rows[0]["worse"], strict=True))
    assert len(pairs) == 10
    assert len(set.intersection(*map(set, pairs))) == 1
    (stored,) = grpo_dataset(rows[:1])
    assert (stored["better"], stored["worse"]) == (rows[0]["better"], rows[0]["worse"])
    assert [one.tobytes() for one in stored["candidates"]] == [
        one.tobytes() for one in rows[0]["candidates"]
    ]


def test_the_better_candidate_has_the_higher_true_total() -> None:
    for case in CASES:
        assert case.truth is not None
        assert case.pair.better_shows is not None
        assert case.pair.worse_shows is not None
        totals = [
            sum(
                score.digit
                for score in score_elements(
                    shows, likes=case.truth.likes, dislikes=case.truth.dislikes
                ).values()
            )
            for shows in (case.pair.better_shows, case.pair.worse_shows)
        ]
        assert totals[0] > totals[1]


def test_examples_read_back_as_the_truth() -> None:
    rng = np.random.default_rng(0)
    for case in CASES:
        assert case.truth is not None
        predict, describe, score, explain = examples(case, TASKS, rng, varied=True)
        read = verdict.parse_taste(predict.answer)
        assert (read.preference, read.non_preference) == (case.truth.likes, case.truth.dislikes)
        assert len(predict.images) == 10
        assert not verdict.parse_description(describe.answer).problems
        assert not verdict.parse_scores(score.answer).problems
        explained = verdict.parse_scores(explain.answer)
        assert not explained.problems
        assert all(agrees(explained.rationales[e], explained.digits[e]) for e in ELEMENTS)


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_wording_names_what_is_seen_and_claims_its_relation(relation: Any) -> None:
    score = TrueScore("stained glass", 2, relation, "mosaic")
    rng = np.random.default_rng(1)
    wordings = {varied_rationale(score, rng, varied=True) for _ in range(60)}
    assert len(wordings) == 1 + len(WORDINGS[relation])
    for words in wordings:
        assert ("stained glass" in words) == (relation != "unseen")
        assert claimed_relation(words) == relation
        line = prompt.score_line(dict.fromkeys(ELEMENTS, 2), dict.fromkeys(ELEMENTS, words))
        assert set(verdict.parse_scores(line).rationales.values()) == {words}


def test_without_variation_reasons_are_the_usual_ones() -> None:
    score = TrueScore("red", 5, "liked")
    rng = np.random.default_rng(1)
    assert {varied_rationale(score, rng, varied=False) for _ in range(20)} == {"red is liked"}


def test_rows_come_in_whole_pairs_of_either_order() -> None:
    rows = list(grpo_rows(CASES, ("predict", "score", "explain"), as_it_is, seed=1))
    assert len(rows) % 2 == 0
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    assert all(one["task"] == other["task"] for one, other in pairs)
    assessed = [(one, other) for one, other in pairs if one["task"] != "predict"]
    assert all(one["pair"] == other["pair"] for one, other in assessed)
    assert {(one["liked"], other["liked"]) for one, other in assessed} == {
        (True, False),
        (False, True),
    }


def test_a_data_set_gives_back_images_messages_and_columns() -> None:
    rows = list(grpo_rows(CASES, ("predict", "score"), as_it_is, seed=1))
    stored = grpo_dataset(rows)
    for row, back in zip(rows, stored, strict=True):
        assert [i.tobytes() for i in back["images"]] == [i.tobytes() for i in row["images"]]
        assert sum(part["type"] == "image" for part in back["prompt"][0]["content"]) == len(
            row["images"]
        )
        assert (back["task"], back["truth"], back["weight"]) == (row["task"], row["truth"], 1.0)
    (example,) = examples(CASES[0], ("score",), np.random.default_rng(0), varied=False)
    (back,) = sft_dataset([sft_row(example, as_it_is)])
    assert back["completion"][0]["content"][0]["text"] == example.answer


def test_images_are_scaled_as_serving_scales_them() -> None:
    assert fit_to(ONE_SIZE)(new("L", (300, 100))).size == (84, 84)
    assert fit_to(ONE_SIZE)(new("RGB", (84, 84))).mode == "RGB"


def write_lines(folder: Path, *lines: object) -> Path:
    new("RGB", (20, 10), "red").save(folder / "a.png")
    new("RGB", (20, 10), "blue").save(folder / "b.png")
    file = folder / "cases.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


SIDES = {"likes": {"color": ["red"]}, "dislikes": {"color": ["blue"]}}
CLICKED = {
    "liked": ["a.png"], "disliked": ["b.png"], "better": "a.png", "worse": "b.png",
    "profile": SIDES, "truth": None, "weight": 1.5,
}  # fmt: skip


def test_what_people_clicked_comes_from_a_file(tmp_path: Path) -> None:
    (case,) = read_cases(write_lines(tmp_path, CLICKED), most=10)
    assert case.truth is None
    assert case.profile == Sides.read(SIDES)
    assert case.weight == 1.5
    rows = list(grpo_rows([case], ("score",), as_it_is, seed=1))
    assert [row["weight"] for row in rows] == [1.5, 1.5]
    assert [row["truth"] for row in grpo_rows([case, case], ("predict",), as_it_is, seed=1)] == [
        "",
        "",
    ]


def test_a_file_names_more_pairs_for_a_taste_to_be_judged_by(tmp_path: Path) -> None:
    there = {"better": "a.png", "worse": "b.png"}
    back = {"better": "b.png", "worse": "a.png"}
    (case,) = read_cases(write_lines(tmp_path, CLICKED | {"judged_by": [there, back]}), most=1)
    shown = [[one.getpixel((0, 0)) for one in (p.better, p.worse)] for p in case.judged_by]
    assert shown == [[(255, 0, 0), (0, 0, 255)], [(0, 0, 255), (255, 0, 0)]]


def test_examples_come_from_a_file_in_the_prompts_of_serving(tmp_path: Path) -> None:
    lines = [
        {"ask": "predict", "liked": 1, "disliked": 1, "images": ["a.png", "b.png"], "answer": "L"},
        {"ask": "describe", "images": ["a.png"], "answer": "Shows"},
        {"ask": "score", "profile": SIDES, "images": ["a.png"], "answer": "Scores"},
        {"ask": "explain", "profile": SIDES, "images": ["a.png"], "answer": "Scores"},
    ]
    likes, dislikes = Sides.read(SIDES).likes, Sides.read(SIDES).dislikes
    expected = [
        prompt.predict(liked=1, disliked=1), prompt.describe(),
        prompt.score(likes, dislikes), prompt.explain(likes, dislikes),
    ]  # fmt: skip
    read = tuned.conversations(read_examples(write_lines(tmp_path, *lines), most=10))
    assert [words for words, _ in read] == [str(one.messages()) for one in expected]
    assert len(list(read_examples(write_lines(tmp_path, *lines), most=2))) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"better": "missing.png"}, "line 1.*missing.png"),
        ({"judged_by": [{"better": "a.png"}]}, "line 1.*worse"),
        ({"better": "cases.jsonl"}, "line 1.*cannot identify"),
        ({"profile": {"likes": {"mood": ["calm"]}}}, "line 1.*mood"),
        ({"weight": "heavy"}, "line 1.*heavy"),
        ({"liked": "a.png", "worse": None}, "line 1"),
    ],
)
def test_a_bad_case_is_named_by_its_line(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(BadCases, match=message):
        list(read_cases(write_lines(tmp_path, {**CLICKED, **change}), most=10))


def test_a_bad_example_and_a_missing_file_are_named(tmp_path: Path) -> None:
    for bad, message in (
        ({"ask": "sing", "images": [], "answer": ""}, "line 1.*sing"),
        ({"ask": "describe", "images": [], "answer": ""}, "line 1.*takes 1 images"),
        ({"images": [], "answer": ""}, "line 1 has no 'ask'"),
    ):
        with pytest.raises(BadCases, match=message):
            list(read_examples(write_lines(tmp_path, bad), most=10))
    with pytest.raises(BadCases, match="cannot be read"):
        list(read_cases(tmp_path / "nothing.jsonl", most=10))
    (tmp_path / "cut.jsonl").write_text('{"better": "a.p')
    with pytest.raises(BadCases, match="line 1"):
        list(read_cases(tmp_path / "cut.jsonl", most=10))
