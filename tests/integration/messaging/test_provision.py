"""Missing topics are created once; differences of existing topics are reported, not changed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from shared.events.topics import ALL_TOPICS, DAY_MS, Topic
from shared.messaging.admin.provision import Difference, differences, provision
from shared.messaging.client.settings import MessagingSettings
from tests.integration.cluster import Cluster

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings(kafka: str) -> MessagingSettings:
    return MessagingSettings(kafka_bootstrap_servers=kafka, topic_partitions=4)


@pytest.fixture
def topics(topic_prefix: str) -> list[Topic]:
    """Every topic of the system, with a prefix of this test."""
    return [replace(topic, name=topic_prefix + topic.name) for topic in ALL_TOPICS]


@contextmanager
def admin(settings: MessagingSettings) -> Iterator[Any]:
    from kafka import KafkaAdminClient

    client = KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers)
    try:
        yield client
    finally:
        client.close()


def described(settings: MessagingSettings, names: list[str]) -> dict[str, dict[str, Any]]:
    """The state of topics in Kafka: id, number of partitions, and configuration."""
    from kafka.admin import ConfigResource

    with admin(settings) as client:
        topics = client.describe_topics(names)
        config = client.describe_configs([ConfigResource("topic", name) for name in names])
    configured = config["topic"]
    return {
        topic["name"]: {
            "id": str(topic["topic_id"]),
            "partitions": len(topic["partitions"]),
            **{key: value["value"] for key, value in configured[topic["name"]].items()},
        }
        for topic in topics
    }


def test_every_topic_gets_its_partitions_retention_and_compaction(
    settings: MessagingSettings, topics: list[Topic], topic_prefix: str
) -> None:
    assert provision(settings, topics) == []
    state = described(settings, [topic.name for topic in topics])
    assert {topic["partitions"] for topic in state.values()} == {4}
    kept = {
        name.removeprefix(topic_prefix): (
            topic.get("cleanup.policy", "delete"),
            topic["retention.ms"],
        )
        for name, topic in state.items()
    }
    assert kept["image.candidates.v1"] == ("delete", str(3 * DAY_MS))
    assert kept["feed.ranked.v1"] == ("delete", str(30 * DAY_MS))
    assert kept["feedback.v1"] == ("delete", str(30 * DAY_MS))
    assert kept["profile.updated.v1"] == ("compact", "-1")
    assert kept["model.promoted.v1"] == ("compact", "-1")
    assert kept["image.catalog.v1"] == ("compact", "-1")
    assert kept["audience.matched.v1"] == ("delete", str(3 * DAY_MS))
    assert kept["feedback.v1.dlq"] == ("delete", str(30 * DAY_MS))
    assert differences(settings, topics) == []


def test_a_second_run_changes_nothing(settings: MessagingSettings, topics: list[Topic]) -> None:
    provision(settings, topics)
    names = [topic.name for topic in topics]
    before = described(settings, names)
    assert provision(settings, topics) == []
    assert described(settings, names) == before


def test_many_instances_can_provision_at_the_same_time(
    settings: MessagingSettings, topics: list[Topic]
) -> None:
    with ThreadPoolExecutor(4) as instances:
        results = list(instances.map(lambda _: provision(settings, topics), range(4)))
    assert results == [[], [], [], []]
    assert differences(settings, topics) == []


def test_differences_are_reported_and_not_changed(
    settings: MessagingSettings, topic_prefix: str
) -> None:
    wrong = Topic(f"{topic_prefix}wrong", None, None, compacted=True)
    missing = Topic(f"{topic_prefix}missing", None, DAY_MS)
    with admin(settings) as client:
        client.create_topics(
            {
                wrong.name: {
                    "num_partitions": 1,
                    "replication_factor": 1,
                    "configs": {"retention.ms": "1000", "cleanup.policy": "delete"},
                }
            }
        )
        client.wait_for_topics([wrong.name], timeout_ms=60_000)
    before = described(settings, [wrong.name])
    reported = provision(settings, [wrong, missing])
    assert Difference(wrong.name, "cleanup.policy", "delete", "compact") in reported
    assert Difference(wrong.name, "retention.ms", "1000", "-1") in reported
    assert Difference(wrong.name, "partitions", "1", "at least 4") in reported
    assert str(reported[0]).startswith(f"{wrong.name}: ")
    assert described(settings, [wrong.name]) == before
    assert differences(settings, [missing]) == []
    assert differences(settings, [wrong]) == reported


def test_more_partitions_than_configured_are_not_a_difference(
    kafka: str, topic_prefix: str
) -> None:
    Cluster(kafka, topic_prefix, partitions=5).provision()
    Cluster(kafka, topic_prefix, partitions=2).provision()


def test_a_missing_topic_is_a_difference_and_is_not_created(
    settings: MessagingSettings, topic_prefix: str
) -> None:
    topic = Topic(f"{topic_prefix}missing", None, DAY_MS)
    for _ in range(2):
        assert differences(settings, [topic]) == [
            Difference(topic.name, "it", "missing", "a topic")
        ]
