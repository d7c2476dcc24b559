"""Both paths on a real Kafka: what is retried, held, in order, committed and given up."""

import asyncio

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.messaging.consume.dead_letters import TooManyDeadLetters
from tests.integration.cluster import Cluster, event, not_json, numbers_of
from tests.integration.messaging.reading import (
    BOTH_PATHS,
    PATIENCE_SECONDS,
    Handled,
    committed,
    health_of,
    holds,
    letters,
    running,
    until,
)

pytestmark = pytest.mark.kafka


@BOTH_PATHS
async def test_nothing_is_skipped_while_a_part_is_unavailable_and_all_is_done_when_it_is_back(
    cluster: Cluster, path: str
) -> None:
    back = asyncio.Event()
    refused: list[int] = []

    async def store(image: int) -> None:
        if not back.is_set():
            refused.append(image)
            raise Unavailable("store", "it does not answer")

    cluster.write_events(range(30))
    handled = Handled(store)
    async with running(cluster, path, handled, retries=1) as service:
        await until(lambda: len(refused) >= 20)
        assert handled.images == []
        assert await committed(cluster) == {}
        assert service.failure() is None
        back.set()
        await handled.until_all(range(30))
    assert sorted(handled.images) == list(range(30))
    assert await letters(cluster) == []
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


async def test_the_slow_path_has_n_in_flight_and_commits_without_a_gap(cluster: Cluster) -> None:
    gates = {number: asyncio.Event() for number in range(20)}
    in_work: set[int] = set()
    most = 0

    async def wait(image: int) -> None:
        nonlocal most
        in_work.add(image)
        most = max(most, len(in_work))
        await gates[image].wait()
        in_work.remove(image)

    cluster.write(event(number, user="u", partition=0) for number in range(20))
    handled = Handled(wait)
    async with running(cluster, "slow", handled, events_in_flight=5):
        await until(lambda: len(in_work) == 5)
        for number in range(19, 0, -1):
            gates[number].set()
        await handled.until_all(range(1, 20))
        assert in_work == {0}
        await asyncio.sleep(0.5)  # several times as long as between two commits
        assert await committed(cluster) == {}
        gates[0].set()
        await until(lambda: holds(committed(cluster), lambda found: found == {0: 20}))
    assert most == 5


async def test_a_stopped_service_finishes_what_is_in_work(cluster: Cluster) -> None:
    gate = asyncio.Event()
    cluster.write(event(number, user="u", partition=0) for number in range(10))
    handled = Handled(lambda _: gate.wait())
    async with running(cluster, "slow", handled, events_in_flight=4):
        await until(lambda: len(handled.begun) == 4)
        asyncio.get_running_loop().call_later(0.3, gate.set)
    assert handled.images == [0, 1, 2, 3]
    assert await committed(cluster) == {0: 4}


@BOTH_PATHS
async def test_too_many_dead_letters_stop_the_process_and_bury_nothing(
    cluster: Cluster, path: str
) -> None:
    bad = range(40)
    cluster.write(not_json(number, partition=0) for number in bad)
    handled = Handled()
    async with running(cluster, path, handled, dead_letter_sample=40, events_in_flight=1) as one:
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(TooManyDeadLetters, match="look at the dead letters' reasons"):
                await one.ended()
        async with health_of(one) as ask:
            status, problems = await ask("healthz")
        assert status == 503
        assert "became dead letters" in problems[0]
        await asyncio.sleep(0.3)  # nothing more comes after it
        found = numbers_of(await letters(cluster))
        assert found == list(range(9))
    assert await committed(cluster) == {0: 9}
    # A better deploy goes on where it stopped.
    async with running(cluster, path, handled, dead_letter_share=1.0):
        await until(lambda: holds(letters(cluster), lambda some: numbers_of(some) == list(bad)))


async def test_an_unprocessable_answer_of_the_handler_names_its_reason(cluster: Cluster) -> None:
    async def refuse(_: int) -> None:
        raise Unprocessable("unknown_image", "send its uri")

    cluster.write([event(1, user="u")])
    async with running(cluster, "slow", Handled(refuse)):
        await until(lambda: holds(letters(cluster), lambda found: len(found) == 1))
    (letter,) = await letters(cluster)
    assert dict(letter.headers)["x-error"] == b"unknown_image"
