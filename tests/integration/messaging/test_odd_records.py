"""Records that are odd by bytes, headers or size stop neither path, and are kept as they came."""

from typing import Any

import pytest
from kafka import KafkaProducer

from tests.integration.cluster import Cluster, Written, event, incompressible, not_json
from tests.integration.messaging.reading import (
    BOTH_PATHS,
    Handled,
    committed,
    holds,
    letters,
    running,
    until,
)

pytestmark = pytest.mark.kafka


ODD_HEADERS = (
    ("null", None),
    ("not-utf8", b"\xff\xfe\x00\x80"),
    ("empty", b""),
    ("twice", b"1"),
    ("twice", b"2"),
    ("ünïcode", "grün".encode()),
)


@BOTH_PATHS
async def test_odd_records_reach_the_dead_letters_byte_for_byte(
    cluster: Cluster, path: str
) -> None:
    odd = [
        Written(b"\xff\x00key", b"\xff\xfe not JSON", ODD_HEADERS),
        Written(None, b"", ODD_HEADERS[:1]),
        Written(b"user-1", None, ODD_HEADERS[1:3]),
        Written(b"user-2", b"{" + incompressible(2_000_000)),
    ]
    cluster.write([event(1, user="u"), *odd, event(2, user="u")])
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all([1, 2])
        await until(lambda: holds(letters(cluster), lambda found: len(found) == len(odd)))
    found = await letters(cluster)
    assert {(one.key, one.value) for one in found} == {(one.key, one.value) for one in odd}
    sources = set()
    for one in found:
        (sent,) = [s for s in odd if (s.key, s.value) == (one.key, one.value)]
        ours = {"x-error", "x-detail", "x-source", "x-attempts"}
        assert tuple(h for h in one.headers if h[0] not in ours) == sent.headers
        sources.add(dict(one.headers)["x-source"])
    assert len(sources) == len(odd)
    assert sum((await committed(cluster)).values()) == len(odd) + 2


@BOTH_PATHS
async def test_odd_headers_on_a_good_event_do_not_matter(cluster: Cluster, path: str) -> None:
    good = event(1, user="u")
    cluster.write([Written(good.key, good.value, ODD_HEADERS)])
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all([1])
    assert await letters(cluster) == []


class NoText(str):
    """A header's name that is written as bytes which are no UTF-8."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe-id"


def _write_with_names_that_are_no_text(cluster: Cluster, *written: Written, **more: Any) -> None:
    """With kafka-python, whose producer lets us; all in one batch."""
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, linger_ms=200, **more)
    for one in written:
        headers = [(NoText("x"), b"1"), ("trace", b"2")]
        producer.send(cluster.topic.name, one.value, one.key, headers=headers, partition=0)
    producer.flush()
    producer.close()


@BOTH_PATHS
@pytest.mark.parametrize("compression", [None, "gzip"])
async def test_a_header_whose_name_is_no_text_stops_nobody(
    cluster: Cluster, path: str, compression: str | None
) -> None:
    bad = not_json(2)
    _write_with_names_that_are_no_text(
        cluster, event(1, user="u"), bad, event(3, user="u"), compression_type=compression
    )
    cluster.write([event(4, user="u", partition=0)])
    handled = Handled()
    async with running(cluster, path, handled):
        await handled.until_all([1, 3, 4])
        await until(lambda: holds(letters(cluster), lambda found: len(found) == 1))
    (letter,) = await letters(cluster)
    assert (letter.key, letter.value) == (bad.key, bad.value)
    assert letter.headers[:2] == (("\\xff\\xfe-id", b"1"), ("trace", b"2"))
    assert sum((await committed(cluster)).values()) == 4
    # And whoever reads with the other client.
    assert [r.headers[0][0] for r in cluster.read(cluster.topic)[:3]] == ["\\xff\\xfe-id"] * 3


@BOTH_PATHS
async def test_a_compressed_record_too_large_to_be_written_again_stops_nothing(
    cluster: Cluster, path: str
) -> None:
    cluster.write(
        [Written(b"u", b"{" * 6_000_000), event(1, user="u")],
        compressed=True,
    )
    handled = Handled()
    async with running(cluster, path, handled) as service:
        await handled.until_all([1])
        await until(lambda: holds(letters(cluster), lambda found: len(found) == 1))
        assert service.failure() is None
    (letter,) = await letters(cluster)
    assert (letter.key, letter.value) == (b"u", None)
    assert b"6000000 bytes, is too large" in (dict(letter.headers)["x-detail"] or b"")
