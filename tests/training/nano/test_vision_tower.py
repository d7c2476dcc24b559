"""The eye learns words and what cannot be told, resumes, and may begin with an earlier release."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training import tiny_model as tiny
from training.nano.model.architecture import Shape, build_model
from training.nano.model.export import export
from training.nano.train.train_vision import train_vision
from training.nano.train.warm_start import EMBEDDINGS, begin_with
from training.nano.train.zero_shot_head import answer_ids, wanted, word_logits
from training.prefersim.values.vocabulary import SIZES, UNKNOWN_VALUE


def train(model: Any, folder: Path, *, steps: int, recipe: str = "") -> list[float]:
    return train_vision(
        model,
        tiny.tokenizer(),
        tiny.pool(),
        tiny.pool(),
        steps=steps,
        batch=32,
        seed=1,
        checkpoint=folder / "vision.pt",
        recipe=recipe,
    )


def test_every_element_has_its_words_and_one_for_what_cannot_be_told() -> None:
    logits = word_logits(tiny.model(), answer_ids(tiny.tokenizer()), tiny.pool().pixels[:3], None)
    assert [one.shape for one in logits] == [(3, size + 1) for size in SIZES]
    attributes = np.array([[2, 3, 1, 0, 3], [UNKNOWN_VALUE, 3, UNKNOWN_VALUE, 0, 3]])
    assert wanted(attributes).tolist() == [[2, 3, 1, 0, 3], [SIZES[0], 3, SIZES[2], 0, 3]]


def test_the_eye_learns_and_the_language_model_stays(tmp_path: Path) -> None:
    model = tiny.model()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    losses = train(model, tmp_path, steps=40)
    assert sum(losses[-5:]) < sum(losses[:5])
    for name, weight in model.named_parameters():
        stays = "visual" not in name and name != EMBEDDINGS
        assert torch.equal(weight, before[name]) == stays, name


def test_an_eye_that_began_otherwise_is_not_gone_on_with(tmp_path: Path) -> None:
    train(tiny.model(), tmp_path, steps=2, recipe="nano-1")
    assert train(tiny.model(), tmp_path, steps=2, recipe="nano-1") == []
    with pytest.raises(ValueError, match="give another path, or remove the file"):
        train(tiny.model(), tmp_path, steps=2)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / "nano"
    export(tiny.model(seed=7), tiny.tokenizer(), folder, seed=7, training={})
    return folder


def test_a_model_begins_with_every_weight_of_an_earlier_release(release: Path) -> None:
    model = tiny.model(seed=8)
    assert begin_with(release, model, tiny.tokenizer()).startswith("nano-")
    for (name, weight), earlier in zip(
        model.named_parameters(), tiny.model(seed=7).parameters(), strict=True
    ):
        words = len(tiny.tokenizer()) if name == EMBEDDINGS else len(weight)
        assert torch.allclose(weight[:words], earlier[:words].bfloat16().float()), name


def test_an_earlier_release_of_another_shape_is_refused(release: Path) -> None:
    wider = Shape(vision_width=64, vision_depth=1, vision_heads=2, width=32, depth=1, heads=2,
                  kv_heads=1, inner=2)  # fmt: skip
    model = build_model(tiny.tokenizer(), shape=wider)
    with pytest.raises(ValueError, match=r"has no .* of shape"):
        begin_with(release, model, tiny.tokenizer())
