"""However a night ends, there is a champion, and a line that says why."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.retrain.jobs.finalization import EndOfNight, NightEnd, Trained, Trial
from services.retrain.jobs.gate_process import GateVerdict, run_gate
from services.retrain.registry.folders import NewVersion
from tests.unit.services.retrain.jobs.sample_jobs import BETTER, NO_SIGNAL
from tests.unit.services.retrain.registry.world import RELEASE, World

NOW = datetime(2026, 1, 31, 4, tzinfo=UTC)


class Nights:
    def __init__(self, tmp_path: Path) -> None:
        self.world = World(tmp_path)
        self.tmp_path = tmp_path
        self.log = tmp_path / "log"
        new = NewVersion(
            "nano-4", "adapter", RELEASE.name, NOW,
            base_version=RELEASE.version, previous_version=RELEASE.version,
        )  # fmt: skip
        self.trained = Trained(tmp_path / "trained", tmp_path / "evidence.json", new)

    def end(self, verdict: GateVerdict, trial: Trial | None = None) -> NightEnd:
        def gate(evidence: Path, *, out: Path) -> GateVerdict:
            return verdict

        ending = EndOfNight(
            gate, self.world.folders, self.world.promoter, work=self.tmp_path, log_in=self.log
        )
        end = ending(self.trained, now=NOW, trial=trial)
        last = (self.log / "nights.jsonl").read_text().splitlines()[-1]
        assert json.loads(last)["reason"] == end.reason
        return end

    @property
    def announced(self) -> list[str]:
        return [event.model_version for event in self.world.topic.events]


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_a_winner_is_kept_and_announced_with_its_figures(nights: Nights) -> None:
    end = nights.end(BETTER)
    assert (end.verdict, end.reason) == ("promoted", "nano-4 takes over.")
    (event,) = nights.world.topic.events
    assert event.metrics == {"held_out_difference": 0.03}


def test_a_winner_may_have_to_prove_itself_on_a_share_first(nights: Nights) -> None:
    end = nights.end(BETTER, Trial(canary_share=0.1))
    assert end.verdict == "tried_out"
    assert nights.world.promoter.champion() == RELEASE.version


def test_a_loser_is_kept_to_look_at_and_not_announced(nights: Nights) -> None:
    end = nights.end(NO_SIGNAL)
    assert (end.verdict, nights.announced) == ("kept", [])
    assert nights.world.folders.find("nano-4").reason == NO_SIGNAL.reason


def test_without_the_registry_the_champion_stays(nights: Nights) -> None:
    nights.world.registry.away = True
    end = nights.end(BETTER)
    assert (end.verdict, nights.announced) == ("kept", [])
    assert "MLflow does not answer" in end.reason


def test_without_kafka_the_champion_stays(nights: Nights) -> None:
    nights.world.topic.away = True
    end = nights.end(BETTER)
    assert end.verdict == "kept"
    assert "no broker" in end.reason


def test_weights_that_were_cut_off_are_not_promoted(nights: Nights) -> None:
    (nights.trained.folder / "adapter_model.safetensors").unlink()
    end = nights.end(BETTER)
    assert (end.verdict, nights.announced) == ("kept", [])
    assert "adapter_model.safetensors" in end.reason


def test_the_same_night_ended_twice_changes_nothing_the_second_time(nights: Nights) -> None:
    nights.end(BETTER)
    end = nights.end(BETTER)
    assert end.verdict == "kept"
    assert "champion already" in end.reason
    assert nights.announced == ["nano-4"]


def test_a_night_without_a_proper_name_is_told_of(nights: Nights) -> None:
    nights.trained = replace(nights.trained, new=replace(nights.trained.new, version="../4"))
    assert "cannot name a folder" in nights.end(BETTER).reason


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("raise SystemExit(3)", "left no report and ended with code 3"),
        ("raise RuntimeError('out of memory')", "RuntimeError: out of memory"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("import time; time.sleep(60)", "within 3 s"),
        (
            "import sys, pathlib; pathlib.Path(sys.argv[3], 'report.json').write_text('{')",
            "left no",
        ),
    ],
)
def test_a_gate_that_dies_promotes_nothing(tmp_path: Path, program: str, told: str) -> None:
    found = run_gate(
        tmp_path / "evidence.json", out=tmp_path / "out", seconds=3,
        command=(sys.executable, "-c", program),
    )  # fmt: skip
    assert (found.promotes, found.code) == (False, "crash")
    assert told in found.reason


def test_a_gate_that_cannot_be_started_promotes_nothing(tmp_path: Path) -> None:
    found = run_gate(tmp_path / "e", out=tmp_path / "out", command=("/no/such/program",))
    assert "could not be started" in found.reason


def test_an_old_report_is_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(
        '{"decision": {"verdict": "promote", "code": "better", "reason": "old"}, "metrics": {}}'
    )
    found = run_gate(tmp_path / "e", out=tmp_path, command=(sys.executable, "-c", "pass"))
    assert not found.promotes
