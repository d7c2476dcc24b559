"""Find records that cannot be read: the latest ones, and the next ones of each consumer group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.events.topics import Topic
from shared.messaging.admin.cluster_state import ClusterState, read_cluster_state
from shared.messaging.client.kafka_types import OffsetRange, Partition
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.bounded_reader import BoundedReader, bounded_reader
from shared.messaging.read.limits import ReadLimits

RECORDS: Final = 100
"""Records of each place that are read: a few seconds for all topics."""
LIMITS: Final = ReadLimits(stall_seconds=15.0, total_seconds=120.0)


@dataclass(frozen=True)
class CheckedRecords:
    """The result of a check."""

    count: int
    """Records that were read."""
    problems: Sequence[str]
    """One sentence for each place that cannot be read, with topic, partition and offset."""


def check_records(settings: MessagingSettings, topics: Sequence[Topic]) -> CheckedRecords:
    """Read some records of each partition; raises `Unavailable`."""
    state = read_cluster_state(settings, [topic.name for topic in topics])
    with bounded_reader(settings, limits=LIMITS) as reader:
        available = reader.available(topics)
        places = [_latest(available), *_next_of_groups(state, available)]
        checked = [_read(reader, ranges) for ranges in places]
    problems = [problem for result in checked for problem in result.problems]
    return CheckedRecords(
        sum(result.count for result in checked),
        # A group's next records may be the latest ones too.
        list(dict.fromkeys([*problems, *reader.unreadable])),
    )


def _latest(available: Mapping[Partition, OffsetRange]) -> dict[Partition, OffsetRange]:
    return {p: (max(begin, end - RECORDS), end) for p, (begin, end) in available.items()}


def _next_of_groups(
    state: ClusterState, available: Mapping[Partition, OffsetRange]
) -> list[dict[Partition, OffsetRange]]:
    """By group, the records that it has not committed; a partition that it cannot read is there."""
    places = []
    for group in state.groups:
        ranges = {}
        for partition, lag in group.lag.items():
            begin, end = available.get(partition, (0, 0))
            start = max(end - lag, begin)
            if start < end - RECORDS:  # otherwise it is among the latest
                ranges[partition] = (start, start + RECORDS)
        if ranges:
            places.append(ranges)
    return places


def _read(reader: BoundedReader, ranges: Mapping[Partition, OffsetRange]) -> CheckedRecords:
    count, problems = 0, []
    for record in reader.records(ranges, all_partitions=False):
        count += 1
        if record.unreadable is not None:
            place = f"topic {record.topic}, partition {record.partition}"
            problems.append(f"{place}: {record.unreadable.detail}")
    return CheckedRecords(count, problems)
