"""Count the floating-point operations of a step, and turn them into seconds.

A frozen model costs two operations for each weight and token in the forward pass, and two in the
backward pass, which computes the gradients of the states alone.
"""

from dataclasses import dataclass
from typing import Final

from training.finetuning.estimate.memory import Setup, attended_tokens, learning_tokens
from training.finetuning.estimate.shape import Shape
from training.finetuning.estimate.workload import Workload

HEAD_PASSES: Final = 3
"""Logits are computed in the forward pass, again in the backward pass, and with their gradient."""
ATTENTION_BACKWARD: Final = 2.5
"""Five products in the backward pass of attention, for two in the forward pass."""
SCORING_TOKENS: Final = 180
"""Tokens of a scoring prompt without its image, with the forced answer."""
USED_SHARE: Final = 0.35
"""Share of a device's peak that trainings of this kind reach; an assumption, not a measurement."""


@dataclass(frozen=True)
class Operations:
    """Operations of one step on one device, and the bytes that its decoding reads."""

    images: float
    learning: float
    reference: float = 0.0
    """Log-probabilities of the model at the start, for the KL divergence."""
    generating: float = 0.0
    rewards: float = 0.0
    """The reward model scores two candidates with each predicted profile."""
    decoded_bytes: float = 0.0
    """Weights and cache are read from memory for each generated token."""

    @property
    def total(self) -> float:
        return self.images + self.learning + self.reference + self.generating + self.rewards


@dataclass(frozen=True)
class Speed:
    """Operations and bytes a second that a device reaches."""

    operations: float
    bytes: float


def products(shape: Shape, *, tokens: int) -> float:
    """Operations of the language model's matrices for these tokens, forwards."""
    return 2.0 * tokens * shape.language_weights


def attention(shape: Shape, *, tokens: int, context: int) -> float:
    """Operations of attention forwards; with a mask, no masked position is skipped."""
    return 4.0 * tokens * shape.layers * shape.queries * context


def forward(shape: Shape, *, tokens: int, context: int) -> float:
    """Operations of the language model for `tokens` that attend to `context` each."""
    return products(shape, tokens=tokens) + attention(shape, tokens=tokens, context=context)


def vision(shape: Shape, *, images: int, image_tokens: int) -> float:
    """Operations of the vision tower; attention within an image."""
    patches = image_tokens * shape.vision.merge**2
    within = 4 * shape.vision.layers * shape.vision.width * patches
    weights = shape.vision.weights(shape.width)
    return images * patches * (2 * weights + within)


def operations(shape: Shape, work: Workload, setup: Setup) -> Operations:
    """The operations of one step: all passes."""
    tokens = learning_tokens(work, shares_prompts=setup.shares_prompts)
    context = attended_tokens(work, shares_prompts=setup.shares_prompts)
    multiplied = products(shape, tokens=tokens)
    attended = attention(shape, tokens=tokens, context=context)
    again = 1 if setup.checkpointing else 0
    updates = 2 * tokens * shape.adapter_weights(setup.rank)
    scored = work.rows * (work.tokens if setup.on_cpu else work.answer_tokens)
    head = 2 * scored * shape.width * shape.vocabulary
    learning = (
        (2 + again) * multiplied
        + (1 + ATTENTION_BACKWARD + again) * attended
        + 3 * updates
        + HEAD_PASSES * head
    )
    images = vision(shape, images=work.prompts * work.images, image_tokens=work.image_tokens)
    if work.group == 1:
        return Operations(images=work.passes * images, learning=work.passes * learning)
    prompts, rows = work.prompts * work.passes, work.rows * work.passes
    prefilled = prompts * work.prompt_tokens
    generating = forward(shape, tokens=prefilled, context=work.prompt_tokens) + forward(
        shape, tokens=rows * work.answer_tokens, context=context
    )
    cache = 2 * shape.layers * shape.keys * setup.precision * rows * work.tokens
    candidates = 2 * rows if work.images > 1 else 0
    scoring = forward(
        shape, tokens=candidates * (SCORING_TOKENS + work.image_tokens), context=SCORING_TOKENS
    )
    seen = vision(shape, images=min(candidates, 2 * prompts), image_tokens=work.image_tokens)
    return Operations(
        images=work.passes * images,
        learning=work.passes * learning,
        reference=work.passes * (multiplied + attended + head),
        generating=generating + 2 * rows * work.answer_tokens * shape.width * shape.vocabulary,
        rewards=scoring + seen,
        decoded_bytes=work.answer_tokens
        * (setup.precision * (shape.language_weights + shape.embedding_weights) + cache / 2),
    )


def seconds(step: Operations, speed: Speed) -> float:
    """Seconds of one step: operations at their rate, and decoding at the rate of memory."""
    return step.total / speed.operations + step.decoded_bytes / speed.bytes
