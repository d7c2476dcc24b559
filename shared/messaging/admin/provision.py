"""Create missing topics, and report topics whose configuration differs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.errors import KafkaError, TopicAlreadyExistsError

from shared.events.topics import COMPACTED_WITHIN_MS, Topic
from shared.messaging.client.connection import connection, no_answer_from
from shared.messaging.client.settings import MessagingSettings

ADMIN_TIMEOUT_MS = 30_000
"""Longer than a broker that has just started takes to elect its controller."""
PROPAGATION_TIMEOUT_MS = 60_000
"""A new topic is known to all brokers in milliseconds; on a busy machine it takes many seconds."""


@dataclass(frozen=True)
class Difference:
    """One setting of an existing topic that differs; provisioning never changes it."""

    topic: str
    setting: str
    actual: str
    expected: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.setting} is {self.actual}, expected {self.expected}"


def provision(settings: MessagingSettings, topics: Sequence[Topic]) -> list[Difference]:
    """Create the missing topics; return the differences of the existing ones.

    A second call changes nothing. Raises `Unavailable` when Kafka does not answer.
    """
    with admin_client(settings) as admin:
        existing = set(admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            _create(admin, settings, missing)
        # All topics: another instance may have created a missing one with other settings.
        return _differences(admin, settings, topics)


def differences(settings: MessagingSettings, topics: Sequence[Topic]) -> list[Difference]:
    """The differences of all topics, missing ones included; changes nothing."""
    with admin_client(settings) as admin:
        existing = set(admin.list_topics())
        missing = [
            Difference(topic.name, "it", "missing", "a topic")
            for topic in topics
            if topic.name not in existing
        ]
        return missing + _differences(admin, settings, [t for t in topics if t.name in existing])


def topic_config(topic: Topic) -> dict[str, str]:
    """The configuration of the topic, with Kafka's names."""
    compaction = {"max.compaction.lag.ms": str(COMPACTED_WITHIN_MS)} if topic.compacted else {}
    if topic.tombstones_kept_ms is not None:
        compaction["delete.retention.ms"] = str(topic.tombstones_kept_ms)
    return compaction | {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": str(-1 if topic.retention_ms is None else topic.retention_ms),
        "max.message.bytes": str(topic.max_message_bytes),
    }


def _create(admin: Any, settings: MessagingSettings, missing: Sequence[Topic]) -> None:
    wanted = {
        topic.name: {
            "num_partitions": settings.topic_partitions,
            "replication_factor": settings.topic_replication,
            "configs": topic_config(topic),
        }
        for topic in missing
    }
    try:
        admin.create_topics(wanted)
    except TopicAlreadyExistsError:
        # Another instance was faster with some of them; create the rest one by one.
        for name, options in wanted.items():
            try:
                admin.create_topics({name: options})
            except TopicAlreadyExistsError:
                continue
    # A new topic is not known to every broker at once.
    admin.wait_for_topics(list(wanted), timeout_ms=PROPAGATION_TIMEOUT_MS)


def _differences(
    admin: Any, settings: MessagingSettings, topics: Sequence[Topic]
) -> list[Difference]:
    if not topics:
        return []
    names = [topic.name for topic in topics]
    actual = _configs(admin, names)
    wrong = [
        Difference(topic.name, setting, actual[topic.name].get(setting, "unset"), expected)
        for topic in topics
        for setting, expected in topic_config(topic).items()
        if actual[topic.name].get(setting) != expected
    ]
    # More partitions are fine: the cluster has grown. Fewer leave instances without work.
    least = settings.topic_partitions
    too_few = {
        topic["name"]: len(topic["partitions"])
        for topic in admin.describe_topics(names)
        if len(topic["partitions"]) < least
    }
    return wrong + [
        Difference(name, "partitions", str(count), f"at least {least}")
        for name, count in too_few.items()
    ]


def _configs(admin: Any, names: Sequence[str]) -> dict[str, Mapping[str, str]]:
    described = admin.describe_configs(
        [ConfigResource("topic", name) for name in names], config_filter="all"
    )
    return {
        name: {key: str(value["value"]) for key, value in described["topic"][name].items()}
        for name in names
    }


@contextmanager
def admin_client(settings: MessagingSettings) -> Iterator[Any]:
    """kafka-python's admin client for the length of a block; raises `Unavailable`."""
    try:
        client = KafkaAdminClient(**connection(settings), request_timeout_ms=ADMIN_TIMEOUT_MS)
        try:
            yield client
        finally:
            client.close()
    except KafkaError as error:
        raise no_answer_from(settings, error) from error
