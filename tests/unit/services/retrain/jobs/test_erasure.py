"""What nights have written is without an erased person: lines, names, images of theirs alone."""

import json
from pathlib import Path

import pytest

from services.retrain.jobs.erasure import NightErasing

ADA = ("default", "ada")


def line(user: str, *images: str) -> str:
    return json.dumps({"user": user, "better": images[0], "liked": list(images[1:])}) + "\n"


@pytest.fixture
def nights(tmp_path: Path) -> Path:
    dataset = tmp_path / "night-1" / "dataset"
    (dataset / "images").mkdir(parents=True)
    for name in ("a", "b", "shared"):
        (dataset / "images" / f"{name}.webp").write_bytes(b"an image")
    (dataset / "train.jsonl").write_text(
        line("default/ada", "images/a.webp", "images/shared.webp")
        + line("default/bo", "images/b.webp", "images/shared.webp")
        + line("gallery/ada", "images/b.webp")
    )
    (dataset / "held_out.jsonl").write_text(line("default/ada", "images/a.webp"))
    (tmp_path / "night-1" / "evidence.json").write_text(
        json.dumps({"pairs": {"user": ["default/ada", "default/bo"], "champion": [1, 0]}})
    )
    return tmp_path


def test_lines_names_and_images_are_removed_and_counted(nights: Path) -> None:
    erasing = NightErasing(nights)
    assert erasing.remaining(ADA) == {"night_files": 3}
    assert erasing.erase(ADA) == {"night_lines": 2, "night_names": 1, "night_images": 1}
    assert erasing.remaining(ADA) == {"night_files": 0}
    dataset = nights / "night-1" / "dataset"
    kept = [json.loads(text)["user"] for text in (dataset / "train.jsonl").read_text().splitlines()]
    assert kept == ["default/bo", "gallery/ada"]
    assert (dataset / "held_out.jsonl").read_text() == ""
    assert sorted(file.stem for file in (dataset / "images").iterdir()) == ["b", "shared"]


def test_a_document_keeps_its_shape(nights: Path) -> None:
    NightErasing(nights).erase(ADA)
    evidence = json.loads((nights / "night-1" / "evidence.json").read_text())
    assert evidence["pairs"]["champion"] == [1, 0]
    anonymous, bo = evidence["pairs"]["user"]
    assert (bo, len(evidence["pairs"]["user"])) == ("default/bo", 2)
    assert "ada" not in anonymous


def test_erasing_again_changes_nothing(nights: Path) -> None:
    NightErasing(nights).erase(ADA)
    assert set(NightErasing(nights).erase(ADA).values()) == {0}


def test_a_line_cannot_name_a_file_outside_of_its_folder(nights: Path) -> None:
    outside = nights / "precious.webp"
    outside.write_bytes(b"an image")
    cases = nights / "night-1" / "dataset" / "train.jsonl"
    cases.write_text(line("default/ada", "images/../../../precious.webp"))
    NightErasing(nights).erase(ADA)
    assert outside.exists()


def test_nights_that_never_were_have_nothing(tmp_path: Path) -> None:
    erasing = NightErasing(tmp_path / "nowhere")
    assert set(erasing.erase(ADA).values()) == {0}
    assert erasing.remaining(ADA) == {"night_files": 0}
