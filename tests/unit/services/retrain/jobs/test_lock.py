"""A day has one night: one instance runs it, and one that was cut off goes on where it was."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.retrain.jobs.dependencies import SCHEDULED, scheduled
from services.retrain.jobs.folders import NightFolders
from services.retrain.jobs.lock import night_lock
from services.retrain.jobs.training_process import NightStopped
from tests.unit.services.retrain.jobs.sample_jobs import TONIGHT, Nights, lines, value


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def _unfinished(nights: Nights) -> bool:
    folders = NightFolders(nights.settings.nights)
    return folders.unfinished(SCHEDULED, now=nights.clock.now) is not None


def test_one_day_has_one_night_also_when_the_clock_jumps(nights: Nights) -> None:
    nights.night().run(scheduled(nights.clock.now, begins="02:30"))
    nights.clock.now += timedelta(minutes=20)
    again = nights.night().run(scheduled(nights.clock.now, begins="02:30"))
    assert (again.verdict, again.code, len(nights.training.folders)) == ("skipped", "done", 1)
    assert value(nights, "preferstream_nights_skipped_total") == 1


def test_of_two_instances_one_runs_the_night(nights: Nights) -> None:
    other = []
    nights.training.does = lambda: other.append(nights.night().run(TONIGHT))
    assert nights.night().run(TONIGHT).verdict == "promoted"
    assert (other[0].verdict, other[0].code) == ("skipped", "held")
    assert "one night runs at a time" in other[0].reason
    assert len(lines(nights)) == 1


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    with pytest.raises(RuntimeError), night_lock(tmp_path, now=now):
        raise RuntimeError
    with night_lock(tmp_path, now=now):
        pass


class Killed(BaseException):
    """As SIGKILL: nothing of ours runs after it."""


def test_a_killed_night_goes_on_in_its_own_folder_with_its_own_request(nights: Nights) -> None:
    def die() -> None:
        raise Killed

    nights.training.does = die
    with pytest.raises(Killed):
        nights.night().run(TONIGHT)
    nights.clock.now += timedelta(hours=3)
    assert _unfinished(nights)
    nights.training.does = lambda: None
    end = nights.night().run(TONIGHT)
    assert (end.verdict, len(set(nights.training.folders))) == ("promoted", 1)
    assert nights.training.request.asked_at == nights.clock.now - timedelta(hours=3)
    assert not _unfinished(nights)


def test_a_night_killed_after_it_was_announced_is_told_of_once(nights: Nights) -> None:
    nights.night().run(TONIGHT)
    (nights.tmp_path / "nights" / "night-2026-01-31" / "end.json").unlink()
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.version, nights.announced) == ("promoted", "nano-4", ["nano-4"])


def test_a_night_killed_before_it_was_announced_is_announced(nights: Nights) -> None:
    announce = nights.world.topic.publish

    def die(event: object) -> None:
        raise Killed

    nights.world.topic.publish = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        nights.night().run(TONIGHT)
    nights.world.topic.publish = announce  # type: ignore[method-assign]
    end = nights.night().run(TONIGHT)
    assert (end.verdict, nights.announced) == ("promoted", ["nano-4"])


@pytest.mark.parametrize("hours", [21, -2])
def test_a_night_of_another_time_is_not_gone_on_with(nights: Nights, hours: int) -> None:
    def die() -> None:
        raise Killed

    nights.training.does = die
    with pytest.raises(Killed):
        nights.night().run(TONIGHT)
    nights.clock.now += timedelta(hours=hours)
    assert not _unfinished(nights)


def test_a_persons_unfinished_night_does_not_take_the_place_of_the_nights(nights: Nights) -> None:
    def die() -> None:
        raise Killed

    nights.training.does = die
    with pytest.raises(Killed):
        nights.night().run()
    assert not _unfinished(nights)
    nights.training.does = lambda: None
    nights.night().run(TONIGHT)
    assert nights.training.folders[-1].name == "night-2026-01-31"


def test_a_night_that_is_asked_to_end_goes_on_another_time(nights: Nights) -> None:
    def stopped() -> None:
        raise NightStopped("asked to end")

    nights.training.does = stopped
    assert nights.night().run(TONIGHT).verdict == "stopped"
    assert _unfinished(nights)
