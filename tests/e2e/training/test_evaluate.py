"""Evaluate the shipped model from the command line, by score and by pair."""

import json
from pathlib import Path

import pytest

from shared.vlm.checkpoint.checkpoint import shipped_folder
from tests.e2e.system import preferstream
from tests.training import tiny_model
from tests.training.evaluation.benchmark_files import write_benchmark
from training.nano.model.export import export

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]
SPLITS = {"seen_sp", "seen_mp", "unseen_sp", "unseen_mp"}
ONE_THREAD = {"PREFERSTREAM_MODEL_THREADS": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_benchmark(tmp_path_factory.mktemp("benchmark"))


def test_by_score_the_preferred_images_win(folder: Path, tmp_path: Path) -> None:
    completed = preferstream(
        "evaluate", "--bench", str(folder), "--json", "--out", str(tmp_path / "out"),
        data_dir=tmp_path, timeout=800, **ONE_THREAD,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    report = json.loads(completed.stdout)
    assert set(report["splits"]) == SPLITS
    assert report["mean"] >= 0.75
    assert set(report["controls"]) == {"user_blind", "other_user"}
    assert report["format_failures"] == {
        "answers": 8, "failed": 0, "unanswered": 0, "reasons": {},
    }  # fmt: skip
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report
    assert len((tmp_path / "out" / "answers.jsonl").read_text().splitlines()) == 8
    assert "prefers wins" in (tmp_path / "out" / "index.html").read_text()


def test_by_pair_the_shipped_model_keeps_the_answer_format(folder: Path, tmp_path: Path) -> None:
    set_file = folder / "data" / "SEEN_SP" / "SEEN_SP.json"
    completed = preferstream(
        "evaluate", "--bench", str(set_file), "--protocol", "pair", "--limit", "1", "--json",
        data_dir=tmp_path, timeout=800, **ONE_THREAD,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    report = json.loads(completed.stdout)
    assert report["format_failures"] == {
        "answers": 2, "failed": 0, "unanswered": 0, "reasons": {},
    }  # fmt: skip
    assert report["order_consistency"] in (0.0, 1.0)


def test_by_pair_an_untrained_model_fails_with_a_report(folder: Path, tmp_path: Path) -> None:
    set_file = folder / "data" / "SEEN_SP" / "SEEN_SP.json"
    untrained = tmp_path / "untrained"
    export(tiny_model.model(), tiny_model.tokenizer(), untrained, seed=0, training={})
    completed = preferstream(
        "evaluate", "--bench", str(set_file), "--protocol", "pair", "--limit", "1", "--json",
        "--model", str(untrained), data_dir=tmp_path, timeout=800, **ONE_THREAD,
    )  # fmt: skip
    assert completed.returncode == 1, completed.stderr
    report = json.loads(completed.stdout)
    assert report["format_failures"]["unanswered"] == report["format_failures"]["answers"] == 2
    assert report["mean"] == 0.0
    assert report["order_consistency"] is None
    assert "none of 2 answers is readable" in completed.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [("[{", "is not JSON"), ('[{"imageA": "a.png"}]', "imageB: Field required")],
)
def test_a_broken_benchmark_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "SP_ID.json"
    file.write_text(text)
    completed = preferstream("evaluate", "--bench", str(file), data_dir=tmp_path, timeout=800)
    assert completed.returncode == 1
    assert "SP_ID.json" in completed.stderr
    assert message in completed.stderr
    assert "Traceback" not in completed.stderr


def test_a_broken_checkpoint_is_named(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in shipped_folder().iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / "manifest.json").unlink()
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100_000])
    completed = preferstream(
        "evaluate", "--bench", str(folder), "--model", str(broken), data_dir=tmp_path, timeout=800
    )
    assert completed.returncode == 1
    assert "broken cannot be loaded" in completed.stderr
    assert "Traceback" not in completed.stderr
