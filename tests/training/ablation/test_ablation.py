"""An ablation changes one thing at a time, and its plan says who trains on which people."""

from pathlib import Path

import pytest
import tomli_w

from training.ablation.measuring import NotComparable, check_comparable
from training.ablation.plan import Budget, Row, Step, configuration, continued_steps, steps
from training.finetuning.run.config import GrpoConfig, SftConfig, read_config

GRPO: tuple[Row, ...] = ("grpo", "grpo_with_prediction")
SFT: tuple[Row, ...] = ("sft", "sft_continued")
BUDGET = Budget(minutes=2.5, steps=7, cases=12, batch=16, threads=1)


def written(step: Step, folder: Path) -> Path:
    settings = configuration(step, base=Path("shared/nano"), folder=folder, budget=BUDGET)
    file = folder / f"{step.name}.toml"
    file.write_text(tomli_w.dumps(settings))
    return file


def test_every_step_is_a_configuration_of_its_command(tmp_path: Path) -> None:
    for step in steps(2):
        kind = SftConfig if step.row in SFT else GrpoConfig
        config = read_config(written(step, tmp_path), kind)
        assert (config.run.minutes, config.run.steps, config.data.cases) == (2.5, 7, 12)
        assert (config.run.threads, config.optimizing.batch) == (1, 16)
        assert config.data.level == "hard"
        assert config.run.seed == step.seed


def test_the_two_grpo_rows_differ_only_in_the_prediction_reward(tmp_path: Path) -> None:
    without, with_it = (read_config(written(Step(row, 1), tmp_path), GrpoConfig) for row in GRPO)
    assert (without.weights.prediction, with_it.weights.prediction) == (0, 0.7)
    assert without.model_copy(update={"weights": with_it.weights}) == with_it


def test_all_later_rows_start_from_the_sft_of_their_seed() -> None:
    names = [step.name for step in steps(1)]
    assert names == ["sft-1", "grpo-1", "grpo_with_prediction-1", "sft_continued-1"]
    assert [step.starts_from for step in steps(1)] == [None, *[Step("sft", 1)] * 3]


def test_the_continued_sft_is_sft_on_the_people_of_grpo(tmp_path: Path) -> None:
    sft, continued = (read_config(written(Step(row, 3), tmp_path), SftConfig) for row in SFT)
    grpo = read_config(written(Step("grpo", 3), tmp_path), GrpoConfig)
    assert continued.data == grpo.data
    assert continued.data.seed != sft.data.seed
    assert continued.model_copy(update={"data": sft.data}) == sft


def test_the_continued_sft_takes_the_time_of_grpo() -> None:
    # 30 steps of SFT took 60 s, so 200 s of GRPO are 100 steps.
    assert continued_steps(grpo_seconds=200, sft_seconds=60, sft_steps=30) == 100
    assert continued_steps(grpo_seconds=0.1, sft_seconds=60, sft_steps=30) == 1


def report(version: str, **fields: object) -> dict[str, object]:
    return {"model_version": version, "checksum": "c", "users": 40, "orders": 1} | fields


@pytest.mark.parametrize("fields", [{"orders": 3}, {"orders": None}, {"users": 20}])
def test_models_measured_in_different_ways_are_not_compared(fields: dict[str, object]) -> None:
    check_comparable([report("base"), report("sft-1")])
    with pytest.raises(NotComparable, match=rf"unknown {next(iter(fields))} .*sft-1 .*measured/"):
        check_comparable([report("base"), report("sft-1", **fields)])


def test_models_measured_in_an_unknown_way_are_not_compared() -> None:
    with pytest.raises(NotComparable, match="different or unknown users"):
        check_comparable([report("base", users=None), report("sft-1", users=None)])
