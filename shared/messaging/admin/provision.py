"""Create the topics that are missing, and report those that are not as they should be."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from kafka.errors import KafkaError, TopicAlreadyExistsError

from shared.domain.errors import Unavailable
from shared.events.topics import COMPACTED_WITHIN_MS, MAX_RECORD_BYTES, Topic
from shared.messaging.client.connection import connection
from shared.messaging.client.settings import MessagingSettings

ADMIN_TIMEOUT_MS = 30_000
"""Longer than a broker that has just started takes to elect its controller."""
KNOWN_TIMEOUT_MS = 60_000
"""A broker tells itself of a new topic in milliseconds; on a busy machine it takes many seconds."""
HEADER_ROOM_BYTES = 64 * 1024
"""A dead letter is its record and why it was set aside: a little larger than the largest record."""


@dataclass(frozen=True)
class Difference:
    """One thing about an existing topic that is not as it should be; it is never changed by us."""

    topic: str
    setting: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.setting} is {self.found}, expected {self.expected}"


def provision(settings: MessagingSettings, topics: Sequence[Topic]) -> list[Difference]:
    """Create the missing ones of `topics`; returns how those that others made differ.

    Doing it again changes nothing. Raises `Unavailable` when Kafka does not answer.
    """
    with admin_client(settings) as admin:
        existing = set(admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            _create(admin, settings, missing)
        # All of them: what was missing a moment ago may have been made by another, and otherwise.
        return _differences(admin, settings, topics)


def differences(settings: MessagingSettings, topics: Sequence[Topic]) -> list[Difference]:
    """How the cluster's topics differ from `topics`, missing ones included; changes nothing."""
    with admin_client(settings) as admin:
        existing = set(admin.list_topics())
        missing = [
            Difference(topic.name, "it", "missing", "a topic")
            for topic in topics
            if topic.name not in existing
        ]
        return missing + _differences(admin, settings, [t for t in topics if t.name in existing])


def topic_config(topic: Topic) -> dict[str, str]:
    """The topic's own settings in Kafka, as Kafka spells them."""
    room = HEADER_ROOM_BYTES if topic.event is None else 0
    compaction = {"max.compaction.lag.ms": str(COMPACTED_WITHIN_MS)} if topic.compacted else {}
    return compaction | {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": str(-1 if topic.retention_ms is None else topic.retention_ms),
        "max.message.bytes": str(MAX_RECORD_BYTES + room),
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
        # Another instance was faster with some of them; one by one, the rest are made.
        for name, options in wanted.items():
            try:
                admin.create_topics({name: options})
            except TopicAlreadyExistsError:
                continue
    # What was just made, by us or by another, is not known everywhere at once.
    admin.wait_for_topics(list(wanted), timeout_ms=KNOWN_TIMEOUT_MS)


def _differences(
    admin: Any, settings: MessagingSettings, topics: Sequence[Topic]
) -> list[Difference]:
    if not topics:
        return []
    names = [topic.name for topic in topics]
    found = _configs(admin, names)
    wrong = [
        Difference(topic.name, setting, found[topic.name].get(setting, "unset"), expected)
        for topic in topics
        for setting, expected in topic_config(topic).items()
        if found[topic.name].get(setting) != expected
    ]
    # More of them are a cluster that has grown; fewer leave instances without work.
    least = settings.topic_partitions
    few = {
        one["name"]: len(one["partitions"])
        for one in admin.describe_topics(names)
        if len(one["partitions"]) < least
    }
    return wrong + [
        Difference(name, "partitions", str(count), f"at least {least}")
        for name, count in few.items()
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
        raise Unavailable(
            "kafka",
            f"{settings.kafka} did not answer as a Kafka: {type(error).__name__}: {error};"
            " is it running, and does it listen there?",
        ) from error
