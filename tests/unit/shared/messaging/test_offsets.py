"""Only the finished prefix of a partition is committed, in any order of finishing."""

import itertools
import random

import pytest

from shared.messaging.consume.offsets import PartitionOffsets, Slot


def opened(offsets: PartitionOffsets, *numbers: int) -> dict[int, Slot]:
    slots = {number: offsets.open(number, now=float(number)) for number in numbers}
    assert None not in slots.values()
    return {number: slot for number, slot in slots.items() if slot is not None}


def first_unfinished(numbers: tuple[int, ...], finished: set[int]) -> int | None:
    """The expected committed offset, computed directly: the end of the finished prefix."""
    prefix = list(itertools.takewhile(finished.__contains__, numbers))
    return prefix[-1] + 1 if prefix else None


def check(numbers: tuple[int, ...], order: tuple[int, ...]) -> None:
    offsets = PartitionOffsets()
    slots = opened(offsets, *numbers)
    finished: set[int] = set()
    assert offsets.next_offset is None
    for number in order:
        offsets.done(slots[number])
        finished.add(number)
        assert offsets.next_offset == first_unfinished(numbers, finished)
        unfinished = [n for n in numbers if n not in finished]
        assert offsets.oldest_opened_at == (float(unfinished[0]) if unfinished else None)
    assert offsets.next_offset == numbers[-1] + 1


@pytest.mark.parametrize(
    "numbers",
    [(0,), (7, 8, 9), (0, 1, 2, 3, 4), (3, 4, 9, 10, 40)],
    ids=["one", "later", "five", "with gaps, as after compaction and transactions"],
)
def test_every_order_of_finishing_commits_only_the_finished_prefix(
    numbers: tuple[int, ...],
) -> None:
    for order in itertools.permutations(numbers):
        check(numbers, order)


@pytest.mark.parametrize("seed", range(20))
def test_random_orders_of_many_events_commit_only_the_finished_prefix(seed: int) -> None:
    rng = random.Random(seed)
    numbers = tuple(sorted(rng.sample(range(1000), 200)))
    check(numbers, tuple(rng.sample(numbers, len(numbers))))


@pytest.mark.parametrize("seed", range(20))
def test_events_can_arrive_while_others_finish(seed: int) -> None:
    rng = random.Random(seed)
    offsets, slots, finished = PartitionOffsets(), {}, set()
    for number in range(200):
        slots.update(opened(offsets, number))
        while slots and rng.random() < 0.5:
            done = rng.choice(list(slots))
            offsets.done(slots.pop(done))
            finished.add(done)
            assert offsets.next_offset == first_unfinished(tuple(range(200)), finished)
    assert offsets.newest == 199


def test_an_event_that_is_redelivered_after_a_rewind_is_not_added_twice() -> None:
    offsets = PartitionOffsets()
    slots = opened(offsets, 4, 5, 6)
    offsets.done(slots[5])
    assert [offsets.open(number, now=0.0) for number in (4, 5, 6)] == [None, None, None]
    offsets.done(slots[4])
    assert offsets.open(5, now=0.0) is None
    assert offsets.next_offset == 6
    assert offsets.open(7, now=0.0) is not None


def test_the_span_counts_from_the_oldest_unfinished_event() -> None:
    offsets = PartitionOffsets()
    assert offsets.span_with(500) == 0
    slots = opened(offsets, 10, 11, 12)
    assert offsets.span_with(110) == 100
    offsets.done(slots[11])
    assert offsets.span_with(110) == 100
    offsets.done(slots[10])
    assert offsets.span_with(110) == 98
    offsets.done(slots[12])
    assert offsets.span_with(110) == 0
