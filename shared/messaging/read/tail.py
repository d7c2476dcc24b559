"""Read the latest records of a topic, or all of them, up to where it ends now."""

from collections.abc import Iterator

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.bounded_reader import bounded_reader
from shared.messaging.read.limits import LONG_READ_LIMITS, READ_LIMITS, ReadLimits


def tail(
    settings: MessagingSettings,
    topic: Topic,
    *,
    max_per_partition: int,
    limits: ReadLimits = READ_LIMITS,
) -> Iterator[Record]:
    """The latest records of each partition; none of a topic that does not exist.

    The rest of a partition that cannot be read is left out and logged: a service needs what it can
    get of its latest records, and would otherwise not start. Raises `Unavailable` when Kafka does
    not answer within `limits`.
    """
    with bounded_reader(settings, limits=limits) as reader:
        ranges = {
            partition: (max(begin, end - max_per_partition), end)
            for partition, (begin, end) in reader.available([topic]).items()
        }
        yield from reader.records(ranges, all_partitions=False)


def whole_topic(settings: MessagingSettings, topic: Topic) -> Iterator[Record]:
    """Every record that Kafka holds of the topic; raises `Unavailable`."""
    with bounded_reader(settings, limits=LONG_READ_LIMITS) as reader:
        ranges = reader.available([topic])
        if not ranges:
            raise Unavailable(
                "kafka", f"{settings.kafka_bootstrap_servers} has no topic {topic.name}"
            )
        yield from reader.records(ranges)
