"""Stuck and ended consumers are reported over HTTP, and lag in the metrics."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from shared.domain.errors import Unavailable
from shared.messaging.service import KafkaService
from tests.integration.cluster import Cluster, event
from tests.integration.messaging.running_service import (
    BOTH_PATHS,
    Handled,
    health_of,
    holds,
    running,
    until,
)

pytestmark = pytest.mark.kafka


@BOTH_PATHS
async def test_healthz_reports_a_stuck_event_and_its_recovery(cluster: Cluster, path: str) -> None:
    gate = asyncio.Event()
    cluster.write([event(1, user="u")])
    handled = Handled(lambda _: gate.wait())
    async with (
        running(cluster, path, handled, liveness_timeout_seconds=0.5) as service,
        health_of(service) as get_health,
    ):
        await until(lambda: holds(get_health("healthz"), lambda response: response[0] == 503))
        _, problems = await get_health("healthz")
        assert f"an event of {cluster.topic.name} has been in flight for" in problems[0]
        gate.set()
        await until(lambda: holds(get_health("readyz"), lambda response: response == (200, [])))


async def test_healthz_reports_an_event_that_the_fast_path_retries_without_success(
    cluster: Cluster,
) -> None:
    async def store(_: int) -> None:
        raise Unavailable("store", "it does not answer")

    cluster.write([event(1, user="u")])
    handled = Handled(store)
    async with (
        running(cluster, "fast", handled, liveness_timeout_seconds=0.5, retries=0) as service,
        health_of(service) as get_health,
    ):
        await until(lambda: holds(get_health("healthz"), lambda response: response[0] == 503))


@BOTH_PATHS
async def test_healthz_reports_a_consumer_that_has_ended(cluster: Cluster, path: str) -> None:
    async with (
        running(cluster, path, Handled()) as service,
        health_of(service) as get_health,
    ):
        await until(lambda: holds(get_health("readyz"), lambda response: response == (200, [])))
        (subscriber,) = service._broker.subscribers
        # Not through the service, as after an unforeseen error.
        await subscriber.consumer.stop()  # type: ignore[attr-defined]
        await until(lambda: holds(get_health("healthz"), lambda response: response[0] == 503))
        _, problems = await get_health("healthz")
        assert problems == [f"the consumer of {cluster.topic.name} has ended"]


async def test_a_service_that_has_not_started_is_alive_but_not_ready(cluster: Cluster) -> None:
    service = KafkaService("tested", cluster.settings(), CollectorRegistry())
    service.fast(cluster.topic, Handled())
    async with health_of(service) as get_health:
        assert await get_health("healthz") == (200, [])
        assert await get_health("readyz") == (503, ["tested has not started"])


@BOTH_PATHS
async def test_the_lag_metric_counts_unread_events(cluster: Cluster, path: str) -> None:
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
        await until(lambda: len(handled.started) == 2)
        # The slow path has received the second event, the fast path has finished the first.
        assert lag() == {"slow": 8, "fast": 9}[path]
        gate.set()
        await handled.until_all(range(10))
        await until(lambda: lag() == 0)
    finally:
        await service.stop()
