"""Compute the daily start at a local time: one start on each day, also when clocks change.

Where daylight saving time begins, a local time may not exist; where it ends, it occurs twice.
APScheduler's CronTrigger may skip the first and repeat the second.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from apscheduler.triggers.base import BaseTrigger

DAY = timedelta(days=1)
EARLY = timedelta(minutes=1)
"""A start counts for its day from a minute before its time: a clock may be corrected then."""


@dataclass(frozen=True)
class DailyTime:
    """A time of day in a time zone."""

    at: time
    zone: tzinfo

    @staticmethod
    def parse(text: str, zone: tzinfo) -> "DailyTime":
        """From `HH:MM`."""
        return DailyTime(time.fromisoformat(text), zone)

    def start_of(self, day: date) -> datetime:
        """The start on a day, in the zone.

        Of two equal local times it is the first. A time that the day does not have is moved by the
        length of the gap: forward, or back where forward is the next day.
        """
        moved = [
            datetime.combine(day, self.at, self.zone).replace(fold=fold).astimezone(UTC)
            for fold in (0, 1)
        ]
        starts = [instant.astimezone(self.zone) for instant in moved]
        return next((start for start in starts if start.date() == day), starts[0])

    def day_of(self, now: datetime) -> date:
        """The day of the latest start at `now`: a run that was delayed belongs to its own day."""
        # In UTC: a sum of local times would ignore a change of the offset in between.
        now = now.astimezone(UTC) + EARLY
        day = now.astimezone(self.zone).date() + DAY
        while self.start_of(day) > now:
            day -= DAY
        return day

    def next_after(self, now: datetime) -> datetime:
        """The first start after `now`."""
        now = now.astimezone(UTC)
        day = now.astimezone(self.zone).date() - DAY
        while self.start_of(day) <= now:
            day += DAY
        return self.start_of(day)


class DailyTrigger(BaseTrigger):  # type: ignore[misc]  # untyped base
    """A trigger of APScheduler that fires at a `DailyTime`."""

    def __init__(self, daily: DailyTime) -> None:
        self.daily = daily

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """The first start after both times."""
        # By timestamp: two local times of one zone are compared without their offsets.
        return self.daily.next_after(max(previous_fire_time or now, now, key=datetime.timestamp))
