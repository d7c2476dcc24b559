"""A seed determines the demo files, and their true scores match their values."""

import json
from pathlib import Path

import pytest
from PIL import Image

from shared.domain.taste import ELEMENTS
from training.prefersim.drawing.canvas import SIDE
from training.prefersim.files.contact_sheet import contact_sheet
from training.prefersim.files.demo_files import SCALE, write_user_files
from training.prefersim.files.story_files import REFERENCES, SLATE, write_story_files
from training.prefersim.users.true_answers import true_total
from training.prefersim.users.users import KINDS, Kind


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_seed_determines_the_files_of_a_user(tmp_path: Path, kind: Kind) -> None:
    first = write_user_files(tmp_path / "1", seed=3, candidates=6, kind=kind)
    write_user_files(tmp_path / "2", seed=3, candidates=6, kind=kind)
    write_user_files(tmp_path / "3", seed=4, candidates=6, kind=kind)
    assert contents(tmp_path / "1") == contents(tmp_path / "2") != contents(tmp_path / "3")
    for candidate in first.candidates:
        truth = true_total(candidate.shows, likes=first.likes, dislikes=first.dislikes)
        assert candidate.true_score == truth


def test_a_seed_determines_the_files_of_the_story(tmp_path: Path) -> None:
    for number in (1, 2):
        write_story_files(tmp_path / str(number), seed=7)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    truth = json.loads((tmp_path / "1" / "truth.json").read_text())
    assert len(truth["slate"]) == sum(SLATE.values())
    for element in ELEMENTS:
        assert len({words[element] for words in truth["words"].values()}) == len(SLATE)
    for side in ("liked", "disliked"):
        files = sorted((tmp_path / "1" / side).iterdir())
        assert len(files) == REFERENCES
        with Image.open(files[0]) as image:
            assert image.size == (SIDE * SCALE, SIDE * SCALE)


def test_a_seed_determines_the_contact_sheet() -> None:
    first, again, other = contact_sheet(1), contact_sheet(1), contact_sheet(2)
    assert first.tobytes() == again.tobytes() != other.tobytes()
