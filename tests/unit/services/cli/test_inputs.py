"""What a person names on the command line becomes candidates."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from services.cli.inputs import NoImages, candidates, event_from_line, image_uri
from shared.domain.errors import Unprocessable

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def _image(path: Path, side: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), "teal").save(path)
    return path


def test_a_file_below_an_allowed_root_travels_as_its_address(tmp_path: Path) -> None:
    path = _image(tmp_path / "a.png")
    assert image_uri(path, roots=[str(tmp_path)]) == path.as_uri()


def test_any_other_file_travels_inside_the_event_made_small(tmp_path: Path) -> None:
    path = _image(tmp_path / "a.png", side=3_000)
    uri = image_uri(path, roots=[str(tmp_path / "elsewhere")])
    assert uri.startswith("data:image/webp;base64,")
    assert len(uri) < 20_000


def test_a_folder_stands_for_its_images_in_order(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg"):
        _image(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    found = candidates([str(tmp_path)], roots=[str(tmp_path)])
    assert [c.image_id for c in found] == ["a.jpg", "b.png"]


def test_equal_names_get_ids_of_their_own(tmp_path: Path) -> None:
    paths = [_image(tmp_path / folder / "a.png") for folder in "xy"]
    found = candidates([str(p) for p in paths], roots=[str(tmp_path)])
    assert [c.image_id for c in found] == ["a.png", "a.png-2"]


@pytest.mark.parametrize("name", ["missing.png", "empty-folder"])
def test_what_is_no_image_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty-folder").mkdir()
    with pytest.raises(NoImages, match=name):
        candidates([str(tmp_path / name)], roots=[])


def test_a_file_that_only_looks_like_an_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("hello")
    with pytest.raises(NoImages, match="cannot be read as an image"):
        candidates([str(path)], roots=[])


def test_a_json_line_is_completed_where_ids_and_moment_are_missing() -> None:
    line = json.dumps({"candidates": [{"image_id": "a", "uri": "https://x.example/a.png"}]})
    event = event_from_line(line.encode(), user="u", clock=lambda: NOW)
    assert (event.user_id, event.occurred_at) == ("u", NOW)
    assert event.request_id


@pytest.mark.parametrize("line", [b"nonsense", b"[]", b'{"candidates": []}'])
def test_a_json_line_that_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(Unprocessable):
        event_from_line(line, user="u", clock=lambda: NOW)
