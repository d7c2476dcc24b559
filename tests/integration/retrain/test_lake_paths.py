"""A lake works in a folder with any name: its rows are appended, read, exported and erased."""

import os
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.retrain.app import lake_erasure, lake_tables
from services.retrain.config import RetrainSettings
from services.retrain.lake.schema import TABLES, row_of
from shared.domain.erasures import Erasure
from shared.domain.user import User
from shared.events.topics import FEEDBACK
from shared.events.wire.record import Record
from shared.files.lake_address import unusable_by_delta
from tests.integration.retrain.lakes import views
from tests.support.folder_names import NAMES
from training.dataset.lake import open_lake

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
(SCHEMA,) = (table for table in TABLES if table.topic is FEEDBACK)


@pytest.fixture(autouse=True)
def linked_lakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))


def _append_and_erase(lake: str) -> None:
    settings = RetrainSettings(lake_uri=lake)
    (table,) = lake_tables(settings, [SCHEMA])
    assert not table.exists()
    table.prepare()
    timestamp = round(NOW.timestamp() * 1000)
    rows = [
        row_of(SCHEMA, Record(FEEDBACK.name, 0, n, timestamp, b"u", value), now=NOW)
        for n, value in enumerate(views(3))
    ]
    table.append(rows, {0: 3}, after={0: None})
    assert table.offsets([0]) == {0: 3}

    user = User("default", "u")
    erasure = lake_erasure(settings, [SCHEMA])
    assert len(erasure.rows(user)["feedback"]) == 3
    with open_lake(lake, since=NOW.date()) as database:
        assert database.execute("SELECT count(*) FROM lake_feedback").fetchone() == (3,)
    covering = Erasure.from_event(datetime.now(UTC), written_ms=timestamp)
    assert erasure.erase(user, covering, now=datetime.now(UTC)) == {"feedback": 3}
    assert erasure.remaining(user) == {"feedback": 0}
    table.append(rows, {0: 6}, after={0: 3})
    assert erasure.remaining(user) == {"feedback": 0}, "an erased user is not collected again"
    assert set(table.files_by_day().values()) <= {1}
    table.compact(["2026-01-31"], vacuum_days=7)


@pytest.mark.parametrize("name", NAMES)
def test_a_lake_in_a_folder_of_any_name_is_written_read_and_erased(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "data" / name
    _append_and_erase(str(folder / "lake"))
    assert os.listdir(tmp_path / "data") == [name], "no second folder under another name"
    assert (folder / "lake" / "feedback" / "_delta_log").is_dir()


@pytest.mark.parametrize("name", ["two words", "my%20data", "a%2Fb", "a#b", "\u00fc", "[x]"])
def test_the_file_address_of_a_lake_names_the_same_folder(tmp_path: Path, name: str) -> None:
    lake = tmp_path / "data" / name
    _append_and_erase(lake.as_uri())
    assert os.listdir(tmp_path / "data") == [name]
    assert (lake / "feedback" / "_delta_log").is_dir()


def test_a_relative_lake_and_a_link_to_a_lake_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real%20folder").mkdir()
    (tmp_path / "link").symlink_to("real%20folder")
    _append_and_erase("-relative%20folder/lake")
    _append_and_erase("link/lake")
    assert (tmp_path / "real%20folder" / "lake" / "feedback").is_dir()


def test_the_list_of_characters_that_delta_cannot_open_is_complete(tmp_path: Path) -> None:
    """Each other printable ASCII character is opened at its own place, without a link."""
    for character in set(string.printable) - {"/"}:
        folder = tmp_path / "data" / f"a{character}b"
        if unusable_by_delta(folder) is None:
            table = lake_tables(RetrainSettings(lake_uri=str(folder)), [SCHEMA])[0]
            table.prepare()
            assert table.offsets([0]) == {}
            assert not folder.is_symlink(), character
