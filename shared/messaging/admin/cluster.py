"""Ask the cluster itself how far everything is: also of consumers that have died."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kafka import TopicPartition
from kafka.admin import OffsetSpec

from shared.messaging.admin.provision import admin_client
from shared.messaging.client.settings import MessagingSettings

GROUP_PREFIX: Final = "preferstream."
UNKNOWN: Final = -1
"""What Kafka says for an offset or a timestamp that there is not."""

Partition = tuple[str, int]
"""Topic and number."""


@dataclass(frozen=True)
class PartitionNow:
    """What one partition holds."""

    begin: int
    """The oldest offset that is kept."""
    end: int
    """The offset that the next record gets."""
    newest_ms: int | None
    """Kafka timestamp of the newest record, milliseconds since the epoch; None when it is empty."""


@dataclass(frozen=True)
class GroupNow:
    """One consumer group: who is in it, and how many records each of its partitions lies behind."""

    name: str
    state: str
    """As Kafka names it: `Stable`, `Empty` (nobody reads), `PreparingRebalance`."""
    members: int
    lag: Mapping[Partition, int]


@dataclass(frozen=True)
class ClusterNow:
    """The cluster at a moment."""

    partitions: Mapping[Partition, PartitionNow]
    groups: Sequence[GroupNow]


def look(settings: MessagingSettings, topics: Sequence[str]) -> ClusterNow:
    """Those of `topics` that exist, and every group of ours that the cluster remembers.

    Blocks; three questions a leader and two a coordinator. Raises `Unavailable`.
    """
    with admin_client(settings) as admin:
        there = set(admin.list_topics())
        described = admin.describe_topics([topic for topic in topics if topic in there])
        partitions = _partitions(
            admin,
            [
                TopicPartition(one["name"], each["partition_index"])
                for one in described
                for each in one["partitions"]
            ],
        )
        names = sorted(
            one["group_id"]
            for one in admin.list_groups()
            if one["group_id"].startswith(GROUP_PREFIX)
        )
        if not names:
            return ClusterNow(partitions, ())
        members = admin.describe_groups(names)
        committed = admin.list_group_offsets(names)
        return ClusterNow(
            partitions,
            [
                GroupNow(
                    name=name,
                    state=str(members[name]["group_state"]),
                    members=len(members[name]["members"]),
                    lag=lag(name, _offsets(committed.get(name, {})), partitions),
                )
                for name in names
            ],
        )


def lag(
    group: str, committed: Mapping[Partition, int], partitions: Mapping[Partition, PartitionNow]
) -> dict[Partition, int]:
    """Records that the group has not committed, by partition of the topics that it reads.

    A partition without a commit counts from its beginning, where our consumers start. What was
    deleted before it was read is no lag any more.
    """
    topics = {topic for topic, _ in committed}
    # `preferstream.<service>.<topic>`: a group that never committed still says what it reads.
    topics |= {topic for topic, _ in partitions if group.endswith(f".{topic}")}
    return {
        place: max(now.end - max(committed.get(place, now.begin), now.begin), 0)
        for place, now in partitions.items()
        if place[0] in topics
    }


def _partitions(admin: Any, places: Sequence[TopicPartition]) -> dict[Partition, PartitionNow]:
    begins, ends, newest = (
        admin.list_partition_offsets(dict.fromkeys(places, spec)) if places else {}
        for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST, OffsetSpec.MAX_TIMESTAMP)
    )
    return {
        (place.topic, place.partition): PartitionNow(
            begin=begins[place].offset,
            end=ends[place].offset,
            newest_ms=stamp if (stamp := newest[place].timestamp) != UNKNOWN else None,
        )
        for place in places
    }


def _offsets(found: Mapping[TopicPartition, Any]) -> dict[Partition, int]:
    return {
        (place.topic, place.partition): said.offset
        for place, said in found.items()
        if said.offset != UNKNOWN
    }
