"""What answers share is read, scaled and seen once, and comes to the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.finetuning import finetuned as tuned
from training.finetuning.grpo.vision_cache import RowsOnce, scale_once, see_once

A, B, C = (
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (84, 84, 3), np.uint8))
    for seed in range(3)
)
WIDE = C.resize((140, 56))
ASKED: Sequence[Sequence[Image.Image]] = [[A, B], [A, B], [C], [C, A, C]]


class Counted:
    """A data set that counts its readings."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def __len__(self) -> int:
        return 3

    def __getitems__(self, wanted: Sequence[int]) -> list[dict[str, Any]]:
        self.read += wanted
        return [{"number": at, "images": [A]} for at in wanted]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tuned.write_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture
def frozen(base: Path) -> Any:
    from transformers import AutoModelForImageTextToText

    model: Any = AutoModelForImageTextToText.from_pretrained(base, dtype=torch.float32)
    return model.requires_grad_(False).eval()


def processed(base: Path, batches: Sequence[Sequence[Image.Image]], *, once: bool) -> Any:
    from transformers import AutoProcessor

    processor: Any = AutoProcessor.from_pretrained(base)
    # Sizes are kept as they are, so that images of several sizes can be distinguished.
    processor.image_processor.do_resize = False
    if once:
        scale_once(processor.image_processor)
    prompts = [
        processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "image"} for _ in images]}], tokenize=False
        )
        for images in batches
    ]
    return processor(
        text=prompts, images=batches, return_tensors="pt", padding=True, padding_side="left"
    )


def test_a_repeated_row_is_read_once_and_shares_its_images() -> None:
    rows = Counted()
    first, second, third = RowsOnce(rows).__getitems__([2, 2, 0])
    assert rows.read == [2, 0]
    assert (first["number"], second["number"], third["number"]) == (2, 2, 0)
    assert first is not second
    assert first["images"] is second["images"]


@pytest.mark.parametrize("batches", [ASKED, [[A, WIDE], [WIDE, A], [B]]])
def test_images_are_scaled_once_and_laid_out_as_before(
    base: Path, batches: Sequence[Sequence[Image.Image]]
) -> None:
    plain, shared = processed(base, batches, once=False), processed(base, batches, once=True)
    assert set(plain) == set(shared)
    assert all(torch.equal(plain[name], shared[name]) for name in plain)


def test_a_processor_that_shares_is_written_as_what_it_was(base: Path, tmp_path: Path) -> None:
    from transformers import AutoProcessor

    processor: Any = AutoProcessor.from_pretrained(base)
    before = processor.image_processor.to_dict()
    scale_once(processor.image_processor)
    assert processor.image_processor.to_dict() == before


@pytest.mark.parametrize(("batches", "different"), [(ASKED, 3), ([[A, WIDE], [WIDE, A], [B]], 3)])
def test_the_tower_sees_each_image_once_and_the_model_says_the_same(
    base: Path, frozen: Any, batches: Sequence[Sequence[Image.Image]], different: int
) -> None:
    inputs = processed(base, batches, once=False)
    expected = frozen(**inputs).logits
    seen = _count_images(frozen.model.visual)
    see_once(frozen.model)
    first, again = frozen(**inputs).logits, frozen(**inputs).logits
    assert torch.allclose(first, expected, atol=1e-5)
    assert torch.equal(first, again)
    assert seen == [different]


def test_another_batch_is_seen_anew(base: Path, frozen: Any) -> None:
    one, other = (processed(base, batches, once=False) for batches in ([[A]], [[B]]))
    expected = frozen(**other).logits
    see_once(frozen.model)
    assert not torch.allclose(frozen(**one).logits, expected, atol=1e-5)
    assert torch.allclose(frozen(**other).logits, expected, atol=1e-5)


def test_a_tower_that_learns_is_refused(frozen: Any) -> None:
    next(frozen.model.visual.parameters()).requires_grad_(True)
    with pytest.raises(ValueError, match="freeze it first"):
        see_once(frozen.model)


def _count_images(visual: Any) -> list[int]:
    seen: list[int] = []
    whole = visual.forward

    def counted(hidden_states: torch.Tensor, grid_thw: torch.Tensor, **kwargs: Any) -> Any:
        seen.append(len(grid_thw))
        return whole(hidden_states, grid_thw=grid_thw, **kwargs)

    visual.forward = counted
    return seen
