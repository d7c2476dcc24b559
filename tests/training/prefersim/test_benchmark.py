"""A frozen benchmark has the released format, is reproducible, and is complete."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.domain.taste import Element
from shared.jobs.evaluation import Level
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.reader import read_benchmark
from training.prefersim.benchmark import SETS, write_benchmark
from training.prefersim.users.true_answers import true_total
from training.prefersim.values.vocabulary import VALUES, held_out

LEVELS: tuple[Level, ...] = ("easy", "hard")
REFERENCES = {"easy": 5, "hard": 8}
LIMIT = 4


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    written = {level: tmp_path_factory.mktemp(level) for level in LEVELS}
    for level in LEVELS:
        write_benchmark(written[level], level=level, limit=LIMIT)
    return written


def rows(folder: Path, name: str, file: str | None = None) -> list[dict[str, Any]]:
    path = folder / "data" / name / f"{file or name}.json"
    payload: list[dict[str, Any]] = json.loads(path.read_text())
    return payload


def total(row: dict[str, Any], image: str) -> int:
    return true_total(
        row["shows"][image], likes=row["prefer_attributes"], dislikes=row["non_prefer_attributes"]
    )


def test_the_sets_have_the_sizes_of_the_paper() -> None:
    assert {name: count for name, (_, count) in SETS.items()} == {
        "SEEN_SP": 500, "SEEN_MP": 250, "UNSEEN_SP": 500, "UNSEEN_MP": 250,
    }  # fmt: skip


@pytest.mark.parametrize("level", LEVELS)
def test_a_written_benchmark_is_read_without_problems(
    folders: dict[str, Path], level: Level
) -> None:
    benchmark = read_benchmark(folders[level], references=8)
    assert {name: len(items) for name, items in benchmark.splits.items()} == {
        "seen_sp": LIMIT, "seen_mp": LIMIT, "unseen_sp": LIMIT, "unseen_mp": LIMIT,
    }  # fmt: skip
    assert not benchmark.left_out
    assert not benchmark.unknown_keys
    for item in (item for items in benchmark.splits.values() for item in items):
        assert len(item.liked) == len(item.disliked) == REFERENCES[level]


@pytest.mark.parametrize("level", LEVELS)
def test_the_answer_is_the_image_with_the_higher_true_score(
    folders: dict[str, Path], level: Level
) -> None:
    for name in SETS:
        for row in rows(folders[level], name):
            a, b = total(row, "imageA"), total(row, "imageB")
            assert row["conversations"][0]["value"] == ("Image A" if a > b else "Image B")


def test_hard_candidates_differ_only_in_the_deciding_element(folders: dict[str, Path]) -> None:
    for name in SETS:
        for row in rows(folders["hard"], name):
            a, b = row["shows"]["imageA"], row["shows"]["imageB"]
            assert [e for e in a if a[e] != b[e]] == [row["decided_by"]]
        for row in rows(folders["easy"], name):
            a, b = row["shows"]["imageA"], row["shows"]["imageB"]
            assert row["decided_by"] == "all"
            assert all(a[e] != b[e] for e in a)


def test_only_unseen_sets_have_held_out_combinations(folders: dict[str, Path]) -> None:
    style, color = VALUES[Element.ART_STYLE], VALUES[Element.COLOR]
    for name in SETS:
        for row in rows(folders["easy"], name):
            for shown in row["shows"]["prefered_images"] + row["shows"]["non_prefered_images"]:
                combination = [style.index(shown["art_style"]), color.index(shown["color"])]
                assert held_out(np.array(combination)) == name.startswith("UNSEEN")


def test_one_or_two_hard_references_contradict_the_taste(folders: dict[str, Path]) -> None:
    for row in rows(folders["hard"], "SEEN_SP"):
        own = [
            all(shown[e] in words for e, words in row["prefer_attributes"].items())
            for shown in row["shows"]["prefered_images"]
        ]
        assert own.count(False) in (1, 2)


@pytest.mark.parametrize("level", LEVELS)
def test_slates_have_twenty_images_with_graded_relevance(
    folders: dict[str, Path], level: Level
) -> None:
    for name in SETS:
        (slate,) = rows(folders[level], name, "slates")
        assert len(slate["images"]) == len(slate["relevance"]) == len(slate["shows"]) == 20
        assert slate["user_id"] == rows(folders[level], name)[0]["user_id"]
        assert (min(slate["relevance"]), max(slate["relevance"])) == (0, 25)
        for image in slate["images"]:
            with Image.open(folders[level] / "data" / name / "images" / image) as opened:
                opened.load()


def test_a_seed_determines_the_benchmark_and_a_longer_one_has_the_same_first_items(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    again = write_benchmark(tmp_path / "again", level="hard", limit=LIMIT, workers=2)
    assert (folders["hard"] / "checksum.txt").read_text().strip() == again
    other = write_benchmark(tmp_path / "other", level="hard", limit=1, seed=1)
    assert other != again
    write_benchmark(tmp_path / "longer", level="hard", limit=LIMIT + 1)
    assert rows(tmp_path / "longer", "SEEN_MP")[:LIMIT] == rows(folders["hard"], "SEEN_MP")


def test_a_benchmark_with_a_changed_image_is_rejected(tmp_path: Path) -> None:
    write_benchmark(tmp_path, level="easy", limit=1)
    image = next((tmp_path / "data" / "SEEN_SP" / "images").glob("*-disliked-5.png"))
    Image.new("RGB", (84, 84)).save(image)
    for references in (1, 5):
        with pytest.raises(BadBenchmark, match=r"checksum\.txt was written for"):
            read_benchmark(tmp_path, references=references)


@pytest.mark.parametrize(
    ("extra", "message"),
    [((), "is not an empty folder"), (("--limit", "0"), "must be 1 or more")],
)
def test_invalid_arguments_are_rejected_with_a_message(
    tmp_path: Path, extra: tuple[str, ...], message: str
) -> None:
    if not extra:
        (tmp_path / "notes.txt").touch()
    command = [sys.executable, "-m", "training.prefersim.benchmark", str(tmp_path)]
    completed = subprocess.run(
        [*command, "--level", "easy", *extra], capture_output=True, text=True, check=False
    )
    assert completed.returncode == 2
    assert message in completed.stderr
