"""A data folder is used only when it is new, or when it is valid and belongs to this Kafka."""

import struct
from pathlib import Path

import crc32c
import pytest

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.metadata_log import first_corrupt_batch
from services.local.kafka.storage import (
    create_storage,
    existing_storage,
    new_cluster_id,
    prepare_data_folder,
)


def format_like_kafka(folder: Path, *, node_id: int = 1) -> None:
    def run_format(records: str, cluster_id: str) -> None:
        (folder / records).mkdir()
        meta = f"#comment\nversion=1\nnode.id={node_id}\ncluster.id={cluster_id}\n"
        (folder / records / "meta.properties").write_text(meta)
        (folder / records / "bootstrap.checkpoint").touch()

    create_storage(folder, run_format)


def batch(payload: bytes) -> bytes:
    rest = struct.pack(">ibI", 0, 2, crc32c.crc32c(payload)) + payload
    return struct.pack(">qi", 0, len(rest)) + rest


def test_a_new_folder_has_no_storage(tmp_path: Path) -> None:
    assert existing_storage(tmp_path) is None


def test_a_formatted_folder_keeps_its_cluster_id(tmp_path: Path) -> None:
    format_like_kafka(tmp_path)
    first = existing_storage(tmp_path)
    assert first is not None
    assert first == existing_storage(tmp_path)


def test_an_interrupted_format_leaves_no_storage(tmp_path: Path) -> None:
    def interrupted(records: str, _cluster_id: str) -> None:
        (tmp_path / records).mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_storage(tmp_path, interrupted)
    assert existing_storage(tmp_path) is None
    format_like_kafka(tmp_path)
    assert existing_storage(tmp_path) is not None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x00\xff nonsense", "meta.properties has version=None, expected 1"),
        (b"version=1\nnode.id=7\ncluster.id=a", "node.id=7, expected 1"),
        (b"version=1\nnode.id=1", "no cluster.id"),
        (b"version=1\nnode.id=1\ncluster.id=other", "belong to another cluster, other"),
    ],
)
def test_damage_is_reported_and_nothing_is_changed(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    format_like_kafka(tmp_path)
    meta = tmp_path / "records" / "meta.properties"
    meta.write_bytes(content)
    with pytest.raises(KafkaDidNotStart, match=r"is damaged.*delete it to start empty") as failure:
        existing_storage(tmp_path)
    assert problem in failure.value.detail
    assert meta.read_bytes() == content


def test_topics_without_the_metadata_log_are_damage(tmp_path: Path) -> None:
    format_like_kafka(tmp_path)
    (tmp_path / "records" / "feedback.v1-0").mkdir()
    with pytest.raises(KafkaDidNotStart, match="__cluster_metadata-0 is missing"):
        existing_storage(tmp_path)


def test_records_of_a_newer_kafka_are_refused(tmp_path: Path) -> None:
    format_like_kafka(tmp_path)
    (tmp_path / "kafka.stamp").write_text("kafka.version=4.10.0\n")
    with pytest.raises(KafkaDidNotStart, match=r"written by Kafka 4\.10\.0, newer than this"):
        existing_storage(tmp_path)


def test_a_valid_log_and_a_cut_off_end_are_accepted() -> None:
    log = batch(b"one" * 20) + batch(b"two" * 20)
    assert first_corrupt_batch(log) is None
    assert first_corrupt_batch(log[:-5]) is None
    assert first_corrupt_batch(log + bytes(64)) is None


def test_a_corrupt_batch_is_reported_at_its_start() -> None:
    first, second = batch(b"one" * 20), bytearray(batch(b"two" * 20))
    second[30] ^= 0xFF
    assert first_corrupt_batch(first + bytes(second) + batch(b"three")) == len(first)
    assert first_corrupt_batch(first + bytes(second)) == len(first)


def test_a_corrupt_length_is_not_a_cut_off_end() -> None:
    first, second = batch(b"one" * 20), bytearray(batch(b"two" * 20))
    second[8:12] = b"\x7f\xff\xff\xff"
    assert first_corrupt_batch(first + bytes(second) + batch(b"three")) == len(first)


def test_a_folder_that_cannot_be_written_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KafkaDidNotStart, match=r"is a file.*choose another data folder"):
        prepare_data_folder(tmp_path / "file" / "kafka")


def test_cluster_ids_have_kafkas_form() -> None:
    ids = {new_cluster_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(cluster_id) == 22 and not cluster_id.startswith("-") for cluster_id in ids)
