"""DPO's loss is that of the paper, rows follow their weights, and runs resume exactly."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from tests.training.finetuning import tiny_runs
from training.finetuning.dpo.train import dpo_trainer
from training.finetuning.dpo.weighted_order import weighted_order
from training.finetuning.run.config import BadConfig, Data, DpoConfig, Optimizing, Policy
from training.finetuning.run.runner import prepare

BETA = 0.3


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_runs.write_base(tmp_path_factory.mktemp("base") / "tiny", sharpness=1.0)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users who like red or blue, with one to three references of several sizes."""
    folder = tmp_path_factory.mktemp("pairs")
    lines = []
    for user in range(8):
        color, other = ("red", "blue") if user % 2 else ("blue", "red")
        names = []
        for number in range(1 + user % 3):
            name = f"{user}-{number}.png"
            Image.new("RGB", (28 + 28 * number, 28), color).save(folder / name)
            names.append(name)
        lines.append(
            {
                "user": str(user), "liked": names, "disliked": [], "weight": 1.0,
                "better": {"likes": {"color": [color]}},
                "worse": {"likes": {"color": [other], "detail": ["intricate"]}},
            }
        )  # fmt: skip
    file = folder / "profile_pairs.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def config(base: Path, pairs: Path, folder: Path, **changes: Any) -> DpoConfig:
    optimizing = Optimizing(learning_rate=5e-3, batch=4, warmup_steps=0)
    policy = changes.pop("policy", Policy(base=base, rank=8))
    return DpoConfig(
        policy=policy, data=Data(source=pairs), run=tiny_runs.run(folder, **changes),
        optimizing=optimizing, beta=BETA,
    )  # fmt: skip


def recorded(folder: Path, name: str) -> list[float]:
    lines = (folder / "curves.jsonl").read_text().splitlines()
    return [row[name] for row in map(json.loads, lines) if name in row]


def test_the_loss_is_that_of_the_paper_with_several_images_a_prompt(
    base: Path, pairs: Path, tmp_path: Path
) -> None:
    """Log-probabilities are computed one answer at a time, without padding, in plain torch."""
    settings = config(base, pairs, tmp_path)
    prepare(settings)
    trainer = dpo_trainer(settings, tiny_runs.load(settings))
    model = trainer.model
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    rows = [trainer.train_dataset[at] for at in range(4)]
    assert len({len(row["images"]) for row in rows}) > 1
    margins = []
    for row in rows:
        ratios = []
        for answer in (row["chosen"], row["rejected"]):
            policy = log_probability(trainer, row, answer)
            with model.disable_adapter():
                ratios.append(policy - log_probability(trainer, row, answer))
        margins.append(ratios[0] - ratios[1])
    assert max(abs(margin) for margin in margins) > 1e-2
    expected = -F.logsigmoid(BETA * torch.tensor(margins)).mean()
    model.train()
    batch = trainer._prepare_inputs(trainer.data_collator([dict(row) for row in rows]))
    loss = trainer.compute_loss(model, batch).detach()
    assert float(loss) == pytest.approx(float(expected), abs=1e-4)


def log_probability(trainer: Any, row: Any, answer: Any) -> float:
    """Of the tokens of one answer after its prompt."""
    processor, model = trainer.processing_class, trainer.model
    rendered = processor.apply_chat_template(
        row["prompt"], tokenize=False, add_generation_prompt=True
    )
    whole = processor.apply_chat_template([*row["prompt"], *answer], tokenize=False)
    assert whole.startswith(rendered)
    images = [row["images"]]
    prompt = processor(
        text=[rendered], images=images, return_tensors="pt", add_special_tokens=False
    )
    inputs = processor(text=[whole], images=images, return_tensors="pt", add_special_tokens=False)
    begin = prompt["input_ids"].shape[1]
    with torch.no_grad():
        logits = model(**inputs).logits.log_softmax(-1)
    tokens = inputs["input_ids"][0, begin:]
    return float(logits[0, begin - 1 : -1].gather(1, tokens[:, None]).sum())


def test_dpo_makes_better_profiles_more_probable(base: Path, pairs: Path, tmp_path: Path) -> None:
    finished = tiny_runs.run_dpo(config(base, pairs, tmp_path, steps=12, save_every=12))
    loss, margins = recorded(tmp_path, "loss"), recorded(tmp_path, "rewards/margins")
    assert loss[0] == pytest.approx(math.log(2), abs=1e-4)  # policy and reference are equal
    assert loss[-1] < loss[0] - 0.1
    assert margins[-1] > 0.2
    assert "-dpo-" in finished.version


def test_a_killed_run_resumes_to_the_result_of_an_uninterrupted_run(
    base: Path, pairs: Path, tmp_path: Path
) -> None:
    first = tiny_runs.run_dpo(config(base, pairs, tmp_path / "first", steps=2))
    policy = Policy(base=base, adapter=first.adapter)
    whole = tiny_runs.run_dpo(config(base, pairs, tmp_path / "whole", policy=policy))
    settings = config(base, pairs, tmp_path / "killed", policy=policy)
    with pytest.raises(KeyboardInterrupt):
        tiny_runs.run_dpo(settings, killed_at=3)
    resumed = tiny_runs.run_dpo(settings)
    assert tiny_runs.same_weights(whole.adapter, resumed.adapter)
    assert recorded(tmp_path / "killed", "loss") == recorded(tmp_path / "whole", "loss")
    # The reference of a continued adapter is that adapter, not the base.
    assert recorded(tmp_path / "whole", "loss")[0] == pytest.approx(math.log(2), abs=1e-4)
    assert not tiny_runs.same_weights(first.adapter, whole.adapter)


def test_pairs_without_a_weight_or_a_difference_are_an_error(
    base: Path, pairs: Path, tmp_path: Path
) -> None:
    line = json.loads(pairs.read_text().splitlines()[0]) | {"weight": 0.0}
    file = pairs.parent / "none.jsonl"
    file.write_text(json.dumps(line))
    with pytest.raises(BadConfig, match="no pair of profiles"):
        tiny_runs.run_dpo(config(base, file, tmp_path))


def test_rows_are_drawn_in_proportion_to_their_weights() -> None:
    weights = [3.0, 1.0, 0.0, 1.0, 0.5, 0.5]
    counts = Counter(row for seed in range(400) for row in weighted_order(weights, seed=seed))
    assert counts[2] == 0
    for row, weight in enumerate(weights):
        assert counts[row] / 400 == pytest.approx(weight, abs=0.08)
    assert sorted(weighted_order([2.0] * 5, seed=3)) == [0, 1, 2, 3, 4]
    assert weighted_order(weights, seed=7) == weighted_order(weights, seed=7)
    with pytest.raises(ValueError, match="above 0"):
        weighted_order([0.0, 0.0], seed=1)
