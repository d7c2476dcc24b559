"""A fake Kafka cluster: a test sets its offsets and appends its records."""

from collections.abc import Sequence

from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing, Record
from shared.messaging.admin.cluster_state import ClusterState


class FakeCluster:
    """A `Cluster` with one partition for each topic."""

    def __init__(self) -> None:
        self.state = ClusterState({}, ())
        self.records: list[Record] = []

    def put(self, *events: Event) -> None:
        for event in events:
            self.put_raw(encode(event))

    def put_raw(self, sent: Outgoing) -> None:
        """Append a record to its topic, one second later than the record before."""
        offset = sum(record.topic == sent.topic for record in self.records)
        stamp = 1_760_000_000_000 + 1_000 * len(self.records)
        self.records.append(
            Record(sent.topic, 0, offset, stamp, sent.key, sent.value, sent.headers)
        )

    async def current_state(self) -> ClusterState:
        return self.state

    async def latest(self, topic: Topic, *, max_per_partition: int) -> Sequence[Record]:
        return [record for record in self.records if record.topic == topic.name][
            -max_per_partition:
        ]
