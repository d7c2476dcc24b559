"""An erasure removes a user from the files of jobs: lines, names, and images of no one else."""

import json
from pathlib import Path

import pytest

from services.retrain.jobs.erasure import JobErasure
from shared.domain.user import User

ADA = User("default", "ada")


def line(user: str, *images: str) -> str:
    return json.dumps({"user": user, "better": images[0], "liked": list(images[1:])}) + "\n"


@pytest.fixture
def jobs_dir(tmp_path: Path) -> Path:
    dataset = tmp_path / "nightly-1" / "dataset"
    (dataset / "images").mkdir(parents=True)
    for name in ("a", "b", "shared"):
        (dataset / "images" / f"{name}.webp").write_bytes(b"an image")
    (dataset / "train.jsonl").write_text(
        line("default/ada", "images/a.webp", "images/shared.webp")
        + line("default/bo", "images/b.webp", "images/shared.webp")
        + line("gallery/ada", "images/b.webp")
    )
    (dataset / "held_out.jsonl").write_text(line("default/ada", "images/a.webp"))
    (tmp_path / "nightly-1" / "evidence.json").write_text(
        json.dumps({"pairs": {"user": ["default/ada", "default/bo"], "champion": [1, 0]}})
    )
    return tmp_path


def test_an_erasure_removes_and_counts_lines_names_and_images(jobs_dir: Path) -> None:
    erasure = JobErasure(jobs_dir)
    assert erasure.remaining(ADA) == {"job_files": 3}
    assert erasure.erase(ADA) == {"job_lines": 2, "job_names": 1, "job_images": 1}
    assert erasure.remaining(ADA) == {"job_files": 0}
    dataset = jobs_dir / "nightly-1" / "dataset"
    kept = [json.loads(text)["user"] for text in (dataset / "train.jsonl").read_text().splitlines()]
    assert kept == ["default/bo", "gallery/ada"]
    assert (dataset / "held_out.jsonl").read_text() == ""
    assert sorted(file.stem for file in (dataset / "images").iterdir()) == ["b", "shared"]


def test_an_erasure_keeps_the_structure_of_a_json_document(jobs_dir: Path) -> None:
    JobErasure(jobs_dir).erase(ADA)
    evidence = json.loads((jobs_dir / "nightly-1" / "evidence.json").read_text())
    assert evidence["pairs"]["champion"] == [1, 0]
    anonymous, bo = evidence["pairs"]["user"]
    assert (bo, len(evidence["pairs"]["user"])) == ("default/bo", 2)
    assert "ada" not in anonymous


def test_a_second_erasure_changes_nothing(jobs_dir: Path) -> None:
    JobErasure(jobs_dir).erase(ADA)
    assert set(JobErasure(jobs_dir).erase(ADA).values()) == {0}


def test_a_line_cannot_name_a_file_outside_of_its_folder(jobs_dir: Path) -> None:
    outside = jobs_dir / "precious.webp"
    outside.write_bytes(b"an image")
    cases = jobs_dir / "nightly-1" / "dataset" / "train.jsonl"
    cases.write_text(line("default/ada", "images/../../../precious.webp"))
    JobErasure(jobs_dir).erase(ADA)
    assert outside.exists()


def test_a_missing_folder_of_jobs_has_nothing_to_erase(tmp_path: Path) -> None:
    erasure = JobErasure(tmp_path / "nowhere")
    assert set(erasure.erase(ADA).values()) == {0}
    assert erasure.remaining(ADA) == {"job_files": 0}
