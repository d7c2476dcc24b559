"""Both clients read every codec, and never fail at a batch whose checksum is right."""

import gzip
import random
import struct
from collections.abc import Callable
from typing import Any

import cramjam
import lz4.frame
import pytest
import zstandard
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.record import memory_records

from shared.domain.errors import Unprocessable
from shared.events.topics import FEEDBACK
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.batches import codecs
from shared.messaging.batches.aiokafka_batch import TolerantRecords, UnreadablePartition
from shared.messaging.batches.codecs import BATCH_TOO_LARGE, UNREADABLE_BATCH, MissingCodec
from shared.messaging.batches.install import install_batch_readers
from shared.messaging.batches.record_batch import HEADER, LOG_OVERHEAD
from shared.messaging.client.kafka_types import to_record
from tests.integration.records.batch_log import with_checksum

PARTITION = TopicPartition("feedback.v1", 3)
NUMBERS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}


def xerial(data: bytes, block: int = 32) -> bytes:
    """Snappy as Java writes it: a header, then blocks with their lengths."""
    out = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
    for at in range(0, len(data), block):
        compressed = bytes(cramjam.snappy.compress_raw(data[at : at + block]))
        out += struct.pack(">i", len(compressed)) + compressed
    return out


FORMS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip with two members": ("gzip", lambda d: gzip.compress(d[:50]) + gzip.compress(d[50:])),
    "snappy in blocks": ("snappy", xerial),
    "snappy in blocks of an unknown version": (
        "snappy",
        lambda d: xerial(d)[:8] + struct.pack("<ii", 1, 1) + xerial(d)[16:],
    ),
    "raw snappy": ("snappy", lambda d: bytes(cramjam.snappy.compress_raw(d))),
    "lz4": ("lz4", lambda d: lz4.frame.compress(d, block_linked=False)),
    "lz4 without its size": ("lz4", lambda d: lz4.frame.compress(d, store_size=False)),
    "lz4 with linked blocks": ("lz4", lambda d: lz4.frame.compress(d, block_linked=True)),
    "two lz4 frames": ("lz4", lambda d: lz4.frame.compress(d[:50]) + lz4.frame.compress(d[50:])),
    "zstd": ("zstd", lambda d: zstandard.ZstdCompressor().compress(d)),
    "zstd without its size": (
        "zstd",
        lambda d: zstandard.ZstdCompressor(write_content_size=False).compress(d),
    ),
    "two zstd frames": ("zstd", lambda d: zstandard.compress(d[:50]) + zstandard.compress(d[50:])),
}


def batch(
    values: list[bytes],
    *,
    first: int = 0,
    change: Callable[[bytes], bytes] | None = None,
    codec: int = 0,
) -> bytes:
    """A batch with these values; `change` compresses or damages its records."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1_000_000_000)
    for number, value in enumerate(values):
        builder.append(number, 1_700_000_000_000, b"key", value, [("h", b"1")])
    data = bytes(builder.build())
    payload = data[HEADER.size :] if change is None else change(data[HEADER.size :])
    fields = list(HEADER.unpack_from(data))
    fields[0], fields[1], fields[5] = first, HEADER.size - LOG_OVERHEAD + len(payload), codec
    return with_checksum(HEADER.pack(*fields) + payload)


def with_aiokafka(data: bytes, fetch_offset: int = 0) -> tuple[list[Record], int]:
    """The records that aiokafka's fetcher hands on, and the next offset that it fetches."""
    install_batch_readers()
    from aiokafka.consumer import fetcher

    records = fetcher.PartitionRecords(
        PARTITION, TolerantRecords(data), [], fetch_offset, None, None, True, 0
    )
    return [to_record(raw) for raw in records], records.next_fetch_offset


def with_kafka_python(data: bytes, fetch_offset: int = 0) -> tuple[list[Record], int]:
    """The same with kafka-python's fetcher."""
    install_batch_readers()
    records = Fetcher.PartitionRecords(fetch_offset, PARTITION, memory_records.MemoryRecords(data))
    raws: list[Any] = records.take()
    return [to_record(raw) for raw in raws], records.next_fetch_offset


BOTH = pytest.mark.parametrize("read", [with_aiokafka, with_kafka_python])
Read = Callable[..., tuple[list[Record], int]]
VALUES = [b"value %d " % number * 20 for number in range(9)]


@BOTH
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_every_codec_is_read(read: Read, form: str) -> None:
    codec, compress = FORMS[form]
    records, position = read(batch(VALUES, change=compress, codec=NUMBERS[codec]))
    assert [record.value for record in records] == VALUES
    assert position == 9


@BOTH
@pytest.mark.parametrize("codec", NUMBERS)
def test_a_payload_that_does_not_decompress_is_one_unreadable_record(
    read: Read, codec: str
) -> None:
    bad = batch(VALUES, first=10, change=lambda d: b"\x01\x02" + d[:30], codec=NUMBERS[codec])
    records, position = read(batch(VALUES[:1]) + bad + batch(VALUES[:1], first=19))
    assert [record.offset for record in records] == [0, 18, 19]
    unreadable = records[1].unreadable
    assert unreadable is not None
    assert unreadable.reason == UNREADABLE_BATCH
    assert unreadable.detail.startswith("offsets 10 to 18 cannot be read: ")
    assert (records[1].key, records[1].value) == (None, b"")
    assert position == 20


