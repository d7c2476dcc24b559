"""An ablation changes one thing at a time, and its table says whether every step helped."""

from pathlib import Path

import pytest

from training.ablation.measuring import Unlike, asked_alike
from training.ablation.plan import Budget, Row, Step, as_toml, configuration, steps
from training.ablation.table import as_markdown, line, monotone
from training.finetuning.run.config import GrpoConfig, SftConfig, read_config

GRPO: tuple[Row, ...] = ("grpo", "grpo_with_prediction")
BUDGET = Budget(minutes=2.5, steps=7, cases=12)


def written(step: Step, folder: Path) -> Path:
    told = configuration(step, base=Path("shared/nano"), folder=folder, budget=BUDGET)
    file = folder / f"{step.name}.toml"
    file.write_text(as_toml(told))
    return file


def test_every_step_is_a_configuration_of_its_command(tmp_path: Path) -> None:
    for step in steps(2):
        kind = SftConfig if step.row == "sft" else GrpoConfig
        config = read_config(written(step, tmp_path), kind)
        assert (config.run.minutes, config.run.steps, config.data.cases) == (2.5, 7, 12)
        assert config.data.level == "hard"
        assert config.run.seed == step.seed


def test_the_prediction_reward_is_all_that_the_two_rows_of_grpo_differ_in(tmp_path: Path) -> None:
    without, with_it = (read_config(written(Step(row, 1), tmp_path), GrpoConfig) for row in GRPO)
    assert (without.weights.prediction, with_it.weights.prediction) == (0, 0.7)
    assert without.model_copy(update={"weights": with_it.weights}) == with_it


def test_both_kinds_of_grpo_go_on_from_the_sft_of_their_seed() -> None:
    assert [step.name for step in steps(1)] == ["sft-1", "grpo-1", "grpo_with_prediction-1"]
    assert {step.begins_with for step in steps(1)} == {None, Step("sft", 1)}


def measured(right: float, alike: float) -> dict[str, object]:
    share = int(20 * right)
    users = {"right": [1.0] * share + [0.0] * (20 - share), "alike": [alike] * 20}
    return {"splits": {"seen_sp": users, "unseen_mp": users}}


def test_a_table_has_every_row_with_its_interval_and_says_what_rose() -> None:
    lines = [
        line("base", [measured(0.5, 0.4)]),
        line("sft", [measured(0.6, 0.5), measured(0.7, 0.5)]),
        line("grpo", [measured(0.8, 0.45)] * 2),
    ]
    assert lines[1].mean == pytest.approx(0.65)
    assert lines[1].interval[0] < 0.65 < lines[1].interval[1]
    assert monotone(lines) == {"mean": True, "profile similarity": False}
    told = as_markdown(lines)
    assert "| + SFT | 0.650 | 0.650 | 0.650 (" in told


def asked(version: str, **told: object) -> dict[str, object]:
    return {"model_version": version, "checksum": "c", "users": 40, "orders": 1} | told


@pytest.mark.parametrize("told", [{"orders": 3}, {"orders": None}, {"users": 20}])
def test_models_that_were_asked_otherwise_stand_in_no_table(told: dict[str, object]) -> None:
    asked_alike([asked("base"), asked("sft-1")])
    with pytest.raises(Unlike, match=rf"different {next(iter(told))} .*sft-1 .*measured/"):
        asked_alike([asked("base"), asked("sft-1", **told)])


def test_models_of_which_nobody_knows_how_they_were_asked_stand_in_no_table() -> None:
    with pytest.raises(Unlike, match="nobody knows"):
        asked_alike([asked("base", users=None), asked("sft-1", users=None)])
