"""Retries, order, commits, shutdown and dead letters of both paths on a real Kafka."""

import asyncio

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.messaging.consume.dead_letter_guard import TooManyDeadLetters
from tests.integration.cluster import Cluster, event, not_json
from tests.integration.messaging.running_service import (
    BOTH_PATHS,
    TIMEOUT_SECONDS,
    Handled,
    committed,
    dead_letters,
    health_of,
    holds,
    running,
    until,
)

pytestmark = pytest.mark.kafka


@BOTH_PATHS
async def test_no_event_is_skipped_while_a_dependency_is_unavailable(
    cluster: Cluster, path: str
) -> None:
    recovered = asyncio.Event()
    refused: list[int] = []

    async def store(image: int) -> None:
        if not recovered.is_set():
            refused.append(image)
            raise Unavailable("store", "it does not answer")

    cluster.write_events(range(30))
    handled = Handled(store)
    async with running(cluster, path, handled, retries=1) as service:
        await until(lambda: len(refused) >= 20)
        assert handled.images == []
        assert await committed(cluster) == {}
        assert service.failure() is None
        recovered.set()
        await handled.until_all(range(30))
    assert sorted(handled.images) == list(range(30))
    assert await dead_letters(cluster) == []
    assert sum((await committed(cluster)).values()) == 30


async def test_the_fast_path_keeps_the_order_of_a_partition_through_failures(
    cluster: Cluster,
) -> None:
    failures = {3: 4, 7: 2}

    async def store(image: int) -> None:
        if failures.get(image, 0):
            failures[image] -= 1
            raise Unavailable("store", "it does not answer")

    cluster.write(event(number, user="u", partition=0) for number in range(10))
    handled = Handled(store)
    async with running(cluster, "fast", handled, retries=1):
        await handled.until_all(range(10))
    assert handled.images == list(range(10))


async def test_the_slow_path_has_n_events_in_flight_and_commits_only_the_finished_prefix(
    cluster: Cluster,
) -> None:
    gates = {number: asyncio.Event() for number in range(20)}
    in_flight: set[int] = set()
    max_in_flight = 0

    async def wait(image: int) -> None:
        nonlocal max_in_flight
        in_flight.add(image)
        max_in_flight = max(max_in_flight, len(in_flight))
        await gates[image].wait()
        in_flight.remove(image)

    cluster.write(event(number, user="u", partition=0) for number in range(20))
    handled = Handled(wait)
    async with running(cluster, "slow", handled, events_in_flight=5):
        await until(lambda: len(in_flight) == 5)
        for number in range(19, 0, -1):
            gates[number].set()
        await handled.until_all(range(1, 20))
        assert in_flight == {0}
        await asyncio.sleep(0.5)  # several commit intervals
        assert await committed(cluster) == {}
        gates[0].set()
        await until(lambda: holds(committed(cluster), lambda offsets: offsets == {0: 20}))
    assert max_in_flight == 5


async def test_a_stopping_service_finishes_the_events_in_flight(cluster: Cluster) -> None:
    gate = asyncio.Event()
    cluster.write(event(number, user="u", partition=0) for number in range(10))
    handled = Handled(lambda _: gate.wait())
    async with running(cluster, "slow", handled, events_in_flight=4):
        await until(lambda: len(handled.started) == 4)
        asyncio.get_running_loop().call_later(0.3, gate.set)
    assert handled.images == [0, 1, 2, 3]
    assert await committed(cluster) == {0: 4}


@BOTH_PATHS
async def test_too_many_dead_letters_stop_the_process_and_the_rest_stays_unread(
    cluster: Cluster, path: str
) -> None:
    async def refuse(_: int) -> None:
        raise Unprocessable("unknown_image", "a broken deployment refuses every event")

    count = 40
    cluster.write(event(number, user=f"user-{number}", partition=0) for number in range(count))
    handled = Handled(refuse)
    async with running(
        cluster, path, handled, dead_letter_window=40, events_in_flight=1
    ) as service:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            with pytest.raises(TooManyDeadLetters, match="look at the reasons of the dead letters"):
                await service.ended()
        async with health_of(service) as get_health:
            status, problems = await get_health("healthz")
        assert status == 503
        assert "became dead letters" in problems[0]
        await asyncio.sleep(0.3)  # no further dead letter may follow
        assert len(await dead_letters(cluster)) == 9
    assert await committed(cluster) == {0: 9}
    # The next deployment continues at the committed offset.
    async with running(cluster, path, handled, dead_letter_max_ratio=1.0):
        await until(lambda: holds(dead_letters(cluster), lambda records: len(records) == count))


@BOTH_PATHS
async def test_a_sender_of_garbage_does_not_stop_the_events_of_others(
    cluster: Cluster, path: str
) -> None:
    records = []
    for number in range(300):
        records.append(not_json(number, partition=0))
        if number % 30 == 0:
            records.append(event(number, user=f"user-{number}", partition=0))
    cluster.write(records)
    handled = Handled()
    async with running(cluster, path, handled, dead_letter_window=40) as service:
        await handled.until_all(range(0, 300, 30))
        await until(lambda: holds(dead_letters(cluster), lambda letters: len(letters) == 300))
        assert service.failure() is None
        assert service.dead_because() is None


async def test_an_unprocessable_event_becomes_a_dead_letter_with_its_reason(
    cluster: Cluster,
) -> None:
    async def refuse(_: int) -> None:
        raise Unprocessable("unknown_image", "send its uri")

    cluster.write([event(1, user="u")])
    async with running(cluster, "slow", Handled(refuse)):
        await until(lambda: holds(dead_letters(cluster), lambda records: len(records) == 1))
    (letter,) = await dead_letters(cluster)
    assert dict(letter.headers)["x-error"] == b"unknown_image"
