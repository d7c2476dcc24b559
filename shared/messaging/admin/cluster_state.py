"""Read offsets, groups and lag from the cluster, including groups whose consumers have died."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.protocol.consumer import IsolationLevel

from shared.messaging.admin.provision import admin_client
from shared.messaging.client.kafka_types import Partition
from shared.messaging.client.settings import MessagingSettings

GROUP_PREFIX: Final = "preferstream."
UNKNOWN: Final = -1
"""Kafka's value for an offset or a timestamp that does not exist."""


@dataclass(frozen=True)
class PartitionState:
    """The offsets of one partition."""

    begin: int
    """The oldest offset that is kept."""
    end: int
    """The offset that the next record gets."""
    newest_ms: int | None
    """Kafka timestamp of the newest record, milliseconds since the epoch; None when empty."""
    held_back: int = 0
    """Offsets before the end that cannot be read until a transaction ends; 0 when uncommitted
    records are read too."""


@dataclass(frozen=True)
class GroupState:
    """One consumer group: its members, and its lag in each partition."""

    name: str
    state: str
    """Kafka's name of the state: `Stable`, `Empty` (no consumers), `PreparingRebalance`."""
    members: int
    lag: Mapping[Partition, int]
    """Offsets that can be read and are not committed, by partition."""


@dataclass(frozen=True)
class ClusterState:
    """The partitions and groups of the cluster at one moment."""

    partitions: Mapping[Partition, PartitionState]
    groups: Sequence[GroupState]


def read_cluster_state(settings: MessagingSettings, topics: Sequence[str]) -> ClusterState:
    """The state of those `topics` that exist, and of every consumer group of this system.

    Blocks; four requests per leader and two per coordinator. Raises `Unavailable`.
    """
    with admin_client(settings) as admin:
        existing = set(admin.list_topics())
        described = admin.describe_topics([topic for topic in topics if topic in existing])
        partitions = _partitions(
            admin,
            [
                TopicPartition(topic["name"], partition["partition_index"])
                for topic in described
                for partition in topic["partitions"]
            ],
            isolation_level=settings.kafka_isolation_level,
        )
        names = sorted(
            group["group_id"]
            for group in admin.list_groups()
            if group["group_id"].startswith(GROUP_PREFIX)
        )
        if not names:
            return ClusterState(partitions, ())
        groups = admin.describe_groups(names)
        committed = admin.list_group_offsets(names)
        return ClusterState(
            partitions,
            [
                GroupState(
                    name=name,
                    state=str(groups[name]["group_state"]),
                    members=len(groups[name]["members"]),
                    lag=lag(name, _offsets(committed.get(name, {})), partitions),
                )
                for name in names
            ],
        )


def lag(
    group: str, committed: Mapping[Partition, int], partitions: Mapping[Partition, PartitionState]
) -> dict[Partition, int]:
    """Offsets that the group has not committed, by partition of the topics that it reads.

    A partition without a commit counts from its beginning, where our consumers start. Records that
    were deleted before they were read do not count, and neither do those of an open transaction.
    """
    topics = {topic for topic, _ in committed}
    # `preferstream.<service>.<topic>`: the name of a group without commits has its topic.
    topics |= {topic for topic, _ in partitions if group.endswith(f".{topic}")}
    return {
        partition: max(
            state.end - state.held_back - max(committed.get(partition, state.begin), state.begin), 0
        )
        for partition, state in partitions.items()
        if partition[0] in topics
    }


def _partitions(
    admin: Any, partitions: Sequence[TopicPartition], *, isolation_level: str
) -> dict[Partition, PartitionState]:
    def offsets(spec: Any, isolation_level: str = "read_uncommitted") -> dict[Any, Any]:
        specs = dict.fromkeys(partitions, spec)
        level = IsolationLevel.build_from(isolation_level)
        return dict(admin.list_partition_offsets(specs, level)) if specs else {}

    begins, ends = offsets(OffsetSpec.EARLIEST), offsets(OffsetSpec.LATEST)
    readable_ends = offsets(OffsetSpec.LATEST, isolation_level)
    newest = offsets(OffsetSpec.MAX_TIMESTAMP)
    return {
        (p.topic, p.partition): PartitionState(
            begin=begins[p].offset,
            end=ends[p].offset,
            newest_ms=timestamp if (timestamp := newest[p].timestamp) != UNKNOWN else None,
            # A record may be written between the two requests.
            held_back=max(ends[p].offset - readable_ends[p].offset, 0),
        )
        for p in partitions
    }


def _offsets(committed: Mapping[TopicPartition, Any]) -> dict[Partition, int]:
    return {
        (p.topic, p.partition): entry.offset
        for p, entry in committed.items()
        if entry.offset != UNKNOWN
    }
