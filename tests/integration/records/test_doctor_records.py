"""The doctor reads the records of a cluster, and names what cannot be read."""

from pathlib import Path

import pytest

from services.cli.connection import ConnectionSettings
from services.cli.doctor.checks import run_checks
from services.cli.doctor.record_check import check_codecs, check_kafka_records
from services.local.kafka.broker import LocalKafka
from shared.events.topics import ALL_TOPICS, FEEDBACK
from shared.messaging.admin.provision import provision
from shared.messaging.batches import codecs
from tests.integration.cluster import Cluster, event
from tests.integration.records.batch_log import batches_of
from tests.integration.records.test_unreadable import garbage
from tests.integration.records.writers import CODECS, with_librdkafka

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_the_doctor_names_topic_partition_and_offset_of_what_cannot_be_read(
    own_kafka: LocalKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cluster = Cluster(own_kafka.bootstrap, "")
    cluster.topic = FEEDBACK
    provision(cluster.settings(), ALL_TOPICS)
    settings = ConnectionSettings(kafka_bootstrap_servers=own_kafka.bootstrap, data_dir=tmp_path)
    for number, codec in enumerate(CODECS):
        with_librdkafka(cluster, codec, [event(number, user="u", partition=0)])
    result = check_kafka_records(settings)
    assert result.ok
    assert int(result.detail.removesuffix(" records were read")) >= len(CODECS)

    first, second, *_ = batches_of(Path(own_kafka.data_dir), FEEDBACK.name, 0)
    second.damage(garbage, keep_checksum=False)
    result = check_kafka_records(settings)
    assert not result.ok
    assert "topic feedback.v1, partition 0: offset 1 cannot be read: snappy" in result.detail
    first.damage(garbage, keep_checksum=True)
    try:
        result = check_kafka_records(settings)
        assert not result.ok
        assert "topic feedback.v1, partition 0 cannot be read at offset 0: " in result.detail
        assert "dlq list" in result.advice
    finally:
        first.repair()
        second.repair()


def test_the_doctor_reports_a_codec_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "lz4.frame", None)
    codecs.require_codecs.cache_clear()
    try:
        result = check_codecs(ConnectionSettings())
        assert not result.ok
        assert "compressed with lz4 cannot be read here" in result.detail
        # The checks of Kafka would end with the same error.
        names = {check.name for check in run_checks()}
        assert "codecs" in names
        assert not names & {"Kafka", "records"}
    finally:
        codecs.require_codecs.cache_clear()
    monkeypatch.undo()
    assert check_codecs(ConnectionSettings()).ok
