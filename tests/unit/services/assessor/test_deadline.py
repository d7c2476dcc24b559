"""A request's time is counted from its record on, and work past the deadline is given up."""

import asyncio

import pytest

from services.assessor.deadline import NoTimeLeft, Stopwatch


class Hands:
    """A clock that a test turns, in seconds."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_time_in_the_queue_counts(hands: Hands) -> None:
    watch = Stopwatch(queued_ms=300, deadline_ms=1000, now=hands)
    hands.seconds += 0.2
    assert watch.elapsed_ms == pytest.approx(500)
    assert watch.left_ms == pytest.approx(500)


def test_a_record_from_the_future_was_not_queued_for_less_than_nothing(hands: Hands) -> None:
    watch = Stopwatch(queued_ms=-5000, deadline_ms=1000, now=hands)
    assert watch.left_ms == pytest.approx(1000)
    assert watch.stages()["queue"] == 0


def test_each_stage_has_its_own_milliseconds_and_the_total_has_all(hands: Hands) -> None:
    watch = Stopwatch(queued_ms=10, deadline_ms=1000, now=hands)
    for stage, seconds in (("images", 0.1), ("score", 0.02)):
        with watch.stage(stage):
            hands.seconds += seconds
    hands.seconds += 0.005
    assert watch.stages() == {"queue": 10, "images": 100, "score": 20, "total": 135}


def test_a_stage_that_fails_is_timed_too(hands: Hands) -> None:
    watch = Stopwatch(queued_ms=0, deadline_ms=1000, now=hands)

    def fails() -> None:
        with watch.stage("score"):
            hands.seconds += 0.5
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert watch.stages()["score"] == 500


async def test_work_that_is_done_in_time_gives_its_outcome(hands: Hands) -> None:
    async def work() -> str:
        return "done"

    watch = Stopwatch(queued_ms=0, deadline_ms=1000, now=hands)
    assert await watch.in_time(work) == "done"


async def test_work_is_not_begun_when_no_time_is_left(hands: Hands) -> None:
    begun = []

    async def work() -> None:
        begun.append(True)

    watch = Stopwatch(queued_ms=1000, deadline_ms=1000, now=hands)
    with pytest.raises(NoTimeLeft):
        await watch.in_time(work)
    assert not begun


async def test_work_that_takes_too_long_is_given_up_and_cancelled() -> None:
    cancelled = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    loop = asyncio.get_running_loop()
    watch = Stopwatch(queued_ms=0, deadline_ms=30, now=loop.time)
    with pytest.raises(NoTimeLeft):
        await watch.in_time(work)
    assert cancelled


async def test_a_time_out_inside_the_work_is_not_taken_for_the_deadline(hands: Hands) -> None:
    async def work() -> None:
        raise TimeoutError("of its own")

    watch = Stopwatch(queued_ms=0, deadline_ms=60_000, now=hands)
    with pytest.raises(TimeoutError, match="of its own"):
        await watch.in_time(work)
