"""However a night goes, a champion serves, and there is a line that says why."""

from pathlib import Path

import pytest

from services.retrain.jobs.dependencies import NightPlan
from services.retrain.jobs.training_process import NightCrashed
from services.retrain.lake.collect import Problem
from shared.domain.errors import Unavailable
from tests.unit.services.retrain.jobs.sample_jobs import NO_SIGNAL, TONIGHT, Nights, lines, value
from tests.unit.services.retrain.registry.world import RELEASE


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_a_winner_takes_over_and_the_night_is_told_of(nights: Nights) -> None:
    end = nights.night().run(TONIGHT)
    assert (end.verdict, nights.announced) == ("promoted", ["nano-4"])
    assert nights.training.request.champion.version == RELEASE.version
    assert [line["night"] for line in lines(nights)] == ["night-2026-01-31"]
    assert value(nights, "preferstream_nights_total", verdict="promoted", code="better") == 1
    assert value(nights, "preferstream_night_last_end_timestamp_seconds", verdict="promoted") > 0
    assert (
        value(nights, "preferstream_night_heartbeat_timestamp_seconds")
        == nights.clock.now.timestamp()
    )
    assert value(nights, "preferstream_night_running") == 0


def test_a_loser_changes_nothing(nights: Nights) -> None:
    nights.verdict = NO_SIGNAL
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.announced) == ("kept", "no_signal", [])


def test_too_little_data_is_said_as_it_is(nights: Nights) -> None:
    nights.answers(reason="there is too little data")
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code) == ("kept", "too_little_data")
    assert end.reason == "The champion keeps serving, because there is too little data."


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (NightCrashed("the training was killed by SIGKILL; it said: nothing"), "crash", "SIGKILL"),
        (Unavailable("kafka", "no broker"), "kafka", "no broker"),
        (OSError(28, "No space left on device", "/data/x"), "machine", "No space left on device"),
        (RuntimeError("a bug"), "crash", "RuntimeError: a bug"),
    ],
)
def test_whatever_fails_the_champion_stays_and_the_reason_is_kept(
    nights: Nights, error: Exception, code: str, told: str
) -> None:
    def fail() -> None:
        raise error

    nights.training.does = fail
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.announced) == ("kept", code, [])
    assert told in end.reason
    assert lines(nights)[-1]["reason"] == end.reason
    assert nights.night().run(TONIGHT).verdict == "skipped"


def test_without_the_latest_clicks_nothing_is_trained(nights: Nights) -> None:
    nights.problems = (Problem("feedback", "lake_broken", "the Delta table cannot be used"),)
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.training.folders) == ("kept", "collect", [])
    assert "the Delta table cannot be used" in end.reason


def test_without_mlflow_a_winner_waits(nights: Nights) -> None:
    nights.world.registry.away = True
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.announced) == ("kept", "not_announced", [])
    assert "MLflow does not answer" in end.reason


def test_without_kafka_nothing_is_begun(nights: Nights) -> None:
    nights.world.topic.away = True
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.training.folders) == ("kept", "kafka", [])


def test_a_full_disk_of_the_registry_is_told(nights: Nights) -> None:
    models = nights.tmp_path / "models"
    (models / "night.lock").mkdir()
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code) == ("kept", "registry")


def test_a_challenger_that_was_cut_off_is_not_promoted(nights: Nights) -> None:
    broken = nights.tmp_path / "broken"
    broken.mkdir()
    (broken / "adapter_config.json").write_text("{}")
    nights.answers(
        code="trained", challenger={"folder": broken, "version": "nano-4", "kind": "adapter"},
        evidence=broken / "evidence.json", base_version=RELEASE.version,
    )  # fmt: skip
    end = nights.night().run(TONIGHT)
    assert (end.verdict, nights.announced) == ("kept", [])
    assert "adapter_model.safetensors" in end.reason


def test_a_challenger_held_against_yesterdays_champion_is_not_promoted(nights: Nights) -> None:
    nights.training.does = lambda: None if nights.announced else _promote(nights, "nano-2")
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.announced) == ("kept", "champion", ["nano-2"])
    assert "held against the wrong one" in end.reason


def _promote(nights: Nights, version: str) -> None:
    nights.world.promoter.promote(version, reason="by hand")


def test_a_champion_whose_files_are_broken_is_named_and_goes_on_serving(nights: Nights) -> None:
    _promote(nights, "nano-2")
    folder = nights.world.folders.find("nano-2").folder
    (folder / "adapter_model.safetensors").write_bytes(b"torn")
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.training.folders) == ("kept", "champion", [])
    assert "adapter_model.safetensors" in end.reason
    assert nights.announced == ["nano-2"]


def test_old_nights_are_removed_and_heavy_files_go_at_once(nights: Nights) -> None:
    nights.verdict = NO_SIGNAL
    for day in range(1, 5):
        nights.training.does = lambda: (nights.training.folders[-1] / "sft").mkdir()
        nights.night().run(NightPlan(name=f"night-2026-02-0{day}"))
    left = sorted(folder.name for folder in (nights.tmp_path / "nights").iterdir())
    assert left == ["night-2026-02-03", "night-2026-02-04"]
    assert not list((nights.tmp_path / "nights").glob("*/sft"))
