"""A folder of the user's own pictures: nested, with other files and formats that are not read."""

from pathlib import Path

import pytest

from shared.images.picture_folder import picture_folder


def create(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_pictures_of_all_subfolders_are_listed_in_order(tmp_path: Path) -> None:
    create(tmp_path, "b.JPG", "a/2.png", "a/deep/1.webp", "notes.txt", ".hidden.png", ".git/x.png")
    create(tmp_path, "__MACOSX/b.jpg")
    files = picture_folder(tmp_path).files
    assert [path.relative_to(tmp_path).as_posix() for path in files] == [
        "a/2.png", "a/deep/1.webp", "b.JPG",
    ]  # fmt: skip
    assert picture_folder(tmp_path).left_out() == ""


def test_formats_that_are_not_read_are_counted_with_what_to_do(tmp_path: Path) -> None:
    create(tmp_path, "1.HEIC", "2.heic", "3.tiff", "4.jpg")
    assert picture_folder(tmp_path).left_out() == (
        "2 HEIC and 1 TIFF files are left out: convert them to JPEG or PNG first"
    )


def test_a_subfolder_is_found_in_upper_and_lower_case(tmp_path: Path) -> None:
    create(tmp_path, "Liked/1.png", "Liked/more/2.png", "liked.png", "other/liked/3.png")
    files = picture_folder(tmp_path).files_below("liked")
    assert [path.name for path in files] == ["1.png", "2.png"]


def test_a_link_in_a_circle_ends(tmp_path: Path) -> None:
    create(tmp_path, "1.png")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(picture_folder(tmp_path).files) == 1


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    create(tmp_path, "1.png")
    with pytest.raises(NotADirectoryError, match="is not a folder"):
        picture_folder(tmp_path / "1.png")
