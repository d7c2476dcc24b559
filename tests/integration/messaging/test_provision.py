"""Topics are made as the design says, once, and what stands otherwise is reported and left."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from shared.events.topics import DAY_MS, DEAD_LETTERS, TOPICS, Topic
from shared.messaging.admin.provision import Difference, differences, provision
from shared.messaging.client.settings import MessagingSettings
from tests.integration.cluster import Cluster

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings(kafka: str) -> MessagingSettings:
    return MessagingSettings(kafka=kafka, topic_partitions=4)


@pytest.fixture
def topics(topic_prefix: str) -> list[Topic]:
    """Every topic of the design, under names of this test's own."""
    return [replace(topic, name=topic_prefix + topic.name) for topic in (*TOPICS, *DEAD_LETTERS)]


@contextmanager
def admin(settings: MessagingSettings) -> Iterator[Any]:
    from kafka import KafkaAdminClient

    client = KafkaAdminClient(bootstrap_servers=settings.kafka)
    try:
        yield client
    finally:
        client.close()


def described(settings: MessagingSettings, names: list[str]) -> dict[str, dict[str, Any]]:
    """Kafka's own word on topics: id, number of partitions, and what was configured."""
    from kafka.admin import ConfigResource

    with admin(settings) as client:
        found = client.describe_topics(names)
        config = client.describe_configs([ConfigResource("topic", name) for name in names])
    configured = config["topic"]
    return {
        one["name"]: {
            "id": str(one["topic_id"]),
            "partitions": len(one["partitions"]),
            **{key: value["value"] for key, value in configured[one["name"]].items()},
        }
        for one in found
    }


def test_every_topic_gets_its_partitions_retention_and_compaction(
    settings: MessagingSettings, topics: list[Topic], topic_prefix: str
) -> None:
    assert provision(settings, topics) == []
    found = described(settings, [topic.name for topic in topics])
    assert {one["partitions"] for one in found.values()} == {4}
    kept = {
        name.removeprefix(topic_prefix): (one.get("cleanup.policy", "delete"), one["retention.ms"])
        for name, one in found.items()
    }
    assert kept["image.candidates.v1"] == ("delete", str(3 * DAY_MS))
    assert kept["feed.ranked.v1"] == ("delete", str(30 * DAY_MS))
    assert kept["feedback.v1"] == ("delete", str(30 * DAY_MS))
    assert kept["profile.updated.v1"] == ("compact", "-1")
    assert kept["model.promoted.v1"] == ("compact", "-1")
    assert kept["feedback.v1.dlq"] == ("delete", str(30 * DAY_MS))
    assert differences(settings, topics) == []


def test_doing_it_again_changes_nothing(settings: MessagingSettings, topics: list[Topic]) -> None:
    provision(settings, topics)
    names = [topic.name for topic in topics]
    before = described(settings, names)
    assert provision(settings, topics) == []
    assert described(settings, names) == before


def test_many_instances_may_do_it_at_once(settings: MessagingSettings, topics: list[Topic]) -> None:
    with ThreadPoolExecutor(4) as instances:
        found = list(instances.map(lambda _: provision(settings, topics), range(4)))
    assert found == [[], [], [], []]
    assert differences(settings, topics) == []


def test_what_stands_otherwise_is_reported_and_left_as_it_is(
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
    told = provision(settings, [wrong, missing])
    assert Difference(wrong.name, "cleanup.policy", "delete", "compact") in told
    assert Difference(wrong.name, "retention.ms", "1000", "-1") in told
    assert Difference(wrong.name, "partitions", "1", "at least 4") in told
    assert str(told[0]).startswith(f"{wrong.name}: ")
    assert described(settings, [wrong.name]) == before
    assert differences(settings, [missing]) == []
    assert differences(settings, [wrong]) == told


def test_more_partitions_than_ours_are_no_difference(kafka: str, topic_prefix: str) -> None:
    Cluster(kafka, topic_prefix, partitions=5).provision()
    Cluster(kafka, topic_prefix, partitions=2).provision()


def test_a_missing_topic_is_a_difference_and_is_not_made_by_looking(
    settings: MessagingSettings, topic_prefix: str
) -> None:
    topic = Topic(f"{topic_prefix}missing", None, DAY_MS)
    for _ in range(2):
        assert differences(settings, [topic]) == [
            Difference(topic.name, "it", "missing", "a topic")
        ]
