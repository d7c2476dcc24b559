"""A folder's ratings are read, and stars are written file by file; one bad file stops nothing."""

import os
from pathlib import Path

import pytest
from PIL import Image

from services.cli.files.rating.folder_marks import (
    MAX_REFERENCES,
    FolderMarks,
    Labels,
    chosen,
    read_marks,
)
from services.cli.files.rating.photographs import Skipped, photographs
from services.cli.files.rating.score_cache import ScoreCache
from services.cli.files.rating.sidecar import RATING, Rated
from services.cli.files.rating.write_stars import write_stars
from services.cli.files.rating.xmp_document import XmpDocument
from shared.runtime.file_scorer import ElementWord, FileScore
from tests.unit.services.cli.rating.sidecars import sidecar


def photo(path: Path, *, xmp: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path, xmp=xmp)
    return path


def marks_in(folder: Path, labels: Labels = Labels()) -> tuple[FolderMarks, list[Skipped]]:  # noqa: B008
    skipped: list[Skipped] = []
    return read_marks(photographs(folder, skipped.append), labels, skipped.append), skipped


def names(paths: list[Path]) -> set[str]:
    return {path.name for path in paths}


def test_stars_rejections_and_labels_are_likes_and_dislikes(tmp_path: Path) -> None:
    for name, stars in {"a": 5, "b": 4, "c": 3, "d": 2, "e": -1, "f": 0}.items():
        path = photo(tmp_path / f"{name}.jpg")
        path.with_name(path.name + ".xmp").write_bytes(sidecar("lightroom", stars))
    marks, _ = marks_in(tmp_path)
    assert names(marks.liked) == {"a.jpg", "b.jpg"}
    assert names(marks.disliked) == {"d.jpg", "e.jpg"}
    assert {path.name for path in marks.stars} == {f"{n}.jpg" for n in "abcde"}
    labelled, _ = marks_in(tmp_path, Labels(liked=frozenset({"Red"})))
    assert names(labelled.liked) == {"a.jpg", "b.jpg", "f.jpg"}


def test_a_rating_inside_the_photograph_counts_and_is_not_overwritten(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", xmp=sidecar("lightroom", 5))
    marks, _ = marks_in(tmp_path)
    assert names(marks.liked) == {"a.jpg"}
    write_stars(marks, {path: Rated(1, 2.0)}, names="full", on_skipped=lambda s: None)
    assert XmpDocument((tmp_path / "a.jpg.xmp").read_bytes()).value(RATING) is None


def test_the_clearest_ratings_are_the_references(tmp_path: Path) -> None:
    paths = [Path(f"{n}.jpg") for n in range(300)]
    stars = {path: 5 if n < 40 else 4 for n, path in enumerate(paths)}
    references = chosen(paths, stars, best_first=True)
    assert len(references) == MAX_REFERENCES
    assert {stars[path] for path in references[:40]} == {5}
    assert chosen(paths[::-1], stars, best_first=True) == references


def test_bad_sidecars_and_read_only_folders_cost_only_themselves(tmp_path: Path) -> None:
    good, bad = photo(tmp_path / "good.jpg"), photo(tmp_path / "bad.jpg")
    bad.with_name("bad.jpg.xmp").write_bytes(b"<broken")
    closed = photo(tmp_path / "closed" / "c.jpg")
    marks, skipped = marks_in(tmp_path)
    assert [s.path.name for s in skipped] == ["bad.jpg.xmp"]
    closed.parent.chmod(0o555)
    try:
        rated = {path: Rated(4, 17.0) for path in (good, bad, closed)}
        result = write_stars(marks, rated, names="full", on_skipped=skipped.append)
    finally:
        closed.parent.chmod(0o755)
    is_root = os.geteuid() == 0
    assert result.failed == (1 if is_root else 2)
    assert bad.with_name("bad.jpg.xmp").read_bytes() == b"<broken"
    assert XmpDocument(good.with_name("good.jpg.xmp").read_bytes()).value(RATING) == "4"
    assert not list(tmp_path.rglob("*.partial"))


def test_a_dry_run_writes_nothing_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg")
    for dry_run, sidecars, unchanged in ((True, 1, 0), (False, 1, 0), (False, 0, 1)):
        marks, _ = marks_in(tmp_path)
        result = write_stars(
            marks, {path: Rated(4, 17.0, (("color", "red"),))}, names="full",
            on_skipped=lambda s: None, dry_run=dry_run,
        )  # fmt: skip
        assert (result.sidecars, result.unchanged) == (sidecars, unchanged)
        assert (tmp_path / "a.jpg.xmp").exists() != dry_run


def test_a_linked_sidecar_stays_a_link(tmp_path: Path) -> None:
    path = photo(tmp_path / "photos" / "a.jpg")
    real = tmp_path / "kept.xmp"
    real.write_bytes(sidecar("darktable", 0))
    path.with_name("a.jpg.xmp").symlink_to(real)
    marks, _ = marks_in(path.parent)
    write_stars(marks, {path: Rated(4, 17.0)}, names="full", on_skipped=lambda s: None)
    assert path.with_name("a.jpg.xmp").is_symlink()
    assert XmpDocument(real.read_bytes()).value(RATING) == "4"


def test_scores_are_kept_for_the_same_file_and_a_cut_line_is_ignored(tmp_path: Path) -> None:
    path, other = photo(tmp_path / "a.jpg"), photo(tmp_path / "b.jpg")
    score = FileScore(12.5, (ElementWord("color", "red"),))
    ScoreCache(tmp_path, version="v").put({path: score, other: score})
    (file,) = (tmp_path / "rate").glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-20])
    cache = ScoreCache(tmp_path, version="v")
    assert cache.get(path) == score
    assert cache.get(other) is None
    photo(path, xmp=b" " * 100)
    assert cache.get(path) is None
    assert len(ScoreCache(tmp_path, version="w")) == 0


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/dev/null"])
def test_without_a_writable_data_folder_nothing_is_kept(tmp_path: Path, folder: str) -> None:
    cache = ScoreCache(Path(folder), version="v")
    cache.put({photo(tmp_path / "a.jpg"): FileScore(1.0, ())})
    assert not cache.can_write
