"""A question read once gives the states, answers and gradients of one read for each answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.finetuning import finetuned as tuned
from training.finetuning.grpo.prefix_sharing import SharedPrompts, equal_rows

A, B, C = (
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (84, 84, 3), np.uint8))
    for seed in range(3)
)
ASKED: Sequence[Sequence[Image.Image]] = [[A, B], [C], [A, B], [B, A], [A, B]]
"""Three questions: rows 0, 2 and 4 ask the same."""
LENGTHS = (3, 5, 1, 4, 5)
ANSWER = max(LENGTHS)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tuned.write_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(params=["sdpa", "eager"])
def model(base: Path, request: pytest.FixtureRequest) -> Any:
    from transformers import AutoModelForImageTextToText

    model: Any = AutoModelForImageTextToText.from_pretrained(
        base, dtype=torch.float32, attn_implementation=request.param
    )
    return model.eval()


@pytest.fixture
def inputs(base: Path) -> dict[str, torch.Tensor]:
    """Questions padded on the left, answers of several lengths padded on the right."""
    inputs = questions(base)
    chance = torch.Generator().manual_seed(1)
    ids = torch.randint(20, 40, (len(ASKED), ANSWER), generator=chance)
    mask = torch.arange(ANSWER) < torch.tensor(LENGTHS)[:, None]
    for name, more in (("input_ids", ids * mask), ("attention_mask", mask)):
        inputs[name] = torch.cat([inputs[name], more.to(inputs[name])], dim=1)
    kinds = inputs["mm_token_type_ids"]
    inputs["mm_token_type_ids"] = torch.cat([kinds, torch.zeros_like(ids).to(kinds)], dim=1)
    return inputs


def questions(
    base: Path, inputs: Sequence[Sequence[Image.Image]] = ASKED
) -> dict[str, torch.Tensor]:
    from transformers import AutoProcessor

    processor: Any = AutoProcessor.from_pretrained(base)
    prompts = [
        processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "image"} for _ in images]}], tokenize=False
        )
        for images in inputs
    ]
    return dict(
        processor(
            text=prompts,
            images=list(inputs),
            return_tensors="pt",
            padding=True,
            padding_side="left",
        )
    )


def logits_of_answers(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """(rows, answer, words), from the state before the answer; zeros behind an answer's end."""
    logits = model(**inputs, use_cache=False).logits[:, -ANSWER - 1 : -1]
    return logits * (torch.arange(ANSWER) < torch.tensor(LENGTHS)[:, None])[..., None]


def test_answers_are_as_likely_behind_a_shared_question(
    model: Any, inputs: dict[str, torch.Tensor]
) -> None:
    expected = logits_of_answers(model, inputs)
    read = _count_tokens(model.model.language_model)
    with SharedPrompts(model.model.language_model).completed(ANSWER):
        logits = logits_of_answers(model, inputs)
    assert torch.allclose(logits, expected, atol=1e-4)
    lengths = inputs["attention_mask"].sum(1) - torch.tensor(LENGTHS)
    assert read == [int(lengths[0]) + 3 + 1 + 5, int(lengths[1]) + 5, int(lengths[3]) + 4]


def test_gradients_are_the_same(model: Any, inputs: dict[str, torch.Tensor]) -> None:
    def gradients() -> list[torch.Tensor]:
        model.zero_grad()
        (logits_of_answers(model, inputs) ** 2).sum().backward()
        layers = model.model.language_model.layers
        return [weights.grad.clone() for weights in layers.parameters()]

    expected = gradients()
    with SharedPrompts(model.model.language_model).completed(ANSWER):
        shared = gradients()
    for one, other in zip(shared, expected, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-3 * float(other.abs().max()))


def test_rows_that_teach_nothing_are_not_read(model: Any, inputs: dict[str, torch.Tensor]) -> None:
    expected = logits_of_answers(model, inputs)
    read = _count_tokens(model.model.language_model)
    shared = SharedPrompts(model.model.language_model)
    live = torch.tensor([True, False, True, True, False])
    with shared.completed(ANSWER, live=live):
        logits = logits_of_answers(model, inputs)
    assert torch.allclose(logits[live], expected[live], atol=1e-4)
    assert len(read) == 2
    with shared.completed(ANSWER, live=torch.zeros(len(ASKED), dtype=torch.bool)):
        assert logits_of_answers(model, inputs).requires_grad  # a step without a lesson ends well


@pytest.mark.parametrize(
    ("order", "read"),
    [([0, 1, 3, 0, 1, 3], [3] * 6), ([1, 1, 0, 0, 0, 0], [6] * 6), ([1], [1] * 6)],
    ids=["groups of one size", "groups of two sizes", "one answer"],
)
def test_answers_are_written_behind_a_shared_question(
    base: Path, model: Any, order: list[int], read: list[int]
) -> None:
    inputs = questions(base, [ASKED[number] for number in order])
    options = {"max_new_tokens": 6, "do_sample": True, "output_logits": True, "top_k": 0}
    options |= {"return_dict_in_generate": True}

    def written() -> Any:
        torch.manual_seed(3)  # a group's answers differ
        return model.generate(**inputs, **options)

    expected = written()
    rows = _count_rows(model.model.language_model)
    SharedPrompts(model.model.language_model)
    first, again = written(), written()
    assert torch.equal(first.sequences, expected.sequences)
    assert torch.equal(again.sequences, expected.sequences)
    for one, other in zip(first.logits, expected.logits, strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    assert rows == read * 2


def test_elsewhere_the_model_is_as_it_was(model: Any, inputs: dict[str, torch.Tensor]) -> None:
    expected = model(**inputs).logits
    SharedPrompts(model.model.language_model)
    assert torch.equal(
        model(**inputs, use_cache=False).logits, model(**inputs, use_cache=False).logits
    )
    assert torch.allclose(model(**inputs, use_cache=False).logits, expected, atol=1e-5)


def test_rows_are_alike_where_nothing_is_padding() -> None:
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
    return _watch(language_model, 1)


def _count_rows(language_model: Any) -> list[int]:
    return _watch(language_model, 0)


def _watch(language_model: Any, dimension: int) -> list[int]:
    seen: list[int] = []
    whole = language_model.forward

    def watched(**inputs: Any) -> Any:
        seen.append(inputs["inputs_embeds"].shape[dimension])
        return whole(**inputs)

    language_model.forward = watched
    return seen
