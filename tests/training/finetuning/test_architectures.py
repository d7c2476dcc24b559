"""SFT and GRPO train every architecture, on exactly the inputs that serving gives it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.prompting.prompt import Part, Prompt
from shared.prompting.styles.registry import COMPACT, GENERAL, prompt_style
from shared.vlm.checkpoint.model_package import read_model_package
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine.answer_layout import answer_layout
from shared.vlm.engine.inputs.families import load_processor
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import ScoringInput
from tests.contract.vlm.engines import TASTES, picture
from tests.training.finetuning import tiny_runs
from tests.training.tiny_checkpoints.architectures import BUILDERS, write_checkpoint
from training.finetuning.grpo.held_digits import HeldSamples
from training.finetuning.grpo.reward_model import EngineRewardModel
from training.finetuning.grpo.train import grpo_trainer
from training.finetuning.merge import merge
from training.finetuning.run.config import BadConfig, Policy
from training.finetuning.run.runner import prepare, train
from training.finetuning.sft.train import sft_trainer
from training.rewards.reward import Rewards

ARCHITECTURES = pytest.mark.parametrize("architecture", BUILDERS)
STYLED = pytest.mark.parametrize(
    ("architecture", "style"),
    [*((name, "general") for name in BUILDERS), ("gemma3", "compact"), ("llava", "compact")],
)
MAX_PIXELS = 64 * 64


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("checkpoints")
    return cache(lambda architecture: write_checkpoint(architecture, root / architecture))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def policy(base: Path, style: str = "general") -> Policy:
    return Policy(base=base, rank=4, max_pixels=MAX_PIXELS, prompt_style=style)


def low_tokens(completions: Any, completion_ids: Sequence[Sequence[int]], **_: Any) -> Rewards:
    return [-sum(ids) / 1000 for ids in completion_ids]


def none(completions: Sequence[Any], **_: Any) -> Rewards:
    return [None] * len(completions)


@STYLED
def test_sft_trains_the_language_model_alone_and_serving_loads_the_adapter(
    folders: Any, architecture: str, style: str, tmp_path: Path
) -> None:
    base = folders(architecture)
    config = tiny_runs.sft_config(
        base, tmp_path, policy=policy(base, style), steps=2, save_every=2, cases=2,
        tasks=("predict", "score"), optimizing={"batch": 2},
    )  # fmt: skip
    folder = prepare(config)
    loaded = tiny_runs.load(config)
    trainer = sft_trainer(config, loaded)
    finished = train(trainer, config, folder, stage="sft", base_version=loaded.base_version)
    weights = tiny_runs.weights(finished.adapter)
    assert len(weights) == 2 * 2 * 7  # two layers with seven linear layers, two matrices each
    assert not any("vision" in name or "visual" in name for name in weights)
    assert any(weight.any() for name, weight in weights.items() if "lora_B" in name)
    candidates = [ScoringInput(TASTES[0], picture(1))]
    before, after = (
        TransformersEngine(
            base, adapter=adapter, device="cpu", prompt_style=prompt_style(style),
            limits=PixelLimits(max_pixels=MAX_PIXELS),
        ).score(candidates)
        for adapter in (None, read_model_package(finished.adapter))
    )  # fmt: skip
    assert before != after
    merged = merge(base=base, adapter=finished.adapter, to=tmp_path / "merged")
    engine = TransformersEngine(merged, device="cpu", limits=PixelLimits(max_pixels=MAX_PIXELS))
    for element, row in after[0].digits.items():  # the merged weights are rounded to bfloat16
        assert engine.score(candidates)[0].digits[element] == pytest.approx(row, abs=0.05)


class OtherInputs:
    """A processor that gives the model an input of its own."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._processor, name)

    def __call__(self, **options: Any) -> Any:
        return {**self._processor(**options), "batch_num_images": torch.ones(1)}


