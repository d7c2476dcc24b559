"""Whatever happens at the end of a job, a champion serves, and the history has the reason."""

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
from tests.unit.services.retrain.registry.world import RELEASE, World

NOW = datetime(2026, 1, 31, 4, tzinfo=UTC)


class FinalizationSetup:
    def __init__(self, tmp_path: Path) -> None:
        self.world = World(tmp_path)
        self.tmp_path = tmp_path
        self.log = tmp_path / "log"
        new = NewVersion(
            "nano-4", "adapter", RELEASE.name, NOW,
            base_version=RELEASE.version, previous_version=RELEASE.version,
        )  # fmt: skip
        self.trained = TrainedModel(tmp_path / "trained", tmp_path / "evidence.json", new)

    def end(self, verdict: GateVerdict, shares: TrialShares | None = None) -> JobOutcome:
        def gate(evidence: Path, *, out: Path) -> GateVerdict:
            return verdict

        finalize = JobFinalization(
            gate, self.world.folders, self.world.promoter,
            jobs_dir=self.tmp_path, history_dir=self.log,
        )  # fmt: skip
        end = finalize(self.trained, now=NOW, shares=shares)
        last = (self.log / "training_jobs.jsonl").read_text().splitlines()[-1]
        assert json.loads(last)["reason"] == end.reason
        return end

    @property
    def announced(self) -> list[str]:
        return [event.model_version for event in self.world.topic.events]


@pytest.fixture
def setup(tmp_path: Path) -> FinalizationSetup:
    return FinalizationSetup(tmp_path)


def test_a_winner_is_kept_and_promoted_with_its_metrics(setup: FinalizationSetup) -> None:
    end = setup.end(BETTER)
    assert (end.verdict, end.reason) == ("promoted", "nano-4 takes over.")
    (event,) = setup.world.topic.events
    assert event.metrics == {"held_out_difference": 0.03}


def test_a_winner_with_a_canary_share_is_tried_out_first(setup: FinalizationSetup) -> None:
    end = setup.end(BETTER, TrialShares(canary_share=0.1))
    assert end.verdict == "tried_out"
    assert setup.world.promoter.champion() == RELEASE.version


def test_a_loser_is_kept_in_a_folder_and_not_promoted(setup: FinalizationSetup) -> None:
    end = setup.end(NO_SIGNAL)
    assert (end.verdict, setup.announced) == ("kept", [])
    assert setup.world.folders.find("nano-4").reason == NO_SIGNAL.reason


def test_without_mlflow_the_champion_stays(setup: FinalizationSetup) -> None:
    setup.world.registry.available = False
    end = setup.end(BETTER)
    assert (end.verdict, setup.announced) == ("kept", [])
    assert "MLflow does not answer" in end.reason


def test_without_kafka_the_champion_stays(setup: FinalizationSetup) -> None:
    setup.world.topic.available = False
    end = setup.end(BETTER)
    assert end.verdict == "kept"
    assert "no broker" in end.reason


def test_incomplete_weights_are_not_promoted(setup: FinalizationSetup) -> None:
    (setup.trained.folder / "adapter_model.safetensors").unlink()
    end = setup.end(BETTER)
    assert (end.verdict, setup.announced) == ("kept", [])
    assert "adapter_model.safetensors" in end.reason


def test_finalizing_a_job_twice_changes_nothing_the_second_time(setup: FinalizationSetup) -> None:
    setup.end(BETTER)
    end = setup.end(BETTER)
    assert end.verdict == "kept"
    assert "champion already" in end.reason
    assert setup.announced == ["nano-4"]


def test_an_invalid_version_is_a_reason(setup: FinalizationSetup) -> None:
    setup.trained = replace(setup.trained, new=replace(setup.trained.new, version="../4"))
    assert "cannot name a folder" in setup.end(BETTER).reason


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit(3)", "left no report and ended with code 3"),
        ("raise RuntimeError('out of memory')", "RuntimeError: out of memory"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("import time; time.sleep(60)", "after 3 s"),
        (
            "import sys, pathlib; pathlib.Path(sys.argv[3], 'report.json').write_text('{')",
            "left no",
        ),
    ],
)
def test_a_gate_that_dies_promotes_nothing(tmp_path: Path, program: str, reason: str) -> None:
    verdict = run_gate(
        tmp_path / "evidence.json", out=tmp_path / "out", seconds=3,
        command=(sys.executable, "-c", program),
    )  # fmt: skip
    assert (verdict.promotes, verdict.code) == (False, "crash")
    assert reason in verdict.reason


def test_a_gate_that_cannot_be_started_promotes_nothing(tmp_path: Path) -> None:
    verdict = run_gate(tmp_path / "e", out=tmp_path / "out", command=("/no/such/program",))
    assert "could not be started" in verdict.reason


def test_an_old_report_is_not_read_as_a_verdict(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(
        '{"decision": {"verdict": "promote", "code": "better", "reason": "old"}, "metrics": {}}'
    )
    verdict = run_gate(tmp_path / "e", out=tmp_path, command=(sys.executable, "-c", "pass"))
    assert not verdict.promotes
