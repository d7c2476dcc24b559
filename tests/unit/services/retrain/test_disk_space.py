"""The free space of each folder's disk is a metric, and little space is a warning."""

import shutil
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from services.retrain import disk_space
from services.retrain.disk_space import DiskSpace


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    return {"models": tmp_path, "lake": tmp_path / "missing" / "lake"}


def test_a_folder_that_is_not_created_yet_has_the_space_of_its_disk(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    registry = CollectorRegistry()
    DiskSpace(folders, registry)
    for name in folders:
        value = registry.get_sample_value("preferstream_disk_free_bytes", {"folder": name})
        assert value == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.5)


def test_a_folder_that_cannot_be_reached_has_no_sample(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    (tmp_path / "file").touch()
    DiskSpace({"lake": tmp_path / "file" / "lake"}, registry)
    assert registry.get_sample_value("preferstream_disk_free_bytes", {"folder": "lake"}) is None


async def test_little_space_is_a_warning_that_names_the_folder(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    space = DiskSpace(folders, CollectorRegistry())
    monkeypatch.setattr(disk_space, "LOW_BYTES", 0)
    assert await space.warning() is None
    monkeypatch.setattr(disk_space, "LOW_BYTES", 2**60)
    warning = await space.warning()
    assert warning is not None
    for name, folder in folders.items():
        assert f"are free on the disk of {folder} ({name})" in warning
