"""An interrupted command has the same ids when it is run again; a finished one has new ids."""

import os
import time
from contextlib import suppress
from pathlib import Path

from services.cli.publishing.batch_ids import FOLDER, REPEAT_SECONDS, batch
from services.cli.publishing.progress import Progress


def interrupted(data_dir: Path, *parts: bytes) -> str:
    ids = ""
    with suppress(KeyboardInterrupt), batch(data_dir, *parts) as current:
        ids = current.id_of("event_id 1")
        raise KeyboardInterrupt
    return ids


def finished(data_dir: Path, *parts: bytes) -> str:
    with batch(data_dir, *parts) as current:
        return current.id_of("event_id 1")


def test_the_ids_stay_until_a_run_has_finished(tmp_path: Path) -> None:
    first = interrupted(tmp_path, b"lines")
    assert interrupted(tmp_path, b"lines") == first
    assert finished(tmp_path, b"lines") == first
    assert finished(tmp_path, b"lines") != first
    assert not (tmp_path / FOLDER).exists()


def test_other_input_has_other_ids(tmp_path: Path) -> None:
    first = interrupted(tmp_path, b"ab", b"c")
    assert interrupted(tmp_path, b"a", b"bc") != first
    assert interrupted(tmp_path, b"ab", b"c") == first


def test_each_line_has_its_own_id(tmp_path: Path) -> None:
    with batch(tmp_path, b"lines") as current:
        assert current.id_of("event_id 1") != current.id_of("event_id 2")
        assert not current.is_repeated


def test_only_requests_with_new_ids_cannot_have_been_sent_before(tmp_path: Path) -> None:
    with batch(tmp_path, b"lines") as current:
        new = current.id_of("request_id 1")
        assert not current.was_sent_before([new])
        assert current.was_sent_before([new, "an id of the file"])
    interrupted(tmp_path, b"lines")
    with batch(tmp_path, b"lines") as current:
        assert current.was_sent_before([current.id_of("request_id 1")])


def test_a_run_long_after_the_interruption_is_a_new_one(tmp_path: Path) -> None:
    first = interrupted(tmp_path, b"lines")
    (file,) = (tmp_path / FOLDER).iterdir()
    long_ago = time.time() - REPEAT_SECONDS - 1
    os.utime(file, (long_ago, long_ago))
    assert interrupted(tmp_path, b"lines") != first


def test_a_data_folder_that_cannot_be_written_has_new_ids_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    first = interrupted(tmp_path / "file", b"lines")
    assert interrupted(tmp_path / "file", b"lines") != first


def test_the_sentence_names_what_was_sent() -> None:
    assert Progress().sentence() == "nothing was sent"
    assert Progress(500).sentence() == "nothing was sent"
    partly = Progress(500, 120).sentence()
    assert partly.startswith("sent 120 of 500 events; the rest was not sent. Run the same command")
    assert "380 were answered" in Progress(500, 500, 380).sentence()
