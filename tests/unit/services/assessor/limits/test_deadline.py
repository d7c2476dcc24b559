"""Time in the queue counts towards the deadline, and work past the deadline is cancelled."""

import asyncio
from datetime import timedelta

import pytest

from services.assessor.deadline import Deadline, DeadlineReached
from tests.unit.services.assessor.assessor import Assessor
from tests.unit.services.assessor.users import NOW, WRITTEN_MS, request


class ManualClock:
    """A clock that the test sets, in seconds."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_time_in_the_queue_counts(clock: ManualClock) -> None:
    deadline = Deadline(queued_ms=300, deadline_ms=1000, now=clock)
    clock.seconds += 0.2
    assert deadline.elapsed_ms == pytest.approx(500)
    assert deadline.left_ms == pytest.approx(500)


def test_a_record_with_a_future_timestamp_has_no_negative_queue_time(clock: ManualClock) -> None:
    deadline = Deadline(queued_ms=-5000, deadline_ms=1000, now=clock)
    assert deadline.left_ms == pytest.approx(1000)
    assert deadline.stages()["queue"] == 0


def test_each_stage_is_measured_and_the_total_includes_all_time(clock: ManualClock) -> None:
    deadline = Deadline(queued_ms=10, deadline_ms=1000, now=clock)
    for stage, seconds in (("images", 0.1), ("score", 0.02)):
        with deadline.stage(stage):
            clock.seconds += seconds
    clock.seconds += 0.005
    assert deadline.stages() == {"queue": 10, "images": 100, "score": 20, "total": 135}


def test_a_failing_stage_is_measured(clock: ManualClock) -> None:
    deadline = Deadline(queued_ms=0, deadline_ms=1000, now=clock)

    def fails() -> None:
        with deadline.stage("score"):
            clock.seconds += 0.5
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert deadline.stages()["score"] == 500


async def test_work_that_ends_in_time_returns_its_result(clock: ManualClock) -> None:
    async def work() -> str:
        return "done"

    deadline = Deadline(queued_ms=0, deadline_ms=1000, now=clock)
    assert await deadline.run(work) == "done"


async def test_work_does_not_start_when_no_time_is_left(clock: ManualClock) -> None:
    started = []

    async def work() -> None:
        started.append(True)

    deadline = Deadline(queued_ms=1000, deadline_ms=1000, now=clock)
    with pytest.raises(DeadlineReached):
        await deadline.run(work)
    assert not started


async def test_work_that_takes_too_long_is_cancelled() -> None:
    cancelled = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    loop = asyncio.get_running_loop()
    deadline = Deadline(queued_ms=0, deadline_ms=30, now=loop.time)
    with pytest.raises(DeadlineReached):
        await deadline.run(work)
    assert cancelled


async def test_a_timeout_error_of_the_work_is_not_a_reached_deadline(clock: ManualClock) -> None:
    async def work() -> None:
        raise TimeoutError("of its own")

    deadline = Deadline(queued_ms=0, deadline_ms=60_000, now=clock)
    with pytest.raises(TimeoutError, match="of its own"):
        await deadline.run(work)


@pytest.mark.parametrize(
    "written_ms",
    [WRITTEN_MS, WRITTEN_MS + 3_600_000, -(2**63), -1, 0, 1_769_851, 2**63 - 1],
    ids=["now", "the clock was set back", "lowest", "none", "zero", "seconds", "highest"],
)
async def test_a_request_is_not_late_by_a_wrong_timestamp(written_ms: int) -> None:
    assessor = Assessor()
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("red", "blue", deadline_ms=60_000), written_ms=written_ms)
    assert (feed.status, feed.latency_ms["queue"]) == ("ok", 0.0)
    assert all(milliseconds >= 0 for milliseconds in feed.latency_ms.values())
    assert feed.occurred_at - NOW < timedelta(seconds=1)


async def test_short_work_has_its_least_time_after_the_deadline(clock: ManualClock) -> None:
    deadline = Deadline(queued_ms=500, deadline_ms=100, now=clock)

    async def work(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    assert await deadline.run(lambda: work(0), least_ms=50) == "done"
    with pytest.raises(DeadlineReached):
        await deadline.run(lambda: work(5), least_ms=10)
