"""The path of a lake is taken literally, an address is decoded once, and Delta Lake gets neither
a percent sign that it decodes nor a character at which it panics."""

import os
from pathlib import Path

import pytest

from shared.files.lake_address import delta_address, local_folder, unusable_by_delta
from tests.support.folder_names import NAMES


@pytest.fixture(autouse=True)
def linked_lakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "preferstream" / "lakes"


@pytest.mark.parametrize("name", NAMES)
def test_a_path_is_literal_and_its_address_is_decoded_once(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    assert local_folder(str(folder)) == folder
    assert local_folder(folder.as_uri()) == folder


@pytest.mark.parametrize("lake", ["s3://bucket/lake", "gs://bucket/a%20b", "abfss://c@host/x"])
def test_an_address_in_object_storage_stays_as_it_is(lake: str) -> None:
    assert local_folder(lake) is None
    assert delta_address(f"{lake}/", "feeds") == f"{lake}/feeds"


@pytest.mark.parametrize("lake", ["file://host/lake", "file:relative", "file://"])
def test_a_file_address_without_an_absolute_path_is_an_error(lake: str) -> None:
    with pytest.raises(ValueError, match="expected file:///folder"):
        local_folder(lake)


def test_a_tilde_at_the_start_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert local_folder("~/lake") == Path("/home/ada/lake")
    assert local_folder("~other/lake") == Path("~other/lake")


@pytest.mark.parametrize("name", NAMES)
def test_delta_gets_a_path_that_it_can_open(tmp_path: Path, name: str) -> None:
    lake = tmp_path / name / "lake"
    address = delta_address(str(lake), "feeds", create=True)
    assert unusable_by_delta(address) is None
    os.makedirs(address)
    assert (lake / "feeds").is_dir(), "the table is visible below the folder of the lake"
    assert delta_address(str(lake), "feeds") == address, "the second call finds the same table"


def test_a_lake_that_was_never_written_is_not_created_by_a_reader(
    tmp_path: Path, linked_lakes: Path
) -> None:
    delta_address(str(tmp_path / "a%20b" / "lake"), "feeds")
    assert not (tmp_path / "a%20b").exists()
    assert not linked_lakes.exists()


def test_a_lake_whose_folder_was_renamed_keeps_its_tables(tmp_path: Path) -> None:
    lake = tmp_path / "a%20b" / "lake"
    (lake / "feeds").mkdir(parents=True)
    (lake / "feeds" / "part.parquet").write_bytes(b"rows")
    address = Path(delta_address(str(lake), "feeds"))
    assert (address / "part.parquet").read_bytes() == b"rows"
    assert [entry.name for entry in lake.parent.iterdir()] == ["lake"]


def test_a_user_folder_that_delta_cannot_open_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "[x]"))
    with pytest.raises(ValueError, match=r"'\['.*XDG_DATA_HOME"):
        delta_address(str(tmp_path / "a%20b" / "lake"), "feeds", create=True)
