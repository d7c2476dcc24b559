"""Repeated images are read, scaled and encoded once, with the same results."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.finetuning import tiny_runs
from training.finetuning.grpo.vision_cache import DeduplicatedRows, encode_once, scale_once

A, B, C = (
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (84, 84, 3), np.uint8))
    for seed in range(3)
)
WIDE = C.resize((140, 56))
PROMPTS: Sequence[Sequence[Image.Image]] = [[A, B], [A, B], [C], [C, A, C]]
"""The images of each prompt."""
TWO_SIZES: Sequence[Sequence[Image.Image]] = [[A, WIDE], [WIDE, A], [B]]


class RecordedRows:
    """A data set that records which rows are read."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def __len__(self) -> int:
        return 3

    def __getitems__(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        self.read += indices
        return [{"number": index, "images": [A]} for index in indices]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_runs.write_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture
def frozen(base: Path) -> Any:
    from transformers import AutoModelForImageTextToText

    model: Any = AutoModelForImageTextToText.from_pretrained(base, dtype=torch.float32)
    return model.requires_grad_(False).eval()


def processed(base: Path, prompts: Sequence[Sequence[Image.Image]], *, once: bool) -> Any:
    from transformers import AutoProcessor

    processor: Any = AutoProcessor.from_pretrained(base)
    # Sizes are kept as they are, so that images of several sizes can be distinguished.
    processor.image_processor.do_resize = False
    if once:
        scale_once(processor.image_processor)
    texts = [
        processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "image"} for _ in images]}], tokenize=False
        )
        for images in prompts
    ]
    return processor(
        text=texts, images=prompts, return_tensors="pt", padding=True, padding_side="left"
    )


def test_a_repeated_row_is_read_once_and_its_copies_share_the_images() -> None:
    rows = RecordedRows()
    first, second, third = DeduplicatedRows(rows).__getitems__([2, 2, 0])
    assert rows.read == [2, 0]
    assert (first["number"], second["number"], third["number"]) == (2, 2, 0)
    assert first is not second
    assert first["images"] is second["images"]


@pytest.mark.parametrize("prompts", [PROMPTS, TWO_SIZES])
def test_scaling_each_image_once_gives_the_same_inputs(
    base: Path, prompts: Sequence[Sequence[Image.Image]]
) -> None:
    plain, shared = processed(base, prompts, once=False), processed(base, prompts, once=True)
    assert set(plain) == set(shared)
    assert all(torch.equal(plain[name], shared[name]) for name in plain)


def test_a_changed_processor_is_saved_under_its_original_class(base: Path, tmp_path: Path) -> None:
    from transformers import AutoProcessor

    processor: Any = AutoProcessor.from_pretrained(base)
    before = processor.image_processor.to_dict()
    scale_once(processor.image_processor)
    assert processor.image_processor.to_dict() == before


@pytest.mark.parametrize(("prompts", "different"), [(PROMPTS, 3), (TWO_SIZES, 3)])
def test_the_vision_tower_encodes_each_image_once_and_the_logits_stay_the_same(
    base: Path, frozen: Any, prompts: Sequence[Sequence[Image.Image]], different: int
) -> None:
    inputs = processed(base, prompts, once=False)
    expected = frozen(**inputs).logits
    counts = _count_images(frozen.model.visual)
    encode_once(frozen.model)
    first, second = frozen(**inputs).logits, frozen(**inputs).logits
    assert torch.allclose(first, expected, atol=1e-5)
    assert torch.equal(first, second)
    assert counts == [different]


def test_another_batch_is_encoded_again(base: Path, frozen: Any) -> None:
    first, second = (processed(base, prompts, once=False) for prompts in ([[A]], [[B]]))
    expected = frozen(**second).logits
    encode_once(frozen.model)
    assert not torch.allclose(frozen(**first).logits, expected, atol=1e-5)
    assert torch.allclose(frozen(**second).logits, expected, atol=1e-5)


def test_a_vision_tower_that_is_trained_is_an_error(frozen: Any) -> None:
    next(frozen.model.visual.parameters()).requires_grad_(True)
    with pytest.raises(ValueError, match="freeze it first"):
        encode_once(frozen.model)


def _count_images(visual: Any) -> list[int]:
    counts: list[int] = []
    original = visual.forward

    def counted(hidden_states: torch.Tensor, grid_thw: torch.Tensor, **kwargs: Any) -> Any:
        counts.append(len(grid_thw))
        return original(hidden_states, grid_thw=grid_thw, **kwargs)

    visual.forward = counted
    return counts
