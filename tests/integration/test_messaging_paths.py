"""Both paths on a real Kafka: what is retried, set aside, held, committed, and seen by health."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from kafka import KafkaProducer
from prometheus_client import CollectorRegistry

from shared.errors import Unavailable, Unprocessable
from shared.events import Feedback
from shared.events.record import Record
from shared.messaging.contract import Delivery
from shared.messaging.dead_letters import TooManyDeadLetters
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService
from tests.integration.cluster import (
    Cluster,
    Written,
    event,
    incompressible,
    not_json,
    numbers_of,
)

pytestmark = pytest.mark.kafka

PATIENCE_SECONDS = 90.0
"""No statement about speed: a test that waits so long has failed."""
BOTH_PATHS = pytest.mark.parametrize("path", ["slow", "fast"])
Handler = Callable[[Feedback, Delivery], Awaitable[None]]


@pytest.fixture
def cluster(kafka: str, topic_prefix: str) -> Cluster:
    made = Cluster(kafka, topic_prefix)
    made.provision()
    return made


async def until(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            met = condition()
            if met if isinstance(met, bool) else await met:
                return
            await asyncio.sleep(0.05)


class Handled:
    """A handler that remembers what it took, and does with it what a test says."""

    def __init__(self, then: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.images: list[int] = []
        self.begun: list[int] = []
        self._then = then

    async def __call__(self, event: Feedback, delivery: Delivery) -> None:
        image = int(event.image_id)
        self.begun.append(image)
        if self._then is not None:
            await self._then(image)
        self.images.append(image)

    async def until_all(self, numbers: Iterable[int]) -> None:
        wanted = set(numbers)
        await until(lambda: wanted <= set(self.images))


@asynccontextmanager
async def running(
    cluster: Cluster, path: str, handler: Handler, **settings: Any
) -> AsyncIterator[KafkaService]:
    """A service that reads the topic, for the length of a block."""
    service = KafkaService("tested", cluster.settings(**settings), CollectorRegistry())
    getattr(service, path)(cluster.topic, handler)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def letters(cluster: Cluster) -> list[Record]:
    return await asyncio.to_thread(cluster.read, cluster.letters)


async def committed(cluster: Cluster) -> dict[int, int]:
    return await asyncio.to_thread(cluster.committed)


@asynccontextmanager
async def health_of(service: KafkaService) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """Asks `/healthz` or `/readyz` over HTTP; the status and the problems."""
    async with AsyncExitStack() as stack:
        server = HealthServer(service, CollectorRegistry(), host="127.0.0.1", port=0)
        await server.start()
        stack.push_async_callback(server.stop)
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def ask(page: str) -> tuple[int, list[str]]:
            async with session.get(f"{server.address}/{page}") as answer:
                return answer.status, (await answer.json())["problems"]

        yield ask


ODD_HEADERS = (
    ("null", None),
    ("not-utf8", b"\xff\xfe\x00\x80"),
    ("empty", b""),
    ("twice", b"1"),
    ("twice", b"2"),
    ("ünïcode", "grün".encode()),
)


@BOTH_PATHS
async def test_odd_records_reach_the_dead_letters_byte_for_byte(
    cluster: Cluster, path: str
) -> None:
    odd = [
        Written(b"\xff\x00key", b"\xff\xfe not JSON", ODD_HEADERS),
        Written(None, b"", ODD_HEADERS[:1]),
        Written(b"user-1", None, ODD_HEADERS[1:3]),
        Written(b"user-2", b"{" + incompressible(2_000_000)),
    ]
    cluster.write([event(1, user="u"), *odd, event(2, user="u")])
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all([1, 2])
        await until(lambda: _is(letters(cluster), lambda found: len(found) == len(odd)))
    found = await letters(cluster)
    assert {(one.key, one.value) for one in found} == {(one.key, one.value) for one in odd}
    sources = set()
    for one in found:
        (sent,) = [s for s in odd if (s.key, s.value) == (one.key, one.value)]
        ours = {"x-error", "x-detail", "x-source", "x-attempts"}
        assert tuple(h for h in one.headers if h[0] not in ours) == sent.headers
        sources.add(dict(one.headers)["x-source"])
    assert len(sources) == len(odd)
    assert sum((await committed(cluster)).values()) == len(odd) + 2


async def _is(what: Awaitable[Any], so: Callable[[Any], bool]) -> bool:
    return so(await what)


@BOTH_PATHS
async def test_odd_headers_on_a_good_event_do_not_matter(cluster: Cluster, path: str) -> None:
    good = event(1, user="u")
    cluster.write([Written(good.key, good.value, ODD_HEADERS)])
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all([1])
    assert await letters(cluster) == []


class NoText(str):
    """A header's name that is written as bytes which are no UTF-8."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe-id"


def _write_with_names_that_are_no_text(cluster: Cluster, *written: Written, **more: Any) -> None:
    """With kafka-python, whose producer lets us; all in one batch."""
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, linger_ms=200, **more)
    for one in written:
        headers = [(NoText("x"), b"1"), ("trace", b"2")]
        producer.send(cluster.topic.name, one.value, one.key, headers=headers, partition=0)
    producer.flush()
    producer.close()


