"""A folder of the user's own pictures: the rules, the check, and folders that are not enough."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.cli.demo.own_pictures import (
    HELD_OUT,
    MOST_NEW,
    MOST_REFERENCES,
    OwnChoice,
    TooFewPictures,
    choose_own,
)
from shared.embedding.protocol import Vectors


def png(red: int = 0, *, transparent: bool = False) -> bytes:
    buffer = io.BytesIO()
    image = Image.new("RGBA", (8, 6), (red, 0, 0, 0 if transparent else 255))
    image.save(buffer, "PNG")
    return buffer.getvalue()


def fill(folder: Path, count: int, *, red: int = 0, suffix: str = ".png") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:05}{suffix}").write_bytes(png(red))


def no_encoder(images: Sequence[Image.Image]) -> Vectors:
    raise AssertionError("this rule compares no pictures")


def by_red(images: Sequence[Image.Image]) -> Vectors:
    """Vectors that are more similar, the closer the reds are."""
    angles = [np.asarray(image)[0, 0, 0] / 255 for image in images]
    return np.array([[np.cos(a), np.sin(a)] for a in angles], np.float32)


def choose(folder: Path, *, seed: int = 7, similar: bool = False) -> OwnChoice:
    encode = by_red if similar else no_encoder
    return choose_own(folder, folder.parent / "copies", seed=seed, encode=encode)


def test_two_subfolders_say_what_is_liked_and_some_are_held_out_for_the_check(
    tmp_path: Path,
) -> None:
    mine = tmp_path / "mine"
    fill(mine / "Liked" / "deep", 30)
    fill(mine / "disliked", 12)
    fill(mine / "holiday", 40)
    choice = choose(mine).scenario
    assert (len(choice.liked), len(choice.disliked)) == (MOST_REFERENCES, 12 - HELD_OUT)
    assert (len(choice.wanted), len(choice.unwanted)) == (HELD_OUT, HELD_OUT)
    assert len(choice.slate) == MOST_NEW
    assert not {path.name for path in (*choice.liked, *choice.disliked)} & choice.wanted
    assert all("Liked-deep" in name for name in choice.wanted)
    assert all(path.is_file() for path in choice.files)


@pytest.mark.parametrize(("liked", "disliked"), [(5, 0), (1, 1), (0, 3), (20, 2)])
def test_few_examples_or_one_side_alone_rank_the_other_pictures_without_a_check(
    tmp_path: Path, liked: int, disliked: int
) -> None:
    mine = tmp_path / "mine"
    fill(mine / "liked", liked)
    fill(mine / "disliked", disliked)
    fill(mine, 4)
    choice = choose(mine).scenario
    assert (len(choice.liked), len(choice.disliked)) == (min(liked, MOST_REFERENCES), disliked)
    assert len(choice.slate) == 4
    assert not choice.wanted
    assert "There is no check" in choice.text


def test_liked_pictures_alone_are_held_out_when_nothing_else_is_there(tmp_path: Path) -> None:
    fill(tmp_path / "mine" / "liked", 20)
    choice = choose(tmp_path / "mine").scenario
    assert (len(choice.liked), len(choice.slate)) == (MOST_REFERENCES, HELD_OUT)


def test_without_these_names_the_largest_subfolder_is_liked(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    for name, count in {"beach": 9, "cats": 20, "old": 3, "work": 15}.items():
        fill(mine / name, count)
    choice = choose(mine).scenario
    assert "liked (cats)" in choice.text
    assert "disliked (work)" in choice.text
    assert all(path.name.startswith("cats-") for path in choice.liked)
    assert {name.split("-")[0] for name in choice.unwanted} == {"work"}


def test_a_flat_folder_likes_the_first_picture_and_those_most_similar(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    for number in range(30):
        (mine / f"{number:02}.png").write_bytes(png(8 * number))
    choice = choose(mine, similar=True).scenario
    assert sorted(path.name for path in choice.liked) == ["00", "01", "02", "03", "04"]
    assert sorted(path.name for path in choice.disliked) == ["25", "26", "27", "28", "29"]
    assert len(choice.slate) == 20
    assert "first picture (00.png)" in choice.text


def test_ten_thousand_files_are_sampled(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    for year in range(10):
        fill(mine / f"{year}", 1000, red=year)
    choice = choose(mine).scenario
    assert len(choice.files) == 2 * MOST_REFERENCES + MOST_NEW
    assert choice.files != choose(mine, seed=8).scenario.files


def test_files_that_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    fill(mine / "liked", 2)
    fill(mine, 3)
    (mine / "broken.jpg").write_text("no picture")
    (mine / "empty.png").touch()
    (mine / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    choice = choose(mine)
    heic, unreadable = choice.notes
    assert heic == "1 HEIC files are left out: convert them to JPEG or PNG first"
    assert unreadable.startswith("2 files are left out: ")
    assert "broken.jpg (not an image)" in unreadable
    assert "empty.png (empty image)" in unreadable
    assert len(choice.scenario.slate) == 3


def test_a_jpeg_with_the_name_of_another_format_and_transparency_are_read(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    fill(mine / "liked", 1, suffix=".jpg")
    (mine / "1.png").write_bytes(png(transparent=True))
    (mine / "2.png").write_bytes(png())
    assert len(choose(mine).scenario.slate) == 2


def test_a_folder_with_too_few_pictures_says_what_is_needed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    fill(mine, 3)
    (mine / "a.heic").touch()
    with pytest.raises(TooFewPictures, match=r"has 3 files .* 1 HEIC files .* at least 12"):
        choose(mine)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(TooFewPictures, match="has 0 files"):
        choose(empty)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="none is not a folder"):
        choose(tmp_path / "none")


def test_long_and_unprintable_names_are_shortened_and_stay_unique(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    fill(mine / "liked", 1)
    for name in ("é" * 120 + "1.png", "é" * 120 + "1.jpg", "bell\a.png"):
        (mine / name).write_bytes(png())
    names = {path.name for path in choose(mine).scenario.slate}
    assert len(names) == 3
    assert "bell_" in names
    assert all(len(name.encode()) < 200 for name in names)
