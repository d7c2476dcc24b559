"""Add up the bytes of a training: weights, adapter, activations, logits, cache, images.

The formula counts the tensors that TRL's trainers keep until the backward pass, for a frozen model
with low-rank updates (LoRA) in the seven matrices of each layer. It is compared with measured peaks
in `tests/training/finetuning/test_estimate.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from training.finetuning.estimate.shape import Shape
from training.finetuning.estimate.workload import Workload

FLOAT32: Final = 4
BFLOAT16: Final = 2
TILE_TOKENS: Final = 4_096
TILE_VOCABULARY: Final = 32_768
"""TRL computes the logits in tiles of so many tokens and words."""
TILE_COPIES_ON_CPU: Final = 4
"""Without a GPU's kernel, several float32 copies of the used part of a tile exist at once."""
LORA_MODULES: Final = 7
ALLOCATOR: Final = 1.1
"""Memory that is reserved and not used, on a GPU."""


@dataclass(frozen=True)
class Setup:
    """What of a configuration the memory depends on."""

    rank: int
    precision: int
    """Bytes of a weight in memory."""
    checkpointing: bool
    on_cpu: bool
    shards: int = 1
    """Processes between which weights, gradients and optimizer are divided."""
    with_reward_model: bool = False
    shares_prompts: bool = True
    """GRPO in one process reads each prompt once for its completions."""


@dataclass(frozen=True)
class Memory:
    """Bytes on one device."""

    fixed: Mapping[str, int]
    """Of the whole run: weights, reward model, adapter, its gradients, the optimizer."""
    learning: Mapping[str, int]
    """While a step learns."""
    generating: Mapping[str, int]
    """While completions are generated; empty for SFT."""

    @property
    def fixed_bytes(self) -> int:
        return sum(self.fixed.values())

    @property
    def peak(self) -> int:
        """The larger of learning and generating, with everything that is always there."""
        return self.fixed_bytes + max(sum(self.learning.values()), sum(self.generating.values()))


def memory(shape: Shape, work: Workload, setup: Setup) -> Memory:
    """The bytes on one device, all rows of a pass as large as the largest one."""
    grpo = work.group > 1
    adapter = shape.adapter_weights(setup.rank) // setup.shards
    weights = shape.weights * setup.precision // setup.shards
    fixed = {
        "weights": weights,
        "adapter": FLOAT32 * adapter,
        "gradients": FLOAT32 * adapter,
        "optimizer": 2 * FLOAT32 * adapter,
    }
    if setup.with_reward_model:
        reward_precision = FLOAT32 if setup.on_cpu else BFLOAT16
        fixed["reward model"] = shape.weights * reward_precision
    tokens = learning_tokens(work, shares_prompts=setup.shares_prompts)
    learning = {
        "activations": _activations(shape, setup, tokens),
        "attention masks": _masks(work, setup),
        "logits": _logits(shape, setup, work),
        "images": _images(shape, work, setup),
    }
    generating = {}
    if grpo:
        # All rows of a step are generated together.
        prompts, rows = work.prompts * work.passes, work.rows * work.passes
        cached = prompts * work.prompt_tokens + rows * work.answer_tokens
        generating = {
            "KV cache": 2 * shape.layers * shape.keys * setup.precision * cached,
            "next tokens": rows * shape.vocabulary * (setup.precision + 2 * FLOAT32),
            "images": _images(shape, work, setup, prompts=prompts),
        }
    return Memory(fixed, learning, generating)


def learning_tokens(work: Workload, *, shares_prompts: bool) -> int:
    """Tokens of one learning pass."""
    if work.group > 1 and shares_prompts:
        return work.prompts * work.prompt_tokens + work.rows * work.answer_tokens
    return work.rows * work.tokens


def attended_tokens(work: Workload, *, shares_prompts: bool) -> int:
    """Tokens that attention compares each token with."""
    if work.group > 1 and shares_prompts:
        completions = -(-work.rows // work.prompts)
        return work.prompt_tokens + completions * work.answer_tokens
    return work.tokens


def layer_bytes(shape: Shape, setup: Setup) -> int:
    """Bytes that one layer keeps for each token until its backward pass."""
    h, q, k, i = shape.width, shape.queries, shape.keys, shape.inner
    low_rank = LORA_MODULES * setup.rank
    # Queries, keys and values after their rotation, the attention's output and its copy; in the
    # MLP the gate, its activation, the other half, and their product.
    shared = 3 * q + 2 * k + 4 * i + low_rank
    if setup.precision == FLOAT32:
        # The inputs of both norms, and their outputs, which are the inputs of the updates.
        return FLOAT32 * (4 * h + shared)
    # Norms compute in float32; each update keeps a copy of its input in half precision.
    return 2 * FLOAT32 * h + BFLOAT16 * (5 * h + shared)


def _activations(shape: Shape, setup: Setup, tokens: int) -> int:
    """What all layers keep, and the gradients inside the one that is in its backward pass."""
    ends = (3 * setup.precision + FLOAT32) * shape.width
    gradients = setup.precision * (2 * shape.width + 3 * shape.inner)
    if setup.checkpointing:
        per_token = shape.layers * setup.precision * shape.width + layer_bytes(shape, setup)
    else:
        per_token = shape.layers * layer_bytes(shape, setup)
    return tokens * (per_token + gradients + ends)


def _masks(work: Workload, setup: Setup) -> int:
    """One additive mask for all layers: rows are padded, or completions share a prompt."""
    side = attended_tokens(work, shares_prompts=setup.shares_prompts)
    if work.group > 1 and setup.shares_prompts:
        return work.prompts * side**2 * setup.precision
    return work.rows * side**2  # a Boolean


def _logits(shape: Shape, setup: Setup, work: Workload) -> int:
    # A GPU's kernel scores the tokens of the answer alone.
    tokens = work.rows * (work.tokens if setup.on_cpu else work.answer_tokens)
    tile = min(tokens, TILE_TOKENS) * TILE_VOCABULARY * setup.precision  # whole for any vocabulary
    used = min(tokens, TILE_TOKENS) * min(shape.vocabulary, TILE_VOCABULARY) * FLOAT32
    copies = TILE_COPIES_ON_CPU * used if setup.on_cpu else 0
    return tile + copies + tokens * FLOAT32 * shape.width


def _images(shape: Shape, work: Workload, setup: Setup, *, prompts: int | None = None) -> int:
    """Pixels, and the states of one layer of the vision tower, which keeps nothing."""
    vision = shape.vision
    images = (work.prompts if prompts is None else prompts) * work.images
    patches = images * work.image_tokens * vision.merge**2
    pixels = 3 * 2 * vision.patch**2 * FLOAT32
    return patches * (pixels + setup.precision * (6 * vision.width + 2 * vision.inner))
