"""The vision stage learns words and unknown values, resumes, and can start from a release."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training import tiny_model
from training.nano.model.architecture import Shape, build_model
from training.nano.model.export import export
from training.nano.train.train_vision import train_vision
from training.nano.train.warm_start import EMBEDDINGS, warm_start
from training.nano.train.zero_shot_head import targets, word_ids, word_logits
from training.prefersim.values.vocabulary import SIZES, UNKNOWN_VALUE


def train(model: Any, folder: Path, *, steps: int, recipe: str = "") -> list[float]:
    return train_vision(
        model,
        tiny_model.tokenizer(),
        tiny_model.pool(),
        tiny_model.pool(),
        steps=steps,
        batch=32,
        seed=1,
        checkpoint=folder / "vision.pt",
        recipe=recipe,
    )


def test_every_element_has_logits_for_its_words_and_for_unknown() -> None:
    logits = word_logits(
        tiny_model.model(), word_ids(tiny_model.tokenizer()), tiny_model.pool().pixels[:3], None
    )
    assert [of_element.shape for of_element in logits] == [(3, size + 1) for size in SIZES]
    attributes = np.array([[2, 3, 1, 0, 3], [UNKNOWN_VALUE, 3, UNKNOWN_VALUE, 0, 3]])
    assert targets(attributes).tolist() == [[2, 3, 1, 0, 3], [SIZES[0], 3, SIZES[2], 0, 3]]


def test_the_vision_tower_learns_and_the_language_model_stays(tmp_path: Path) -> None:
    model = tiny_model.model()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    losses = train(model, tmp_path, steps=40)
    assert sum(losses[-5:]) < sum(losses[:5])
    for name, weight in model.named_parameters():
        stays = "visual" not in name and name != EMBEDDINGS
        assert torch.equal(weight, before[name]) == stays, name


def test_a_checkpoint_with_other_initial_weights_is_an_error(tmp_path: Path) -> None:
    train(tiny_model.model(), tmp_path, steps=2, recipe="nano-1")
    assert train(tiny_model.model(), tmp_path, steps=2, recipe="nano-1") == []
    with pytest.raises(ValueError, match="give another path, or remove the file"):
        train(tiny_model.model(), tmp_path, steps=2)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / "nano"
    export(tiny_model.model(seed=7), tiny_model.tokenizer(), folder, seed=7, training={})
    return folder


def test_a_warm_start_copies_every_weight_of_the_release(release: Path) -> None:
    model = tiny_model.model(seed=8)
    assert warm_start(release, model, tiny_model.tokenizer()).startswith("nano-")
    for (name, weight), earlier in zip(
        model.named_parameters(), tiny_model.model(seed=7).parameters(), strict=True
    ):
        words = len(tiny_model.tokenizer()) if name == EMBEDDINGS else len(weight)
        assert torch.allclose(weight[:words], earlier[:words].bfloat16().float()), name


def test_a_release_of_another_shape_is_an_error(release: Path) -> None:
    wider = Shape(vision_width=64, vision_depth=1, vision_heads=2, width=32, depth=1, heads=2,
                  kv_heads=1, inner=2)  # fmt: skip
    model = build_model(tiny_model.tokenizer(), shape=wider)
    with pytest.raises(ValueError, match=r"has no .* of shape"):
        warm_start(release, model, tiny_model.tokenizer())
