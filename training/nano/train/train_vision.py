"""Teach the vision tower alone: its mean image token is held against the taste words' embeddings.

The embeddings stay in the language model, so the image tokens arrive there aligned with the words.
Training the tower through the language model needs several times the images: teach the eye first.

    python -m training.nano.train.train_vision --run runs/nano
    python -m training.nano.train.train_vision --run runs/nano --begin-with shared/nano
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.domain.taste import ELEMENTS
from shared.vlm.engine.qwen_forward import Blocks
from training.nano.data.image_features import resident
from training.nano.data.image_pool import Pool
from training.nano.model.architecture import build_model
from training.nano.model.tokenizer import build_tokenizer
from training.nano.model.vision_tower import compiled_blocks, device_of
from training.nano.train.checkpoint import resume, save_checkpoint
from training.nano.train.optimizer import Optimizer
from training.nano.train.warm_start import begin_with
from training.nano.train.zero_shot_head import answer_ids, naming_loss, wanted, word_logits
from training.progress import TrainingProgress

EVERY = 100
"""Steps between checkpoints and progress lines."""
TESTED = 1000
"""Held-out drawings named at each progress line."""


def turned(rng: np.random.Generator, pixels: Tensor) -> Tensor:
    """Mirrored, upside down or transposed at random: what a drawing shows stays the same."""
    if rng.random() < 0.5:
        pixels = pixels.flip(2)
    if rng.random() < 0.5:
        pixels = pixels.flip(1)
    return pixels.transpose(1, 2) if rng.random() < 0.5 else pixels


def batch_at(
    step: int, *, pool: Pool, pixels: Tensor, batch: int, seed: int
) -> tuple[Tensor, Tensor]:
    """The drawings of one step and what they show; every drawing once before any comes again.

    `pixels` are the pool's, wherever they lie.
    """
    per_round = len(pool) // batch
    round_number, place = divmod(step, per_round)
    order = np.random.default_rng((seed, round_number)).permutation(len(pool))
    chosen = np.sort(order[place * batch : (place + 1) * batch])
    rng = np.random.default_rng((seed, round_number, place))
    shown = pixels[torch.from_numpy(chosen).to(pixels.device)]
    return turned(rng, shown), wanted(pool.attributes[chosen])


def train_vision(
    model: Any,
    tokenizer: Any,
    pool: Pool,
    test: Pool,
    *,
    steps: int,
    batch: int,
    seed: int,
    checkpoint: Path,
    recipe: str = "",
    every: int = EVERY,
    blocks: Blocks | None = None,
) -> list[float]:
    """Train to `steps`, from the checkpoint if there is one; the losses of this run's steps.

    `recipe` says what else decides the result, as the weights that `model` begins with.
    """
    named = [
        (name, weight)
        for name, weight in model.named_parameters()
        if "visual" in name or "embed_tokens" in name
    ]
    optimizer = Optimizer(named, steps=steps)
    recipe = f"{recipe} steps {steps} batch {batch} seed {seed}".strip()
    first = resume(checkpoint, model, optimizer, recipe=recipe)
    device = device_of(model)
    answers, all_pixels = answer_ids(tokenizer).to(device), resident(pool.pixels, device)
    progress = TrainingProgress("vision", steps, first)
    losses: list[Tensor] = []
    for step in range(first, steps):
        pixels, truth = batch_at(step, pool=pool, pixels=all_pixels, batch=batch, seed=seed)
        loss = naming_loss(model, answers, pixels, truth, blocks=blocks)
        loss.backward()
        optimizer.step(step)
        losses.append(loss.detach())  # read late: reading waits for the GPU
        if (step + 1) % every == 0 or step + 1 == steps:
            save_checkpoint(checkpoint, model, optimizer, step=step + 1, recipe=recipe)
            measures = {"loss": float(torch.stack(losses[-every:]).mean())}
            print(progress.line(step + 1, measures | named_right(model, answers, test)), flush=True)
    return torch.stack(losses).tolist() if losses else []


@torch.no_grad()
def named_right(model: Any, answers: Tensor, test: Pool) -> dict[str, float]:
    """The share of held-out images whose word is the nearest, element by element."""
    right = torch.zeros(len(ELEMENTS))
    count = min(TESTED, len(test))
    for start in range(0, count, 250):
        part = slice(start, start + 250)
        truth = wanted(test.attributes[part])
        for j, one in enumerate(word_logits(model, answers, test.pixels[part], None)):
            right[j] += (one.argmax(1).cpu() == truth[:, j]).sum()
    return {e.label: float(r) / count for e, r in zip(ELEMENTS, right, strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Teach nano's vision tower, from nothing.")
    parser.add_argument("--run", type=Path, default=Path("runs/nano"), help="default runs/nano")
    parser.add_argument("--steps", type=int, default=1500, help="default 1500")
    parser.add_argument("--batch", type=int, default=128, help="drawings a step (default 128)")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--begin-with", type=Path, help="an earlier model; default: nothing")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    options = parser.parse_args()
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=options.seed)
    recipe = ""
    if options.begin_with:
        recipe = begin_with(options.begin_with, model, tokenizer)
    train_vision(
        model.to(options.device),
        tokenizer,
        Pool.load(options.run / "pool" / "train"),
        Pool.load(options.run / "pool" / "test"),
        steps=options.steps,
        batch=options.batch,
        seed=options.seed,
        checkpoint=options.run / "vision.pt",
        recipe=recipe,
        blocks=compiled_blocks(options.device),
    )


if __name__ == "__main__":
    main()
