"""A whole night on a model of few parameters: killed at any stage it goes on, to a full end."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import ELEMENTS
from shared.jobs.training_job import ModelFolder, TrainingJobRequest, JobStep
from shared.vlm.protocol import Candidate, Scores
from tests.fakes.model import certain
from tests.training.dataset.world import NOW, FakeImages, World
from tests.training.finetuning import finetuned as tuned
from tests.training.job.models import Known
from training.dataset.settings import DatasetSettings
from training.gate.evidence import evidence_from_json
from training.grpo import train_grpo
from training.job.dependencies import Parts
from training.job.evidence.collection import Opened, open_models
from training.job.evidence.evidence_file import Models
from training.job.run import run_night
from training.job.train.trainer_processes import CannotTrain, Task, Trained, train_apart
from training.sft import train_sft

pytestmark = pytest.mark.timeout(600)
LIKES = {"color": "red", "art_style": "cubism"}
SETTINGS = DatasetSettings(replay_share=0.3, max_replay_cases=12, later_share=0.1)
ENOUGH = {"least_users": 5, "least_pairs": 10}


class Killed(BaseException):
    """As SIGKILL: nothing of ours runs after it."""


@dataclass(frozen=True)
class Place:
    """What every night of this module begins with."""

    lake: Path
    base: Path
    version: str

    def request(self, folder: Path, **changes: object) -> TrainingJobRequest:
        base = ModelFolder(folder=self.base, version=self.version, kind="checkpoint")
        told = {
            "night": "now-1", "asked_at": NOW, "lake": str(self.lake), "release": base,
            "champion": base, "minutes": 30.0, **ENOUGH, **changes,
        }  # fmt: skip
        folder.mkdir(exist_ok=True)
        return TrainingJobRequest.model_validate(told)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("night")
    base = tuned.write_base(root / "base")
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
    return Place(root / "lake", base, version)


def _train(task: Task, *, say: Callable[[str], None]) -> Trained:
    """In this process, a few steps."""
    say(f"{task.stage} begins")
    build = {"sft": tuned.sft_config, "grpo": tuned.grpo_config}[task.stage]
    config = build(task.base, task.folder, steps=2, save_every=1)
    config = config.model_copy(
        update={
            "data": config.data.model_copy(update={"source": task.data, "cases": 40}),
            "policy": config.policy.model_copy(update={"adapter": task.adapter}),
        }
    )
    done = train_sft(config) if task.stage == "sft" else train_grpo(config)  # type: ignore[arg-type]
    say(f"{task.stage} ends")
    return Trained(done.adapter, done.version, done.steps)


def _parts(**changes: object) -> Parts:
    parts = Parts(
        images=lambda request: FakeImages(),
        # Digits of a random model are even: what it is asked is the real thing, its answer is not.
        open_models=lambda request, challenger: Opened(
            Models(Known(), Known()), people_a_split=1, places=1
        ),
        open_champion=lambda request: Known(0.1),
        train=_train,
        dataset=SETTINGS,
    )
    return replace(parts, **changes)  # type: ignore[arg-type]


def _unheard(step: JobStep) -> None: ...


@pytest.fixture(scope="module")
def whole(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a night that nothing happened to."""
    folder = tmp_path_factory.mktemp("whole")
    heard: list[JobStep] = []
    result = run_night(folder, place.request(folder), _parts(), say=heard.append)
    assert result.code == "trained", result.reason
    (folder / "said.json").write_text(json.dumps([step.stage for step in heard]))
    (folder / "result.json").write_text(result.model_dump_json())
    return folder


def test_a_night_leaves_a_challenger_and_evidence_that_the_gate_reads(
    place: Place, whole: Path
) -> None:
    result = json.loads((whole / "result.json").read_text())
    assert result["challenger"]["kind"] == "adapter"
    assert result["base_version"] == place.version
    assert set(result["seconds"]) == {
        "1-dataset", "2-examples", "3-sft", "4-grpo", "5-evidence",
    }  # fmt: skip
    evidence = evidence_from_json(json.loads(Path(result["evidence"]).read_text()))
    assert (evidence.champion, evidence.challenger) == (
        place.version, result["challenger"]["version"],
    )  # fmt: skip
    assert evidence.held_out_users.pairs >= 10
    assert set(evidence.benchmark) == {
        "single_seen", "single_unseen", "multi_seen", "multi_unseen",
    }  # fmt: skip
    assert evidence.challenger_form.answers > 0
    assert evidence.element_weights == {"champion": EQUAL_WEIGHTS, "challenger": EQUAL_WEIGHTS}


def test_the_engine_that_serves_loads_what_was_trained(place: Place, whole: Path) -> None:
    result = json.loads((whole / "result.json").read_text())
    challenger = ModelFolder.model_validate(result["challenger"])
    opened = open_models(place.request(whole), challenger)
    assert opened.models.challenger.model_version == challenger.version  # type: ignore[attr-defined]
    assert opened.models.release is None


@pytest.mark.parametrize("stage", ["dataset", "examples", "sft", "grpo", "evidence"])
@pytest.mark.parametrize("line", [0, -1])
def test_a_night_killed_in_any_stage_goes_on_to_the_same_end(
    place: Place, whole: Path, tmp_path: Path, stage: str, line: int
) -> None:
    heard: list[JobStep] = []

    def die(step: JobStep) -> None:
        heard.append(step)
        told = [one for one in heard if one.stage == stage]
        wanted = 1 if line == 0 else _lines(whole, stage)
        if len(told) >= wanted:
            raise Killed

    folder = tmp_path / "night"
    request = place.request(folder)
    with pytest.raises(Killed):
        run_night(folder, request, _parts(), say=die)
    result = run_night(folder, request, _parts(), say=_unheard)
    assert result.code == "trained", result.reason
    expected = json.loads((whole / "result.json").read_text())
    assert result.challenger is not None
    assert result.challenger.version == expected["challenger"]["version"]
    assert result.counts == expected["counts"]


