"""After every job a champion serves, and the history has the reason."""

from pathlib import Path

import pytest

from services.retrain.jobs.dependencies import JobPlan
from services.retrain.jobs.training_process import TrainingCrashed
from services.retrain.lake.collect import CollectProblem
from shared.domain.errors import Unavailable
from shared.vlm.settings import ModelSettings
from tests.unit.services.retrain.jobs.sample_jobs import NO_SIGNAL, TONIGHT, JobSetup, lines, value
from tests.unit.services.retrain.registry.registry_setup import RELEASE


@pytest.fixture
def setup(tmp_path: Path) -> JobSetup:
    return JobSetup(tmp_path)


def test_a_winner_is_promoted_and_the_job_is_recorded_and_counted(setup: JobSetup) -> None:
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, setup.promoted_versions) == ("promoted", ["nano-4"])
    assert setup.training.request.champion.version == RELEASE.version
    assert [line["job"] for line in lines(setup)] == ["nightly-2026-01-31"]
    assert value(setup, "preferstream_training_jobs_total", verdict="promoted", code="better") == 1
    assert (
        value(setup, "preferstream_training_job_last_end_timestamp_seconds", verdict="promoted") > 0
    )
    assert (
        value(setup, "preferstream_training_job_heartbeat_timestamp_seconds")
        == setup.clock.now.timestamp()
    )
    assert value(setup, "preferstream_training_job_running") == 0


@pytest.mark.parametrize("server", [None, "http://127.0.0.1:8000"])
def test_a_job_knows_whether_a_server_serves_its_adapters(
    setup: JobSetup, server: str | None
) -> None:
    setup.model = ModelSettings(model_server=server)
    setup.runner().run(TONIGHT)
    assert setup.training.request.served_by_server is (server is not None)


def test_a_rejected_challenger_is_not_promoted(setup: JobSetup) -> None:
    setup.verdict = NO_SIGNAL
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.code, setup.promoted_versions) == ("kept", "no_signal", [])


def test_too_little_data_keeps_the_champion(setup: JobSetup) -> None:
    setup.set_result(reason="there is too little data")
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.code) == ("kept", "too_little_data")
    assert outcome.reason == "The champion keeps serving, because there is too little data."


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (
            TrainingCrashed("the training was killed by SIGKILL; standard error: empty"),
            "crash",
            "SIGKILL",
        ),
        (Unavailable("kafka", "no broker"), "kafka", "no broker"),
        (OSError(28, "No space left on device", "/data/x"), "machine", "/data/x: the disk is full"),
        (RuntimeError("a bug"), "crash", "RuntimeError: a bug"),
    ],
)
def test_a_failed_training_keeps_the_champion_and_records_the_reason(
    setup: JobSetup, error: Exception, code: str, reason: str
) -> None:
    def fail() -> None:
        raise error

    setup.training.action = fail
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.code, setup.promoted_versions) == ("kept", code, [])
    assert reason in outcome.reason
    assert lines(setup)[-1]["reason"] == outcome.reason
    assert setup.runner().run(TONIGHT).verdict == "skipped"


def test_no_training_starts_when_the_collection_has_a_problem(setup: JobSetup) -> None:
    setup.problems = (CollectProblem("feedback", "lake_broken", "the Delta table cannot be used"),)
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.code, setup.training.folders) == ("kept", "collect", [])
    assert "the Delta table cannot be used" in outcome.reason


def test_an_unavailable_mlflow_keeps_the_champion(setup: JobSetup) -> None:
    setup.registry.mirror.available = False
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.code, setup.promoted_versions) == ("kept", "not_announced", [])
    assert "MLflow does not answer" in outcome.reason


def test_no_training_starts_while_kafka_is_unavailable(setup: JobSetup) -> None:
    setup.registry.topic.available = False
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.code, setup.training.folders) == ("kept", "kafka", [])


def test_a_lock_that_cannot_be_written_keeps_the_champion(setup: JobSetup) -> None:
    models = setup.tmp_path / "models"
    (models / "training-job.lock").mkdir()
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.code) == ("kept", "registry")


def test_an_incomplete_challenger_is_not_promoted(setup: JobSetup) -> None:
    broken = setup.tmp_path / "broken"
    broken.mkdir()
    (broken / "adapter_config.json").write_text("{}")
    setup.set_result(
        code="trained", challenger={"folder": broken, "version": "nano-4", "kind": "adapter"},
        evidence=broken / "evidence.json", base_version=RELEASE.version,
    )  # fmt: skip
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, setup.promoted_versions) == ("kept", [])
    assert "adapter_model.safetensors" in outcome.reason


def test_a_challenger_compared_with_an_old_champion_is_not_promoted(setup: JobSetup) -> None:
    setup.training.action = lambda: None if setup.promoted_versions else _promote(setup, "nano-2")
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.code, setup.promoted_versions) == (
        "kept",
        "champion",
        ["nano-2"],
    )
    assert "compared with the wrong one" in outcome.reason


def _promote(setup: JobSetup, version: str) -> None:
    setup.registry.promoter.promote(version, reason="by hand")


def test_a_champion_with_broken_files_is_named_and_keeps_serving(setup: JobSetup) -> None:
    _promote(setup, "nano-2")
    folder = setup.registry.folders.find("nano-2").folder
    (folder / "adapter_model.safetensors").write_bytes(b"torn")
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.code, setup.training.folders) == ("kept", "champion", [])
    assert "adapter_model.safetensors" in outcome.reason
    assert setup.promoted_versions == ["nano-2"]


def test_old_jobs_and_large_folders_are_deleted(setup: JobSetup) -> None:
    setup.verdict = NO_SIGNAL
    for day in range(1, 5):
        setup.training.action = lambda: (setup.training.folders[-1] / "sft").mkdir()
        setup.runner().run(JobPlan(name=f"nightly-2026-02-0{day}"))
    left = sorted(folder.name for folder in (setup.tmp_path / "training-jobs").iterdir())
    assert left == ["nightly-2026-02-03", "nightly-2026-02-04"]
    assert not list((setup.tmp_path / "training-jobs").glob("*/sft"))