def test_grpo_refuses_a_processor_with_inputs_that_trl_does_not_know(
    folders: Any, tmp_path: Path
) -> None:
    base = folders("llava")
    config = tiny_runs.grpo_config(base, tmp_path, policy=policy(base))
    loaded = tiny_runs.load(config)
    with pytest.raises(BadConfig, match="does not know batch_num_images of a OtherInputs"):
        grpo_trainer(config, replace(loaded, processor=OtherInputs(loaded.processor)), [])


@ARCHITECTURES
def test_sampled_digits_of_compact_answers_are_held_after_the_prompts_of_every_processor(
    folders: Any, architecture: str
) -> None:
    engine = TransformersEngine(folders(architecture), device="cpu", prompt_style=COMPACT)
    processor = load_processor(folders(architecture), engine.model.config, PixelLimits())
    layout = answer_layout(processor.tokenizer)
    answer = list(layout.ids)
    for position in layout.positions:
        answer[position] = layout.digit_ids[5]
    prompts = [COMPACT.score(TASTES[0]).prompt, COMPACT.describe().prompt]
    ids = engine._encoded(
        prompts, [[picture(1)]] * 2, with_answer_prefix=False, answer=answer
    )["input_ids"]  # fmt: skip
    held, free = HeldSamples(processor, COMPACT)(torch.nn.Identity(), (ids,))[0]
    assert held[-len(answer) :].tolist() == list(layout.ids)
    assert free[-len(answer) :].tolist() == answer
    assert torch.equal(held[: -len(answer)], ids[0, : -len(answer)])


@STYLED
def test_grpo_trains_on_the_inputs_of_serving(
    folders: Any, architecture: str, style: str, tmp_path: Path
) -> None:
    base = folders(architecture)
    config = tiny_runs.grpo_config(
        base, tmp_path, policy=policy(base, style), steps=1, save_every=1, cases=4, group=2,
        tasks=("predict", "score"), max_completion_length=3,
        optimizing={"learning_rate": 1e-2, "batch": 4, "warmup_steps": 0},
    )  # fmt: skip
    folder = prepare(config, with_reward_model=True)
    loaded = tiny_runs.load(config)
    trainer = grpo_trainer(config, loaded, [low_tokens, none, none])
    assert_same_inputs(trainer, base)
    finished = train(trainer, config, folder, stage="grpo", base_version=loaded.base_version)
    weights = tiny_runs.weights(finished.adapter)
    assert any(weight.any() for name, weight in weights.items() if "lora_B" in name)
    reward_model = EngineRewardModel(base, EQUAL_WEIGHTS, limits=PixelLimits(max_pixels=MAX_PIXELS))
    red, blue = reward_model.totals([ScoringInput(TASTES[0], picture(n)) for n in (1, 2)])
    assert red != blue


def assert_same_inputs(trainer: Any, base: Path) -> None:
    """The prompt of the first row, as the trainer and as serving give it to the model."""
    engine = TransformersEngine(
        base, device="cpu", prompt_style=GENERAL, limits=PixelLimits(max_pixels=MAX_PIXELS)
    )
    row = trainer.train_dataset[0]
    output = trainer._generate_and_score_completions([dict(row) for _ in range(2)])
    trained = output["prompt_ids"][0][output["prompt_mask"][0].bool()]
    served = engine._encoded([as_prompt(row["prompt"])], [row["images"]], with_answer_prefix=True)
    assert trained.tolist() == served["input_ids"][0].tolist()
    pixels = served["pixel_values"].flatten()
    # Qwen's images are scaled for both; the processor only normalizes them.
    assert torch.allclose(output["pixel_values"].flatten()[: len(pixels)], pixels, atol=1e-5)


def as_prompt(messages: Sequence[dict[str, Any]]) -> Prompt:
    """The prompt whose messages these are."""
    (message,) = messages
    return Prompt(
        tuple(Part(part["type"], part["text"] or "") for part in message["content"]),
        answer_prefix="",
    )
