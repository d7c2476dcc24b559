"""The text stage learns, keeps the vision tower frozen, and resumes exactly."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training import tiny_model
from training.nano.data.batches import encode
from training.nano.data.image_features import CachedImageFeatures, TrainedImageFeatures
from training.nano.data.rows import draw_row
from training.nano.train.plan import read_plan
from training.nano.train.train_text import answer_loss, cached_image_tokens, train_text

TOKENS = 600


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """One order of sums: a resumed training must be equal bit by bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def train(model: Any, folder: Path, plan: str, **settings: Any) -> list[float]:
    return train_text(
        model,
        tiny_model.tokenizer(),
        tiny_model.attribute_pool(),
        CachedImageFeatures(tiny_model.attribute_pool_tokens(model)),
        plan=read_plan(plan, seed=1),
        checkpoint=folder / "text.pt",
        tokens=TOKENS,
        **settings,
    )


def test_the_loss_falls_and_only_the_language_model_changes(tmp_path: Path) -> None:
    model = tiny_model.model()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    losses = train(model, tmp_path, "describe*40,predict*20")
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])
    for name, weight in model.named_parameters():
        assert torch.equal(weight, before[name]) == ("visual" in name), name


def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    plan = "describe*3,assess*2,explain*2,predict_eight*2,predict_fewer*3"
    whole, stopped, resumed = tiny_model.model(), tiny_model.model(), tiny_model.model()
    losses = train(whole, tmp_path / "whole", plan)
    first = train(stopped, tmp_path / "parts", plan, until=7)
    second = train(resumed, tmp_path / "parts", plan)
    assert first + second == losses
    for weight, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(weight, other)


def test_a_finished_training_is_not_trained_again(tmp_path: Path) -> None:
    train(tiny_model.model(), tmp_path, "describe*2")
    assert train(tiny_model.model(), tmp_path, "describe*2") == []


def test_a_checkpoint_of_another_plan_is_an_error(tmp_path: Path) -> None:
    train(tiny_model.model(), tmp_path, "describe*2")
    with pytest.raises(ValueError, match="give another path, or remove the file"):
        train(tiny_model.model(), tmp_path, "describe*3")


def test_padding_changes_no_loss() -> None:
    model = tiny_model.model()
    rng = np.random.default_rng(1)
    rows = [draw_row("assess", rng, tiny_model.attribute_pool()) for _ in range(4)]
    tokens = tiny_model.attribute_pool_tokens(model)
    with torch.no_grad():
        short, long = (
            answer_loss(model, batch, tokens[batch.images])[0]
            for batch in (
                encode(tiny_model.tokenizer(), rows, length=length) for length in (98, 150)
            )
        )
    assert short.item() == pytest.approx(long.item(), abs=2e-3)


def test_the_gradient_of_a_batch_is_the_mean_of_the_gradients_of_its_halves() -> None:
    """The condition for gradient accumulation: the rows of a task have equally many tokens."""
    model = tiny_model.model()
    rng = np.random.default_rng(2)
    rows = [draw_row("describe", rng, tiny_model.attribute_pool()) for _ in range(8)]
    tokens = tiny_model.attribute_pool_tokens(model)

    def gradient(parts: list[slice]) -> torch.Tensor:
        model.zero_grad()
        for part in parts:
            batch = encode(tiny_model.tokenizer(), rows[part], length=40)
            (answer_loss(model, batch, tokens[batch.images])[0] / len(parts)).backward()
        return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])

    whole, halves = gradient([slice(0, 8)]), gradient([slice(0, 4), slice(4, 8)])
    assert torch.nn.functional.cosine_similarity(whole, halves, dim=0) > 0.999


def test_image_tokens_are_cached_for_a_tower_and_computed_for_another(
    tmp_path: Path,
) -> None:
    path, model = tmp_path / "tokens.pt", tiny_model.model()
    first = cached_image_tokens(model, tiny_model.pool(), path)
    written = path.stat().st_mtime_ns
    assert torch.equal(first, cached_image_tokens(model, tiny_model.pool(), path))
    assert path.stat().st_mtime_ns == written
    other = cached_image_tokens(tiny_model.model(seed=1), tiny_model.pool(), path)
    assert not torch.equal(first, other)


def test_a_trained_vision_tower_changes_and_resumes(tmp_path: Path) -> None:
    def learn(model: Any, folder: Path, until: int | None = None) -> list[float]:
        return train_text(
            model,
            tiny_model.tokenizer(),
            tiny_model.pool(),
            TrainedImageFeatures(model, tiny_model.pool(), tiny_model.tokenizer(), seed=1),
            plan=read_plan("describe*4", seed=1),
            checkpoint=folder / "whole.pt",
            tokens=TOKENS,
            until=until,
        )

    whole, stopped, resumed = tiny_model.model(), tiny_model.model(), tiny_model.model()
    losses = learn(whole, tmp_path / "whole")
    assert (
        learn(stopped, tmp_path / "parts", until=2) + learn(resumed, tmp_path / "parts") == losses
    )
    before = tiny_model.model().state_dict()
    for (name, weight), other in zip(whole.named_parameters(), resumed.parameters(), strict=True):
        assert torch.equal(weight, other), name
        assert not torch.equal(weight, before[name]), name


def test_the_number_of_workers_does_not_change_the_losses(tmp_path: Path) -> None:
    plan = "describe*3,predict_fewer*3"
    losses = train(tiny_model.model(), tmp_path / "one-process", plan)
    assert train(tiny_model.model(), tmp_path / "workers", plan, workers=2) == losses
