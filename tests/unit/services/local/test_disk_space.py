"""Free space is compared with two limits: a warning that is logged once, and a clean stop."""

import logging
from pathlib import Path

import pytest

from services.local.config import LocalSettings
from services.local.disk_space import MEGABYTE, DiskWatch, disk_state

SETTINGS = LocalSettings(disk_warning_megabytes=1000, disk_stop_megabytes=100)
HUGE = 2**40


@pytest.mark.parametrize(
    ("megabytes", "warns", "stops"),
    [(1000, False, False), (999, True, False), (100, True, False), (99, False, True)],
)
def test_the_limits_are_those_of_the_settings(megabytes: int, warns: bool, stops: bool) -> None:
    state = disk_state(Path("/data"), free_bytes=megabytes * MEGABYTE, settings=SETTINGS)
    assert (state.warning is not None, state.stop_because is not None) == (warns, stops)
    for text in (state.warning, state.stop_because):
        assert text is None or f"{megabytes} MB" in text


def test_a_warning_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watch = DiskWatch(
        LocalSettings(data_dir=tmp_path, disk_warning_megabytes=HUGE, disk_stop_megabytes=0)
    )
    with caplog.at_level(logging.WARNING):
        assert [watch.stop_because() for _ in range(5)] == [None] * 5
    assert len(caplog.records) == 1


def test_too_little_space_and_a_missing_permission_stop_the_system(tmp_path: Path) -> None:
    full = DiskWatch(LocalSettings(data_dir=tmp_path, disk_stop_megabytes=HUGE))
    assert "no acknowledged event is lost" in str(full.stop_because())
    read_only = DiskWatch(LocalSettings(data_dir=Path("/proc")))
    assert "/proc cannot be written to" in str(read_only.stop_because())
