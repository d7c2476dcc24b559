"""A whole training job on a tiny model: killed in any stage, it resumes to the same result."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.jobs.training_job import JobStep, ModelFolder, TrainingJobRequest
from shared.vlm.protocol import Scores, ScoringInput
from tests.fakes.scores import certain_scores
from tests.training.dataset.world import NOW, FakeImages, World
from tests.training.finetuning import tiny_runs
from tests.training.job.models import BrightnessModel
from training.dataset.settings import DatasetSettings
from training.finetuning.dpo.train import train_dpo
from training.finetuning.grpo.train import train_grpo
from training.finetuning.sft.train import train_sft
from training.gate.evidence import evidence_from_json
from training.job.context import Dependencies
from training.job.evidence.collection import BenchmarkSize
from training.job.evidence.models import ComparedModels, open_models
from training.job.run import run_job
from training.job.train.stages import DATA
from training.job.train.trainer_processes import (
    TrainedAdapter,
    TrainingFailed,
    TrainingTask,
    train_in_process,
)

pytestmark = pytest.mark.timeout(600)
LIKES = {"color": "red", "art_style": "cubism"}
SETTINGS = DatasetSettings(replay_share=0.3, max_replay_cases=12, later_share=0.1)
ENOUGH = {"least_users": 5, "least_pairs": 10}


RUNS: dict[str, tuple[Any, Any]] = {
    "sft": (tiny_runs.sft_config, train_sft),
    "grpo": (tiny_runs.grpo_config, train_grpo),
    "dpo": (tiny_runs.dpo_config, train_dpo),
}
"""The configuration of each method for the tiny model, and its training."""


class Killed(BaseException):
    """Like SIGKILL: no handler of the job runs after it."""


@dataclass(frozen=True)
class Setup:
    """Lake and base model of every job of this module."""

    lake: Path
    base: Path
    version: str

    def request(self, folder: Path, **changes: object) -> TrainingJobRequest:
        base = ModelFolder(folder=self.base, version=self.version, kind="checkpoint")
        fields = {
            "job": "manual-1", "requested_at": NOW, "lake": str(self.lake), "release": base,
            "champion": base, "minutes": 30.0, **ENOUGH, **changes,
        }  # fmt: skip
        folder.mkdir(exist_ok=True)
        return TrainingJobRequest.model_validate(fields)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    root = tmp_path_factory.mktemp("job")
    base = tiny_runs.write_base(root / "base")
    world = World(root / "lake")
    for number in range(60):
        user, request = f"u{number}", f"r{number}"
        world.profile(1, likes=LIKES, user=user)
        names = [f"i{(number * 7 + k) % 40}" for k in range(5)]
        world.slate(names, user=user, request=request, profile_version=1)
        world.act("view", *names, user=user, request=request)
        world.act("click", *names[3:], user=user, request=request)
    world.write()
    version = str(json.loads((base / "manifest.json").read_text())["version"])
    return Setup(root / "lake", base, version)


def _train(task: TrainingTask, *, say: Callable[[str], None]) -> TrainedAdapter:
    """A few steps in this process."""
    say(f"{task.training} begins")
    run, trainer = RUNS[task.training]
    config = run(task.base, task.folder, steps=2, save_every=1)
    config = config.model_copy(
        update={
            "data": config.data.model_copy(update={"source": task.data, "cases": 40}),
            "policy": config.policy.model_copy(update={"adapter": task.adapter}),
        }
    )
    done = trainer(config)
    say(f"{task.training} ends")
    return TrainedAdapter(done.adapter, done.version, done.steps, done.note)


def _dependencies(**changes: object) -> Dependencies:
    dependencies = Dependencies(
        images=lambda request: FakeImages(),
        # A random model has equal digits, so fakes answer; their inputs are the real ones.
        open_models=lambda request, challenger: ComparedModels(
            BrightnessModel(),
            BrightnessModel(),
            None,
            request.champion.version,
            challenger.version,
            request.release.version,
        ),
        open_champion=lambda request: BrightnessModel(0.1),
        open_candidate=lambda request: None,
        train=_train,
        dataset=SETTINGS,
        benchmark_size=BenchmarkSize(users_per_set=1, items_per_set=1),
    )
    return replace(dependencies, **changes)  # type: ignore[arg-type]


def _ignore(step: JobStep) -> None: ...


@pytest.fixture(scope="module")
def whole(setup: Setup, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a job that was not interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    steps: list[JobStep] = []
    result = run_job(folder, setup.request(folder), _dependencies(), say=steps.append)
    assert result.code == "trained", result.reason
    (folder / "steps.json").write_text(json.dumps([step.stage for step in steps]))
    (folder / "result.json").write_text(result.model_dump_json())
    return folder


def test_a_job_leaves_a_challenger_and_evidence_that_the_gate_reads(
    setup: Setup, whole: Path
) -> None:
    result = json.loads((whole / "result.json").read_text())
    assert result["challenger"]["kind"] == "adapter"
    assert result["base_version"] == setup.version
    assert set(result["seconds"]) == {
        "1-dataset", "2-examples", "3-sft", "4-grpo", "5-evidence",
    }  # fmt: skip
    evidence = evidence_from_json(json.loads(Path(result["evidence"]).read_text()))
    assert (evidence.champion, evidence.challenger) == (
        setup.version, result["challenger"]["version"],
    )  # fmt: skip
    assert evidence.held_out_users.pairs >= 10
    assert set(evidence.benchmark) == {
        "single_seen", "single_unseen", "multi_seen", "multi_unseen",
    }  # fmt: skip
    assert evidence.challenger_format.answers > 0
    assert evidence.element_weights == {"champion": EQUAL_WEIGHTS, "challenger": EQUAL_WEIGHTS}


def test_the_serving_engine_loads_the_challenger(setup: Setup, whole: Path) -> None:
    result = json.loads((whole / "result.json").read_text())
    challenger = ModelFolder.model_validate(result["challenger"])
    models = open_models(setup.request(whole), challenger)
    assert models.challenger.model_version == challenger.version  # type: ignore[attr-defined]
    assert models.release is None


def test_a_job_runs_the_methods_of_its_request_and_says_which(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DPO alone, on pairs of our own: the fake champion finds no better profile in hindsight."""
    monkeypatch.setitem(DATA, "dpo", "own_pairs.jsonl")
    request = setup.request(tmp_path, methods=("dpo",))

    def train(task: TrainingTask, *, say: Callable[[str], None]) -> TrainedAdapter:
        assert (task.training, task.adapter) == ("dpo", None)
        return _train(task, say=say)

    _write_profile_pairs(setup, tmp_path)
    result = run_job(tmp_path, request, _dependencies(train=train), say=_ignore)
    assert result.code == "trained", result.reason
    assert result.challenger is not None
    assert "-dpo-" in result.challenger.version
    assert "DPO 2 steps" in result.reason
    assert "3-dpo" in result.seconds
    assert not {"3-sft", "4-grpo"} & set(result.seconds)


