"""Pictures are selected from folders and Qt resource files, and compared with their record."""

import struct
from pathlib import Path

import pytest

from training.evaluation.real_pictures.picture_sets import (
    MAX_PICTURES,
    PICTURE_SETS,
    PictureSet,
)
from training.evaluation.real_pictures.pictures import packages, record
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.real_pictures.pictures.qt_resources import (
    NotQtResources,
    read_resources,
)
from training.evaluation.real_pictures.pictures.selection import Picture, select
from training.evaluation.real_pictures.tasks import NEW, REFERENCES


def picture_set(pattern: str, *, without: tuple[str, ...] = ()) -> PictureSet:
    return PictureSet("shop", "photograph", "birds", "development", pattern, without)


def resource_file(files: dict[str, bytes]) -> bytes:
    """A Qt resource file of version 1 with all files in one folder `images`."""
    names = data = b""
    nodes: list[bytes] = []

    def name_at(text: str) -> int:
        nonlocal names
        at = len(names)
        names += struct.pack(">HI", len(text), 0) + text.encode("utf-16-be")
        return at

    folder = 2
    nodes.append(struct.pack(">IHII", 0, folder, 1, 1))
    nodes.append(struct.pack(">IHII", name_at("images"), folder, len(files), 2))
    for name, content in files.items():
        nodes.append(struct.pack(">IHHHI", name_at(name), 0, 0, 0, len(data)))
        data += struct.pack(">I", len(content)) + content
    tree = b"".join(nodes)
    header = struct.pack(">4s4I", b"qres", 1, 20, 20 + len(tree), 20 + len(tree) + len(data))
    return header + tree + data + names


def test_pictures_of_a_folder_are_chosen_by_the_seed_and_equal_files_count_once(
    tmp_path: Path,
) -> None:
    for number in range(MAX_PICTURES + 20):
        (tmp_path / f"{number:03}.png").write_bytes(b"%d" % number)
    (tmp_path / "copy.png").write_bytes(b"7")
    (tmp_path / "cartoon.png").write_bytes(b"drawn")
    chosen = select(picture_set("*.png", without=("cartoon",)), tmp_path, seed=1)
    assert len({picture.data for picture in chosen}) == len(chosen) == MAX_PICTURES
    assert b"drawn" not in {picture.data for picture in chosen}
    assert chosen == select(picture_set("*.png", without=("cartoon",)), tmp_path, seed=1)
    assert chosen != select(picture_set("*.png", without=("cartoon",)), tmp_path, seed=2)


def test_pictures_inside_a_resource_file(tmp_path: Path) -> None:
    files = {"robin.webp": b"robin", "jay.webp": b"jay", "README": b"text"}
    (tmp_path / "birds.rcc").write_bytes(resource_file(files))
    chosen = select(picture_set("*.rcc!**/images/*.webp"), tmp_path, seed=1)
    assert [(picture.path, picture.data) for picture in chosen] == [
        ("birds.rcc!images/jay.webp", b"jay"),
        ("birds.rcc!images/robin.webp", b"robin"),
    ]


def test_another_file_is_no_resource_file(tmp_path: Path) -> None:
    (tmp_path / "other.rcc").write_bytes(b"PK\x03\x04")
    with pytest.raises(NotQtResources, match=r"other\.rcc does not begin with qres"):
        list(read_resources(tmp_path / "other.rcc"))


def test_changed_pictures_are_named(tmp_path: Path) -> None:
    file = tmp_path / "pictures.json"
    birds = {"birds": [Picture("a.png", b"a"), Picture("b.png", b"b")]}
    record.write(birds, file)
    assert record.differences(birds, file) == []
    (problem,) = record.differences({"birds": [Picture("a.png", b"new")]}, file)
    assert problem.startswith("birds: 2 pictures differ")


def test_every_set_is_recorded() -> None:
    counts = {name: len(pictures) for name, pictures in record.recorded().items()}
    assert counts.keys() == {picture_set.name for picture_set in PICTURE_SETS}
    assert min(counts.values()) >= REFERENCES + NEW


def test_a_system_without_the_tools_of_debian_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotFetch, match="apt-get is missing"):
        packages.extracted("shop", tmp_path)
