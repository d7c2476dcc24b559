"""What was written under one key is read back from where a reader left off, and nothing else."""

import json

import pytest
from aiokafka.partitioner import DefaultPartitioner
from kafka import KafkaAdminClient, TopicPartition

from shared.client.records import send_raw
from shared.events.wire.record import Outgoing
from shared.messaging.read.by_key import KeyPlace, partition_of, records_since
from tests.integration.cluster import Cluster

pytestmark = [pytest.mark.kafka]


def _write(cluster: Cluster, *numbers: int, users: tuple[str, ...] = ("ada", "bob", "cy")) -> None:
    records = [
        Outgoing(cluster.topic.name, user.encode(), json.dumps([user, number]).encode(), ())
        for number in numbers
        for user in users
    ]
    send_raw(cluster.bootstrap, records)


def test_a_reader_gets_what_it_missed_and_then_nothing(cluster: Cluster) -> None:
    _write(cluster, 1)
    begun = records_since(cluster.settings(), [cluster.topic], b"ada", None)
    assert (begun.records, begun.is_whole) == ((), True)
    _write(cluster, 2, 3)
    found = records_since(cluster.settings(), [cluster.topic], b"ada", begun.places)
    assert [json.loads(r.value or b"") for r in found.records] == [["ada", 2], ["ada", 3]]
    assert found.is_whole
    again = records_since(cluster.settings(), [cluster.topic], b"ada", found.places)
    assert (list(again.records), again.places) == ([], found.places)


def test_what_kafka_has_deleted_or_nobody_has_time_for_is_a_gap(cluster: Cluster) -> None:
    begun = records_since(cluster.settings(), [cluster.topic], b"ada", None)
    _write(cluster, 1, 2, 3, users=("ada",))
    short = records_since(cluster.settings(), [cluster.topic], b"ada", begun.places, most=1)
    assert ([r.value for r in short.records], short.is_whole) == ([b'["ada", 3]'], False)

    (place,) = begun.places.values()
    admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    admin.delete_records({TopicPartition(cluster.topic.name, place.partition): place.offset + 2})
    admin.close()
    left = records_since(cluster.settings(), [cluster.topic], b"ada", begun.places)
    assert ([r.value for r in left.records], left.is_whole) == ([b'["ada", 3]'], False)


@pytest.mark.parametrize("wrong", [KeyPlace(0, 10**15), KeyPlace(999, 0)])
def test_a_place_that_there_is_not_is_a_gap_and_no_failure(
    cluster: Cluster, wrong: KeyPlace
) -> None:
    _write(cluster, 1)
    found = records_since(cluster.settings(), [cluster.topic], b"ada", {cluster.topic.name: wrong})
    assert (list(found.records), found.is_whole) == ([], False)


def test_all_who_write_agree_on_the_partition_of_a_key() -> None:
    theirs = DefaultPartitioner()
    numbers = list(range(12))
    for n in range(500):
        key = f"default/user-{n}".encode()
        assert partition_of(key, numbers) == theirs(key, numbers, numbers)