def _write_profile_pairs(setup: Setup, folder: Path) -> None:
    """Write pairs of profiles for the references of the first cases of the job's dataset."""
    ready = run_job(folder, setup.request(folder, dry_run=True), _dependencies(), say=_ignore)
    assert ready.code == "dry_run"
    lines = (folder / "dataset" / "train.jsonl").read_text().splitlines()
    cases = [case for line in lines if (case := json.loads(line))["liked"]][:12]
    pairs = [
        {
            "user": case["user"], "liked": case["liked"], "disliked": case["disliked"],
            "better": {"likes": {"color": ["red"]}}, "worse": {"likes": {"color": ["blue"]}},
        }
        for case in cases
    ]  # fmt: skip
    file = folder / "dataset" / "own_pairs.jsonl"
    file.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))


def test_methods_that_all_end_without_learning_leave_no_challenger(
    setup: Setup, tmp_path: Path
) -> None:
    def train(task: TrainingTask, *, say: Callable[[str], None]) -> TrainedAdapter:
        return TrainedAdapter(task.folder / "adapter", "v", 0, "the rewards hold nothing to learn")

    result = run_job(tmp_path, setup.request(tmp_path), _dependencies(train=train), say=_ignore)
    assert (result.code, result.challenger) == ("no_signal", None)
    assert "SFT 0 steps (the rewards hold nothing to learn)" in result.reason


@pytest.mark.parametrize("stage", ["dataset", "examples", "sft", "grpo", "evidence"])
@pytest.mark.parametrize("line", [0, -1])
def test_a_job_killed_in_any_stage_resumes_to_the_same_result(
    setup: Setup, whole: Path, tmp_path: Path, stage: str, line: int
) -> None:
    steps: list[JobStep] = []

    def die(step: JobStep) -> None:
        steps.append(step)
        of_stage = [step for step in steps if step.stage == stage]
        last = 1 if line == 0 else _lines(whole, stage)
        if len(of_stage) >= last:
            raise Killed

    folder = tmp_path / "job"
    request = setup.request(folder)
    with pytest.raises(Killed):
        run_job(folder, request, _dependencies(), say=die)
    result = run_job(folder, request, _dependencies(), say=_ignore)
    assert result.code == "trained", result.reason
    expected = json.loads((whole / "result.json").read_text())
    assert result.challenger is not None
    assert result.challenger.version == expected["challenger"]["version"]
    assert result.counts == expected["counts"]


def _lines(whole: Path, stage: str) -> int:
    """How many lines of progress a stage reports."""
    stages: list[str] = json.loads((whole / "steps.json").read_text())
    return stages.count(stage)


