"""After every finalization a champion serves, and the history has the reason."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.retrain.jobs.finalization import (
    JobFinalization,
    JobOutcome,
    TrainedModel,
    TrialShares,
)
from services.retrain.jobs.gate_process import GateVerdict, run_gate
from services.retrain.registry.folders import NewVersion
from tests.unit.services.retrain.jobs.sample_jobs import BETTER, NO_SIGNAL
from tests.unit.services.retrain.registry.registry_setup import RELEASE, RegistrySetup

NOW = datetime(2026, 1, 31, 4, tzinfo=UTC)


class FinalizationSetup:
    def __init__(self, tmp_path: Path) -> None:
        self.registry = RegistrySetup(tmp_path)
        self.tmp_path = tmp_path
        self.history_dir = tmp_path / "history"
        new = NewVersion(
            "nano-4", "adapter", RELEASE.name, NOW,
            base_version=RELEASE.version, previous_version=RELEASE.version,
        )  # fmt: skip
        self.trained = TrainedModel(tmp_path / "trained", tmp_path / "evidence.json", new)

    def finalize(self, verdict: GateVerdict, shares: TrialShares | None = None) -> JobOutcome:
        def gate(evidence: Path, *, out: Path) -> GateVerdict:
            return verdict

        finalize = JobFinalization(
            gate, self.registry.folders, self.registry.promoter,
            jobs_dir=self.tmp_path, history_dir=self.history_dir,
        )  # fmt: skip
        outcome = finalize(self.trained, now=NOW, shares=shares)
        last = (self.history_dir / "training_jobs.jsonl").read_text().splitlines()[-1]
        assert json.loads(last)["reason"] == outcome.reason
        return outcome

    @property
    def promoted_versions(self) -> list[str]:
        return [event.model_version for event in self.registry.topic.events]


@pytest.fixture
def setup(tmp_path: Path) -> FinalizationSetup:
    return FinalizationSetup(tmp_path)


def test_a_winner_is_kept_and_promoted_with_its_metrics(setup: FinalizationSetup) -> None:
    outcome = setup.finalize(BETTER)
    assert (outcome.verdict, outcome.reason) == ("promoted", "nano-4 takes over.")
    (event,) = setup.registry.topic.events
    assert event.metrics == {"held_out_difference": 0.03}


def test_a_winner_with_a_canary_share_is_tried_out_first(setup: FinalizationSetup) -> None:
    outcome = setup.finalize(BETTER, TrialShares(canary_share=0.1))
    assert outcome.verdict == "tried_out"
    assert setup.registry.promoter.champion() == RELEASE.version


def test_a_rejected_challenger_is_kept_in_a_folder_and_not_promoted(
    setup: FinalizationSetup,
) -> None:
    outcome = setup.finalize(NO_SIGNAL)
    assert (outcome.verdict, setup.promoted_versions) == ("kept", [])
    assert setup.registry.folders.find("nano-4").reason == NO_SIGNAL.reason


def test_an_unavailable_mlflow_keeps_the_champion(setup: FinalizationSetup) -> None:
    setup.registry.mirror.available = False
    outcome = setup.finalize(BETTER)
    assert (outcome.verdict, setup.promoted_versions) == ("kept", [])
    assert "MLflow does not answer" in outcome.reason


def test_an_unavailable_kafka_keeps_the_champion(setup: FinalizationSetup) -> None:
    setup.registry.topic.available = False
    outcome = setup.finalize(BETTER)
    assert outcome.verdict == "kept"
    assert "no broker" in outcome.reason


def test_incomplete_weights_are_not_promoted(setup: FinalizationSetup) -> None:
    (setup.trained.folder / "adapter_model.safetensors").unlink()
    outcome = setup.finalize(BETTER)
    assert (outcome.verdict, setup.promoted_versions) == ("kept", [])
    assert "adapter_model.safetensors" in outcome.reason


def test_a_second_finalization_of_a_job_changes_nothing(setup: FinalizationSetup) -> None:
    setup.finalize(BETTER)
    outcome = setup.finalize(BETTER)
    assert outcome.verdict == "kept"
    assert "champion already" in outcome.reason
    assert setup.promoted_versions == ["nano-4"]


def test_an_invalid_version_name_keeps_the_champion(setup: FinalizationSetup) -> None:
    setup.trained = replace(setup.trained, new=replace(setup.trained.new, version="../4"))
    assert "cannot name a folder" in setup.finalize(BETTER).reason


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit(3)", "left no report and ended with code 3"),
        ("raise RuntimeError('out of memory')", "RuntimeError: out of memory"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        (
            "import sys, pathlib; pathlib.Path(sys.argv[3], 'report.json').write_text('{')",
            "left no",
        ),
    ],
)
def test_a_gate_that_fails_keeps_the_champion(tmp_path: Path, program: str, reason: str) -> None:
    verdict = run_gate(
        tmp_path / "evidence.json", out=tmp_path / "out", seconds=60,
        command=(sys.executable, "-c", program),
    )  # fmt: skip
    assert (verdict.promotes, verdict.code) == (False, "crash")
    assert reason in verdict.reason


def test_a_gate_that_hangs_is_ended_and_keeps_the_champion(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import time; time.sleep(60)")
    verdict = run_gate(tmp_path / "e", out=tmp_path / "out", seconds=3, command=command)
    assert (verdict.promotes, verdict.code) == (False, "crash")
    assert "after 3 s" in verdict.reason


def test_a_gate_that_cannot_be_started_keeps_the_champion(tmp_path: Path) -> None:
    verdict = run_gate(tmp_path / "e", out=tmp_path / "out", command=("/no/such/program",))
    assert "could not be started" in verdict.reason


def test_an_old_report_is_not_read_as_a_verdict(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(
        '{"decision": {"verdict": "promote", "code": "better", "reason": "old"}, "metrics": {}}'
    )
    verdict = run_gate(tmp_path / "e", out=tmp_path, command=(sys.executable, "-c", "pass"))
    assert not verdict.promotes
