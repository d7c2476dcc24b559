"""Every night has exactly one training job, after restarts and while the clock is set."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.interval import IntervalTrigger

from services.retrain.jobs.schedule import ScheduledTask
from tests.unit.services.retrain.nightly.simulated_machine import Machine

CHANGES = [
    ("Europe/Berlin", "02:30", datetime(2026, 3, 29)),
    ("Europe/Berlin", "02:30", datetime(2026, 10, 25)),
    ("Europe/Berlin", "02:30", datetime(2027, 3, 28)),
    ("America/New_York", "02:30", datetime(2027, 3, 14)),
    ("America/New_York", "01:30", datetime(2027, 11, 7)),
    ("Australia/Lord_Howe", "02:15", datetime(2026, 10, 4)),
    ("Africa/Cairo", "00:30", datetime(2026, 4, 24)),
    ("UTC", "02:30", datetime(2026, 1, 31)),
]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _machine(folder: Path, zone: str, at: str, day: datetime) -> Machine:
    """A machine that starts at noon of the day before."""
    noon = (day - DAY).replace(hour=12, tzinfo=ZoneInfo(zone))
    return Machine(folder, at=at, zone=zone, now=noon)


def _names(day: datetime, nights: int) -> list[str]:
    return [f"nightly-{(day + n * DAY).date()}" for n in range(nights)]


@pytest.mark.parametrize(("zone", "at", "day"), CHANGES)
def test_a_night_in_which_the_clocks_change_has_one_job(
    tmp_path: Path, zone: str, at: str, day: datetime
) -> None:
    machine = _machine(tmp_path, zone, at, day)
    machine.run_for(2 * DAY)
    assert machine.calls == machine.jobs == _names(day, 2)


@pytest.mark.parametrize(("zone", "at", "day"), CHANGES)
@pytest.mark.parametrize("restart_every", [37, 50, 61, 180])
def test_restarts_during_the_night_neither_miss_nor_repeat_the_job(
    tmp_path: Path, zone: str, at: str, day: datetime, restart_every: int
) -> None:
    machine = _machine(tmp_path, zone, at, day)
    for _ in range(2 * 24 * 60 // restart_every):
        machine.run_for(timedelta(minutes=restart_every - 25))
        machine.off(timedelta(minutes=25))
    assert machine.jobs == machine.calls == _names(day, 2)


@pytest.mark.parametrize(("zone", "at", "day"), CHANGES)
@pytest.mark.parametrize("hours", [13, 14, 14.5, 15, 16])
def test_a_clock_that_is_set_back_an_hour_does_not_repeat_the_job(
    tmp_path: Path, zone: str, at: str, day: datetime, hours: float
) -> None:
    machine = _machine(tmp_path, zone, at, day)
    machine.run_for(hours * HOUR)
    machine.set_clock(-HOUR)
    machine.run_for(33 * HOUR)
    assert machine.jobs == machine.calls == _names(day, 2)


def test_a_clock_that_is_set_forward_over_the_start_does_not_miss_it(tmp_path: Path) -> None:
    day = datetime(2026, 1, 31)
    machine = _machine(tmp_path, "UTC", "02:30", day)
    machine.run_for(14 * HOUR)
    machine.set_clock(2 * HOUR)
    machine.run_for(4 * HOUR)
    assert machine.jobs == _names(day, 1)


def test_a_clock_that_was_weeks_ahead_does_not_stop_the_next_nights(tmp_path: Path) -> None:
    day = datetime(2026, 1, 31)
    machine = _machine(tmp_path, "UTC", "02:30", day)
    machine.set_clock(45 * DAY)
    machine.run_for(DAY)
    machine.set_clock(-45 * DAY)
    machine.run_for(2 * DAY)
    assert machine.jobs[1:] == [
        f"nightly-{(day + DAY).date()}",
        f"nightly-{(day + 2 * DAY).date()}",
    ]


def test_the_first_start_of_a_service_makes_up_no_night(tmp_path: Path) -> None:
    machine = Machine(
        tmp_path, at="02:30", zone="UTC", now=datetime(2026, 1, 31, 2, 45, tzinfo=UTC)
    )
    machine.run_for(10 * HOUR)
    assert machine.calls == []


def test_a_night_during_which_the_service_was_off_is_not_made_up_by_day(tmp_path: Path) -> None:
    day = datetime(2026, 1, 31)
    machine = _machine(tmp_path, "UTC", "02:30", day)
    machine.run_for(HOUR)
    machine.off(24 * HOUR)
    machine.run_for(18 * HOUR)
    assert machine.jobs == [f"nightly-{(day + DAY).date()}"]


def test_an_interval_is_not_longer_after_the_clock_was_set_back(tmp_path: Path) -> None:
    machine = _machine(tmp_path, "UTC", "02:30", datetime(2026, 1, 31))
    runs: list[int] = []

    def run() -> None:
        runs.append(len(runs))
        machine.set_clock(-HOUR)

    collect = ScheduledTask("collect", IntervalTrigger(minutes=15, timezone="UTC"), run)
    machine.run_task_for(collect, 2 * HOUR + timedelta(minutes=1))
    assert len(runs) == 8