def test_too_little_data_is_not_trained_on(setup: Setup, tmp_path: Path) -> None:
    request = setup.request(tmp_path, least_pairs=10_000)
    result = run_job(tmp_path, request, _dependencies(train=_never), say=_ignore)
    assert (result.code, result.challenger) == ("too_little_data", None)
    assert "10000 pairs" in result.reason


def test_an_empty_lake_is_too_little_data(setup: Setup, tmp_path: Path) -> None:
    request = setup.request(tmp_path, lake=str(tmp_path / "none"))
    result = run_job(tmp_path, request, _dependencies(train=_never), say=_ignore)
    assert result.code == "too_little_data"
    assert "0 pairs of 0 held-out users" in result.reason


def test_clicks_without_an_agreeing_sample_are_no_signal(setup: Setup, tmp_path: Path) -> None:
    class EqualScores(BrightnessModel):
        def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
            return [certain_scores(3)] * len(candidates)

    dependencies = _dependencies(train=_never, open_champion=lambda request: EqualScores())
    result = run_job(tmp_path, setup.request(tmp_path), dependencies, say=_ignore)
    assert result.code == "no_signal"


def test_a_budget_that_is_too_short_is_reported(setup: Setup, tmp_path: Path) -> None:
    result = run_job(
        tmp_path, setup.request(tmp_path, minutes=0.5), _dependencies(train=_never), say=_ignore
    )
    assert result.code == "no_time"
    assert "--minutes" in result.reason


def test_a_job_started_by_an_earlier_release_ends_with_a_reason(tmp_path: Path) -> None:
    nowhere = Setup(tmp_path / "lake", tmp_path / "base", "nano-1")
    request = nowhere.request(tmp_path, least_users=1, least_pairs=1)
    (tmp_path / "dataset").mkdir()
    case = {
        "user": "u", "weight": 1.0, "source": "clicks", "better": "a.png", "worse": "b.png",
        "liked": ["c.png"], "disliked": [],
    }  # fmt: skip
    (tmp_path / "dataset" / "held_out.jsonl").write_text(json.dumps(case))
    counts = {"train": 1_000, "held_out": 200, "later": 0}
    examples = {"pairs": 300, "kept": 200, "told": "", "weights": {}, "opening": 1.0, "score": 0.1}
    for stage, result in (("1-dataset", {"counts": counts}), ("2-examples", examples)):
        (tmp_path / f"{stage}.done.json").write_text(json.dumps({**result, "seconds": 1.0}))
    result = run_job(tmp_path, request, _dependencies(train=_never), say=_ignore)
    assert result.code == "data", result.reason
    assert "earlier release" in result.reason


def test_a_dry_run_ends_before_training(setup: Setup, tmp_path: Path) -> None:
    result = run_job(
        tmp_path, setup.request(tmp_path, dry_run=True), _dependencies(train=_never), say=_ignore
    )
    assert result.code == "dry_run"
    assert "a dry run trains nothing" in result.reason


def test_a_corrupt_lake_is_named(setup: Setup, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(setup.lake, lake)
    for file in (lake / "feedback").rglob("*.parquet"):
        file.write_bytes(b"torn")
    folder = tmp_path / "job"
    request = setup.request(folder, lake=str(lake))
    result = run_job(folder, request, _dependencies(train=_never), say=_ignore)
    assert (result.code, "feedback" in result.reason) == ("lake", True)


def test_a_disk_that_fills_up_during_training_is_reported(setup: Setup, tmp_path: Path) -> None:
    def full(task: TrainingTask, *, say: Callable[[str], None]) -> TrainedAdapter:
        raise OSError(28, "No space left on device", str(task.folder))

    result = run_job(tmp_path, setup.request(tmp_path), _dependencies(train=full), say=_ignore)
    assert (result.code, "the disk is full" in result.reason) == ("machine", True)


def test_an_adapter_of_another_base_is_rejected_with_a_reason(setup: Setup, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "adapter_config.json").write_text("{}")
    champion = ModelFolder(folder=foreign, version="nano-2", kind="adapter")
    folder = tmp_path / "job"
    request = setup.request(folder, champion=champion)
    result = run_job(folder, request, _dependencies(), say=_ignore)
    assert (result.code, "adapter_model.safetensors" in result.reason) == ("data", True)


def test_a_training_process_reports_why_it_cannot_start(setup: Setup, tmp_path: Path) -> None:
    config = tmp_path / "sft.toml"
    config.write_text("nonsense = 1\n")
    task = TrainingTask(
        "sft", config, tmp_path / "run", setup.base, None, tmp_path / "x.jsonl", 1.0
    )
    with pytest.raises(TrainingFailed, match="nonsense"):
        train_in_process(task, say=lambda line: None)


def _never(task: TrainingTask, *, say: Callable[[str], None]) -> TrainedAdapter:
    raise AssertionError("the job must not train")