@BOTH
def test_records_before_the_damage_are_kept(read: Read) -> None:
    cut = batch(VALUES, change=lambda d: d[: len(d) // 2])
    records, position = read(cut + batch(VALUES[:1], first=9))
    kept = [record for record in records if record.unreadable is None]
    assert [record.value for record in kept] == [*VALUES[:4], VALUES[0]]
    assert [record.offset for record in records] == [0, 1, 2, 3, 8, 9]
    assert position == 10


@BOTH
@pytest.mark.parametrize("position", [0, 4, 8])
def test_a_read_that_begins_inside_the_batch_gets_the_unreadable_record_too(
    read: Read, position: int
) -> None:
    records, after = read(batch(VALUES, change=lambda _: b"\xff" * 40), position)
    assert [record.offset for record in records] == [8]
    assert after == 9


@BOTH
@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd", "snappy"])
def test_a_batch_beyond_the_size_limit_keeps_the_records_before_it(read: Read, codec: str) -> None:
    forms = {"gzip": "gzip", "lz4": "lz4", "zstd": "zstd", "snappy": "raw snappy"}
    bomb = bytes(codecs.MAX_BATCH_BYTES)
    data = batch([b"small", bomb, b"behind"], change=FORMS[forms[codec]][1], codec=NUMBERS[codec])
    assert len(data) < 4_000_000
    records, position = read(data)
    # A snappy block says its size at its beginning, and is not decompressed at all.
    kept = [] if codec == "snappy" else [b"small"]
    assert [record.value for record in records if record.unreadable is None] == kept
    assert records[-1].offset == 2
    assert records[-1].unreadable is not None
    assert records[-1].unreadable.reason == BATCH_TOO_LARGE
    assert position == 3


@BOTH
def test_an_unknown_codec_is_one_unreadable_record(read: Read) -> None:
    records, _ = read(batch(VALUES, codec=5))
    assert records[0].unreadable is not None
    assert "no codec with number 5" in records[0].unreadable.detail


@BOTH
def test_garbage_behind_the_last_record_loses_nothing(read: Read) -> None:
    records, position = read(batch(VALUES, change=lambda d: d + b"\x00\x01"))
    assert [record.value for record in records] == VALUES
    assert position == 9


@BOTH
@pytest.mark.parametrize("seed", range(150))
def test_any_damage_under_a_right_checksum_passes_the_batch_and_keeps_the_next(
    read: Read, seed: int
) -> None:
    rng = random.Random(seed)
    codec, compress = FORMS[rng.choice(list(FORMS))] if rng.random() < 0.5 else ("", bytes)

    def damaged(payload: bytes) -> bytes:
        changed = bytearray(compress(payload))
        for _ in range(rng.randint(1, 5)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        return bytes(changed[: rng.randint(0, len(changed))] if rng.random() < 0.3 else changed)

    bad = batch(VALUES, first=1, change=damaged, codec=NUMBERS.get(codec, 0))
    records, position = read(batch([b"before"]) + bad + batch([b"after"], first=10))
    offsets = [record.offset for record in records]
    assert (records[0].value, records[-1].value) == (b"before", b"after")
    assert offsets == sorted(set(offsets))
    assert position == 11


def test_both_clients_agree_on_damaged_batches() -> None:
    for seed in range(200):
        rng = random.Random(seed)
        cut = rng.randint(0, 300)
        data = batch(VALUES, change=lambda d, cut=cut: d[:cut])  # type: ignore[misc]
        offsets = [
            [(r.offset, r.value, r.unreadable is None) for r in read(data)[0]]
            for read in (with_aiokafka, with_kafka_python)
        ]
        assert offsets[0] == offsets[1]


def test_a_wrong_checksum_is_an_error_that_names_partition_and_offset() -> None:
    data = bytearray(batch(VALUES, first=40))
    data[-1] ^= 1
    with pytest.raises(UnreadablePartition, match=r"feedback\.v1/3 cannot be read at offset 40: "):
        with_aiokafka(bytes(data), 40)


def test_an_unreadable_record_has_no_event() -> None:
    (record,), _ = with_aiokafka(batch(VALUES, change=lambda _: b"\xff" * 40))
    with pytest.raises(Unprocessable, match="unreadable_batch: offsets 0 to 8 cannot be read"):
        decode(FEEDBACK, record)


def test_a_missing_library_is_a_startup_error_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "zstandard", None)
    codecs.require_codecs.cache_clear()
    try:
        with pytest.raises(MissingCodec, match="compressed with zstd cannot be read here"):
            install_batch_readers()
    finally:
        codecs.require_codecs.cache_clear()
