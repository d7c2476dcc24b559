"""Files, folders and URIs on the command line become candidates."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from services.cli.files.inputs import NoImages, candidates, event_from_line, image_uri
from shared.domain.errors import Unprocessable

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def _image(path: Path, side: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), "teal").save(path)
    return path


def test_a_file_below_an_allowed_root_is_sent_as_its_uri(tmp_path: Path) -> None:
    path = _image(tmp_path / "a.png")
    assert image_uri(path, roots=[str(tmp_path)]) == path.as_uri()


def test_another_file_is_sent_inside_the_event_as_a_small_image(tmp_path: Path) -> None:
    path = _image(tmp_path / "a.png", side=3_000)
    uri = image_uri(path, roots=[str(tmp_path / "elsewhere")])
    assert uri.startswith("data:image/webp;base64,")
    assert len(uri) < 20_000


def test_a_folder_gives_its_images_in_order(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg"):
        _image(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    result = candidates([str(tmp_path)], roots=[str(tmp_path)])
    assert [c.image_id for c in result] == ["a.jpg", "b.png"]


def test_equal_file_names_get_different_ids(tmp_path: Path) -> None:
    paths = [_image(tmp_path / folder / "a.png") for folder in "xy"]
    result = candidates([str(p) for p in paths], roots=[str(tmp_path)])
    assert [c.image_id for c in result] == ["a.png", "a.png-2"]


@pytest.mark.parametrize("name", ["missing.png", "empty-folder"])
def test_a_missing_file_or_empty_folder_is_an_error_that_names_it(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "empty-folder").mkdir()
    with pytest.raises(NoImages, match=name):
        candidates([str(tmp_path / name)], roots=[])


def test_a_file_that_is_not_an_image_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("hello")
    with pytest.raises(NoImages, match="cannot be read as an image"):
        candidates([str(path)], roots=[])


@pytest.mark.parametrize(
    "name", ["https://images.example/a\x01.png", "data:image/png;base64," + "A" * 2_000_000]
)
def test_an_address_that_cannot_be_sent_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(NoImages, match="cannot be sent") as error:
        candidates([name], roots=[])
    assert len(str(error.value)) < 500


def test_white_space_around_an_address_is_left_out() -> None:
    (only,) = candidates(["https://images.example/a.png\n"], roots=[])
    assert (only.image_id, only.uri) == ("a.png", "https://images.example/a.png")


def test_missing_ids_and_time_of_a_json_line_are_filled_in() -> None:
    line = json.dumps({"candidates": [{"image_id": "a", "uri": "https://x.example/a.png"}]})
    event = event_from_line(line.encode(), user="u", clock=lambda: NOW)
    assert (event.user_id, event.occurred_at) == ("u", NOW)
    assert event.request_id


@pytest.mark.parametrize("line", [b"nonsense", b"[]", b'{"candidates": []}'])
def test_a_json_line_that_is_not_an_event_is_an_error(line: bytes) -> None:
    with pytest.raises(Unprocessable):
        event_from_line(line, user="u", clock=lambda: NOW)
