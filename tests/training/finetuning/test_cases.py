"""Cases have true answers and no held-out combination, and can also be read from files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL.Image import Image, new

from shared.domain.taste import ELEMENTS
from shared.jobs.evaluation import Level
from shared.prompting import parser, prompt
from shared.prompting.rationale import RELATIONS, agrees, claimed_relation
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import COMPACT, GENERAL
from shared.vlm.checkpoint.checkpoint import shipped_folder
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine.inputs.families import image_scaler
from shared.vlm.protocol import References
from tests.fakes.chat_servers.official_model import preferthinker
from tests.training.finetuning import tiny_runs
from training.finetuning.data.case_files import BadCases, read_cases, read_examples
from training.finetuning.data.paraphrases import WORDINGS, varied_rationale
from training.finetuning.data.rows import grpo_dataset, grpo_rows, sft_dataset, sft_row
from training.finetuning.data.simulated import TASKS, draw_cases, examples
from training.finetuning.data.styled_examples import taste_of
from training.prefersim.users.true_answers import TrueScore, score_elements
from training.prefersim.values.vocabulary import VALUES, held_out
from training.rewards.prediction import Sides

CASES = list(draw_cases(12, seed=5))


def unscaled(image: Image) -> Image:
    return image


def test_a_seed_gives_the_same_cases_and_a_larger_count_only_adds_cases() -> None:
    repeated = list(draw_cases(3, seed=5))
    for case, expected in zip(repeated, CASES, strict=False):
        assert case.truth == expected.truth
        assert case.pair.better.tobytes() == expected.pair.better.tobytes()
    assert next(draw_cases(1, seed=6)).truth != CASES[0].truth


@pytest.mark.parametrize("level", ["easy", "hard"])
def test_the_number_of_processes_does_not_change_the_cases(level: Level) -> None:
    one_process, three_processes = (
        list(draw_cases(6, seed=5, level=level, workers=workers)) for workers in (1, 3)
    )

    assert [case.truth for case in three_processes] == [case.truth for case in one_process]
    assert [case.pair.better.tobytes() for case in three_processes] == [
        case.pair.better.tobytes() for case in one_process
    ]


def test_pairs_that_depend_on_one_word_judge_a_profile_and_do_not_change_its_case() -> None:
    (plain,) = draw_cases(1, seed=5, multi=0, level="hard")
    (judged,) = draw_cases(1, seed=5, multi=0, level="hard", by_word=True)
    assert plain.judged_by == ()
    assert judged.pair.better.tobytes() == plain.pair.better.tobytes()
    rows = list(grpo_rows([judged, plain, judged, plain], ("predict",), unscaled, seed=1))
    assert [len(row["candidates"]) for row in rows] == [11, 2, 11, 2]
    assert [(row["better"], row["worse"]) for row in rows[1::2]] == [([0], [1])] * 2
    pairs = set(zip(rows[0]["better"], rows[0]["worse"], strict=True))
    assert len(pairs) == 10
    assert len(set.intersection(*map(set, pairs))) == 1
    (stored,) = grpo_dataset(rows[:1])
    assert (stored["better"], stored["worse"]) == (rows[0]["better"], rows[0]["worse"])
    assert [image.tobytes() for image in stored["candidates"]] == [
        image.tobytes() for image in rows[0]["candidates"]
    ]


def test_a_hard_case_without_references_is_as_hard() -> None:
    bare_cases = list(draw_cases(3, seed=5, level="hard", references_a_side=0))
    for whole, bare in zip(draw_cases(3, seed=5, level="hard"), bare_cases, strict=True):
        assert bare.references == References((), ())
        assert bare.truth == whole.truth
        shows = bare.pair.better_shows, bare.pair.worse_shows
        assert shows == (whole.pair.better_shows, whole.pair.worse_shows)
    assert len({case.pair.better.size for case in bare_cases}) == 3, "degraded and cropped"


def test_no_candidate_shows_a_held_out_combination() -> None:
    cases = [*CASES, *draw_cases(12, seed=5, level="hard")]
    shown = [shows for c in cases for shows in (c.pair.better_shows, c.pair.worse_shows) if shows]
    values = np.array([[VALUES[e].index(shows[e]) for e in ELEMENTS] for shows in shown])
    assert len(values) == 2 * len(cases)
    assert not held_out(values).any()


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


def test_the_answers_of_examples_parse_to_the_truth() -> None:
    rng = np.random.default_rng(0)
    for case in CASES:
        assert case.truth is not None
        predict, describe, score, explain = examples(case, TASKS, rng, varied=True)
        read = parser.parse_taste(predict.answer)
        assert (read.preference, read.non_preference) == (case.truth.likes, case.truth.dislikes)
        assert len(predict.images) == 10
        assert not parser.parse_description(describe.answer).problems
        assert not parser.parse_scores(score.answer).problems
        explained = parser.parse_scores(explain.answer)
        assert not explained.problems
        assert all(agrees(explained.rationales[e], explained.digits[e]) for e in ELEMENTS)


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_wording_names_the_shown_value_and_parses_to_its_relation(relation: Any) -> None:
    score = TrueScore("stained glass", 2, relation, "mosaic")
    rng = np.random.default_rng(1)
    wordings = {varied_rationale(score, rng, varied=True) for _ in range(60)}
    assert len(wordings) == 1 + len(WORDINGS[relation])
    for text in wordings:
        assert ("stained glass" in text) == (relation != "unseen")
        assert claimed_relation(text) == relation
        line = prompt.score_line(dict.fromkeys(ELEMENTS, 2), dict.fromkeys(ELEMENTS, text))
        assert set(parser.parse_scores(line).rationales.values()) == {text}


def test_without_variation_every_rationale_has_the_usual_wording() -> None:
    score = TrueScore("red", 5, "liked")
    rng = np.random.default_rng(1)
    assert {varied_rationale(score, rng, varied=False) for _ in range(20)} == {"red is liked"}


def test_rows_come_in_pairs_and_the_liked_image_is_first_in_some_of_them() -> None:
    rows = list(grpo_rows(CASES, ("predict", "score", "explain"), unscaled, seed=1))
    assert len(rows) % 2 == 0
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    assert all(first["task"] == second["task"] for first, second in pairs)
    assessed = [(first, second) for first, second in pairs if first["task"] != "predict"]
    assert all(first["pair"] == second["pair"] for first, second in assessed)
    assert {(first["liked"], second["liked"]) for first, second in assessed} == {
        (True, False),
        (False, True),
    }


def test_a_data_set_keeps_images_messages_and_columns() -> None:
    rows = list(grpo_rows(CASES, ("predict", "score"), unscaled, seed=1))
    stored = grpo_dataset(rows)
    for row, kept in zip(rows, stored, strict=True):
        assert [i.tobytes() for i in kept["images"]] == [i.tobytes() for i in row["images"]]
        assert sum(part["type"] == "image" for part in kept["prompt"][0]["content"]) == len(
            row["images"]
        )
        assert (kept["task"], kept["truth"], kept["weight"]) == (row["task"], row["truth"], 1.0)
    (example,) = examples(CASES[0], ("score",), np.random.default_rng(0), varied=False)
    (kept,) = sft_dataset([sft_row(example, unscaled)])
    assert kept["completion"][0]["content"][0]["text"] == example.answer


def test_images_are_scaled_as_in_serving() -> None:
    fit = image_scaler(shipped_folder(), "qwen2_5_vl", PixelLimits())
    assert fit(new("L", (300, 100))).size == (84, 84)
    assert fit(new("L", (84, 84))).mode == "RGB"


def write_lines(folder: Path, *lines: object) -> Path:
    new("RGB", (20, 10), "red").save(folder / "a.png")
    new("RGB", (20, 10), "blue").save(folder / "b.png")
    file = folder / "cases.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


SIDES = {"likes": {"color": ["red"]}, "dislikes": {"color": ["blue"]}}
CLICK_CASE = {
    "liked": ["a.png"], "disliked": ["b.png"], "better": "a.png", "worse": "b.png",
    "profile": SIDES, "truth": None, "weight": 1.5,
}  # fmt: skip


def test_a_case_from_clicks_is_read_from_a_file(tmp_path: Path) -> None:
    (case,) = read_cases(write_lines(tmp_path, CLICK_CASE), most=10)
    assert case.truth is None
    assert case.profile == Sides.read(SIDES)
    assert case.weight == 1.5
    rows = list(grpo_rows([case], ("score",), unscaled, seed=1))
    assert [row["weight"] for row in rows] == [1.5, 1.5]
    assert [row["truth"] for row in grpo_rows([case, case], ("predict",), unscaled, seed=1)] == [
        "",
        "",
    ]


def test_a_file_can_name_more_pairs_that_judge_a_profile(tmp_path: Path) -> None:
    red_wins = {"better": "a.png", "worse": "b.png"}
    blue_wins = {"better": "b.png", "worse": "a.png"}
    (case,) = read_cases(
        write_lines(tmp_path, CLICK_CASE | {"judged_by": [red_wins, blue_wins]}), most=1
    )
    shown = [[i.getpixel((0, 0)) for i in (p.better, p.worse)] for p in case.judged_by]
    assert shown == [[(255, 0, 0), (0, 0, 255)], [(0, 0, 255), (255, 0, 0)]]


def test_examples_from_a_file_get_the_prompts_of_serving(tmp_path: Path) -> None:
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
    conversations = tiny_runs.conversations(read_examples(write_lines(tmp_path, *lines), most=10))
    assert [messages for messages, _ in conversations] == [str(p.messages()) for p in expected]
    assert len(list(read_examples(write_lines(tmp_path, *lines), most=2))) == 2


LINES: dict[str, dict[str, Any]] = {
    "predict": {
        "ask": "predict", "liked": 1, "disliked": 1, "images": ["a.png", "b.png"], "taste": SIDES,
    },
    "describe": {"ask": "describe", "images": ["a.png"], "words": {"color": ["red"]}},
    "score": {
        "ask": "score", "profile": SIDES, "images": ["a.png"],
        "digits": {e.value: n for n, e in enumerate(ELEMENTS)},
    },
    "explain": {
        "ask": "explain", "profile": SIDES, "images": ["a.png"],
        "digits": {e.value: 5 for e in ELEMENTS},
        "rationales": {e.value: f"The {e.label} (a strong one; bold) is liked." for e in ELEMENTS},
    },
}  # fmt: skip


@pytest.mark.parametrize("style", [COMPACT, GENERAL, preferthinker()], ids=lambda s: s.name)
def test_a_line_with_values_is_written_in_the_layout_of_each_style(
    style: PromptStyle, tmp_path: Path
) -> None:
    file = write_lines(tmp_path, *LINES.values())
    predict, describe, score, explain = read_examples(file, most=10, style=style)
    sides = Sides.read(SIDES)
    taste = style.parse_taste(predict.answer)
    assert {e: w for e, w in taste.preference.items() if w} == dict(sides.likes)
    assert style.parse_description(describe.answer).words[ELEMENTS[1]] == ("red",)
    assert dict(style.parse_digits(score.answer).by_element) == dict(
        zip(ELEMENTS, range(5), strict=True)
    )
    if style is not COMPACT:  # whose layout has no brackets in a rationale
        kept = style.parse_rationales(explain.answer, dict.fromkeys(ELEMENTS, 5)).by_element
        assert kept[ELEMENTS[0]] == "The art style (a strong one; bold) is liked."


@pytest.mark.parametrize("style", [GENERAL, preferthinker()], ids=lambda s: s.name)
def test_an_answer_in_the_compact_layout_is_rewritten_and_one_in_the_own_layout_is_kept(
    style: PromptStyle, tmp_path: Path
) -> None:
    sides, digits = Sides.read(SIDES), dict.fromkeys(ELEMENTS, 4)
    line = {"ask": "predict", "liked": 1, "disliked": 1, "images": ["a.png", "b.png"]}
    score = {"ask": "score", "profile": SIDES, "images": ["a.png"]}
    compact = (
        {**line, "answer": COMPACT.taste_answer(sides.likes, sides.dislikes)},
        {**score, "answer": COMPACT.score_answer(taste_of(sides), digits)},
    )
    own = (
        {**line, "answer": style.taste_answer(sides.likes, sides.dislikes)},
        {**score, "answer": style.score_answer(taste_of(sides), digits)},
    )
    rewritten, kept = (
        tiny_runs.conversations(read_examples(write_lines(tmp_path, *rows), most=10, style=style))
        for rows in (compact, own)
    )
    assert rewritten == kept
    assert [answer for _, answer in kept] == [str(row["answer"]) for row in own]
    unreadable = {**score, "answer": "It is nice."}
    with pytest.raises(BadCases, match=r"line 1: the answer cannot be parsed: no score for"):
        list(read_examples(write_lines(tmp_path, unreadable), most=10, style=style))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"better": "missing.png"}, "line 1.*missing.png"),
        ({"judged_by": [{"better": "a.png"}]}, "line 1.*worse"),
        ({"better": "cases.jsonl"}, "line 1.*cases.jsonl is JSON, not an image"),
        ({"profile": {"likes": {"mood": ["calm"]}}}, "line 1.*mood"),
        ({"weight": "heavy"}, "line 1.*heavy"),
        ({"liked": "a.png", "worse": None}, "line 1"),
    ],
)
def test_the_error_of_a_bad_case_names_its_line(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(BadCases, match=message):
        list(read_cases(write_lines(tmp_path, {**CLICK_CASE, **change}), most=10))


def test_the_error_of_a_bad_example_or_a_missing_file_names_it(tmp_path: Path) -> None:
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
