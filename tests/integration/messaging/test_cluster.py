"""The cluster knows the lag of a consumer that has died, and of one that never committed."""

import subprocess
import sys

import pytest
from kafka import KafkaConsumer

from shared.messaging.admin.cluster import GroupNow, look
from tests.integration.cluster import Cluster

pytestmark = [pytest.mark.kafka]
AWAY = """
from shared.domain.errors import Unavailable
from shared.messaging.admin.cluster import look
from shared.messaging.client.settings import MessagingSettings
try:
    look(MessagingSettings(kafka="127.0.0.1:1"), ["feedback.v1"])
except Unavailable as error:
    print(error)
"""


def _consume(cluster: Cluster, *, events: int, commit: bool) -> None:
    """Be a consumer of the group that reads, perhaps commits, and dies."""
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


def _group(cluster: Cluster) -> GroupNow:
    now = look(cluster.settings(), [cluster.topic.name, "there-is-no-such-topic"])
    (found,) = (group for group in now.groups if group.name == cluster.group)
    return found


def test_the_lag_of_a_dead_consumer_grows(cluster: Cluster) -> None:
    cluster.write_events(range(5))
    _consume(cluster, events=5, commit=True)
    assert sum(_group(cluster).lag.values()) == 0
    cluster.write_events(range(5, 12))
    found = _group(cluster)
    assert sum(found.lag.values()) == 7
    assert found.members == 0


def test_a_consumer_that_died_before_its_first_commit_has_all_before_it(cluster: Cluster) -> None:
    cluster.write_events(range(4))
    _consume(cluster, events=4, commit=False)
    assert sum(_group(cluster).lag.values()) == 4


def test_a_topic_tells_what_it_holds(cluster: Cluster) -> None:
    cluster.write_events(range(3))
    now = look(cluster.settings(), [cluster.topic.name])
    assert sum(one.end - one.begin for one in now.partitions.values()) == 3
    assert any(one.newest_ms for one in now.partitions.values())


def test_a_cluster_that_is_away_is_unavailable() -> None:
    # In a process of its own: kafka-python leaves the sockets of a client that never connected.
    told = subprocess.run(
        [sys.executable, "-c", AWAY], capture_output=True, text=True, timeout=200, check=False
    )
    assert told.stdout.startswith("kafka: 127.0.0.1:1"), told.stderr[-2000:]
