"""A prompt that is processed once gives the same logits, completions and gradients."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.finetuning import tiny_runs
from training.finetuning.grpo.prefix_sharing import SharedPrompts, equal_rows

A, B, C = (
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (84, 84, 3), np.uint8))
    for seed in range(3)
)
PROMPTS: Sequence[Sequence[Image.Image]] = [[A, B], [C], [A, B], [B, A], [A, B]]
"""The images of each prompt; rows 0, 2 and 4 have equal prompts."""
LENGTHS = (3, 5, 1, 4, 5)
"""Tokens of each completion."""
COLUMNS = max(LENGTHS)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_runs.write_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(params=["sdpa", "eager"])
def model(base: Path, request: pytest.FixtureRequest) -> Any:
    from transformers import AutoModelForImageTextToText

    model: Any = AutoModelForImageTextToText.from_pretrained(
        base, dtype=torch.float32, attn_implementation=request.param
    )
    return model.eval()


@pytest.fixture
def inputs(base: Path) -> dict[str, torch.Tensor]:
    """Prompts padded on the left, completions of several lengths padded on the right."""
    inputs = prompt_inputs(base)
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(20, 40, (len(PROMPTS), COLUMNS), generator=generator)
    mask = torch.arange(COLUMNS) < torch.tensor(LENGTHS)[:, None]
    for name, completions in (("input_ids", ids * mask), ("attention_mask", mask)):
        inputs[name] = torch.cat([inputs[name], completions.to(inputs[name])], dim=1)
    kinds = inputs["mm_token_type_ids"]
    inputs["mm_token_type_ids"] = torch.cat([kinds, torch.zeros_like(ids).to(kinds)], dim=1)
    return inputs


def prompt_inputs(
    base: Path, image_lists: Sequence[Sequence[Image.Image]] = PROMPTS
) -> dict[str, torch.Tensor]:
    from transformers import AutoProcessor

    processor: Any = AutoProcessor.from_pretrained(base)
    texts = [
        processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "image"} for _ in images]}], tokenize=False
        )
        for images in image_lists
    ]
    return dict(
        processor(
            text=texts,
            images=list(image_lists),
            return_tensors="pt",
            padding=True,
            padding_side="left",
        )
    )


def completion_logits(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """(rows, columns, vocabulary): the logits of each completion token, zeros after its end."""
    logits = model(**inputs, use_cache=False).logits[:, -COLUMNS - 1 : -1]
    return logits * (torch.arange(COLUMNS) < torch.tensor(LENGTHS)[:, None])[..., None]


def test_completions_after_a_shared_prompt_have_the_same_logits(
    model: Any, inputs: dict[str, torch.Tensor]
) -> None:
    expected = completion_logits(model, inputs)
    tokens_read = _count_tokens(model.model.language_model)
    with SharedPrompts(model.model.language_model).completions(COLUMNS):
        logits = completion_logits(model, inputs)
    assert torch.allclose(logits, expected, atol=1e-4)
    lengths = inputs["attention_mask"].sum(1) - torch.tensor(LENGTHS)
    assert tokens_read == [int(lengths[0]) + 3 + 1 + 5, int(lengths[1]) + 5, int(lengths[3]) + 4]


def test_gradients_are_the_same(model: Any, inputs: dict[str, torch.Tensor]) -> None:
    def gradients() -> list[torch.Tensor]:
        model.zero_grad()
        (completion_logits(model, inputs) ** 2).sum().backward()
        layers = model.model.language_model.layers
        return [weights.grad.clone() for weights in layers.parameters()]

    expected = gradients()
    with SharedPrompts(model.model.language_model).completions(COLUMNS):
        shared = gradients()
    for actual, wanted in zip(shared, expected, strict=True):
        assert torch.allclose(actual, wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))


def test_rows_of_dead_groups_are_not_processed(model: Any, inputs: dict[str, torch.Tensor]) -> None:
    expected = completion_logits(model, inputs)
    tokens_read = _count_tokens(model.model.language_model)
    shared = SharedPrompts(model.model.language_model)
    live = torch.tensor([True, False, True, True, False])
    with shared.completions(COLUMNS, live=live):
        logits = completion_logits(model, inputs)
    assert torch.allclose(logits[live], expected[live], atol=1e-4)
    assert len(tokens_read) == 2
    with shared.completions(COLUMNS, live=torch.zeros(len(PROMPTS), dtype=torch.bool)):
        assert completion_logits(
            model, inputs
        ).requires_grad  # a step of dead groups only can still be differentiated


@pytest.mark.parametrize(
    ("order", "rows_read"),
    [([0, 1, 3, 0, 1, 3], [3] * 6), ([1, 1, 0, 0, 0, 0], [6] * 6), ([1], [1] * 6)],
    ids=["groups of one size", "groups of two sizes", "one completion"],
)
def test_completions_are_generated_after_a_shared_prompt(
    base: Path, model: Any, order: list[int], rows_read: list[int]
) -> None:
    inputs = prompt_inputs(base, [PROMPTS[row] for row in order])
    options = {"max_new_tokens": 6, "do_sample": True, "output_logits": True, "top_k": 0}
    options |= {"return_dict_in_generate": True}

    def generated() -> Any:
        torch.manual_seed(3)  # sampling: the completions of a group differ
        return model.generate(**inputs, **options)

    expected = generated()
    rows = _count_rows(model.model.language_model)
    SharedPrompts(model.model.language_model)
    first, second = generated(), generated()
    assert torch.equal(first.sequences, expected.sequences)
    assert torch.equal(second.sequences, expected.sequences)
    for actual, wanted in zip(first.logits, expected.logits, strict=True):
        assert torch.allclose(actual, wanted, atol=1e-4)
    assert rows == rows_read * 2


def test_a_pass_outside_the_block_is_unchanged(model: Any, inputs: dict[str, torch.Tensor]) -> None:
    expected = model(**inputs, use_cache=False).logits
    SharedPrompts(model.model.language_model)
    assert torch.equal(model(**inputs, use_cache=False).logits, expected)


def test_rows_are_equal_if_their_masks_and_unmasked_columns_are_equal() -> None:
    rows = torch.randn(4, 3, 8, generator=torch.Generator().manual_seed(2))
    rows[2] = rows[0]
    rows[3] = rows[0]
    mask = torch.ones(4, 3)
    mask[3, 0] = 0
    assert equal_rows(rows, mask) == [[0, 2], [1], [3]]
    rows[2, 0] += 1
    mask[2, 0] = 0
    assert equal_rows(rows, mask) == [[0], [1], [2, 3]]


def _count_tokens(language_model: Any) -> list[int]:
    return _record_size(language_model, 1)


def _count_rows(language_model: Any) -> list[int]:
    return _record_size(language_model, 0)


def _record_size(language_model: Any, dimension: int) -> list[int]:
    sizes: list[int] = []
    original = language_model.forward

    def recorded(**inputs: Any) -> Any:
        sizes.append(inputs["inputs_embeds"].shape[dimension])
        return original(**inputs)

    language_model.forward = recorded
    return sizes
