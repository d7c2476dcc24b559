"""Records with unusual bytes, headers or sizes stop neither path and stay unchanged."""

from typing import Any

import pytest
from kafka import KafkaProducer

from tests.integration.cluster import Cluster, Written, event, incompressible, not_json
from tests.integration.messaging.running_service import (
    BOTH_PATHS,
    Handled,
    committed,
    dead_letters,
    holds,
    running,
    until,
)

pytestmark = pytest.mark.kafka


UNUSUAL_HEADERS = (
    ("null", None),
    ("not-utf8", b"\xff\xfe\x00\x80"),
    ("empty", b""),
    ("twice", b"1"),
    ("twice", b"2"),
    ("ünïcode", "grün".encode()),
)


@BOTH_PATHS
async def test_undecodable_records_become_dead_letters_byte_for_byte(
    cluster: Cluster, path: str
) -> None:
    undecodable = [
        Written(b"\xff\x00key", b"\xff\xfe not JSON", UNUSUAL_HEADERS),
        Written(None, b"", UNUSUAL_HEADERS[:1]),
        Written(b"user-1", None, UNUSUAL_HEADERS[1:3]),
        Written(b"user-2", b"{" + incompressible(2_000_000)),
    ]
    cluster.write([event(1, user="u"), *undecodable, event(2, user="u")])
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all([1, 2])
        await until(
            lambda: holds(dead_letters(cluster), lambda records: len(records) == len(undecodable))
        )
    records = await dead_letters(cluster)
    assert {(r.key, r.value) for r in records} == {(r.key, r.value) for r in undecodable}
    sources = set()
    for record in records:
        (sent,) = [s for s in undecodable if (s.key, s.value) == (record.key, record.value)]
        ours = {"x-error", "x-detail", "x-source", "x-attempts"}
        assert tuple(h for h in record.headers if h[0] not in ours) == sent.headers
        sources.add(dict(record.headers)["x-source"])
    assert len(sources) == len(undecodable)
    assert sum((await committed(cluster)).values()) == len(undecodable) + 2


@BOTH_PATHS
async def test_unusual_headers_of_a_valid_event_are_ignored(cluster: Cluster, path: str) -> None:
    good = event(1, user="u")
    cluster.write([Written(good.key, good.value, UNUSUAL_HEADERS)])
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all([1])
    assert await dead_letters(cluster) == []


class NotUtf8(str):
    """A header name that is written as bytes which are not UTF-8."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe-id"


def _write_with_header_names_that_are_not_utf8(
    cluster: Cluster, *written: Written, **more: Any
) -> None:
    """Write one batch with kafka-python, whose producer allows such names."""
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, linger_ms=200, **more)
    for record in written:
        headers = [(NotUtf8("x"), b"1"), ("trace", b"2")]
        producer.send(cluster.topic.name, record.value, record.key, headers=headers, partition=0)
    producer.flush()
    producer.close()


@BOTH_PATHS
@pytest.mark.parametrize("compression", [None, "gzip"])
async def test_a_header_name_that_is_not_utf8_stops_no_consumer(
    cluster: Cluster, path: str, compression: str | None
) -> None:
    bad = not_json(2)
    _write_with_header_names_that_are_not_utf8(
        cluster, event(1, user="u"), bad, event(3, user="u"), compression_type=compression
    )
    cluster.write([event(4, user="u", partition=0)])
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all([1, 3, 4])
        await until(lambda: holds(dead_letters(cluster), lambda records: len(records) == 1))
    (letter,) = await dead_letters(cluster)
    assert (letter.key, letter.value) == (bad.key, bad.value)
    assert letter.headers[:2] == (("\\xff\\xfe-id", b"1"), ("trace", b"2"))
    assert sum((await committed(cluster)).values()) == 4
    # The other client reads it too.
    assert [r.headers[0][0] for r in cluster.read(cluster.topic)[:3]] == ["\\xff\\xfe-id"] * 3


@BOTH_PATHS
async def test_a_compressed_record_that_is_too_large_to_write_again_does_not_stop_consumption(
    cluster: Cluster, path: str
) -> None:
    cluster.write(
        [Written(b"u", b"{" * 6_000_000), event(1, user="u")],
        compressed=True,
    )
    handled = Handled()
    async with running(cluster, path, handled) as service:
        await handled.until_all([1])
        await until(lambda: holds(dead_letters(cluster), lambda records: len(records) == 1))
        assert service.failure() is None
    (letter,) = await dead_letters(cluster)
    assert (letter.key, letter.value) == (b"u", None)
    assert b"6000000 bytes is too large" in (dict(letter.headers)["x-detail"] or b"")
