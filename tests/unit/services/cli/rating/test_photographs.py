"""Photographs are found with their RAW files and sidecars of either naming."""

import os
import sys
from pathlib import Path

import pytest

from services.cli.files.rating.folder_marks import read_bounded
from services.cli.files.rating.photographs import Photograph, Skipped, photographs


def folder_with(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def targets(photograph: Photograph, names: str) -> set[str]:
    return {path.name for path in photograph.targets(names)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("files", "full", "stem"),
    [
        (["a.jpg"], {"a.jpg.xmp"}, {"a.xmp"}),
        (["a.JPG", "a.CR2"], {"a.JPG.xmp", "a.CR2.xmp"}, {"a.xmp"}),
        (["a.jpg", "a.xmp"], {"a.xmp"}, {"a.xmp"}),
        (["a.jpg", "a.JPG.XMP"], {"a.JPG.XMP"}, {"a.JPG.XMP", "a.xmp"}),
        (["a.jpg", "a.nef", "a.nef.xmp"], {"a.nef.xmp", "a.jpg.xmp"}, {"a.nef.xmp", "a.xmp"}),
        (["a.jpg", "a.xmp", "a.jpg.xmp"], {"a.xmp", "a.jpg.xmp"}, {"a.xmp", "a.jpg.xmp"}),
        (["a.jpg", "a_01.jpg.xmp"], {"a.jpg.xmp"}, {"a.xmp"}),
    ],
)
def test_existing_sidecars_are_updated_and_missing_ones_named(
    tmp_path: Path, files: list[str], full: set[str], stem: set[str]
) -> None:
    (photograph,) = photographs(folder_with(tmp_path, *files))
    assert targets(photograph, "full") == full
    assert targets(photograph, "stem") == stem


def test_two_images_of_one_name_share_no_sidecar(tmp_path: Path) -> None:
    both = list(photographs(folder_with(tmp_path, "a.jpg", "a.png", "a.xmp")))
    assert [targets(p, "stem") for p in both] == [{"a.jpg.xmp"}, {"a.png.xmp"}]


def test_names_that_differ_in_case_alone_are_two_photographs(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "a.JPG", "a.jpg", "a.JPG.xmp")
    if len(list(folder.iterdir())) < 3:
        pytest.skip("the file system does not distinguish case")
    upper, lower = photographs(folder)
    assert targets(upper, "full") == {"a.JPG.xmp"}
    assert targets(lower, "full") == {"a.jpg.xmp"}
    assert lower.sidecars == ()


def test_subfolders_are_entered_and_hidden_and_linked_ones_are_not(tmp_path: Path) -> None:
    folder_with(tmp_path, "b/c/a.jpg", ".thumbs/x.jpg", "b/.x.jpg", "b/notes.txt")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "b" / "c" / "a.jpg")
    paths = [str(p.path.relative_to(tmp_path)) for p in photographs(tmp_path)]
    assert paths == ["link.jpg", "b/c/a.jpg"]


def test_a_raw_file_alone_is_left_out_with_a_remedy(tmp_path: Path) -> None:
    skipped: list[Skipped] = []
    folder = folder_with(tmp_path, "a.cr2", "b.heic", "c.jpg")
    assert len(list(photographs(folder, skipped.append))) == 1
    with pytest.raises(OSError, match="no regular file"):
        read_bounded(tmp_path / "a.jpg.xmp")
    assert {s.path.name for s in skipped} == {"a.cr2", "b.heic"}
    assert all("export a JPEG" in s.reason for s in skipped)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_pipes_and_broken_links_are_left_out(tmp_path: Path) -> None:
    folder_with(tmp_path, "a.jpg")
    for name in ("b.jpg", "a.jpg.xmp", "c.nef"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "d.jpg").symlink_to(tmp_path / "missing.jpg")
    skipped: list[Skipped] = []
    (photograph,) = photographs(tmp_path, skipped.append)
    assert (photograph.path.name, photograph.sidecars) == ("a.jpg", ())
    assert {s.path.name for s in skipped} == {"b.jpg", "a.jpg.xmp", "c.nef", "d.jpg"}
