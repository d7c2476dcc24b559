"""Nightly training starts once on each day, also where daylight saving time begins or ends."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.retrain.jobs.admin import next_job_at
from services.retrain.jobs.dependencies import nightly_plan
from services.retrain.jobs.settings import JobSettings
from services.retrain.nightly.daily_trigger import DailyTime, DailyTrigger

YEARS = [
    ("Europe/Berlin", 2026), ("Europe/Berlin", 2027),
    ("America/New_York", 2026), ("America/New_York", 2027),
    ("Australia/Lord_Howe", 2026), ("Australia/Lord_Howe", 2027),
    ("Africa/Cairo", 2026), ("Africa/Cairo", 2027),
    ("America/Sao_Paulo", 2017), ("America/Sao_Paulo", 2018),
    ("America/Scoresbysund", 2027), ("Antarctica/Troll", 2026), ("UTC", 2026),
]  # fmt: skip
"""Gaps of 30, 60 and 120 minutes, at night, at midnight and before midnight."""
TIMES = ("00:00", "00:30", "01:30", "01:45", "02:00", "02:15", "02:30", "23:30", "23:59")


def starts_of(daily: DailyTime, year: int) -> Iterator[datetime]:
    """The starts of a year, as a scheduler asks for them: a moment after the one before."""
    start = DailyTrigger(daily).get_next_fire_time(None, datetime(year - 1, 12, 31, 12, tzinfo=UTC))
    while start is not None and start.year <= year:
        if start.year == year:
            yield start
        start = DailyTrigger(daily).get_next_fire_time(start, start + timedelta(milliseconds=2))


@pytest.mark.parametrize(("zone", "year"), YEARS, ids=lambda value: str(value))
@pytest.mark.parametrize("at", TIMES)
def test_each_calendar_day_of_a_year_has_exactly_one_start(zone: str, year: int, at: str) -> None:
    daily = DailyTime.parse(at, ZoneInfo(zone))
    days = [start.date() for start in starts_of(daily, year)]
    first, last = date(year, 1, 1), date(year, 12, 31)
    assert days == [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(("zone", "year"), YEARS, ids=lambda value: str(value))
@pytest.mark.parametrize("at", TIMES)
def test_each_start_has_the_job_of_its_own_day(zone: str, year: int, at: str) -> None:
    daily = DailyTime.parse(at, ZoneInfo(zone))
    for start in starts_of(daily, year):
        for seconds in (0, 90, 3 * 3600):
            now = (start.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(ZoneInfo(zone))
            assert nightly_plan(now, starts=at).name == f"nightly-{start.date()}"


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "02:30", "2026-03-29T03:30:00+02:00"),
        ("Europe/Berlin", date(2027, 3, 28), "02:30", "2027-03-28T03:30:00+02:00"),
        ("America/New_York", date(2026, 3, 8), "02:30", "2026-03-08T03:30:00-04:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:15", "2026-10-04T02:45:00+11:00"),
        ("Africa/Cairo", date(2026, 4, 24), "00:30", "2026-04-24T01:30:00+03:00"),
        ("America/Sao_Paulo", date(2018, 11, 4), "00:00", "2018-11-04T01:00:00-02:00"),
        ("America/Scoresbysund", date(2027, 3, 27), "23:30", "2027-03-27T22:30:00-02:00"),
    ],
)
def test_a_time_in_a_gap_is_moved_and_stays_on_its_day(
    zone: str, day: date, at: str, expected: str
) -> None:
    assert DailyTime.parse(at, ZoneInfo(zone)).start_of(day).isoformat() == expected


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Europe/Berlin", date(2026, 10, 25), "02:30", "2026-10-25T02:30:00+02:00"),
        ("America/New_York", date(2026, 11, 1), "01:30", "2026-11-01T01:30:00-04:00"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "01:45", "2026-04-05T01:45:00+11:00"),
    ],
)
def test_of_a_repeated_time_the_first_is_used(zone: str, day: date, at: str, expected: str) -> None:
    assert DailyTime.parse(at, ZoneInfo(zone)).start_of(day).isoformat() == expected


def test_a_day_that_a_zone_skips_has_no_start() -> None:
    # Samoa moved across the date line: there was no 30 December 2011.
    daily = DailyTime.parse("02:30", ZoneInfo("Pacific/Apia"))
    december = [start.day for start in starts_of(daily, 2011) if start.month == 12]
    assert december == [*range(1, 30), 31]


def test_the_page_of_jobs_shows_the_start_that_a_gap_moves() -> None:
    settings = JobSettings(night_at="02:30", night_timezone="Europe/Berlin")
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_job_at(settings, before) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
