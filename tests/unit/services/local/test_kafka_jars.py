"""Kafka's jars are the pinned bytes or they are fetched again, and their absence is explained."""

import re
from pathlib import Path

import pytest

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.jars import resolve_jars, unfit_jars
from services.local.kafka.pinned_jars import JARS, KAFKA_VERSION
from services.local.kafka.progress import silent


def test_every_jar_is_pinned_by_its_bytes() -> None:
    assert len({jar.path for jar in JARS}) == len(JARS)
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in JARS)


def test_all_of_kafka_is_of_one_version() -> None:
    assert {jar.version for jar in JARS if jar.group == "org.apache.kafka"} == {KAFKA_VERSION}


def test_a_half_fetched_jar_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    half = tmp_path / JARS[0].path
    half.parent.mkdir(parents=True)
    half.write_bytes(b"PK")
    assert unfit_jars(tmp_path) == JARS


def test_without_a_network_the_message_says_what_is_needed(
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
    assert steps == ["fetching Kafka (first time, about 45 MB)"]


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KafkaDidNotStart, match=r"cannot be written.*set M2_REPO"):
        resolve_jars(silent, tmp_path / "file" / "cache")
