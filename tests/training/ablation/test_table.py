"""The table has every row with its intervals, and can be written again from the committed files."""

import json
from pathlib import Path
from typing import Any

import pytest

from training.ablation import report as reporting
from training.ablation.measuring import NotComparable
from training.ablation.report import read_measured, write_report
from training.ablation.table import as_markdown, difference, line, monotone

COMMITTED = Path(reporting.__file__).parent / "measured"
USERS = 20


def measured(right: float, alike: float, **trained: Any) -> dict[str, Any]:
    share = round(USERS * right)
    users = {
        "right": [1.0] * share + [0.0] * (USERS - share),
        "user_blind": [0.5] * USERS,
        "other_user": [0.0, 1.0] * (USERS // 2),
        "alike": [alike] * USERS,
    }
    return {
        "model_version": f"version {right}",
        "checksum": "c",
        "users": 2 * USERS,
        "orders": 1,
        "splits": {"seen_sp": users, "unseen_mp": users},
        "trained": trained,
    }


def write(folder: Path, **reports: dict[str, Any]) -> None:
    for name, content in reports.items():
        (folder / f"{name.replace('__', '-')}.json").write_text(json.dumps(content))


def test_a_table_has_every_row_with_its_interval_and_reports_what_rose() -> None:
    lines = [
        line("base", {0: measured(0.5, 0.4)}),
        line("sft", {1: measured(0.6, 0.5), 2: measured(0.7, 0.5)}),
        line("sft_continued", {1: measured(0.2, 0.1, steps=5, people=8, processor_seconds=90)}),
        line("grpo", {1: measured(0.8, 0.45), 2: measured(0.8, 0.45)}),
    ]
    assert lines[1].mean.value == pytest.approx(0.65)
    assert lines[1].mean.low < 0.65 < lines[1].mean.high
    # The control is no step of the method.
    assert monotone(lines) == {"mean": True, "profile similarity": False}
    rows = as_markdown(lines).splitlines()
    assert [row.split("|")[1].strip() for row in rows[2:]] == [
        "base",
        "+ SFT",
        "+ SFT continued, people and time of GRPO",
        "+ GRPO",
    ]
    assert rows[3].startswith("| + SFT | 0.650 | 0.650 | 0.650 (")
    assert rows[4].endswith("| 40 | 1 | 5 | 8 | 1.5 |")
    assert "| 0.500 (" in rows[3]  # both controls


def test_a_difference_pairs_users_and_seeds() -> None:
    sft = {1: measured(0.6, 0.5), 2: measured(0.7, 0.5), 3: measured(0.1, 0.1)}
    grpo = {1: measured(0.7, 0.6), 2: measured(0.8, 0.6)}
    gained = difference("grpo", "sft", grpo, sft)
    assert gained is not None
    assert gained.seeds == 2
    assert gained.mean.value == pytest.approx(0.1)
    assert gained.mean.low < 0.1 < gained.mean.high
    assert gained.similarity.value == pytest.approx(0.1)
    from_base = difference("sft", "base", sft, {0: measured(0.1, 0.1)})
    assert from_base is not None
    assert from_base.seeds == 3
    assert difference("grpo", "sft", grpo, {3: sft[3]}) is None


def test_a_partly_finished_run_has_a_report_of_the_rows_so_far(tmp_path: Path) -> None:
    with pytest.raises(NotComparable, match="no measured model"):
        read_measured(tmp_path)
    about = {"command": "python -m training.ablation --seeds 2", "settings": {"seeds": 2}}
    (tmp_path / "about.json").write_text(json.dumps(about))
    base = measured(0.5, 0.4, base_seed=5, base_sha256="abc")
    write(tmp_path, base=base, sft__1=measured(0.6, 0.5), grpo__1=measured(0.7, 0.6))
    write_report(tmp_path, tmp_path)
    text = (tmp_path / "ablation.md").read_text()
    assert "Command: `python -m training.ablation --seeds 2`." in text
    assert "base seed 5, base sha256 abc." in text
    assert "fewer than 2 seeds of sft, grpo, grpo_with_prediction, sft_continued." in text
    assert "| + GRPO, less + SFT | +0.100 (" in text
    summary = json.loads((tmp_path / "ablation.json").read_text())
    assert [row["row"] for row in summary["rows"]] == ["base", "sft", "grpo"]


def test_the_committed_results_of_each_user_give_the_committed_table(tmp_path: Path) -> None:
    write_report(COMMITTED, tmp_path)
    for name in ("ablation.md", "ablation.json"):
        assert (tmp_path / name).read_text() == (COMMITTED / name).read_text()


def test_the_committed_results_name_their_base_and_command() -> None:
    rows = read_measured(COMMITTED)
    base = rows["base"][0]["trained"]
    assert len(base["base_sha256"]) == 64
    about = json.loads((COMMITTED / "about.json").read_text())
    assert f"--base-seed {base['base_seed']} " in about["command"]
    for reports in rows.values():
        for report in reports.values():
            for values in report["splits"].values():
                assert {len(of_users) for of_users in values.values()} == {report["users"] // 4}
