"""What is imitated agrees with the click and with itself; what the champion denies is left out."""

import json
from pathlib import Path
from typing import Any

from shared.prompting import parser as verdict
from tests.training.job.models import Known, heard
from training.finetuning.data.case_files import read_examples
from training.job.evidence.cases import HeardCase
from training.job.examples.sft_examples import Written, write_examples


def _write(
    folder: Path, cases: list[HeardCase], model: Known, **changes: Any
) -> tuple[Written, list[dict[str, Any]]]:
    file = folder / "examples.jsonl"
    settings: dict[str, Any] = {
        "seed": 1, "most_pairs": 100, "advance": lambda *told: None, "late": lambda: False,
    }  # fmt: skip
    written = write_examples(file, cases, model, **(settings | changes))
    return written, [json.loads(line) for line in file.read_text().splitlines()]


def _of_clicks(lines: list[dict[str, Any]], ask: str) -> list[dict[str, Any]]:
    names = {"images/220.png", "images/40.png"}
    return [line for line in lines if line["ask"] == ask and set(line["images"]) <= names]


def test_scores_put_the_clicked_image_first(tmp_path: Path) -> None:
    written, lines = _write(tmp_path, [heard(tmp_path, f"u{n}") for n in range(20)], Known(0.3))
    assert (written.pairs, written.kept) == (20, 20)
    scores = _of_clicks(lines, "score")
    totals = [verdict.parse_scores(line["answer"]).total for line in scores]
    assert len(totals) == 40
    assert all(a > b for a, b in zip(totals[::2], totals[1::2], strict=True))
    assert len(set(totals)) > 3  # drawn, not the same answer each time


def test_a_click_that_the_champion_firmly_denies_is_left_out(tmp_path: Path) -> None:
    wrong = [heard(tmp_path, "u", better=40, worse=220)]
    written, lines = _write(tmp_path, wrong, Known(sure=1.0))
    assert (written.kept, written.disbelieved) == (0, 1)
    assert _of_clicks(lines, "score") == []


def test_reasons_that_cannot_be_read_are_no_example(tmp_path: Path) -> None:
    cases = [heard(tmp_path, f"u{n}") for n in range(20)]
    told, lines = _write(tmp_path, cases, Known())
    assert told.explained == len(_of_clicks(lines, "explain")) > 0
    untold, lines = _write(tmp_path, cases, Known(problems=("no reason for color",)))
    assert (untold.explained, _of_clicks(lines, "explain")) == (0, [])


def test_the_files_can_be_learned_from_and_hold_every_task(tmp_path: Path) -> None:
    _, lines = _write(tmp_path, [heard(tmp_path, "u")], Known())
    read = list(read_examples(tmp_path / "examples.jsonl", most=10_000))
    assert len(read) == len(lines)
    assert {line["ask"] for line in lines} == {"predict", "describe", "score", "explain"}


def test_a_case_without_a_taste_cannot_be_reasoned_about(tmp_path: Path) -> None:
    written, _ = _write(tmp_path, [heard(tmp_path, "u", profile=None)], Known())
    assert (written.pairs, written.without_taste) == (0, 1)


def test_heavier_pairs_come_first_and_an_end_of_time_leaves_the_rest(tmp_path: Path) -> None:
    cases = [heard(tmp_path, "light", better=200, weight=0.01) for _ in range(40)]
    cases += [heard(tmp_path, "heavy", weight=100.0) for _ in range(20)]
    written, lines = _write(tmp_path, cases, Known(), most_pairs=20)
    assert written.pairs == 20
    assert len(_of_clicks(lines, "score")) == 40
    turns = iter([False, True])
    written, _ = _write(tmp_path, cases, Known(), late=lambda: next(turns))
    assert written.pairs == 16


def test_the_champion_scores_an_image_of_several_pairs_once_and_its_scores_are_told(
    tmp_path: Path,
) -> None:
    told: list[tuple[int, ...]] = []
    cases = [heard(tmp_path, "u", better=250 - n) for n in range(30)]
    champion = Known()
    _write(tmp_path, cases, champion, advance=lambda *numbers: told.append(numbers))
    assert told == [(16, 30, 17), (30, 30, 31)]
    assert champion.asked == 31
