"""SFT examples agree with the click; pairs without agreement are left out."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Images
from PIL.Image import Image

from shared.domain.taste import ELEMENTS
from shared.prompting.parser import parse_scores
from shared.prompting.styles.registry import GENERAL
from shared.vlm.checkpoint.checkpoint import shipped_folder
from shared.vlm.protocol import Description, PredictedTaste, References
from tests.training.job.models import LIKES, BrightnessModel, feedback_case
from training.finetuning.data.case_files import read_examples
from training.finetuning.data.simulated import draw_cases
from training.job.examples.hindsight.write import Hindsight
from training.job.examples.own_answers import learned_from_drawings
from training.job.examples.replay import replay_lines
from training.job.examples.sft_examples import WrittenExamples, write_sft_examples
from training.job.scoring.feedback_cases import FeedbackCase


def _write(
    folder: Path, cases: list[FeedbackCase], model: BrightnessModel, **changes: Any
) -> tuple[WrittenExamples, list[dict[str, Any]]]:
    file = folder / "examples.jsonl"
    settings: dict[str, Any] = {
        "seed": 1, "max_pairs": 100, "advance": lambda *progress: None,
        "scoring_is_late": lambda: False,
    }  # fmt: skip
    written = write_sft_examples(file, cases, model, **(settings | changes))
    return written, [json.loads(line) for line in file.read_text().splitlines()]


def _of_clicks(lines: list[dict[str, Any]], ask: str) -> list[dict[str, Any]]:
    names = {"images/220.png", "images/40.png"}
    return [line for line in lines if line["ask"] == ask and set(line["images"]) <= names]


def test_scores_put_the_clicked_image_first(tmp_path: Path) -> None:
    written, lines = _write(
        tmp_path, [feedback_case(tmp_path, f"u{n}") for n in range(20)], BrightnessModel(0.3)
    )
    assert (written.pairs, written.kept) == (20, 20)
    scores = _of_clicks(lines, "score")
    totals = [sum(parse_scores(line["answer"]).digits.values()) for line in scores]
    assert len(totals) == 40
    assert all(a > b for a, b in zip(totals[::2], totals[1::2], strict=True))
    assert len(set(totals)) > 3  # sampled, not the same digits each time


def test_a_click_that_the_champion_contradicts_in_all_samples_is_left_out(tmp_path: Path) -> None:
    wrong = [feedback_case(tmp_path, "u", better=40, worse=220)]
    written, lines = _write(tmp_path, wrong, BrightnessModel(confidence=1.0))
    assert (written.kept, written.rejected) == (0, 1)
    assert _of_clicks(lines, "score") == []


def test_rationales_with_format_errors_are_left_out(tmp_path: Path) -> None:
    cases = [feedback_case(tmp_path, f"u{n}") for n in range(20)]
    written, lines = _write(tmp_path, cases, BrightnessModel())
    assert written.with_rationales == len(_of_clicks(lines, "explain")) > 0
    written, lines = _write(tmp_path, cases, BrightnessModel(problems=("no reason for color",)))
    assert (written.with_rationales, _of_clicks(lines, "explain")) == (0, [])


def test_the_file_can_be_read_for_training_and_holds_every_task(tmp_path: Path) -> None:
    _, lines = _write(tmp_path, [feedback_case(tmp_path, "u")], BrightnessModel())
    read = list(read_examples(tmp_path / "examples.jsonl", most=10_000))
    assert len(read) == len(lines)
    assert {line["ask"] for line in lines} == {"predict", "describe", "score", "explain"}


def test_a_part_of_the_file_has_simulated_examples_too(tmp_path: Path) -> None:
    cases = [feedback_case(tmp_path, f"u{n}") for n in range(20)]
    _, lines = _write(tmp_path, cases, BrightnessModel())
    clicked = {"images/220.png", "images/40.png"}
    simulated = [not set(line["images"]) <= clicked for line in lines]
    half = simulated[: len(lines) // 2]
    assert sum(half) / len(half) == pytest.approx(sum(simulated) / len(simulated), abs=0.05)


def test_a_part_of_the_file_has_as_much_of_each_task_and_of_both_origins(tmp_path: Path) -> None:
    def line(ask: str, number: int) -> dict[str, Any]:
        return {"ask": ask, "images": ["images/220.png"], "number": number}

    lessons = [line("predict", n) for n in range(30)] + [line("score", n) for n in range(90)]
    hindsight = Hindsight(lines=tuple(lessons), from_references=1)
    cases = [feedback_case(tmp_path, "u", better=40, worse=220)]
    _, lines = _write(
        tmp_path, cases, BrightnessModel(confidence=1.0), hindsight=lambda: hindsight
    )  # fmt: skip
    learned = [(line["ask"], line["number"]) for line in lines if "number" in line]
    assert sorted(learned) == sorted((line["ask"], line["number"]) for line in lessons)
    for part in (3, 2):
        by_task = Counter(line["ask"] for line in lines[: len(lines) // part] if "number" in line)
        assert by_task["predict"] == pytest.approx(30 / part, abs=1)
        assert by_task["score"] == pytest.approx(90 / part, abs=1)


def test_half_of_the_simulated_users_are_hard_and_come_in_turns(tmp_path: Path) -> None:
    lines = list(replay_lines(8, tmp_path, seed=3, rng=np.random.default_rng(1)))
    described = [line["images"][0] for line in lines if line["ask"] == "describe"]
    hard = draw_cases(4, seed=5, level="hard", references_a_side=0)
    drawn = [{case.pair.better.tobytes(), case.pair.worse.tobytes()} for case in hard]
    shown = [Images.open(tmp_path / name).tobytes() for name in described]
    assert [pixels in images for pixels, images in zip(shown[1::2], drawn, strict=True)] == (
        [True] * 4
    )
    assert not any(pixels in images for pixels in shown[::2] for images in drawn)
    by_task = Counter(line["ask"] for line in lines)
    assert by_task == {"describe": 8, "score": 8, "predict": 2, "explain": 2}


def test_a_model_of_real_pictures_rehearses_with_its_own_answers(tmp_path: Path) -> None:
    cases = [feedback_case(tmp_path, f"u{n}") for n in range(90)]
    written, lines = _write(tmp_path, cases, BrightnessModel(), on_drawings=False)
    own = [line for line in lines if line["ask"] in ("describe", "predict")]
    assert len(own) == written.rehearsed > 0
    assert "own answers" in written.summary
    assert not [file for line in own for file in line["images"] if "/" not in file]
    assert {file for line in own for file in line["images"]} <= {
        file.relative_to(tmp_path).as_posix()
        for case in cases
        for file in (case.better, case.worse, *case.liked, *case.disliked)
    }, "no drawing is written"
    predicted = [line for line in own if line["ask"] == "predict"]
    assert len(predicted) == 1, "a third of the two descriptions"
    likes = {element.value: list(words) for element, words in LIKES.items()}
    assert predicted[0]["taste"]["likes"] == likes
    assert len(list(read_examples(tmp_path / "examples.jsonl", most=10_000))) == len(lines)


def test_own_words_with_signs_of_the_layout_stay_whole(tmp_path: Path) -> None:
    words = dict.fromkeys(ELEMENTS, ("16:9 photo", "st. ives"))
    dark = dict.fromkeys(ELEMENTS, ("black; white or gray",))
    cases = [feedback_case(tmp_path, f"u{n}") for n in range(90)]

    class SignsModel(BrightnessModel):
        def describe(self, images: Sequence[Image]) -> list[Description]:
            return [Description(words) for _ in images]

        def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
            return [PredictedTaste(words, dark) for _ in references]

    _, lines = _write(tmp_path, cases, SignsModel(), on_drawings=False)
    file = tmp_path / "own.jsonl"
    own = [line for line in lines if line["ask"] in ("describe", "predict")]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in own))
    answers = {example.answer for example in read_examples(file, most=99, style=GENERAL)}
    assert answers == {GENERAL.description_answer(words), GENERAL.taste_answer(words, dark)}


def test_users_with_likes_alone_are_predicted_too(tmp_path: Path) -> None:
    cases = [
        replace(feedback_case(tmp_path, f"u{n}", better=100 + n), disliked=()) for n in range(9)
    ]
    _, lines = _write(tmp_path, cases, BrightnessModel(), on_drawings=False)
    predicted = [line for line in lines if line["ask"] == "predict"]
    assert {(line["liked"], line["disliked"]) for line in predicted} == {(1, 0)}


def test_own_answers_with_format_errors_are_not_rehearsed(tmp_path: Path) -> None:
    cases = [feedback_case(tmp_path, f"u{n}") for n in range(9)]
    model = BrightnessModel(problems=("no word for color",))
    written, _ = _write(tmp_path, cases, model, on_drawings=False)
    assert (written.rehearsed, model.described) == (0, 2)


def test_own_answers_are_not_written_after_the_deadline(tmp_path: Path) -> None:
    model = BrightnessModel()
    written, _ = _write(
        tmp_path, [feedback_case(tmp_path, "u")], model, on_drawings=False,
        rationales_are_late=lambda: True,
    )  # fmt: skip
    assert (written.rehearsed, model.described, model.predicted) == (0, 0, 0)


def test_only_a_model_whose_manifest_names_drawings_rehearses_with_drawings(
    tmp_path: Path,
) -> None:
    assert learned_from_drawings(shipped_folder())
    assert not learned_from_drawings(tmp_path), "a checkpoint without our manifest"
    for data, expected in (
        ("training/prefersim, simulated", True),
        ("unknown, then feedback", False),
    ):
        (tmp_path / "manifest.json").write_text(
            json.dumps(
                {"version": "v", "prompt_version": "2", "sha256": {}, "training": {"data": data}}
            )
        )
        assert learned_from_drawings(tmp_path) is expected


def test_a_case_without_a_profile_makes_no_example(tmp_path: Path) -> None:
    written, _ = _write(tmp_path, [feedback_case(tmp_path, "u", profile=None)], BrightnessModel())
    assert (written.pairs, written.without_profile) == (0, 1)


def test_heavier_pairs_come_first_and_a_deadline_leaves_the_rest(tmp_path: Path) -> None:
    cases = [feedback_case(tmp_path, "light", better=200, weight=0.01) for _ in range(40)]
    cases += [feedback_case(tmp_path, "heavy", weight=100.0) for _ in range(20)]
    written, lines = _write(tmp_path, cases, BrightnessModel(), max_pairs=20)
    assert written.pairs == 20
    assert len(_of_clicks(lines, "score")) == 40
    answers = iter([False, True])
    written, _ = _write(tmp_path, cases, BrightnessModel(), scoring_is_late=lambda: next(answers))
    assert written.pairs == 16


def test_the_champion_scores_an_image_of_several_pairs_once_and_reports_its_scores(
    tmp_path: Path,
) -> None:
    steps: list[tuple[int, ...]] = []
    cases = [feedback_case(tmp_path, "u", better=250 - n) for n in range(30)]
    champion = BrightnessModel()
    _write(tmp_path, cases, champion, advance=lambda *numbers: steps.append(numbers))
    assert steps == [(16, 30, 17), (30, 30, 31)]
    assert champion.scored == 31
