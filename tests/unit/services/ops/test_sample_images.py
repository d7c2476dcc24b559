"""Sample images of the playground: kinds and subjects mixed, or the pictures of a folder."""

from pathlib import Path

import pytest
from PIL import Image

from services.ops import sample_images
from services.ops.sample_images import MAX_FILES, SampleImages, mixed, spread
from shared.images.packaged.pictures import PackagePicture
from shared.images.packaged.sources import Kind


def pictures(kind: Kind, subject: str, count: int) -> list[PackagePicture]:
    names = [f"{subject}-{number}" for number in range(count)]
    return [PackagePicture(name, name, kind, subject, "shop", Path(name)) for name in names]


def draw(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "teal").save(path)


def test_the_first_samples_show_each_subject_and_no_subject_fills_the_page() -> None:
    offered = [*pictures("photograph", "city", 49), *pictures("photograph", "animal", 2)]
    offered += pictures("game art", "animal", 3)
    names = [picture.name for picture in mixed(offered, most=4)]
    assert names[:3] == ["city-0", "animal-0", "animal-0"]
    assert [name for name in names if name.startswith("city")] == [
        "city-0", "city-12", "city-24", "city-36",
    ]  # fmt: skip
    assert len(names) == 4 + 2 + 3


def test_a_few_members_are_taken_at_equal_distances() -> None:
    assert spread(range(10), 3) == [0, 3, 6]
    assert spread(range(2), 3) == [0, 1]
    assert spread([], 3) == []


async def test_a_folder_is_read_with_its_subfolders_and_names_stay_unique(tmp_path: Path) -> None:
    for name in ("red barn.png", "a/b.png", "a-b.jpg", "deep/er/c.webp", ".hidden.png"):
        draw(tmp_path / name)
    (tmp_path / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    samples = await SampleImages(tmp_path).all()
    assert sorted(samples) == [
        "sample-a-b", "sample-a-b-2", "sample-deep-er-c", "sample-red barn",
    ]  # fmt: skip
    assert samples["sample-red barn"].kind == "own"


async def test_a_folder_of_thousands_is_sampled(tmp_path: Path) -> None:
    draw(tmp_path / "0.png")
    content = (tmp_path / "0.png").read_bytes()
    for number in range(1, 1000):
        (tmp_path / f"{number}.png").write_bytes(content)
    assert len(await SampleImages(tmp_path).all()) == MAX_FILES


async def test_a_folder_that_is_not_there_offers_nothing(tmp_path: Path) -> None:
    assert await SampleImages(tmp_path / "none").all() == {}


async def test_real_pictures_have_their_kind_and_a_broken_one_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(tmp_path / "cat.png")
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    listed = [
        PackagePicture(n, n, "photograph", n, "shop", tmp_path / f"{n}.png")
        for n in ("cat", "cut", "missing")
    ]
    monkeypatch.setattr(sample_images, "package_pictures", lambda: tuple(listed))
    monkeypatch.setattr(sample_images, "_drawings", lambda folder, seed: iter(()))
    samples = await SampleImages(None).all()
    assert [(s.image_id, s.kind, s.alt) for s in samples.values()] == [
        ("sample-cat", "photograph", "photograph: cat, cat"),
    ]  # fmt: skip