def _lines(whole: Path, stage: str) -> int:
    """How many lines a stage says on its way."""
    stages: list[str] = json.loads((whole / "said.json").read_text())
    return stages.count(stage)


def test_too_little_data_is_not_trained_on(place: Place, tmp_path: Path) -> None:
    request = place.request(tmp_path, least_pairs=10_000)
    result = run_night(tmp_path, request, _parts(train=_never), say=_unheard)
    assert (result.code, result.challenger) == ("too_little_data", None)
    assert "10000 pairs" in result.reason


def test_an_empty_lake_is_too_little_data(place: Place, tmp_path: Path) -> None:
    request = place.request(tmp_path, lake=str(tmp_path / "none"))
    result = run_night(tmp_path, request, _parts(train=_never), say=_unheard)
    assert result.code == "too_little_data"
    assert "0 pairs of 0 held-out people" in result.reason


def test_clicks_that_the_champion_gives_no_chance_are_no_signal(
    place: Place, tmp_path: Path
) -> None:
    class AllAlike(Known):
        def score(self, candidates: Sequence[Candidate]) -> list[Scores]:
            return [Scores(dict.fromkeys(ELEMENTS, certain(3)))] * len(candidates)

    parts = _parts(train=_never, open_champion=lambda request: AllAlike())
    result = run_night(tmp_path, place.request(tmp_path), parts, say=_unheard)
    assert result.code == "no_signal"


def test_a_budget_that_is_too_short_is_said(place: Place, tmp_path: Path) -> None:
    result = run_night(
        tmp_path, place.request(tmp_path, minutes=0.5), _parts(train=_never), say=_unheard
    )
    assert result.code == "no_time"
    assert "--minutes" in result.reason


def test_a_night_that_an_earlier_release_began_ends_with_a_reason(tmp_path: Path) -> None:
    nowhere = Place(tmp_path / "lake", tmp_path / "base", "nano-1")
    request = nowhere.request(tmp_path, least_users=1, least_pairs=1)
    (tmp_path / "dataset").mkdir()
    heard = {
        "user": "u", "weight": 1.0, "source": "clicks", "better": "a.png", "worse": "b.png",
        "liked": [], "disliked": [],
    }  # fmt: skip
    (tmp_path / "dataset" / "held_out.jsonl").write_text(json.dumps(heard))
    counts = {"train": 1_000, "held_out": 200, "later": 0}
    examples = {"pairs": 300, "kept": 200, "told": "", "weights": {}, "opening": 1.0, "score": 0.1}
    for stage, told in (("1-dataset", {"counts": counts}), ("2-examples", examples)):
        (tmp_path / f"{stage}.done.json").write_text(json.dumps({**told, "seconds": 1.0}))
    result = run_night(tmp_path, request, _parts(train=_never), say=_unheard)
    assert result.code == "data", result.reason
    assert "earlier release" in result.reason


def test_a_dry_run_ends_before_training(place: Place, tmp_path: Path) -> None:
    result = run_night(
        tmp_path, place.request(tmp_path, dry_run=True), _parts(train=_never), say=_unheard
    )
    assert result.code == "dry_run"
    assert "nothing was trained, as asked" in result.reason


def test_a_corrupt_lake_is_named(place: Place, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(place.lake, lake)
    for file in (lake / "feedback").rglob("*.parquet"):
        file.write_bytes(b"torn")
    folder = tmp_path / "night"
    request = place.request(folder, lake=str(lake))
    result = run_night(folder, request, _parts(train=_never), say=_unheard)
    assert (result.code, "feedback" in result.reason) == ("lake", True)


def test_a_full_disk_in_the_middle_is_told(place: Place, tmp_path: Path) -> None:
    def full(task: Task, *, say: Callable[[str], None]) -> Trained:
        raise OSError(28, "No space left on device", str(task.folder))

    result = run_night(tmp_path, place.request(tmp_path), _parts(train=full), say=_unheard)
    assert (result.code, "No space left on device" in result.reason) == ("machine", True)


def test_an_adapter_of_another_base_is_refused_with_its_reason(
    place: Place, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "adapter_config.json").write_text("{}")
    champion = ModelFolder(folder=foreign, version="nano-2", kind="adapter")
    folder = tmp_path / "night"
    request = place.request(folder, champion=champion)
    result = run_night(folder, request, _parts(), say=_unheard)
    assert (result.code, "adapter_model.safetensors" in result.reason) == ("data", True)


def test_a_training_in_its_own_process_says_why_it_cannot_start(
    place: Place, tmp_path: Path
) -> None:
    config = tmp_path / "sft.toml"
    config.write_text("nonsense = 1\n")
    task = Task("sft", config, tmp_path / "run", place.base, None, tmp_path / "x.jsonl", 1.0)
    with pytest.raises(CannotTrain, match="nonsense"):
        train_apart(task, say=lambda line: None)


def _never(task: Task, *, say: Callable[[str], None]) -> Trained:
    raise AssertionError("nothing was to be trained")
