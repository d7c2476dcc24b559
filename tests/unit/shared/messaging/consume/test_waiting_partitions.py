"""A postponed partition pauses without a sign of trouble; fetched partitions take turns."""

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shared.messaging.client.consumer_positions import let_others_follow
from shared.messaging.consume.position_watch import UNFETCHED_SECONDS, PositionWatch

P0, P1 = TopicPartition("t", 0), TopicPartition("t", 1)


class State:
    def __init__(self, position: int, end: int) -> None:
        self.position, self.highwater, self.lso = position, end, None
        self.has_valid_position = True


class Assignment:
    active = True

    def __init__(self, **states: State) -> None:
        self.states = {TopicPartition("t", int(name[1:])): s for name, s in states.items()}
        self.tps = self.states.keys()

    def state_value(self, partition: TopicPartition) -> State:
        return self.states[partition]


class Consumer:
    """The parts of aiokafka's consumer that the watch reads."""

    def __init__(self, assignment: Assignment) -> None:
        self._subscription = self
        self.subscription = self
        self._fetcher = self
        self._records: dict[TopicPartition, object] = {}
        self.assignment = assignment
        self.paused: set[TopicPartition] = set()
        self.sought: list[tuple[TopicPartition, int]] = []

    def pause(self, partition: TopicPartition) -> None:
        self.paused.add(partition)

    def resume(self, partition: TopicPartition) -> None:
        if partition not in self.assignment.states:
            raise IllegalStateError("it is not assigned")
        self.paused.discard(partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append((partition, offset))
        self.assignment.states[partition].position = offset


class Setup:
    def __init__(self) -> None:
        self.now = 1000.0
        self.consumer: Any = Consumer(Assignment(p0=State(6, 50), p1=State(3, 3)))
        self.watch = PositionWatch(monotonic=lambda: self.now)

    def pass_time(self, seconds: float) -> None:
        for _ in range(10):
            self.now += seconds / 10
            self.watch.sample(self.consumer)


@pytest.fixture
def setup() -> Setup:
    made = Setup()
    made.watch.postpone(made.consumer, P0, 5, seconds=300.0)
    return made


def test_a_postponed_partition_is_paused_at_its_record_until_it_is_due(setup: Setup) -> None:
    assert setup.consumer.paused == {P0}
    assert setup.consumer.sought == [(P0, 5)]
    setup.pass_time(299)
    assert setup.consumer.paused == {P0}
    setup.pass_time(10)
    assert setup.consumer.paused == set()


def test_a_postponed_partition_is_no_lag_and_no_problem(setup: Setup) -> None:
    setup.pass_time(10 * UNFETCHED_SECONDS - 10)
    assert setup.watch.lag() == 0
    assert setup.watch.problems() == ()
    assert setup.watch.blocked_partitions == 0


def test_a_partition_that_is_due_again_is_lag(setup: Setup) -> None:
    setup.pass_time(310)
    assert setup.watch.lag() == 45


def test_a_rebalance_ends_the_pause(setup: Setup) -> None:
    setup.consumer.assignment = Assignment(p1=State(3, 9))
    setup.pass_time(400)
    assert setup.watch.lag() == 6


def test_a_partition_of_another_consumer_is_not_postponed(setup: Setup) -> None:
    setup.watch.postpone(setup.consumer, TopicPartition("t", 7), 5, seconds=1.0)
    assert setup.consumer.paused == {P0}


def test_fetched_partitions_take_turns(setup: Setup) -> None:
    records = setup.consumer._records
    records.update({P0: "many records", P1: "one record"})
    let_others_follow(setup.consumer, P0)
    assert list(records) == [P1, P0]
    let_others_follow(setup.consumer, P1)
    assert list(records) == [P0, P1]
    del records[P1]
    let_others_follow(setup.consumer, P0)
    assert records == {P0: "many records"}
