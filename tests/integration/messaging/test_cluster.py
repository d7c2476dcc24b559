"""The cluster state has the lag of dead consumers and of consumers that never committed."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from kafka import KafkaConsumer

from shared.messaging.admin.cluster_state import GroupState, read_cluster_state
from tests.integration.cluster import Cluster

pytestmark = [pytest.mark.kafka]
UNREACHABLE_CLUSTER = """
from shared.domain.errors import Unavailable
from shared.messaging.admin.cluster_state import read_cluster_state
from shared.messaging.client.settings import MessagingSettings
try:
    read_cluster_state(MessagingSettings(kafka_bootstrap_servers="127.0.0.1:1"), ["feedback.v1"])
except Unavailable as error:
    print(error)
"""


@pytest.fixture(scope="module", autouse=True)
def unreachable() -> Iterator[subprocess.Popen[str]]:
    """It waits for the cluster for half a minute, so it starts before the first test."""
    # In its own process: kafka-python leaks the sockets of a client that never connected.
    with subprocess.Popen(
        [sys.executable, "-c", UNREACHABLE_CLUSTER],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def _consume(cluster: Cluster, *, events: int, commit: bool) -> None:
    """Consume as a member of the group, perhaps commit, and leave."""
    consumer = KafkaConsumer(
        cluster.topic.name,
        bootstrap_servers=cluster.bootstrap,
        group_id=cluster.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    seen = 0
    while seen < events:
        seen += sum(map(len, consumer.poll(timeout_ms=500).values()))
    if commit:
        consumer.commit()
    consumer.close(autocommit=False)


def _group(cluster: Cluster) -> GroupState:
    state = read_cluster_state(cluster.settings(), [cluster.topic.name, "there-is-no-such-topic"])
    (group,) = (group for group in state.groups if group.name == cluster.group)
    return group


def test_the_lag_of_a_dead_consumer_grows(cluster: Cluster) -> None:
    cluster.write_events(range(5))
    _consume(cluster, events=5, commit=True)
    assert sum(_group(cluster).lag.values()) == 0
    cluster.write_events(range(5, 12))
    group = _group(cluster)
    assert sum(group.lag.values()) == 7
    assert group.members == 0


def test_a_consumer_that_died_before_its_first_commit_has_the_whole_topic_as_lag(
    cluster: Cluster,
) -> None:
    cluster.write_events(range(4))
    _consume(cluster, events=4, commit=False)
    assert sum(_group(cluster).lag.values()) == 4


def test_the_state_has_offsets_and_the_newest_timestamp(cluster: Cluster) -> None:
    cluster.write_events(range(3))
    partitions = read_cluster_state(cluster.settings(), [cluster.topic.name]).partitions.values()
    assert sum(partition.end - partition.begin for partition in partitions) == 3
    assert any(partition.newest_ms for partition in partitions)


def test_an_unreachable_cluster_is_unavailable(unreachable: subprocess.Popen[str]) -> None:
    output, errors = unreachable.communicate(timeout=200)
    assert output.startswith("kafka: 127.0.0.1:1"), errors[-2000:]
