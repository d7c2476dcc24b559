"""PAMELA and FLICKR-AES become cases; broken rows are left out with their reasons."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.training.evaluation.public_data import imported, layouts
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.public_data.cases.protocol import Protocol
from training.evaluation.benchmark.reader import read_benchmark

BROKEN = (
    "w0, gone.png, 5",  # missing image
    "w0, 0_liked_0.png, 1",  # contradicts the 4 of an earlier row
    "w1, 1_liked_0.png, 4",  # repeats an earlier row
    "w1, 1_liked_1.png, five",
    ", 1_liked_1.png, 5",
    "w1, ../outside.png, 5",
    "w1, 1_liked_1.png",
    "lonely, 0_liked_1.png, 5",
)


@pytest.mark.parametrize(
    ("format", "write", "name"),
    [
        ("flickr-aes", layouts.write_flickr_aes, "FLICKR_AES"),
        ("pamela", layouts.write_pamela, "PAMELA"),
    ],
)
def test_each_layout_gives_sets_that_evaluate_reads(
    tmp_path: Path, format: str, write: object, name: str
) -> None:
    file = write(tmp_path / "data")  # type: ignore[operator]
    summary = imported.run(format, file, out=tmp_path / "out")
    (imported_set,) = summary.sets
    assert (imported_set.rows, imported_set.users, imported_set.pairs) == (48, 3, 12)
    assert not imported_set.rows_left_out | imported_set.users_left_out
    benchmark = read_benchmark(tmp_path / "out", references=5)
    assert {name: len(items) for name, items in benchmark.splits.items()} == {name.lower(): 12}
    assert not benchmark.left_out
    assert not benchmark.unknown_keys
    summary_file = tmp_path / "out" / "data" / name / "summary.json"
    assert json.loads(summary_file.read_text())["protocol"]["seed"] == 0


def test_broken_rows_are_counted_with_reasons_and_stop_nothing(tmp_path: Path) -> None:
    file = layouts.write_flickr_aes(tmp_path, more=BROKEN)
    (summary,) = imported.run(
        "flickr-aes", file, out=tmp_path / "out", protocol=Protocol(references=3)
    ).sets
    assert summary.rows_left_out == {
        "missing_image": 1, "contradicting_ratings": 2, "repeated_row": 1, "bad_score": 1,
        "missing_field": 1, "bad_image_name": 1, "bad_csv": 1,
    }  # fmt: skip
    assert summary.users_left_out == {"too_few_references": 1}
    assert summary.users == 3
    lines = imported.left_out(tmp_path / "out", "FLICKR_AES")
    assert Counter(line["reason"] for line in lines) == Counter(
        summary.rows_left_out | summary.users_left_out
    )
    gone = next(line for line in lines if line["reason"] == "missing_image")
    assert gone["place"] == f"{file}:50"
    assert "gone.png" in gone["detail"]


def test_a_broken_image_costs_only_its_pair_or_its_place_among_the_references(
    tmp_path: Path,
) -> None:
    file = layouts.write_flickr_aes(tmp_path)
    imported.run("flickr-aes", file, out=tmp_path / "out", protocol=Protocol(references=2))
    before = imported.rows(tmp_path / "out", "FLICKR_AES")
    for path in (tmp_path / "40K").glob("0_*_3.png"):
        path.write_bytes(b"no image")
    (summary,) = imported.run(
        "flickr-aes", file, out=tmp_path / "out", protocol=Protocol(references=2)
    ).sets
    after = imported.rows(tmp_path / "out", "FLICKR_AES")
    assert sum(summary.pairs_left_out.values()) == 2
    assert [row for row in after if row["user_id"] != "w0"] == [
        row for row in before if row["user_id"] != "w0"
    ]
    assert summary.users == 3
    assert all(len(row["prefered_images"]) == 2 for row in after)


def test_the_same_files_in_another_folder_give_the_same_cases(tmp_path: Path) -> None:
    cases = []
    for name in ("first", "second folder"):
        (tmp_path / name).mkdir()
        file = layouts.write_flickr_aes(tmp_path / name)
        imported.run("flickr-aes", file, out=tmp_path / name / "out")
        rows = imported.rows(tmp_path / name / "out", "FLICKR_AES")
        cases.append([{**row, "case_id": None} for row in rows])
    assert len(cases[0]) > 3
    assert cases[0] == cases[1]


def test_copies_of_an_image_are_the_same_image(tmp_path: Path) -> None:
    file = layouts.write_flickr_aes(tmp_path)
    images = tmp_path / "40K"
    for path in images.glob("0_liked_*.png"):
        path.write_bytes((images / "0_liked_0.png").read_bytes())
    (summary,) = imported.run("flickr-aes", file, out=tmp_path / "out").sets
    assert summary.users == 2
    assert summary.users_left_out == {"too_few_references": 1}


def test_columns_and_folders_of_other_names_are_given(tmp_path: Path) -> None:
    file = layouts.write_flickr_aes(tmp_path / "a")
    text = file.read_text().replace("worker, imagePair, score", "rater;file;stars")
    renamed = tmp_path / "ratings.csv"
    renamed.write_text(text.replace(", ", ";"), encoding="utf-8")
    with pytest.raises(
        BadBenchmark, match=r"no column worker; it has file, rater, stars.*--column"
    ):
        imported.run("flickr-aes", renamed, out=tmp_path / "out")
    columns = {"user": "rater", "image": "file", "score": "stars"}
    images = tmp_path / "a" / "40K"
    imported.run("flickr-aes", renamed, out=tmp_path / "out", columns=columns, images=images)
    imported.run("flickr-aes", file, out=tmp_path / "again")
    assert imported.rows(tmp_path / "out", "FLICKR_AES") == imported.rows(
        tmp_path / "again", "FLICKR_AES"
    )
    with pytest.raises(BadBenchmark, match="no field colour"):
        imported.run("flickr-aes", file, out=tmp_path / "out", columns={"colour": "x"})


def test_without_any_image_the_error_names_the_option(tmp_path: Path) -> None:
    file = layouts.write_flickr_aes(tmp_path)
    (tmp_path / "40K").rename(tmp_path / "elsewhere")
    with pytest.raises(BadBenchmark, match="--images"):
        imported.run("flickr-aes", file, out=tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.json"))


def test_a_folder_of_other_files_is_never_replaced(tmp_path: Path) -> None:
    file = layouts.write_flickr_aes(tmp_path)
    other = tmp_path / "out" / "data" / "FLICKR_AES" / "thesis.txt"
    other.parent.mkdir(parents=True)
    other.write_text("mine")
    with pytest.raises(BadBenchmark, match="no import has written"):
        imported.run("flickr-aes", file, out=tmp_path / "out")
    assert other.read_text() == "mine"
