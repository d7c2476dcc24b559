"""Pictures of packages: found without an import, named, and listed with their license."""

import re
import sys
import zipfile
from pathlib import Path

import pytest

from shared.images.decoding.decoder import decode
from shared.images.packaged.pictures import package_pictures
from shared.images.packaged.sources import LEFT_OUT, SOURCES, PictureSource
from shared.images.settings import ImageSettings
from tests.support.project_root import PROJECT_ROOT

README = (PROJECT_ROOT / "services/cli/demo/README.md").read_text(encoding="utf-8")
PINNED = (PROJECT_ROOT / "infra/demo-pictures.txt").read_text(encoding="utf-8")
PROJECT = (PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8")


def source(place: str, *subjects: tuple[str, str]) -> PictureSource:
    return PictureSource("shop", "CC0", place, "photograph", subjects)


def test_files_and_members_of_archives_have_a_subject_a_title_and_a_unique_name(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop" / "birds").mkdir(parents=True)
    for name in ("birds/seaGull2.png", "birds/sea_gull-2.jpg", "birds/frame_1.png", "notes.txt"):
        (tmp_path / "shop" / name).write_bytes(name.encode())
    with zipfile.ZipFile(tmp_path / "shop" / "towns.zip", "w") as archive:
        archive.writestr("Ávila, Spain.jpg", b"town")
    pictures = package_pictures(
        folder=tmp_path,
        sources=[
            source("shop", ("birds/frame*", LEFT_OUT), ("birds/*", "bird"), ("*", "other")),
            source("shop/towns.zip", ("*.jpg", "city")),
        ],
    )
    assert [(p.name, p.title, p.subject, p.read()) for p in pictures] == [
        ("bird-sea-gull-2", "sea gull 2", "bird", b"birds/seaGull2.png"),
        ("bird-sea-gull-2-2", "sea gull 2", "bird", b"birds/sea_gull-2.jpg"),
        ("city-avila-spain", "Ávila, Spain", "city", b"town"),
    ]


def test_a_package_that_is_not_installed_or_broken_brings_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "shop.zip").write_text("no archive")
    missing = source("package_that_nobody_has/pictures", ("*", "bird"))
    broken = source("shop.zip", ("*", "bird"))
    assert package_pictures(folder=tmp_path, sources=[missing, broken]) == ()


def test_the_pictures_of_dependencies_are_found_without_an_import() -> None:
    before = set(sys.modules)
    pictures = package_pictures()
    assert {"skimage.data", "sklearn.datasets"} & (set(sys.modules) - before) == set()
    by_name = {picture.name: picture for picture in pictures}
    assert decode(by_name["animal-chelsea"].read(), "cat", ImageSettings()).size == (451, 300)
    assert by_name["flower-flower"].kind == "photograph"


@pytest.mark.parametrize("listed", SOURCES, ids=lambda listed: listed.package)
def test_each_package_is_installed_with_us_and_named_with_its_license(
    listed: PictureSource,
) -> None:
    installed_alone = re.search(rf"(?m)^{re.escape(listed.package)}==", PINNED)
    assert installed_alone or f'"{listed.package}>=' in PROJECT
    (row,) = re.findall(rf"(?m)^\| {re.escape(listed.package)} .*$", README)
    assert listed.license in row
    assert listed.kind in row