@BOTH_PATHS
@pytest.mark.parametrize("compression", [None, "gzip"])
async def test_a_header_whose_name_is_no_text_stops_nobody(
    cluster: Cluster, path: str, compression: str | None
) -> None:
    bad = not_json(2)
    _write_with_names_that_are_no_text(
        cluster, event(1, user="u"), bad, event(3, user="u"), compression_type=compression
    )
    cluster.write([event(4, user="u", partition=0)])
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all([1, 3, 4])
        await until(lambda: _is(letters(cluster), lambda found: len(found) == 1))
    (letter,) = await letters(cluster)
    assert (letter.key, letter.value) == (bad.key, bad.value)
    assert letter.headers[:2] == (("\\xff\\xfe-id", b"1"), ("trace", b"2"))
    assert sum((await committed(cluster)).values()) == 4
    # And whoever reads with the other client.
    assert [r.headers[0][0] for r in cluster.read(cluster.topic)[:3]] == ["\\xff\\xfe-id"] * 3


@BOTH_PATHS
async def test_a_compressed_record_too_large_to_be_written_again_stops_nothing(
    cluster: Cluster, path: str
) -> None:
    cluster.write(
        [Written(b"u", b"{" * 6_000_000), event(1, user="u")],
        compressed=True,
    )
    handled = Handled()
    async with running(cluster, path, handled) as service:
        await handled.until_all([1])
        await until(lambda: _is(letters(cluster), lambda found: len(found) == 1))
        assert service.failure() is None
    (letter,) = await letters(cluster)
    assert (letter.key, letter.value) == (b"u", None)
    assert b"6000000 bytes, is too large" in (dict(letter.headers)["x-detail"] or b"")


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
        await until(lambda: _is(committed(cluster), lambda found: found == {0: 20}))
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
        await until(lambda: _is(letters(cluster), lambda some: numbers_of(some) == list(bad)))


@BOTH_PATHS
async def test_healthz_sees_an_event_that_is_stuck_and_its_recovery(
    cluster: Cluster, path: str
) -> None:
    gate = asyncio.Event()
    cluster.write([event(1, user="u")])
    handled = Handled(lambda _: gate.wait())
    async with (
        running(cluster, path, handled, stuck_seconds=0.5) as service,
        health_of(service) as ask,
    ):
        await until(lambda: _is(ask("healthz"), lambda told: told[0] == 503))
        _, problems = await ask("healthz")
        assert f"an event of {cluster.topic.name} has been in work for" in problems[0]
        gate.set()
        await until(lambda: _is(ask("readyz"), lambda told: told == (200, [])))


async def test_healthz_sees_an_event_that_the_fast_path_tries_in_vain(cluster: Cluster) -> None:
    async def store(_: int) -> None:
        raise Unavailable("store", "it does not answer")

    cluster.write([event(1, user="u")])
    handled = Handled(store)
    async with (
        running(cluster, "fast", handled, stuck_seconds=0.5, retries=0) as service,
        health_of(service) as ask,
    ):
        await until(lambda: _is(ask("healthz"), lambda told: told[0] == 503))


@BOTH_PATHS
async def test_healthz_sees_a_consumer_that_has_ended(cluster: Cluster, path: str) -> None:
    async with (
        running(cluster, path, Handled()) as service,
        health_of(service) as ask,
    ):
        await until(lambda: _is(ask("readyz"), lambda told: told == (200, [])))
        (subscriber,) = service._broker.subscribers
        # Behind the service's back, as an error that no one foresaw would.
        await subscriber.consumer.stop()  # type: ignore[attr-defined]
        await until(lambda: _is(ask("healthz"), lambda told: told[0] == 503))
        _, problems = await ask("healthz")
        assert problems == [f"the consumer of {cluster.topic.name} has ended"]


async def test_a_service_that_has_not_started_is_alive_but_not_ready(cluster: Cluster) -> None:
    service = KafkaService("tested", cluster.settings(), CollectorRegistry())
    service.fast(cluster.topic, Handled())
    async with health_of(service) as ask:
        assert await ask("healthz") == (200, [])
        assert await ask("readyz") == (503, ["tested has not started"])


@BOTH_PATHS
async def test_lag_is_measured(cluster: Cluster, path: str) -> None:
    gate = asyncio.Event()
    registry = CollectorRegistry()
    service = KafkaService("tested", cluster.settings(events_in_flight=1), registry)
    handled = Handled(lambda image: gate.wait() if image else asyncio.sleep(0))
    getattr(service, path)(cluster.topic, handled)
    cluster.write(event(number, user="u", partition=0) for number in range(10))

    def lag() -> float | None:
        return registry.get_sample_value(
            "preferstream_consumer_lag_events", {"topic": cluster.topic.name}
        )

    await service.start()
    try:
        await until(lambda: len(handled.begun) == 2)
        # The slow path has taken the second in, the fast path is done with the first.
        assert lag() == {"slow": 8, "fast": 9}[path]
        gate.set()
        await handled.until_all(range(10))
        await until(lambda: lag() == 0)
    finally:
        await service.stop()


async def test_an_unprocessable_answer_of_the_handler_names_its_reason(cluster: Cluster) -> None:
    async def refuse(_: int) -> None:
        raise Unprocessable("unknown_image", "send its uri")

    cluster.write([event(1, user="u")])
    async with running(cluster, "slow", Handled(refuse)):
        await until(lambda: _is(letters(cluster), lambda found: len(found) == 1))
    (letter,) = await letters(cluster)
    assert dict(letter.headers)["x-error"] == b"unknown_image"
