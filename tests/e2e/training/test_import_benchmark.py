"""Files in a public layout become a benchmark on which the shipped model is measured."""

import json
from pathlib import Path

import pytest

from tests.e2e.system import preferstream
from tests.training.evaluation.public_data.layouts import write_flickr_aes

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]
ONE_THREAD = {"PREFERSTREAM_MODEL_THREADS": "1"}


def test_ratings_are_imported_and_evaluated(tmp_path: Path) -> None:
    file = write_flickr_aes(tmp_path / "data", users=4)
    out = tmp_path / "sets"
    completed = preferstream(
        "import-benchmark", "flickr-aes", str(file), "--out", str(out), "--references", "4",
        "--json", data_dir=tmp_path, timeout=300,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    summary = json.loads(completed.stdout)
    assert [(s["name"], s["users"], s["pairs"]) for s in summary["sets"]] == [("FLICKR_AES", 4, 16)]
    assert summary["sent"] is None
    completed = preferstream(
        "evaluate", "--bench", str(out), "--json", "--out", str(tmp_path / "evaluation"),
        data_dir=tmp_path, timeout=800, **ONE_THREAD,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr
    report = json.loads(completed.stdout)
    assert report["splits"]["flickr_aes"]["n"] == 16
    assert report["splits"]["flickr_aes"]["users"] == 4
    assert report["left_out"] == {}
    # Drawings of simulated users, whom the shipped model reads well; without a profile it cannot.
    assert report["mean"] >= 0.8
    assert report["mean"] > report["controls"]["user_blind"]["accuracy"]


def test_a_wrong_file_ends_with_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    completed = preferstream(
        "import-benchmark", "flickr-aes", str(file), "--out", str(tmp_path / "sets"),
        data_dir=tmp_path, timeout=300,
    )  # fmt: skip
    assert completed.returncode == 1
    assert "has no column worker; it has a, b" in completed.stderr
    assert "Traceback" not in completed.stderr
    assert not list((tmp_path / "sets").rglob("*.json"))
