"""Metrics of the latest jobs come from the history, and a torn line breaks no scrape."""

import json
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from services.retrain.jobs.finalization import HISTORY
from services.retrain.jobs.history import MAX_BYTES, JobHistory


def _line(verdict: str, day: int, code: str = "better") -> str:
    outcome = {"verdict": verdict, "ended_at": f"2026-01-{day:02}T04:00:00+00:00", "code": code}
    return json.dumps(outcome) + "\n"


@pytest.fixture
def registry(tmp_path: Path) -> CollectorRegistry:
    registry = CollectorRegistry()
    JobHistory(tmp_path, registry)
    return registry


def _at(registry: CollectorRegistry, verdict: str) -> float | None:
    name = "preferstream_training_job_latest_timestamp_seconds"
    return registry.get_sample_value(name, {"verdict": verdict})


def test_the_metrics_have_the_time_of_the_latest_job_of_each_verdict(
    tmp_path: Path, registry: CollectorRegistry
) -> None:
    (tmp_path / HISTORY).write_text(
        _line("promoted", 1) + _line("kept", 2, "no_gain") + _line("kept", 3, "crash")
    )
    assert _at(registry, "promoted") == 1767240000.0
    assert _at(registry, "kept") == 1767240000.0 + 2 * 86_400
    info = "preferstream_training_job_latest_info"
    assert registry.get_sample_value(info, {"verdict": "kept", "code": "crash"}) == 1
    assert registry.get_sample_value(info, {"verdict": "kept", "code": "no_gain"}) is None


def test_the_next_scrape_has_a_job_that_ended_meanwhile(
    tmp_path: Path, registry: CollectorRegistry
) -> None:
    assert _at(registry, "kept") is None
    (tmp_path / HISTORY).write_text(_line("kept", 9))
    assert _at(registry, "kept") is not None


@pytest.mark.parametrize(
    "torn", ["{", "[]", "3", '{"verdict": "kept"}', '{"ended_at": "soon", "verdict": "kept"}',
             '{"ended_at": 7, "verdict": "kept"}', "\xff"],
)  # fmt: skip
def test_a_torn_line_is_skipped(tmp_path: Path, registry: CollectorRegistry, torn: str) -> None:
    (tmp_path / HISTORY).write_text(f"{_line('promoted', 4)}{torn}\n", encoding="latin-1")
    assert _at(registry, "promoted") is not None
    assert b"promoted" in generate_latest(registry)


def test_only_the_end_of_a_long_history_is_read(
    tmp_path: Path, registry: CollectorRegistry
) -> None:
    old, new = _line("promoted", 1), _line("kept", 2)
    (tmp_path / HISTORY).write_text(old + new * (MAX_BYTES // len(new) + 1))
    assert _at(registry, "promoted") is None
    assert _at(registry, "kept") is not None


def test_consecutive_inconclusive_jobs_are_counted(
    tmp_path: Path, registry: CollectorRegistry
) -> None:
    def count_after(*codes: str) -> float | None:
        lines = [_line("kept", day, code) for day, code in enumerate(codes, start=1)]
        (tmp_path / HISTORY).write_text("".join(lines))
        return registry.get_sample_value("preferstream_consecutive_inconclusive_jobs")

    assert count_after() == 0
    assert count_after("no_time", "crash", "no_signal") == 0
    assert count_after("no_signal", "no_time", "lake", "crash") == 3
    assert count_after("crash", "too_little_data") == 0  # little feedback is not a failure
