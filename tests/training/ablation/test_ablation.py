"""An ablation changes one thing at a time, and its table shows whether every step helped."""

from pathlib import Path

import pytest
import tomli_w

from training.ablation.measuring import NotComparable, check_comparable
from training.ablation.plan import Budget, Row, Step, configuration, steps
from training.ablation.table import as_markdown, line, monotone
from training.finetuning.run.config import GrpoConfig, SftConfig, read_config

GRPO: tuple[Row, ...] = ("grpo", "grpo_with_prediction")
BUDGET = Budget(minutes=2.5, steps=7, cases=12)


def written(step: Step, folder: Path) -> Path:
    settings = configuration(step, base=Path("shared/nano"), folder=folder, budget=BUDGET)
    file = folder / f"{step.name}.toml"
    file.write_text(tomli_w.dumps(settings))
    return file


def test_every_step_is_a_configuration_of_its_command(tmp_path: Path) -> None:
    for step in steps(2):
        kind = SftConfig if step.row == "sft" else GrpoConfig
        config = read_config(written(step, tmp_path), kind)
        assert (config.run.minutes, config.run.steps, config.data.cases) == (2.5, 7, 12)
        assert config.data.level == "hard"
        assert config.run.seed == step.seed


def test_the_two_grpo_rows_differ_only_in_the_prediction_reward(tmp_path: Path) -> None:
    without, with_it = (read_config(written(Step(row, 1), tmp_path), GrpoConfig) for row in GRPO)
    assert (without.weights.prediction, with_it.weights.prediction) == (0, 0.7)
    assert without.model_copy(update={"weights": with_it.weights}) == with_it


def test_both_grpo_rows_start_from_the_sft_of_their_seed() -> None:
    assert [step.name for step in steps(1)] == ["sft-1", "grpo-1", "grpo_with_prediction-1"]
    assert {step.starts_from for step in steps(1)} == {None, Step("sft", 1)}


def measured(right: float, alike: float) -> dict[str, object]:
    share = int(20 * right)
    users = {"right": [1.0] * share + [0.0] * (20 - share), "alike": [alike] * 20}
    return {"splits": {"seen_sp": users, "unseen_mp": users}}


def test_a_table_has_every_row_with_its_interval_and_reports_what_rose() -> None:
    lines = [
        line("base", [measured(0.5, 0.4)]),
        line("sft", [measured(0.6, 0.5), measured(0.7, 0.5)]),
        line("grpo", [measured(0.8, 0.45)] * 2),
    ]
    assert lines[1].mean == pytest.approx(0.65)
    assert lines[1].interval[0] < 0.65 < lines[1].interval[1]
    assert monotone(lines) == {"mean": True, "profile similarity": False}
    table = as_markdown(lines)
    assert "| + SFT | 0.650 | 0.650 | 0.650 (" in table


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
