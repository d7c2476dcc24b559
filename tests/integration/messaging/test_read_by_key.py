"""The records of one key are read from where a reader stopped, and no others."""

import json
import time

import pytest
from aiokafka.partitioner import DefaultPartitioner
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from shared.events.wire.record import Outgoing
from shared.messaging.client.producer import send_once
from shared.messaging.read.by_key import KeyPosition, partition_of, records_since
from tests.integration.cluster import Cluster

pytestmark = [pytest.mark.kafka]


def _write(cluster: Cluster, *numbers: int, users: tuple[str, ...] = ("ada", "bob", "cy")) -> None:
    records = [
        Outgoing(cluster.topic.name, user.encode(), json.dumps([user, number]).encode(), ())
        for number in numbers
        for user in users
    ]
    send_once(cluster.bootstrap, *records)


def test_a_reader_gets_the_missed_records_and_then_none(cluster: Cluster) -> None:
    _write(cluster, 1)
    start = records_since(cluster.settings(), [cluster.topic], b"ada", None)
    assert (start.records, start.is_complete) == ((), True)
    _write(cluster, 2, 3)
    missed = records_since(cluster.settings(), [cluster.topic], b"ada", start.positions)
    assert [json.loads(r.value or b"") for r in missed.records] == [["ada", 2], ["ada", 3]]
    assert missed.is_complete
    again = records_since(cluster.settings(), [cluster.topic], b"ada", missed.positions)
    assert (list(again.records), again.positions) == ([], missed.positions)


def test_deleted_records_and_too_many_records_make_the_result_incomplete(cluster: Cluster) -> None:
    start = records_since(cluster.settings(), [cluster.topic], b"ada", None)
    _write(cluster, 1, 2, 3, users=("ada",))
    short = records_since(
        cluster.settings(), [cluster.topic], b"ada", start.positions, max_scanned=1
    )
    assert ([r.value for r in short.records], short.is_complete) == ([b'["ada", 3]'], False)

    (position,) = start.positions.values()
    admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    admin.delete_records(
        {TopicPartition(cluster.topic.name, position.partition): position.offset + 2}
    )
    admin.close()
    rest = records_since(cluster.settings(), [cluster.topic], b"ada", start.positions)
    assert ([r.value for r in rest.records], rest.is_complete) == ([b'["ada", 3]'], False)


@pytest.mark.parametrize("wrong", [KeyPosition(0, 10**15), KeyPosition(999, 0)])
def test_an_invalid_position_makes_the_result_incomplete_without_an_error(
    cluster: Cluster, wrong: KeyPosition
) -> None:
    _write(cluster, 1)
    missed = records_since(cluster.settings(), [cluster.topic], b"ada", {cluster.topic.name: wrong})
    assert (list(missed.records), missed.is_complete) == ([], False)


def test_a_key_gets_the_same_partition_as_in_aiokafka() -> None:
    theirs = DefaultPartitioner()
    numbers = list(range(12))
    for n in range(500):
        key = f"default/user-{n}".encode()
        assert partition_of(key, numbers) == theirs(key, numbers, numbers)


def test_a_clock_that_was_set_back_does_not_reorder_the_records_of_a_topic(
    cluster: Cluster,
) -> None:
    start = records_since(cluster.settings(), [cluster.topic], b"ada", None)
    now_ms = int(time.time() * 1000)
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap)
    for number, timestamp_ms in enumerate((now_ms, now_ms - 3_600_000, now_ms - 3_500_000)):
        value = json.dumps(number).encode()
        producer.send(cluster.topic.name, value, key=b"ada", timestamp_ms=timestamp_ms).get(30)
    producer.close()
    missed = records_since(cluster.settings(), [cluster.topic], b"ada", start.positions)
    assert [json.loads(r.value or b"") for r in missed.records] == [0, 1, 2]
