"""Pick-a-Pic, PreferImg-Bench and PreferThinker's rows become cases without a leak."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.training.evaluation.benchmark_files import SETS, write_benchmark
from tests.training.evaluation.public_data import imported, layouts
from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.public_data.cases.protocol import Protocol
from training.evaluation.benchmark.reader import read_benchmark
from training.finetuning.data.case_files import read_cases

PICKAPIC = "PICKAPIC_USERS"


def test_the_later_prompts_of_pick_a_pic_are_judged(tmp_path: Path) -> None:
    file = layouts.write_parquet(tmp_path / "data" / "train-0.parquet", layouts.choice_rows())
    (summary,) = imported.run("pick-a-pic", file, out=tmp_path / "out").sets
    assert (summary.rows, summary.users, summary.pairs, summary.images) == (16, 2, 8, 32)
    assert not summary.rows_left_out | summary.users_left_out
    for item in imported.rows(tmp_path / "out", PICKAPIC):
        judged, references = imported.judged_and_references(item)
        assert not judged & references
    splits = read_benchmark(tmp_path / "out", references=5).splits
    assert {item.user for item in splits["pickapic_users"]} == {
        f"{PICKAPIC}/{n}" for n in (100, 101)
    }


def _row(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {**rows[-1], **changes}


def test_ties_missing_labels_and_copies_are_left_out_with_reasons(tmp_path: Path) -> None:
    rows = layouts.choice_rows(2)
    earliest = next(row for row in rows if row["user_id"] == 101)
    rows += [
        _row(rows, label_0=0.5, label_1=0.5),
        _row(rows, has_label=False, label_0=None, label_1=None),
        _row(rows, label_0=None),
        _row(rows, image_1_uid=rows[-1]["image_0_uid"]),
        _row(rows, user_id=None),
        _row(rows, user_id=7),  # one prompt alone
        # The bytes of a reference under another id, and bytes that are no image.
        _row(rows, image_0_uid="copy", jpg_0=earliest["jpg_0"], image_1_uid="new", caption="late"),
        _row(rows, image_0_uid="torn", jpg_0=b"\xff\xd8torn", image_1_uid="new", caption="late"),
    ]
    file = layouts.write_parquet(tmp_path / "validation.parquet", rows)
    protocol = Protocol(references=4, judged_share=0.4)
    (summary,) = imported.run("pick-a-pic", file, out=tmp_path / "out", protocol=protocol).sets
    assert summary.rows_left_out == {
        "tie": 1, "no_label": 1, "missing_field": 2, "same_image": 1,
    }  # fmt: skip
    assert summary.pairs_left_out == {"image_in_references": 1, "not_an_image": 1}
    assert summary.users_left_out == {"too_few_references": 1}
    assert summary.users == 2


def test_the_order_of_rows_and_files_does_not_matter(tmp_path: Path) -> None:
    rows = layouts.choice_rows()
    first = layouts.write_parquet(tmp_path / "one" / "a.parquet", rows)
    imported.run("pick-a-pic", first, out=tmp_path / "out-1")
    second = layouts.write_parquet(tmp_path / "two" / "a.parquet", rows[::-1][:9])
    third = layouts.write_parquet(tmp_path / "two" / "b.parquet", rows[::-1][9:])
    imported.run("pick-a-pic", third, second, out=tmp_path / "out-2")
    assert imported.rows(tmp_path / "out-1", PICKAPIC) == imported.rows(
        tmp_path / "out-2", PICKAPIC
    )


def test_users_of_one_prompt_alone_end_with_the_reason(tmp_path: Path) -> None:
    rows = [row | {"caption": "one"} for row in layouts.choice_rows()]
    file = layouts.write_parquet(tmp_path / "a.parquet", rows)
    with pytest.raises(BadBenchmark, match=r"too_few_references 2.*on 1 prompts"):
        imported.run("pick-a-pic", file, out=tmp_path / "out")
    with pytest.raises(BadBenchmark, match="cannot be read as Parquet"):
        imported.run("pick-a-pic", _text(tmp_path / "b.parquet"), out=tmp_path / "out")
    no_user = layouts.write_parquet(tmp_path / "c.parquet", [{"caption": "x"}])
    with pytest.raises(BadBenchmark, match=r"no column user_id.*--column user=NAME"):
        imported.run("pick-a-pic", no_user, out=tmp_path / "out")


def _text(file: Path) -> Path:
    file.write_text("no parquet")
    return file


def test_every_set_of_preferimg_bench_is_a_set(tmp_path: Path) -> None:
    write_benchmark(tmp_path / "bench")
    gone = sorted((tmp_path / "bench" / "data" / "SEEN_SP" / "images").glob("*-better.png"))[0]
    gone.unlink()
    summary = imported.run("preferimg-bench", tmp_path / "bench", out=tmp_path / "out")
    assert {s.name: s.pairs for s in summary.sets} == dict.fromkeys(SETS, 2) | {"SEEN_SP": 1}
    (seen_sp,) = (s for s in summary.sets if s.name == "SEEN_SP")
    assert seen_sp.rows_left_out == {"missing_image": 1}
    before = read_benchmark(tmp_path / "bench", references=5).splits
    after = read_benchmark(tmp_path / "out", references=5).splits
    assert {name: len(items) for name, items in after.items()} == {
        name: len(items) for name, items in before.items()
    }


def _write_lines(file: Path, rows: list[Mapping[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_training_rows_keep_their_true_profiles_and_lose_leaks(tmp_path: Path) -> None:
    rows = layouts.training_rows(tmp_path)
    bad: list[Mapping[str, Any]] = [
        rows[0] | {"imageA": rows[0]["prefered_images"][0]},  # the answer is in the references
        rows[1] | {"conversations": [{"from": "gpt", "value": "<answer>Image B</answer>"}]},
        rows[0] | {"imageB": "gone.png"},
        rows[0] | {"conversations": [{"from": "gpt", "value": "both are nice"}]},
        rows[0],
        {"imageA": "x.png"},
    ]
    file = _write_lines(tmp_path / "rows.jsonl", [*rows, *bad])
    (summary,) = imported.run("preferthinker", file, out=tmp_path / "out").sets
    assert summary.rows == 10
    assert summary.rows_left_out == {
        "contradicting_choices": 2, "missing_image": 1, "bad_row": 2, "repeated_row": 1,
    }  # fmt: skip
    assert summary.pairs_left_out == {"image_in_references": 1}
    assert (summary.users, summary.pairs) == (2, 3)
    written = tmp_path / "out" / "data" / "PREFERTHINKER" / "PREFERTHINKER.json"
    cases = list(read_cases(written, most=10))
    assert len(cases) == 3
    assert all(case.truth is not None and case.references is not None for case in cases)
