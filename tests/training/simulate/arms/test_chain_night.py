"""A night of a chain has its own candidate, trains on a recorded job's data, and resumes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.domain.element_weights import ElementWeights
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from shared.jobs.training_methods import Method
from tests.training.dataset.world import NOW, FakeImages, World
from tests.training.finetuning import tiny_runs
from tests.training.job.models import BrightnessModel
from training.dataset.settings import DatasetSettings
from training.job.context import Dependencies
from training.job.train.trainer_processes import TrainedAdapter, TrainingFailed, TrainingTask
from training.simulate.arms.chains.one_night import Night, train_night

pytestmark = pytest.mark.timeout(600)
WEIGHTS = ElementWeights(art_style=2.0, color=0.7, medium=1.1, saturation=0.5, detail=0.7)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> TrainingJobRequest:
    root = tmp_path_factory.mktemp("recorded")
    base = tiny_runs.write_base(root / "base")
    world = World(root / "lake")
    for number in range(60):
        user, request = f"u{number}", f"r{number}"
        world.profile(1, likes={"color": "red", "art_style": "cubism"}, user=user)
        names = [f"i{(number * 7 + k) % 40}" for k in range(5)]
        world.slate(names, user=user, request=request, profile_version=1)
        world.act("view", *names, user=user, request=request)
        world.act("click", *names[3:], user=user, request=request)
    world.write()
    version = str(json.loads((base / "manifest.json").read_text())["version"])
    model = ModelFolder(folder=base, version=version, kind="checkpoint")
    return TrainingJobRequest(
        job="manual-1", requested_at=NOW, lake=str(root / "lake"), release=model, champion=model,
        minutes=30.0, least_users=5, least_pairs=10,
    )  # fmt: skip


class FakeTrainer:
    """Remembers its tasks; a named method fails."""

    def __init__(self, fails: str = "") -> None:
        self.tasks: list[TrainingTask] = []
        self._fails = fails

    def __call__(self, task: TrainingTask, *, say: Callable[[str], None]) -> TrainedAdapter:
        self.tasks.append(task)
        if task.training == self._fails:
            raise TrainingFailed(f"{task.training} was killed")
        return TrainedAdapter(task.folder / "adapter", f"{task.training}-v", 5)


def _night(
    folder: Path, recorded: TrainingJobRequest, *,
    least_users: int = 5, methods: tuple[Method, ...] = ("sft",),
) -> Night:  # fmt: skip
    before = ModelFolder(folder=folder / "before", version="before", kind="adapter")
    request = recorded.model_copy(update={"least_users": least_users})
    return Night(folder / "night", request, methods, before, WEIGHTS)


def _dependencies(trainer: FakeTrainer) -> Dependencies:
    def never(*arguments: object) -> BrightnessModel:
        raise AssertionError("a chain collects no evidence")

    return Dependencies(
        images=lambda request: FakeImages(),
        open_models=never,  # type: ignore[arg-type]
        open_champion=lambda request: BrightnessModel(0.1),
        open_candidate=lambda request: None,
        train=trainer,
        dataset=DatasetSettings(replay_share=0.3, max_replay_cases=12, later_share=0.1),
    )


def test_sft_starts_from_the_release_with_the_weights_of_the_chain(
    tmp_path: Path, recorded: TrainingJobRequest
) -> None:
    trainer = FakeTrainer()
    night = _night(tmp_path, recorded)
    result = train_night(night, _dependencies(trainer), say=lambda line: None)
    (task,) = trainer.tasks
    assert (task.base, task.adapter) == (recorded.release.folder, None)
    assert task.element_weights == WEIGHTS
    assert result["version"] == "sft-v"
    assert "SFT 5 steps" in result["result"]
    # The same night again: the finished stage is not repeated.
    again = train_night(night, _dependencies(trainer), say=lambda line: None)
    assert again == result
    assert len(trainer.tasks) == 1


def test_a_night_without_enough_data_or_with_a_failure_keeps_the_model_before(
    tmp_path: Path, recorded: TrainingJobRequest
) -> None:
    small = _night(tmp_path / "small", recorded, least_users=1_000)
    result = train_night(small, _dependencies(FakeTrainer()), say=lambda line: None)
    assert (result["adapter"], result["version"]) == (str(tmp_path / "small/before"), "before")
    assert "too little data" in result["result"]
    failing = _night(tmp_path / "failing", recorded)
    result = train_night(failing, _dependencies(FakeTrainer("sft")), say=lambda line: None)
    assert result["version"] == "before"
    assert "sft was killed" in result["result"]


def test_a_chain_continues_its_own_candidate_and_not_that_of_the_recorded_job(
    tmp_path: Path, recorded: TrainingJobRequest
) -> None:
    candidate = ModelFolder(folder=tmp_path / "other", version="nano-9", kind="adapter")
    changes = {"candidate": candidate, "earlier_evidence": tmp_path / "gone", "nights_before": 2}
    trainer = FakeTrainer()
    night = _night(tmp_path, recorded.model_copy(update=changes), methods=("grpo",))
    train_night(night, _dependencies(trainer), say=lambda line: None)
    assert [task.adapter for task in trainer.tasks] == [night.predecessor.folder]
