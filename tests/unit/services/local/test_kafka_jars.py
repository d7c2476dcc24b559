"""Kafka's jars have the pinned checksums or are downloaded again, and a failure is explained."""

import re
from pathlib import Path

import pytest

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.jars import invalid_jars, resolve_jars
from services.local.kafka.pinned_jars import JARS, KAFKA_VERSION
from services.local.kafka.progress import silent


def test_every_jar_has_a_pinned_checksum() -> None:
    assert len({jar.path for jar in JARS}) == len(JARS)
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in JARS)


def test_all_kafka_jars_have_one_version() -> None:
    assert {jar.version for jar in JARS if jar.group == "org.apache.kafka"} == {KAFKA_VERSION}


def test_an_incomplete_jar_is_invalid(tmp_path: Path) -> None:
    incomplete = tmp_path / JARS[0].path
    incomplete.parent.mkdir(parents=True)
    incomplete.write_bytes(b"PK")
    assert invalid_jars(tmp_path) == JARS


def test_without_a_network_the_error_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    steps: list[str] = []
    with pytest.raises(KafkaDidNotStart, match=r"needed once.*no network is needed") as failure:
        resolve_jars(steps.append, tmp_path)
    assert "://" not in failure.value.detail
    assert steps == ["downloading Kafka (first time, about 45 MB)"]


def test_a_cache_that_cannot_be_written_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KafkaDidNotStart, match=r"cannot be written.*set M2_REPO"):
        resolve_jars(silent, tmp_path / "file" / "cache")


def test_a_colon_in_the_path_of_the_jars_is_named_before_java_starts(tmp_path: Path) -> None:
    with pytest.raises(KafkaDidNotStart, match=r"has ':' in its path.*set M2_REPO"):
        resolve_jars(silent, tmp_path / "a:b")
